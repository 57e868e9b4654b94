"""Follows the page table, TLBs and caches through a whole recording: all that changes them. Of a
session of a hypervisor, all of memory is followed.

With what is there when the recording begins, their contents follow for every cycle.
"""

import numpy as np

from pteg.hw.bus.enums import TransferType
from pteg.hw.cache.enums import Client, DataCacheState, DataOp
from pteg.report.signals import SIDES

__all__ = ["Changes", "WORD", "REFILL"]

#: A word of memory is now `value`.
WORD = np.dtype([("cycle", "u4"), ("address", "u4"), ("value", "u4"), ("walker", "u1")])
#: A TLB entry is written (`way` >= 0), or the sets that `ea` selects are invalidated (-1).
REFILL = np.dtype([("cycle", "u4"), ("side", "u1"), ("way", "i1"), ("ea", "u4"), ("entry", "u8")])

_WRITES = [int(type) for type in TransferType if type.name.startswith("WRITE")]
_LINE = 32


class Changes:
    """The sink of a `pteg.pipeline.driver.Tap`.

    Parameters
    ----------
    native : pteg.engine.Native
    cpu : pteg.pipeline.places.Processor
    base : int
        Physical address of main memory.
    memory : bytes
        What is there when the recording begins.
    caches : pteg.report.caches.CacheChanges
        Gets the signals that it needs.
    everywhere : bool
        Follow all of memory, not only the page table.

    Attributes
    ----------
    tracer : pteg.engine.Tracer
    memory : array
        The words of main memory when the recording began.
    """

    def __init__(self, native, cpu, base, memory, caches, everywhere=False):
        walker, stores, port = cpu.mmu.walker, "core.stores__", "core.data__"
        held = "dcache.operation.held."
        paths = {
            "sdr1": walker.sdr1, "updated_r": walker.updated_r, "updated_c": walker.updated_c,
            "found_at": walker.found_at, "word": walker.update_word,
            "valid": stores + "valid", "done": stores + "done", "error": stores + "error",
            "type": stores + "type", "addr": stores + "addr", "size": stores + "size",
            "data": stores + "wdata", "state": "dcache.operation.state",
            **{name: held + name for name in ("op", "pa", "client", "wdata")},
            "held_size": held + "size", "over": port + "done", "failed": port + "error",
            **{f"port_{name}": port + name for name in (
                "valid", "hit", "op", "pa", "size", "wdata")},
            "tlbie": "mmu.invalidate__valid", "tlbie_ea": "mmu.invalidate__ea",
            **{f"{side}_{name}": f"mmu.{side}.{name}" for side in SIDES
               for name in ("refill", "refill_ea", "refill_way", "refill_entry")},
            **caches.paths,
        }
        self._caches, self._everywhere = caches, everywhere
        self.tracer = native.tracer(list(dict.fromkeys(paths.values())))
        places = dict(zip(self.tracer.paths, self.tracer.offsets, strict=True))
        self._columns = {name: places[path] for name, path in paths.items()}
        self._words, self._refills = [np.zeros(0, WORD)], [np.zeros(0, REFILL)]
        self._base, self.memory = base, np.frombuffer(memory, ">u4")
        self._now: dict[int, int] = {}      # words that have been written, as they are now

    @staticmethod
    def wanted(cycle):
        """See `pteg.pipeline.driver.Tap`."""
        return cycle

    def write(self, cycle, rows):
        """Take the rows of the cycles from `cycle` on."""
        now = {name: rows[:, place] if name.endswith("data") else rows[:, place].astype(np.int64)
               for name, place in self._columns.items()}
        mask = (now["sdr1"] & 0x1FF) << 16 | 0xFFFF
        base = now["sdr1"] & 0xFFFF0000

        def inside(address):
            table = (base != 0) & (address & ~mask == base & ~mask) | self._everywhere
            return table & (address - self._base < 4 * len(self.memory)) & (address >= self._base)

        store = ((now["valid"] & now["done"] & (now["error"] ^ 1)) != 0) \
            & np.isin(now["type"], _WRITES) & inside(now["addr"])
        # What the load/store unit writes by itself, past the store queue: at once, or in the end.
        hit = ((now["port_valid"] & now["port_hit"]) != 0) \
            & (now["port_op"] == DataOp.STORE) & inside(now["port_pa"])
        late = ((now["over"] & (now["failed"] ^ 1)) != 0) & (now["client"] == Client.LSU) \
            & (now["op"] == DataOp.STORE) & inside(now["pa"])
        update = ((now["updated_r"] | now["updated_c"]) != 0) & inside(now["found_at"])
        zero = (now["state"] == DataCacheState.ZERO) & (now["op"] == DataOp.ZERO) \
            & inside(now["pa"])
        found = []
        for row in np.flatnonzero(store | hit | late | update | zero).tolist():
            if update[row]:
                self._set(found, cycle + row, int(now["found_at"][row]) | 4,
                          int(now["word"][row]), 1)
            if zero[row]:
                line = int(now["pa"][row]) & -_LINE
                for address in range(line, line + _LINE, 4):
                    if self._word(address):
                        self._set(found, cycle + row, address, 0, 0)
            for writes, *names in ((late, "pa", "held_size", "wdata"),
                                   (hit, "port_pa", "port_size", "port_wdata"),
                                   (store, "addr", "size", "data")):
                if writes[row]:
                    self._store(found, cycle + row, *(int(now[name][row]) for name in names))
        if found:
            self._words.append(np.array(found, WORD))
        self._tlb(cycle, now)
        self._caches.take(cycle, now)

    def _store(self, found, cycle, address, size, data):
        """Bytes of a double word, the first in the most significant lane."""
        for word in sorted({byte & ~3 for byte in range(address, address + size)}):
            new = data >> (0 if word & 4 else 32) & 0xFFFFFFFF
            mask = sum(0xFF << 8 * (3 - (byte & 3)) for byte in range(word, word + 4)
                       if address <= byte < address + size)
            self._set(found, cycle, word, self._word(word) & ~mask | new & mask, 0)

    def _word(self, address):
        return self._now.get(address, int(self.before(address, 4)[0]))

    def before(self, address, size):
        """Words of memory when the recording began; none where there is no memory."""
        first = (address - self._base) // 4
        return self.memory[max(0, first):max(0, first + size // 4)]

    def _set(self, found, cycle, address, value, walker):
        self._now[address] = value
        found.append((cycle, address, value, walker))

    def _tlb(self, cycle, now):
        for number, side in enumerate(SIDES):
            at = np.flatnonzero(now[f"{side}_refill"])
            if len(at):
                found = np.zeros(len(at), REFILL)
                found["cycle"], found["side"] = cycle + at, number
                for field, name in (("way", "way"), ("ea", "ea"), ("entry", "entry")):
                    found[field] = now[f"{side}_refill_{name}"][at]
                self._refills.append(found)
        at = np.flatnonzero(now["tlbie"])
        if len(at):
            found = np.zeros(len(at), REFILL)
            found["cycle"], found["way"], found["ea"] = cycle + at, -1, now["tlbie_ea"][at]
            self._refills.append(found)

    @property
    def words(self) -> np.ndarray:
        """Changes of the page table, or of all of memory: an array of `WORD`."""
        return np.concatenate(self._words)

    @property
    def refills(self) -> np.ndarray:
        """Changes of the TLBs, an array of `REFILL`, in the order of cycles."""
        joined = np.concatenate(self._refills)
        return joined[np.argsort(joined["cycle"], kind="stable")]
