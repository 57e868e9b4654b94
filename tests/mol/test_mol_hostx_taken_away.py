"""What HostX and a guest take from each other: slots of the hash table, pages being mapped."""

import struct
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pteg.firmware.hosts.hostx.checker import GROUP, C, Checker, R
from pteg.firmware.hosts.hostx.image import build_with_mol
from pteg.mol.hostb import Option
from pteg.mol.hostl import BASE, HostL
from pteg.mol.scenarios.hostx import PLAN
from pteg.mol.scenarios.sessions import crowd
from pteg.mol.small import guest, pte
from pteg.mol.ways import elf

EVICT = Path(__file__).parents[1] / "hosts" / "programs" / "evict.c"
EA, REAL, NUMBER = 0x50123000, 0x40000, 0x12345678
#: What lies in the old frame when the host has given it to somebody else.
FORMER = bytes.fromhex("deadbeef") * 1024
NOT_FOUND = 1 << 30                     # of DSISR
_MAPPING = struct.Struct(">5I")         # struct mapping of firmware/hosts/hostx/machdep/pmap.h
_PENT = struct.Struct(">7H2B2I")        # struct pent of firmware/mol/kvars.h
PENTS, NO_PENT = 4096, 0xFFFF


class Stage(HostL):
    """HostX with a small hash table, stopped at functions of its kernel and of MOL."""

    def __init__(self, guests, *lines, arguments=""):
        super().__init__(guests, ["insmod mol", "insmod molport", *lines],
                         arguments=f"hash=64K {arguments}",
                         build=partial(build_with_mol, programs={"evict": EVICT}))
        self.checker = Checker(self.machine, self.elf)

    def come_to(self, function):
        """Run to the function's next call; its first arguments, and where it returns to."""
        assert self.run(20_000_000, until=self._address(function)) == "address", function
        arguments, back = [self.machine.cpu.gpr[3 + n] for n in range(4)], self.machine.cpu.lr
        self.machine.step()
        return arguments, back

    def call(self, function, *arguments):
        """Call a function of the kernel, which has been stopped; what it returns."""
        cpu = self.machine.cpu
        before = cpu.state()
        with cpu.changed() as state:
            state["gpr"][0, 3:3 + len(arguments)] = arguments
            state["lr"], state["pc"] = before["pc"], self._address(function)
        assert self.run(1_000_000, until=int(before["pc"][0])) == "address"
        result = cpu.gpr[3]
        with cpu.changed() as state:
            for name in ("gpr", "cr", "xer", "lr", "ctr"):
                state[name] = before[name]
        return result

    def take_slot(self):
        """The host takes a slot: page, number of the slot, and what was in it before."""
        (vsid, address, *_), back = self.come_to("slot_take")
        table = self.machine.memory.read(self.data.hash_base, 64 * (self.data.hash_mask + 1))
        assert self.run(10_000, until=back) == "address"
        slot = self.machine.cpu.gpr[3]
        return (vsid, address), slot, struct.unpack_from(">2I", table, 8 * slot)

    def mappings(self):
        """VSID, page, address of the page table's entry, and slot of each mapping of the host."""
        data = self.data
        table = self.machine.memory.read(data.mappings - BASE, _MAPPING.size * data.mapping_count)
        return [tuple(row) for _, *row in _MAPPING.iter_unpack(table) if row[2]]

    @property
    def variables(self):
        """Those of the session, struct kernel_vars."""
        return self.data.at("sessions", self.data.sessions[0])

    def owner_of(self, tag):
        """The session whose entry it is; -1: the host's; None: it is not valid."""
        return int(self.session_of(np.array([tag >> 7 & 0xFFFFFF]))[0]) if tag >> 31 else None

    def entries(self, vsid, page):
        """Valid entries of a page in the table that MOL uses: at most one."""
        kv = self.variables
        table = struct.iter_unpack(">2I", self.machine.memory.read(kv.hash_phys, kv.hash_mask + 1))
        return [entry for slot, entry in enumerate(table)
                if entry[0] >> 31 and page_of(slot, entry[0]) == (vsid, page)]

    def records(self):
        """Segment, page and slot of each shadow PTE that MOL has a record of."""
        kv = self.variables
        table = self.machine.memory.read(kv.pents - BASE, PENTS * _PENT.size)
        rows, number = dict(enumerate(_PENT.iter_unpack(table))), kv.pent_free
        while number != NO_PENT:
            number = rows.pop(number)[0]
        return [(segment, page, slot // 8)
                for *_, page, _, segment, _, slot in rows.values()]

    def word(self, address):
        return self.machine.memory.read_word(address)

    def clear_r_and_c(self, entry):
        """Of a page table's entry: as if the page had just been written to the swap area."""
        value = self.word(entry - BASE) & ~(R | C)
        self.machine.memory.write_word(entry - BASE, value)

    def problems(self):
        self.checker.settle()
        return self.checker.check()


def page_of(slot, tag):
    """VSID and page that an entry of the hash table is for."""
    vsid, group = tag >> 7 & 0xFFFFFF, slot // GROUP
    return vsid, (tag & 0x3F) << 10 | ((~group if tag & 0x40 else group) ^ vsid) & 0x3FF


def taken_by_the_host(stage):
    """The host puts entries of its own where its control words say free."""
    while True:
        _, slot, (tag, _) = stage.take_slot()
        if stage.owner_of(tag) == 0:
            yield slot, tag


def taken_by_mol(stage):
    """MOL finds no free slot for another page of the guest."""
    while True:
        (_, offset, new, _), back = stage.come_to("store_pte")
        tag = stage.word(stage.variables.hash_phys + offset)
        assert stage.run(10_000, until=back) == "address"
        if stage.owner_of(tag) == 0 and tag != new:
            yield offset // 8, tag


def pages(stage):
    return [(segment, page) for segment, page, _ in stage.records()]


@pytest.mark.parametrize("letters, made, taken, times", [
    ("-", crowd(8, 100), taken_by_the_host, 1), ("-v", crowd(20, 3), taken_by_mol, 4)],
    ids=["shared", "private"])
def test_an_evicted_entry_comes_back_with_one_fault(letters, made, taken, times):
    """Scenario 13. In a table that is shared the host drives out entries of the guest, which are
    strangers to it; in a table of its own only MOL does. The guest misses once, and the record is
    used again."""
    stage = Stage({"crowd": made}, f"mol {letters} crowd 4 &", "stress 2 100 300")
    stage.run(60_000_000, until=stage.entry)

    def fault(page):
        """The guest's next fault at the page: whether no entry was found."""
        while True:
            (_, ea, dsisr, _), back = stage.come_to("dsi_exception")
            if ea >> 12 & 0xFFFF == page:
                there, counters = len(stage.entries(vsid, page)), stage.counters()
                records = pages(stage)
                assert stage.run(100_000, until=back) == "address"
                assert there == (not dsisr & NOT_FOUND) and len(stage.entries(vsid, page)) == 1
                assert pages(stage) == records
                for name in ("pte_reused", "page_fault_ctr"):
                    assert stage.counters()[name] == counters[name] + 1
                return dsisr & NOT_FOUND != 0

    evictions, seen = taken(stage), 0
    while seen < times:
        slot, tag = next(evictions)
        vsid, page = page_of(slot, tag)
        if (5, page, slot) in stage.records():      # the guest comes back to these again and again
            assert stage.entries(vsid, page) == []
            # A load, and the store behind it: it was mapped for loads only.
            assert [fault(page), fault(page)] == [True, False]
            seen += 1
    assert stage.run(60_000_000, until="C") == "console"


def test_a_process_faults_again_where_the_guest_has_taken_its_slot():
    """Scenario 14, in a table that is shared. The process's data are right; but its record has
    named an entry of the guest, so that R and C are those of the guest's entry: both are set."""
    stage = Stage({"crowd": crowd(17)}, "stress 2 200 40000 &", "mol crowd 4")
    foreign, taken = stage.data.hash_foreign, None
    while taken is None:
        (_, offset, *_), back = stage.come_to("store_pte")
        tag = stage.word(stage.data.hash_base + offset)
        if stage.owner_of(tag) == -1:
            taken = next((record for record in stage.mappings()
                          if record[3] == offset // 8), None)
    vsid, address, entry, _ = taken
    assert stage.run(10_000, until=back) == "address"
    assert any("not its entry" in line for line in stage.problems())
    stage.clear_r_and_c(entry)
    key = None
    while key != (vsid, address):
        key, slot, _ = stage.take_slot()
    new = stage.word(stage.data.hash_base + 8 * slot)
    assert page_of(slot, new) == (vsid, address >> 12 & 0xFFFF)
    assert stage.data.hash_foreign > foreign
    assert stage.word(entry - BASE) & (R | C) == R | C
    assert stage.run(60_000_000, until="stress: ok") == "console"


@pytest.mark.parametrize("fault", ["", "bug=LOST_DIRTY"])
def test_r_and_c_of_a_slot_that_the_host_gives_away_are_kept(fault):
    """Scenario 14, with a table of MOL's own. The guest takes no slot of the host; who loses one to
    another page of the host faults once, and R and C of the slot are in its page table."""
    stage = Stage({"crowd": crowd()}, "evict 2000 &", "mol -v crowd 4", arguments=fault)
    assert stage.run(60_000_000, until=stage.entry) == "address"
    held, changed, lost = {}, 0, 0
    while changed < 100:
        key, slot, (tag, word) = stage.take_slot()
        assert key not in held, "one fault for each slot that is lost"
        assert stage.owner_of(tag) in (None, -1)
        vsid, page = page_of(slot, tag)
        entry = held.pop((vsid, vsid >> 20 << 28 | page << 12), None) if tag >> 31 else None
        if entry:
            lost += stage.word(entry - BASE) & (R | C) != word & (R | C)
            changed += word & C != 0
        if key[1] >> 28 == 5:           # evict's pages
            held[key] = next(record[2] for record in stage.mappings() if record[:2] == key)
            stage.clear_r_and_c(held[key])
    assert stage.counters()["page_fault_ctr"] > 100 and stage.data.hash_foreign == 0
    assert lost > 50 if fault else not lost and stage.problems() == []


@pytest.mark.parametrize("letters", ["-", "-v", PLAN])
@pytest.mark.parametrize("fault", [0, 1])
def test_a_page_that_is_swapped_out_while_mol_maps_it(letters, fault):
    """Scenario 16. The host swaps a page out when MOL has looked up its frame, and uses the frame
    for something else. The entry goes again, and the guest reads its page in another frame. Without
    the reservation it reads what others have stored."""
    made = guest(f"load r20, {EA:#x}\n lwz r4, 0(r20)", [pte(5, EA, REAL), {REAL: NUMBER}])
    stage = Stage({"reader": elf(made)}, f"mol {letters} reader 2")
    memory = stage.machine.memory
    assert stage.run(20_000_000, until=stage.entry) == "address"
    memory.write_word(stage.place("xPRIVATE_HASH", Option.NO_RESERVATION), fault)

    def insert():
        """MOL has the page's frame, and looks for a slot; the VSID."""
        while True:
            (_, vsid, page, _), _ = stage.come_to("find_slot")
            if page == EA >> 12 & 0xFFFF:
                return vsid, page

    where = insert()
    owner = stage.variable("xOWNER")
    address = stage.variables.block[0].lvbase + REAL
    entry = stage.call("pte_find", owner, address)
    frame = stage.word(entry - BASE) & ~0xFFF
    contents = memory.read(frame, 4096)
    assert stage.call("swap_out", owner, address, entry) == 1
    assert stage.call("page_alloc") == frame
    memory.write(frame, FORMER)
    if not fault:
        assert insert() == where
        assert stage.counters()["reservation_lost"] == 1 and stage.entries(*where) == []
        assert not any((cached.vsid, cached.ea >> 12 & 0xFFFF) == where
                       for cached in stage.machine.mmu.tlb())
        stage.call("page_put", frame)
    while stage.run(20_000_000, until=made.stop) == "address" and not stage.in_guest:
        stage.machine.step()
    if fault:
        assert stage.machine.cpu.gpr[4] == int.from_bytes(FORMER[:4])
        return
    new = stage.word(entry - BASE) & ~0xFFF
    assert stage.machine.cpu.gpr[4] == NUMBER and new != frame
    assert memory.read(new, 4096) == contents and memory.read(frame, 4096) == FORMER
    assert stage.counters()["reservation_lost"] == 1
    assert bool(stage.problems()) == ("v" not in letters)       # strangers
