"""Checks HostX in memory: what HostL's checker checks, and the pmap's invariants.

Each record of a mapping and the slot of the hash table that it names belong together. The control
word of each group tells which of its entries are free. No entry is a stranger's.
"""

import struct
from collections.abc import Iterator
from typing import Any

from pteg.firmware.hosts.hostl import checker as hostl
from pteg.firmware.hosts.hostl.checker import (
    BASE,
    FRAME,
    HASHED,
    PRESENT,
    RW,
    SPECIAL,
    C,
    Mapping,
    R,
)
from pteg.hw.isa.registers import Msr

__all__ = ["Checker"]

SPACES, GROUP, NO_SLOT = 1 << 20, 8, 0xFFFFFFFF
#: Spaces at the end of the range that sessions of MOL take (mol/vsids.c).
STOLEN = 8 * 0x8000
PP_READ_WRITE, PP_READ_ONLY = 2, 3
_RECORD = struct.Struct(">5I")


class Checker(hostl.Checker):
    """Looks at a machine that runs HostX.

    Parameters
    ----------
    machine : pteg.Machine
    elf : bytes
        The kernel that it has loaded.
    """

    locks = ()      # only who has the kernel's changes the table

    # Spaces -----------------------------------------------------------------------------------

    def vsid(self, context: int, address: int) -> int:
        """The identifier that machdep/space.c gives a segment."""
        return context * self.data.vsid_increment % SPACES | address >> 28 << 20

    def owned(self, vsid: int) -> bool:
        """Whether an identifier is that of a space at the end of the range, or that a module has
        asked for."""
        inverse = pow(self.data.vsid_increment, -1, SPACES)
        space = vsid % SPACES * inverse % SPACES
        return space >= SPACES - STOLEN or space in self._lent

    def _contexts(self):
        seen: dict[int, int] = {}
        for index, process in self._processes():
            if process.context == 0 or process.context in seen:
                yield f"process {index} has context {process.context}, which is not its own"
            seen[process.context] = index
        for cpu, mmu in zip(self.machine.cpus, self.machine.mmus, strict=True):
            loaded = [segment.vsid for segment in mmu.segments()[:12]]
            if all(map(self.owned, loaded)) or not self._stands(cpu):
                continue
            context = self._current(cpu).context if cpu.msr & Msr.PR else 0
            for n, found in enumerate(loaded):
                if found != self.vsid(context, n << 28):
                    yield f"segment register {n} has VSID {found:#x}, not that of context {context}"

    def _current(self, cpu: Any) -> Any:
        at = cpu.spr["SPRG3"] + BASE
        process = next(some for some in self.data.processes if some.address == at)
        return self.data.at("processes", process.space) if process.space else process

    # Records, slots, control words ------------------------------------------------------------

    def records(self) -> Iterator[tuple[int, int, int, int]]:
        """VSID, page's address, address of the page table's entry, and slot, of each mapping."""
        data = self.data
        table = self._read(data.mappings, _RECORD.size * data.mapping_count)
        for _, vsid, address, pte, slot in _RECORD.iter_unpack(table):
            if pte:
                yield vsid, address, pte, slot

    def _slot_words(self):
        size = 64 * (self.data.hash_mask + 1)
        base = self.data.hash_base
        return list(struct.iter_unpack(">II", self._memory[base:base + size]))

    def _mappings(self):
        """R and C may still be in the hash table."""
        words = self._slot_words()
        harvest = {(vsid, address): words[slot][1] & (R | C)
                   for vsid, address, _, slot in self.records() if slot != NO_SLOT}
        for mapping in super()._mappings():
            context = self.data.processes[mapping.process].context
            key = self.vsid(context, mapping.address), mapping.address
            more = harvest.get(key, 0) if mapping.value & PRESENT else 0
            yield Mapping(mapping.process, mapping.address, mapping.value | more)

    def _page(self, slot, tag):
        """VSID and address of an entry's page; None: it is in a group where no search finds it."""
        vsid, group = tag >> 7 & 0xFFFFFF, slot // GROUP
        if tag & 0x40:
            group = ~group
        page = (tag & 0x3F) << 10 | (group ^ vsid) & 0x3FF
        if (vsid ^ page ^ group) & self.data.hash_mask:
            return None
        return vsid, vsid >> 20 << 28 | page << 12

    def _hash_table(self):
        words, allowed = self._slot_words(), self._translations()
        owner = {}
        for vsid, address, _, slot in self.records():
            name = f"mapping of page {address:#010x}, VSID {vsid:#x}"
            if self.owned(vsid):
                yield f"{name}: the VSID is not the kernel's to use"
            mapping = allowed.get((vsid, address >> 12 & 0xFFFF))
            if mapping is None or not mapping.value & PRESENT:
                yield f"{name} is no page of a process"
            if slot == NO_SLOT:
                continue
            if slot in owner:
                yield f"{name}: slot {slot} is another mapping's too"
            owner[slot] = (vsid, address)
            tag, word = words[slot]
            if not tag >> 31 or self._page(slot, tag) != (vsid, address):
                yield f"{name}: slot {slot} has {tag:08x} {word:08x}, not its entry"
            elif mapping is not None:
                yield from self._compare(name, mapping, word, R)
        for group in range(self.data.hash_mask + 1):
            yield from self._control(group, words, owner, allowed)

    def _control(self, group, words, owner, allowed):
        control = self._word(self.data.control - BASE + 4 * group)
        if control & 0xFF or bin(control >> 16 & 0xFF).count("1") != 1:
            yield f"group {group}: control word {control:08x} is locked, or has no cursor"
        for n in range(GROUP):
            slot = group * GROUP + n
            tag, word = words[slot]
            free, automatic = control >> 31 - n & 1, control >> 15 - n & 1
            name = f"slot {slot}: {tag:08x} {word:08x}"
            if not tag >> 31:
                if not free:
                    yield f"{name} is empty, its control word says in use"
                continue
            if self.owned(tag >> 7 & 0xFFFFFF):
                yield f"{name} is a stranger's"
            elif free:
                yield f"{name} is valid, its control word says free"
            elif automatic:
                page = self._page(slot, tag)
                mapping = page and allowed.get((page[0], page[1] >> 12 & 0xFFFF))
                if not mapping or not mapping.value & SPECIAL:
                    yield f"{name} is automatic, but no page of a block"
            elif slot not in owner:
                yield f"{name} has no mapping"

    def _compare(self, name, mapping, word, referenced):
        """One cached translation with the page table entry that it is a copy of."""
        if mapping is None or not mapping.value & PRESENT:
            yield f"{name} is no page of a process"
        elif not mapping.value & HASHED:
            yield f"{name} will not be flushed: {mapping} is not HASHED"
        elif word & FRAME != mapping.frame:
            yield f"{name} leads to another frame than {mapping}"
        elif word & 3 == PP_READ_WRITE and not mapping.value & RW:
            yield f"{name} allows stores, {mapping} does not"
        elif word & 3 not in (PP_READ_WRITE, PP_READ_ONLY):
            yield f"{name} has wrong protection"
        elif word & C and not mapping.value & C:
            yield f"{name} has C, {mapping} has not"
