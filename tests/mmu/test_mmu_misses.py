"""Causes of TLB misses, lengths of searches, hashes of the state: each against another way."""

import random
from collections import Counter

import pytest

import pteg
from pteg import ledger
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.labs.tlbprobe import measure
from pteg.mmu.entries import Side
from pteg.mmu.misses import Cause, Tlb, observe, search_lengths, state_hash, state_hashes

#: Pages of a segment in a table of 64 KB: four that share a set, used twice; a tlbie; another VSID.
SOURCE = """
        lis     r3, 0x20
        mtsdr1  r3
        li      r3, 0xfe        # 8 MB from 0
        mtdbatu 0, r3
        li      r3, 0x12
        mtdbatl 0, r3
        li      r3, 5
        mtsr    4, r3
        lis     r20, 0x4000
        li      r3, 0x10
        mtmsr   r3
        isync
        li      r5, 2
again:  lwz     r6, 0(r20)
        addis   r7, r20, 4      # the same set
        lwz     r6, 0(r7)
        addis   r7, r7, 4
        lwz     r6, 0(r7)
        addi    r5, r5, -1
        cmpwi   r5, 0
        bne     again
        lwz     r6, 4(r7)       # a hit
        tlbie   r7
        sync
        lwz     r6, 8(r7)       # flushed
        li      r3, 6
        mtsr    4, r3
        isync
        lwz     r6, 8(r7)       # another VSID
done:   b       done
"""


@pytest.fixture
def machine():
    program = assemble(SOURCE, sections={".text": 0x1000})
    machine = pteg.Machine("g3", cpu="functional", rom="none", ram="4M")
    machine.load(program.elf())
    for vsid in (5, 6):
        for page in (0x00, 0x40, 0x80):
            place = 0x200000 + ((vsid ^ page) & 0x3FF) * 64
            high, low = 1 << 31 | vsid << 7, 0x00300192 + page * 4096
            machine.memory.write(place, (high << 32 | low).to_bytes(8, "big"))
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    machine.done = program.symbols["done"]
    return machine


def test_each_cause_is_told(machine):
    events = ledger.Ledger(kinds=["TLB_MISS"])
    machine.model.ledger(events.add)
    found = observe(machine, 40)
    assert machine.cpu.pc == machine.done
    assert found == {(Side.DATA, Cause.COLD): 3, (Side.DATA, Cause.CONFLICT): 3,
                     (Side.DATA, Cause.FLUSH): 1, (Side.DATA, Cause.VSID): 1}
    assert events.count == sum(found.values())


@pytest.mark.parametrize("seed", range(3))
def test_misses_are_those_of_the_machine_and_causes_those_of_their_definitions(seed):
    rng = random.Random(seed)
    pool = [rng.randrange(1 << 16) for _ in range(170)]
    pages = [rng.choice(pool[:40 + 130 * (n > 500)]) for n in range(2000)]
    tlb = Tlb()
    causes = [tlb.use(page << 12, 0) for page in pages]
    letters = measure([page << 12 for page in pages])
    assert "".join("M" if cause else "H" for cause in causes) == letters
    last = {}
    for n, (page, cause) in enumerate(zip(pages, causes, strict=True)):
        if cause:
            between = len(set(pages[last[page] + 1:n])) if page in last else None
            assert cause is (Cause.COLD if between is None else
                             Cause.CAPACITY if between >= 128 else Cause.CONFLICT)
        last[page] = n
    assert {Cause.COLD, Cause.CAPACITY, Cause.CONFLICT} == set(causes) - {None}


def test_lengths_of_searches_add_up():
    machine = pteg.Machine("g3", cpu="functional", rom="first")
    events = ledger.Ledger()
    machine.model.ledger(events.add)
    machine.run(instructions=40_000)
    found = search_lengths(events.records)
    counted = machine.stats()["mmu"]["table_searches"]
    total = sum((counter for counter in found.values()), Counter())
    assert total.total() == counted["count"] > 0
    assert sum(length * count for length, count in total.items()) == counted["ptes_examined"]
    assert all(1 <= length <= 8 for length in found[ledger.SearchResult.PRIMARY])


def test_hashes_are_the_same_on_both_models_and_tell_where_runs_part(machine):
    other = pteg.Machine("g3", cpu="pipeline", rom="none", ram="4M")
    program = assemble(SOURCE, sections={".text": 0x1000})
    for one in (other,):
        one.load(program.elf())
        one.memory.write(0x200000, machine.memory.read(0x200000, 0x10000))
        one.cpu.pc, one.cpu.msr = 0x1000, 0
    first = list(state_hashes(machine, 5, 6, (0x200000, 0x10000)))
    assert first == list(state_hashes(other, 5, 6, (0x200000, 0x10000)))
    assert len(set(first)) == 6
    before = state_hash(machine)
    machine.cpu.gpr[31] ^= 1
    assert state_hash(machine) != before


def test_only_the_functional_model_is_observed():
    with pytest.raises(UserError, match="cpu='functional'"):
        observe(pteg.Machine("g3", rom="none"), 1)
