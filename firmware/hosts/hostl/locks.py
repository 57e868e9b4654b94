"""Detectors for HostL on several processors: entries that are half of one and half of another page,
and a processor that waits for itself.

    watch = LockWatch(machine, elf)
    watch.torn(100_000)     # ["PTE at 0x..., ..."]
    watch.deadlock()        # None, or which processor
"""

from typing import Any

import numpy as np

from pteg.firmware.cdata import Data

__all__ = ["LockWatch"]

BASE, PAGE = 0xC0000000, 4096
PRESENT, HASHED, FRAME = 1, 2, 0xFFFFF000
VALID, SECONDARY = 0x80000000, 0x40
#: A processor spins if it stays within so many bytes for so many looks.
_LOOP, _LOOKS = 32, 50


class LockWatch:
    """Looks at a machine that runs HostL, between any two instructions.

    Parameters
    ----------
    machine : pteg.Machine
    elf : bytes
        The kernel that it has loaded.
    """

    def __init__(self, machine: Any, elf: bytes):
        self.machine = machine
        self.data = Data(elf, lambda address, size: machine.memory.read(address - BASE, size))

    # -- Torn entries ------------------------------------------------------------------------------

    def torn(self, instructions: int, step: int = 3) -> list[str]:
        """Run, and look at the hash table after every `step` instructions.

        An entry is torn if it is valid, the kernel has the page, and the entry leads elsewhere: a
        table search in this moment would load a wrong translation.

        Returns
        -------
        list of str
            A line for each torn entry, with the place at which each processor is.
        """
        base, size = self.data.hash_base, 64 * (self.data.hash_mask + 1)
        found, before = [], None
        for _ in range(instructions // step):
            self.machine.run(instructions=step)
            table = self.machine.memory.read(base, size)
            if before is not None and table != before:
                now, old = (np.frombuffer(text, ">u8") for text in (table, before))
                found += [line for slot in np.flatnonzero(now != old)
                          if (line := self._torn(int(slot), int(now[slot])))]
            before = table
        return found

    def _torn(self, slot, entry):
        tag, word = entry >> 32, entry & 0xFFFFFFFF
        vsid, group = tag >> 7 & 0xFFFFFF, slot // 8
        page = (tag & 0x3F) << 10 | ((~group if tag & SECONDARY else group) ^ vsid) & 0x3FF
        value = self._page_table_entry(vsid, page) if tag & VALID else 0
        if value & (PRESENT | HASHED) != PRESENT | HASHED or not (value ^ word) & FRAME:
            return None
        places = ", ".join(self.machine.symbols.describe(cpu.pc) for cpu in self.machine.cpus)
        return (f"PTE at {self.data.hash_base + 8 * slot:#010x}: {tag:08x} {word:08x}, but the "
                f"page table has {value:08x}; the processors are at {places}")

    def _page_table_entry(self, vsid, page):
        """Of a page of a segment; 0 if no process has it."""
        read = self.machine.memory.read_word
        for process in self.data.processes:
            for segment in range(12):
                if process.directory and (
                        process.context * 897 * 16 + segment * 0x111 & 0xFFFFFF) == vsid:
                    address = segment << 28 | page << 12
                    table = read(process.directory - BASE + (address >> 22) * 4)
                    return read(table + (address >> 12 & 0x3FF) * 4) if table else 0
        return 0

    # -- Deadlock ----------------------------------------------------------------------------------

    def deadlock(self, step: int = 97) -> str | None:
        """Run a little: does a processor wait for the lock of the hash table that it holds?

        Returns
        -------
        str or None
            Which one, and where.
        """
        address = self.data.address("hash_lock_word") - BASE
        word, places = self.machine.memory.read_word(address), []
        if not word:
            return None
        owner = self.machine.cpus[word >> 16]
        for _ in range(_LOOKS):
            self.machine.run(instructions=step)
            if self.machine.memory.read_word(address) != word:
                return None
            places.append(owner.pc)
        if max(places) - min(places) >= _LOOP:
            return None
        return (f"processor {word >> 16} waits at {self.machine.symbols.describe(places[-1])} for "
                "the lock of the hash table, which it holds itself")
