"""Follows the contents of the caches through a whole recording: all that changes a directory.

A cache is a row of slots, each for one block of 32 bytes. The slots of a set are side by side,
first those of way 0; in the L2 there is a slot for each sector of a way's line.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pteg.hw.cache.enums import BlockState
from pteg.hw.sizes import LINE_BITS
from pteg.pipeline.places import Directory, L2Tags, Memory, Processor

__all__ = ["BLOCK", "CacheChanges"]

#: From the end of a cycle on, a slot of a cache has this block in this `BlockState`.
BLOCK = np.dtype([("cycle", "u4"), ("cache", "u1"), ("state", "u1"), ("slot", "u4"),
                  ("address", "u4")])
_L2_WAYS = 2


@dataclass
class _Cache:
    """One cache: its shape, and its contents at the end of what has been recorded.

    Attributes
    ----------
    name : str
    sets, ways, sectors : int
    state, address : array
        Of each slot.
    """

    name: str
    sets: int
    ways: int
    sectors: int
    state: NDArray[np.uint8]
    address: NDArray[np.uint32]

    def slot(self, index: int, way: int, sector: int = 0) -> int:
        return (index * self.ways + way) * self.sectors + sector


class CacheChanges:
    """Contents when the recording begins, and what changes them.

    Parameters
    ----------
    native : pteg.engine.Native
    cpu : pteg.pipeline.places.Processor
    state : numpy.ndarray
        Of the compiled hardware, when the recording begins.

    Attributes
    ----------
    caches : list of _Cache
    paths : dict of str to str
        Signals to trace, by names of their columns.
    before : list of (array, array)
        Of each cache, state and address of each slot when the recording begins.
    """

    def __init__(self, native: Any, cpu: Processor, state: NDArray[np.uint64]):
        self._native, self._state = native, state
        self.caches = [self._first_level("instruction cache", cpu.icache.directory),
                       self._first_level("data cache", cpu.dcache.directory)]
        self.paths = {f"{side}_{name}": getattr(directory, name)
                      for side, directory in enumerate((cpu.icache.directory,
                                                        cpu.dcache.directory))
                      for name in ("address", "write", "write_way", "write_state", "flash")}
        if cpu.l2.tags.tag(0) in native.memories:
            self.caches.append(self._second_level(cpu.l2.tags))
            self.paths |= {f"l2_{name}": cpu.l2.tags.at(name) for name in (
                "index", "tag", "sector", "way", "fresh", "enter", "enter_modified", "leave",
                "clean", "cleaned", "clear")}
        self.before = [(cache.state.copy(), cache.address.copy()) for cache in self.caches]
        self._found = [np.zeros(0, BLOCK)]

    def _rows(self, path: Memory) -> NDArray[np.uint64]:
        memory = self._native.memories[path]
        return self._state[memory.base:memory.base + memory.depth]

    def _first_level(self, name: str, directory: Directory) -> _Cache:
        valid, modified = self._rows(directory.valids), self._rows(directory.modifieds)
        sets, ways = len(valid), self._native.memories[directory.valids].width
        written = self._native.read(self._state, directory.written)
        since = np.array([written >> index & 1 for index in range(sets)], bool)
        state, address = np.zeros((sets, ways), np.uint8), np.zeros((sets, ways), np.uint32)
        for way in range(ways):
            there = since & (valid >> np.uint64(way) & np.uint64(1) != 0)
            dirty = there & (modified >> np.uint64(way) & np.uint64(1) != 0)
            state[:, way] = np.where(dirty, BlockState.MODIFIED,
                                     np.where(there, BlockState.EXCLUSIVE, BlockState.INVALID))
            lines = self._rows(directory.tag(way)) * np.uint64(sets) + np.arange(
                sets, dtype=np.uint64)
            address[:, way] = lines.astype(np.uint64) << np.uint64(LINE_BITS)
        return _Cache(name, sets, ways, 1, state.ravel(), address.ravel())

    def _second_level(self, tags: L2Tags) -> _Cache:
        marks = self._native.memories[tags.marks("valid", 0)]
        sets, sectors = marks.depth, marks.width
        shape = (sets, _L2_WAYS, sectors)
        state, address = np.zeros(shape, np.uint8), np.zeros(shape, np.uint32)
        for way in range(_L2_WAYS):
            valid, modified = (self._rows(tags.marks(name, way)) for name in ("valid", "modified"))
            lines = self._rows(tags.tag(way)) * np.uint64(sets) + np.arange(sets, dtype=np.uint64)
            for sector in range(sectors):
                one = np.uint64(1 << sector)
                state[:, way, sector] = np.where(
                    modified & valid & one, BlockState.MODIFIED,
                    np.where(valid & one, BlockState.EXCLUSIVE, BlockState.INVALID))
                address[:, way, sector] = (lines * np.uint64(sectors)
                                           + np.uint64(sector)) << np.uint64(LINE_BITS)
        return _Cache("L2 cache", sets, _L2_WAYS, sectors, state.ravel(), address.ravel())

    def take(self, cycle: int, now: dict[str, NDArray[Any]]) -> None:
        """Take the rows of the cycles from `cycle` on, by names of columns."""
        found: list[tuple[int, int, int, int, int]] = []
        for side in (0, 1):
            write, flash = now[f"{side}_write"], now[f"{side}_flash"]
            for row in np.flatnonzero(write | flash).tolist():
                if write[row]:
                    address = int(now[f"{side}_address"][row]) & -1 << LINE_BITS
                    cache = self.caches[side]
                    slot = cache.slot((address >> LINE_BITS) % cache.sets,
                                      int(now[f"{side}_write_way"][row]))
                    self._set(found, cycle + row, side, slot,
                              int(now[f"{side}_write_state"][row]), address)
                if flash[row]:
                    self._clear(found, cycle + row, side, slice(None))
        if len(self.caches) > 2:
            self._take_second_level(found, cycle, now)
        if found:
            self._found.append(np.array(found, BLOCK))

    def _take_second_level(self, found, cycle, now):
        cache = self.caches[2]
        changes = now["l2_enter"] | now["l2_leave"] | now["l2_clean"] | now["l2_clear"]
        for row in np.flatnonzero(changes).tolist():
            here = {name[3:]: int(values[row]) for name, values in now.items()
                    if name.startswith("l2_")}
            line = cache.slot(here["index"], here["way"])
            if here["clear"]:
                first = cache.slot(here["index"], 0)
                self._clear(found, cycle + row, 2,
                            slice(first, first + cache.ways * cache.sectors))
            elif here["enter"]:
                if here["fresh"]:
                    self._clear(found, cycle + row, 2, slice(line, line + cache.sectors))
                number = (here["tag"] * cache.sets + here["index"]) * cache.sectors
                self._set(found, cycle + row, 2, line + here["sector"],
                          BlockState.MODIFIED if here["enter_modified"] else BlockState.EXCLUSIVE,
                          (number + here["sector"]) << LINE_BITS)
            elif here["leave"]:
                slot = line + here["sector"]
                self._set(found, cycle + row, 2, slot, BlockState.INVALID,
                          int(cache.address[slot]))
            else:
                slot = line + here["cleaned"]
                if cache.state[slot]:
                    self._set(found, cycle + row, 2, slot, BlockState.EXCLUSIVE,
                              int(cache.address[slot]))

    def _set(self, found, cycle, number, slot, state, address):
        cache = self.caches[number]
        if state == BlockState.INVALID:
            address = int(cache.address[slot])
        if (cache.state[slot], cache.address[slot]) != (state, address):
            cache.state[slot], cache.address[slot] = state, address
            found.append((cycle, number, int(state), slot, address))

    def _clear(self, found, cycle, number, slots):
        cache = self.caches[number]
        places = np.arange(len(cache.state))[slots]
        for slot in places[cache.state[slots] != BlockState.INVALID].tolist():
            self._set(found, cycle, number, slot, BlockState.INVALID, 0)

    @property
    def blocks(self) -> NDArray[Any]:
        """All changes, an array of `BLOCK`, in the order of cycles."""
        joined = np.concatenate(self._found)
        return joined[np.argsort(joined["cycle"], kind="stable")]
