"""Is HostL whole? Its own records, the hash table and the TLBs, read from memory and compared.

The kernel's page tables are the truth; everything else must agree with them. What is checked holds
whenever no process is in the middle of a system call: `settle` runs the machine to such a moment.
"""

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from pteg.firmware.cdata import Data
from pteg.hw.isa.registers import Msr

__all__ = ["Checker", "Mapping"]

BASE, USER_END, PAGE = 0xC0000000, 0xC0000000, 4096
CONTEXTS = 32768
#: Of 897, modulo 2^20.
INVERSE = 2899073
UNUSED, ZOMBIE = 0, 4
PAGE_FREE, PAGE_WIRED = 1, 2
REGION_WRITE, REGION_PHYSICAL = 1, 8
#: Page table entries (kernel/pte.h).
PRESENT, HASHED, USER, WIRED, C, R = 1, 2, 4, 8, 0x80, 0x100
SPECIAL, RW, SWAPPED = 0x200, 0x400, 0x800
FRAME = 0xFFFFF000
PP_READ_WRITE, PP_READ_ONLY = 2, 3
#: The special-purpose register with the physical address of the current process.
SPRG3 = 275


@dataclass(frozen=True)
class Mapping:
    """A page table entry of a process that is not 0."""

    process: int        # index of the table of processes
    address: int
    value: int

    @property
    def frame(self) -> int:
        return self.value & FRAME

    def __str__(self) -> str:
        return f"process {self.process} page {self.address:#010x} (entry {self.value:#010x})"


class Checker:
    """Looks at a machine that runs HostL.

    Parameters
    ----------
    machine : pteg.Machine
    elf : bytes
        The kernel that it has loaded.
    """

    #: Words that are 0 while nobody changes the hash table.
    locks: tuple[str, ...] = ("hash_lock_word",)

    def __init__(self, machine: Any, elf: bytes):
        self.machine = machine
        self._memory = b""
        self._lent: set[int] = set()        # contexts that modules have asked for
        self.data = Data(elf, self._read)

    def _read(self, address, size):
        start = address - BASE
        return self._memory[start:start + size]

    def _word(self, physical):
        return int.from_bytes(self._memory[physical:physical + 4], "big")

    # A moment at which everything must hold -----------------------------------------------------

    def settled(self) -> bool:
        """The processor that has been in the kernel is about to give its lock back. If there is one
        only, also: a program is in user state, or there is nothing to do."""
        cpus = self.machine.cpus
        if len(cpus) == 1:
            name = self.machine.symbols.name(cpus[0].pc) or ""
            if cpus[0].msr & Msr.PR or name.partition("+")[0] == "idle":
                return True
        locked = any(self.machine.memory.read_word(self.data.address(name) - BASE)
                     for name in self.locks)
        return not locked and any(cpu.pc == self._unlocks() for cpu in cpus)

    def _unlocks(self):
        return self.machine.symbols.address("kernel_unlock")

    def settle(self, steps: int = 100) -> None:
        """Run to such a moment."""
        while not self.settled() and steps:
            self.machine.step()
            self.machine.run(instructions=1_000_000, until=self._unlocks())
            steps -= 1

    def check(self) -> list[str]:
        """What is wrong: a line for each fault that is found, none if all is well."""
        self._memory = self.machine.memory.read(0, self.machine.ram.size)
        self.frames = self._frames()
        self.mappings = list(self._mappings())
        # A kernel without MOL lends none; a compiler may leave the variables out.
        lent = self.data.lent_count if "lent_count" in self.data else 0
        self._lent = {self.data.lent_contexts[n] for n in range(lent)}
        checks = (self._free_list, self._tables, self._counts, self._entries, self._slots,
                  self._contexts, self._hash_table, self._tlbs)
        return [problem for check in checks for problem in check()]

    # Frames -------------------------------------------------------------------------------------

    def _frames(self):
        """Every frame by its physical address: count, flags, slot."""
        data = self.data
        size = struct.calcsize(">IIHHI")
        table = self._read(data.pages, size * data.page_count)
        return {(data.first_page + n) * PAGE: SimpleNamespace(
                    at=data.pages + n * size, next=row[0], previous=row[1], count=row[2],
                    flags=row[3], slot=row[4])
                for n, row in enumerate(struct.iter_unpack(">IIHHI", table))}

    def _free_list(self):
        by_place = {frame.at: (address, frame) for address, frame in self.frames.items()}
        listed, head = set(), self.data.address("free_list")
        place, before = self.data.free_list.next, head
        while place != head:
            if place not in by_place or place in listed:
                yield f"free list: {place:#010x} is no frame, or is in it twice"
                return
            listed.add(place)
            address, frame = by_place[place]
            if frame.previous != before:
                yield f"free list: frame {address:#x} does not point back"
            if frame.count or frame.flags != PAGE_FREE:
                yield f"free list: frame {address:#x} is in use {frame.count} times"
            place, before = frame.next, place
        if len(listed) != self.data.free_pages:
            yield f"free list: it has {len(listed)} frames, free_pages says {self.data.free_pages}"
        for place, (address, frame) in by_place.items():
            if place not in listed and (frame.flags & PAGE_FREE or not frame.count):
                yield f"frame {address:#x} is free, but not in the free list"

    # Page tables --------------------------------------------------------------------------------

    def _processes(self):
        """Those with an address space."""
        for n, process in enumerate(self.data.processes):
            if process.state not in (UNUSED, ZOMBIE) and process.directory:
                yield n, process

    def _directory(self, process):
        words = struct.unpack(">1024I", self._read(process.directory, PAGE))
        return [(n, table) for n, table in enumerate(words[:USER_END >> 22]) if table]

    def _mappings(self) -> Iterator[Mapping]:
        for index, process in self._processes():
            for n, table in self._directory(process):
                entries = struct.unpack(">1024I", self._memory[table:table + PAGE])
                for m, value in enumerate(entries):
                    if value:
                        yield Mapping(index, n << 22 | m << 12, value)

    def _tables(self):
        """Directories and tables are wired frames of their own."""
        seen = Counter(table for _, process in self._processes()
                       for table in [process.directory - BASE,
                                     *(table for _, table in self._directory(process))])
        for table, times in seen.items():
            frame = self.frames.get(table)
            if times > 1 or frame is None or frame.flags != PAGE_WIRED or frame.count != 1:
                yield f"page table at {table:#x} is not a wired frame of one process"

    def _counts(self):
        users = Counter(mapping.frame for mapping in self.mappings
                        if mapping.value & (PRESENT | SPECIAL) == PRESENT)
        for address, frame in self.frames.items():
            expected = 1 if frame.flags & PAGE_WIRED else 0
            if frame.count != users[address] + expected:
                yield (f"frame {address:#x} is counted {frame.count} times, used "
                       f"{users[address] + expected} times")
        for index, process in self._processes():
            mine = [mapping for mapping in self.mappings if mapping.process == index]
            for name, flag in (("resident", PRESENT), ("swapped", SWAPPED)):
                found = sum(bool(mapping.value & flag) for mapping in mine)
                if found != getattr(process, name):
                    yield f"process {index}: {found} pages {name}, {getattr(process, name)} counted"

    def _region(self, mapping):
        for region in self.data.processes[mapping.process].regions:
            if region.start <= mapping.address < region.end:
                return region
        return None

    def _entries(self):
        for mapping in self.mappings:
            region, value = self._region(mapping), mapping.value
            if region is None:
                yield f"{mapping} is in no region"
                continue
            if not value & PRESENT:
                if not value & SWAPPED:
                    yield f"{mapping} is neither there nor swapped out"
                continue
            frame = self.frames.get(mapping.frame)
            if value & SPECIAL:
                where = region.frames + mapping.address - region.start
                if not region.flags & REGION_PHYSICAL or mapping.frame != where:
                    yield f"{mapping} is not the frame of a device that it should be"
            elif frame is None or frame.flags or not value & USER:
                yield f"{mapping} is no page of a process"
            elif value & RW and not region.flags & REGION_WRITE:
                yield f"{mapping} can be written, its region cannot"
            elif value & RW and frame.count > 1 and not value & WIRED:
                yield f"{mapping} can be written, others share it"
            elif value & RW and frame.slot and self.data.slots and self._slot(frame.slot)[0]:
                yield f"{mapping} can be written, others need the slot {frame.slot} it has"

    # Swap area ----------------------------------------------------------------------------------

    def _slot(self, number):
        """Count and frame of a slot."""
        at = self.data.slots - BASE + 8 * number
        return self._word(at) >> 16, self._word(at + 4)

    def _slots(self):
        named = Counter(mapping.value >> 12 for mapping in self.mappings
                        if mapping.value & (PRESENT | SWAPPED) == SWAPPED)
        changed = {mapping.frame for mapping in self.mappings
                   if mapping.value & PRESENT and mapping.value & C}
        free = 0
        for number in range(1, self.data.slot_count):
            count, address = self._slot(number)
            free += not count and not address
            if count != named[number]:
                yield f"slot {number} is counted {count} times, named {named[number]} times"
            if not address:
                continue
            frame = self.frames.get(address)
            if frame is None or frame.slot != number:
                yield f"slot {number} and frame {address:#x} do not agree"
            elif count or address not in changed:
                area = self.data.swap_base + number * PAGE
                if self._memory[area:area + PAGE] != self._memory[address:address + PAGE]:
                    yield f"slot {number} and its clean frame {address:#x} differ"
        for address, frame in self.frames.items():
            if frame.slot and self._slot(frame.slot)[1] != address:
                yield f"frame {address:#x} believes in slot {frame.slot}"
        if self.data.slot_count and free != self.data.free_slots:
            yield f"{free} slots are free, free_slots says {self.data.free_slots}"

    # Contexts, hash table, TLBs -----------------------------------------------------------------

    def vsid(self, context: int, address: int) -> int:
        """The identifier that machdep/context.c gives a segment."""
        return context * 897 * 16 + (address >> 28) * 0x111 & 0xFFFFFF

    def owned(self, vsid: int) -> bool:
        """Whether an identifier is that of a context that only modules use, 32768 and up, or that
        a module has asked for."""
        # 0x111 is 1 modulo 16: the last digit is the segment.
        context = (vsid - (vsid & 15) * 0x111 & 0xFFFFFF) // 16 * INVERSE & 0xFFFFF
        return context >= CONTEXTS or context in self._lent

    def _contexts(self):
        seen = Counter(process.context for _, process in self._processes())
        for context, times in seen.items():
            if times > 1 or not 0 < context < CONTEXTS:
                yield f"context {context} belongs to {times} processes"
            elif not self.data.used[context // 32] >> context % 32 & 1:
                yield f"context {context} is in use and free"
        marked = sum(word.bit_count() for word in self.data.used)
        used = len(seen) + 1 + len(self._lent)
        if marked != used:
            yield f"{marked} contexts are marked as used, {used} are"
        for cpu, mmu in zip(self.machine.cpus, self.machine.mmus, strict=True):
            for process in self.data.processes:
                if process.address == cpu.spr[SPRG3] + BASE and self._stands(cpu):
                    yield from self._segments(process, mmu)

    def _stands(self, cpu):
        """Of several processors, one may be on its way into the kernel, or out of it."""
        return cpu.msr & Msr.PR or len(self.machine.cpus) == 1

    def _segments(self, process, mmu):
        loaded = [segment.vsid for segment in mmu.segments()[:12]]
        if all(map(self.owned, loaded)):
            return
        for n, found in enumerate(loaded):
            if found != self.vsid(process.context, n << 28):
                yield f"segment register {n} has VSID {found:#x}, not that of {process.name}"

    def _translations(self):
        """What the kernel allows: by VSID and page of a segment, the mapping."""
        allowed = {}
        for mapping in self.mappings:
            context = self.data.processes[mapping.process].context
            key = self.vsid(context, mapping.address), mapping.address >> 12 & 0xFFFF
            allowed[key] = mapping
        return allowed

    def _hash_table(self):
        allowed, seen = self._translations(), set()
        base, mask = self.data.hash_base, self.data.hash_mask
        words = struct.iter_unpack(">II", self._memory[base:base + 64 * (mask + 1)])
        for slot, (tag, word) in enumerate(words):
            vsid, group = tag >> 7 & 0xFFFFFF, slot // 8
            if not tag >> 31 or self.owned(vsid):
                continue
            if tag & 0x40:
                group = ~group
            page = (tag & 0x3F) << 10 | (group ^ vsid) & 0x3FF
            name = f"hash table entry {slot}: {tag:08x} {word:08x}"
            if (vsid ^ page ^ group) & mask:
                yield f"{name} is in a group where no search finds it"
            if (vsid, page) in seen:
                yield f"{name} is there twice"
            seen.add((vsid, page))
            yield from self._compare(name, allowed.get((vsid, page)), word, word & R)
        if self.data.hash_lock_word:
            yield "the hash table is locked"

    def _tlbs(self):
        """A TLB entry may outlive the hash table's, not the page table's."""
        allowed = self._translations()
        for entry in (entry for mmu in self.machine.mmus for entry in mmu.tlb()):
            if not self.owned(entry.vsid):
                mapping = allowed.get((entry.vsid, entry.ea >> 12 & 0xFFFF))
                word = entry.pa | (C if entry.c else 0) | entry.pp
                yield from self._compare(f"TLB: {entry}", mapping, word, R)

    def _compare(self, name, mapping, word, referenced):
        """One cached translation with the page table entry that it is a copy of."""
        if mapping is None or not mapping.value & PRESENT:
            yield f"{name} is no page of a process"
        elif not mapping.value & HASHED:
            yield f"{name} will not be flushed: {mapping} is not HASHED"
        elif word & FRAME != mapping.frame:
            yield f"{name} leads to another frame than {mapping}"
        elif not referenced or not mapping.value & R:
            yield f"{name} has no R, or {mapping} has none"
        elif word & 3 == PP_READ_WRITE and mapping.value & (RW | C) != RW | C:
            yield f"{name} allows stores, {mapping} does not record them"
        elif word & 3 not in (PP_READ_WRITE, PP_READ_ONLY):
            yield f"{name} has wrong protection"
        elif word & C and not mapping.value & C:
            yield f"{name} has C, {mapping} has not"
