"""`machine.mmu`: translations, registers, TLBs and page table as data."""

import random

import pytest

import pteg
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.hw.mmu.enums import AccessKind, Side, Translation
from pteg.mmu import Mmu
from pteg.state import new_state


def machine_of(spec, scenario):
    """The registers and the MMU of a scenario."""
    state = new_state()
    state["sr"][0] = scenario.sr
    state["sdr1"] = scenario.sdr1
    for side, letter in ((True, "i"), (False, "d")):
        for n, (upper, lower) in enumerate(scenario.bats[side]):
            state[f"{letter}bat{n}u"], state[f"{letter}bat{n}l"] = upper, lower

    def read(address, size):
        if any(at & ~7 in scenario.memory.broken for at in range(address, address + size, 8)):
            raise UserError("no memory")
        return scenario.memory.read(address, size).to_bytes(size, "big")

    return state, Mmu(lambda: state, read, lambda side: [])


def test_walks_agree_with_the_specification(spec):
    """Result, address, attributes, the entries that are compared and the bits that are set."""
    seen = set()
    names = {spec.FETCH: "fetch", spec.LOAD: "load", spec.STORE: "store"}
    for seed in range(40):
        scenario = spec.Scenario(seed)
        state, mmu = machine_of(spec, scenario)
        rng = random.Random(seed)
        for number in range(60):
            kind, user = rng.choice(list(names)), rng.randrange(2)
            ea, relocate = scenario.ea(), rng.random() < 0.95
            state["msr"] = user << 14 | (0x30 if relocate else 0)
            model = spec.Mmu(scenario.memory.copy())
            model.sr, model.bats, model.sdr1 = list(scenario.sr), scenario.bats, scenario.sdr1
            result, pa, wimg = model.translate(ea, kind, user, relocate)
            walk = mmu.walk(ea, names[kind])
            where = f"seed {seed}, access {number}\n{walk}"
            assert walk.result == result, where
            if result == spec.OK:
                assert (walk.pa, walk.wimg) == (pa, wimg), where
            if result != spec.BUS_ERROR:
                assert [pte.address for pte in walk.examined] == [
                    address for address, _, write in model.transactions if not write], where
                assert (walk.sets_r, walk.sets_c) == (model.r_updates > 0, model.c_updates > 0)
            assert (walk.exception is None) == (result == spec.OK)
            seen.add((AccessKind(kind), Translation(result)))
    assert len(seen) == 3 * 5 + 1


@pytest.mark.parametrize("access, source", [("load", "lwz r5, 0(r4)"), ("store", "stw r5, 0(r4)"),
                                            ("fetch", "mtctr r4\n bctr")])
def test_exceptions_are_those_of_the_processor(access, source):
    """On random segments, blocks and entries: which vector, DSISR or SRR1, and DAR."""
    rng = random.Random(5)
    code = assemble(source + "\n", sections={".text": 0x1000}).image(0x1000)
    machine = pteg.Machine("g3", cpu="functional", ram="1M", rom="none")
    for vector in (0x300, 0x400):
        machine.memory.write_word(vector, 0x48000000)       # b .
    seen = set()
    for _ in range(150):
        machine.memory.write(0x10000, bytes(0x10000))
        vsid, ea = rng.getrandbits(24), 0x20000000 | rng.getrandbits(28) & ~3
        if rng.random() < 0.8:
            h = rng.randrange(2)
            hashed = vsid ^ ea >> 12 & 0xFFFF ^ (0x3FF if h else 0)
            group = 0x10000 | (hashed & 0x3FF) << 6
            machine.memory.write_word(group + 16, 1 << 31 | vsid << 7 | h << 6 | ea >> 22 & 0x3F)
            machine.memory.write_word(group + 20, 0x8000 | rng.getrandbits(9))
        machine.reset()
        with machine.cpu.changed() as state:
            state["pc"], state["msr"], state["sdr1"] = 0x1000, 0x1030, 0x10000
            state["ibat0u"] = state["dbat0u"] = state["ibat0l"] = state["dbat0l"] = 2
            state["sr"][0, 2] = rng.getrandbits(3) << 29 | (rng.random() < 0.2) << 28 | vsid | (
                (rng.random() < 0.1) << 31)
            state["gpr"][0, 4] = ea
        machine.memory.write(0x1000, code)
        walk = machine.mmu.walk(ea, access)
        machine.step(len(code) // 4)
        if access == "fetch" and walk.result is Translation.OK:
            seen.add(walk.result)
            assert machine.cpu.pc == ea
            continue
        if access == "fetch":
            machine.step()      # the fetch faults
        state = machine.cpu.state()[0]
        if walk.exception is None:
            assert machine.cpu.pc == 0x1004, walk
        elif access == "fetch":
            assert walk.exception == f"ISI, SRR1 {int(state['srr1']) & 0x58000000:08x}", walk
            assert int(state["srr0"]) == ea
        else:
            assert walk.exception == (f"DSI, DSISR {int(state['dsisr']):08x}, "
                                      f"DAR {int(state['dar']):08x}"), walk
        seen.add(walk.result)
    assert len(seen) >= 4, seen


@pytest.fixture
def booted():
    machine = pteg.Machine("g3", cpu="functional", rom="first")
    machine.run(until="pteg: ready", instructions=1_000_000)
    return machine


def test_the_page_table_as_data(booted):
    table = booted.mmu.hash_table()
    entries = table.entries()
    assert len(table) == 4096 and sum(table.occupancy()) == len(entries) == 49
    bats = sum("invalid" not in str(bat) for bat in booted.mmu.bats())
    assert 0 < bats < 8 and str(booted.mmu) == (
        f"<Mmu: {bats} of 8 BATs valid, {len(booted.mmu.tlb())} TLB entries, SDR1 01fc0003>")
    assert str(table) == ("hash table at 01fc0000, 256 KB, 4096 PTEGs of 8 entries: 49 valid, "
                          "2 PTEGs full")
    for pte in entries:     # each is found where its own address says
        segment = next(s for s in booted.mmu.segments() if s.vsid == pte.vsid or s.number == 10)
        if segment.vsid == pte.vsid:
            walk = booted.mmu.walk(segment.number << 28 | pte.ea)
            assert walk.pte == pte and walk.pa == pte.pa
    number = (entries[0].address - table.base) // 64
    assert entries[0] in table.group(number) and len(table.group(number)) == 8
    with pytest.raises(IndexError, match="PTEG must be 0 to 4095, not 4096"):
        table.group(4096)
    with pytest.raises(UserError):
        booted.mmu.walk(1 << 32)
    with pytest.raises(UserError, match="access must be one of fetch, load, store, not 'read'"):
        booted.mmu.walk(0, "read")


def test_a_tlb_that_still_has_what_the_table_had(booted):
    mmu = booted.mmu
    entry = next(e for e in mmu.tlb() if e.side is Side.DATA and e.vsid == 0x888)
    ea = 0x80000000 | entry.ea
    walk = mmu.walk(ea)
    assert walk.tlb == entry and not walk.stale and "no search is needed" in repr(walk)
    low = walk.pte.low
    booted.memory.write_word(walk.pte.address + 4, low ^ 0x5000)
    assert mmu.walk(ea).stale and "a tlbie is missing" in repr(mmu.walk(ea))
    booted.memory.write_word(walk.pte.address, walk.pte.high & 0x7FFFFFFF)
    assert mmu.walk(ea).stale and mmu.walk(ea).result is Translation.PAGE_FAULT
    assert "the TLB has no entry" in repr(mmu.walk(0x80000000 | ea ^ 0x100000))


def test_tables_for_people_and_for_notebooks(booted):
    mmu = booted.mmu
    assert repr(mmu.segments()[9:10]) == (
        "SR9  30000999  90000000 to 9fffffff  VSID 000999, Ks 0, Kp 1, N 1")
    assert repr(mmu.bats()).splitlines()[5] == (
        "DBAT1 0c000002 0c00002a  0c000000 to 0c01ffff -> 0c000000, WIMG 0101, PP 10, supervisor")
    html = mmu.bats()._repr_html_()
    assert html.count("<tr>") == 9 and "<td>0c00002a</td>" in html and "<td>0101</td>" in html
    assert mmu.tlb()[:0]._repr_html_() == "<p>no entries</p>"
    table = mmu.hash_table()._repr_html_()
    assert table.startswith("<p>hash table at 01fc0000, ") and table.count("<tr>") == 50
    walk = mmu.walk(0x80021000)
    assert walk._repr_html_().count("<tr>") == len(list(walk.lines()))
    assert [len(bat.name) for bat in mmu.bats()] == [5] * 8


def test_both_models_show_the_same(booted):
    before = [repr(booted.mmu.walk(ea)).splitlines()[:-1] for ea in (0x80021000, 0x20000)]
    booted.hand_over("pipeline")
    assert not booted.mmu.tlb()
    assert [repr(booted.mmu.walk(ea)).splitlines()[:-1] for ea in (0x80021000, 0x20000)] == before
    booted.console.write(b"s\r")         # the ROM prints its statistics, which are in RAM
    booted.run(instructions=3000)
    assert {(entry.vsid, entry.ea) for entry in booted.mmu.tlb()} >= {(0, 0x3000)}
    assert not any(booted.mmu.walk(entry.ea).stale for entry in booted.mmu.tlb() if not entry.vsid)
