"""What a report shows of a session of MOL: its exits, and the guest's translation beside MOL's.

The guest's registers and tables are sampled while the session runs, for they are data of MOL and of
the guest. A sample is what they were at its cycle.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pteg.hw.isa.exceptions import Vector
from pteg.mol.hostb import HostB
from pteg.mol.phases import Phase

__all__ = ["SessionSamples", "exits"]

_PAGE = 4096
_BATS = 16                      # words: IBAT0U, IBAT0L, ... DBAT3L
_SPR_SDR1, _SPR_IBAT0U = 25, 528
#: A valid entry of the guest's table, and the number of its group.
PTE = np.dtype([("group", "u4"), ("high", "u4"), ("low", "u4")])


class SessionSamples:
    """The guest's side of its translations, in samples that differ.

    Parameters
    ----------
    session : pteg.mol.HostB
    """

    def __init__(self, session: HostB):
        self._session = session
        self.samples: list[dict[str, Any]] = []

    def take(self) -> None:
        """Add a sample, unless it is like the last one."""
        session, ram = self._session, self._session.machine.ram
        # At once: what the caches have of memory need not be found for each word.
        memory = np.frombuffer(session.machine.memory.read(ram.base, ram.size), ">u4")

        def words(place: int, count: int) -> np.ndarray:
            first = (place - ram.base) // 4
            return memory[first:first + count].astype(np.uint32)

        place = session.place
        sdr1 = int(words(place("xSPR", _SPR_SDR1), 1)[0])
        frames = words(session.result("frames"), session.guest.size // _PAGE)
        sample: dict[str, Any] = {
            "msr": int(words(place("xMSR"), 1)[0]), "sdr1": sdr1,
            "segments": words(place("xSEGR"), 16), "bats": words(place("xSPR", _SPR_IBAT0U), _BATS),
            "frames": frames, "ptes": self._table(sdr1, frames, words)}
        last = self.samples[-1] if self.samples else None
        if last is None or any(not np.array_equal(value, last[name])
                               for name, value in sample.items()):
            self.samples.append({"cycle": session.machine.cycle, **sample})

    def _table(self, sdr1: int, frames: np.ndarray,
               words: Callable[[int, int], np.ndarray]) -> np.ndarray:
        """The valid entries of the guest's hash table; none if it lies outside of its memory."""
        base, size = sdr1 & 0xFFFF0000, (sdr1 & 0x1FF) + 1 << 16
        if not sdr1 or base + size > self._session.guest.size:
            return np.zeros(0, PTE)
        pages = [words(int(frame), _PAGE // 4) if frame else np.zeros(_PAGE // 4, np.uint32)
                 for frame in frames[base // _PAGE:(base + size) // _PAGE]]
        table = np.concatenate(pages).reshape(-1, 2)
        valid = np.flatnonzero(table[:, 0] >> 31)
        found = np.zeros(len(valid), PTE)
        found["group"] = valid // 8
        found["high"], found["low"] = table[valid].T
        return found


def exits(records: np.ndarray, kinds: list[str]) -> dict[str, Any]:
    """Exits as a report has them.

    Parameters
    ----------
    records : array of pteg.pipeline.exits.exit_record
    kinds : list of str
        The kind of each.
    """
    names = sorted(set(kinds), key=lambda kind: (-kinds.count(kind), kind))
    cycles = records["cycles"]
    return {"phases": [phase.name for phase in Phase], "kinds": names,
            "kind": np.array([names.index(kind) for kind in kinds], np.uint32),
            "cycle": records["cycle"].astype(np.uint32), "pc": records["pc"].astype(np.uint32),
            "vectors": {int(vector): vector.name for vector in Vector},
            "instructions": records["instructions"].sum(1).astype(np.uint32),
            "cycles": cycles.astype(np.uint32).ravel()}
