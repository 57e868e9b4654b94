"""The guest's own translation for a report, exact in every cycle: its registers, its hash table,
and the frames that the host has for its pages.

All of it is data of MOL, of the host and of the guest, so it follows from the stores to memory.
"""

from typing import Any

import numpy as np

from pteg.mol.places import Places
from pteg.mol.replay import Replay

__all__ = ["storeys"]

_PAGE = 4096
_BATS = 16                      # words: IBAT0U, IBAT0L, ... DBAT3L
_SPR_SDR1, _SPR_IBAT0U = 25, 528
_CHANGE = np.dtype([("cycle", "u4"), ("index", "u4"), ("value", "u4")])


def storeys(places: Places, memory: Replay, entered: np.ndarray,
            left: np.ndarray) -> dict[str, Any]:
    """What a report shows of the guest's side.

    Parameters
    ----------
    places : Places
    memory : Replay
    entered, left : array
        Cycles from which on the guest is in, and the next ones from which on it is not.

    Returns
    -------
    dict
        `registers`: words of msr, sdr1, segments and bats, as `Replay.numbered` returns them;
        `frames`: likewise a word for each page. `tables`: the guest's hash tables one after the
        other: since when it holds (`begin`), `sdr1`, and likewise its words.
    """
    ranges = {"msr": ("xMSR", 0, 1), "sdr1": ("xSPR", _SPR_SDR1, 1), "segments": ("xSEGR", 0, 16),
              "bats": ("xSPR", _SPR_IBAT0U, _BATS)}
    registers = {name: memory.numbered(places.of(variable, index), count)
                 for name, (variable, index, count) in ranges.items()}
    for stores in registers.values():
        stores["cycle"] = _made(stores["cycle"], entered, left)
    follower = _Follower(places, memory)
    return {"registers": registers, **follower.results()}


def _made(cycles, entered, left):
    """When MOL has made stores that were written in some cycles: before the guest was in again."""
    last = np.searchsorted(entered, cycles, side="right") - 1
    late = (last >= 0) & ((last >= len(left)) | (cycles < np.append(left, 0)[
        np.minimum(last, len(left))]))
    return np.where(late, np.append(entered, 0)[last] - 1, cycles).astype(np.uint32)


class _Follower:
    """Follows the frames and the guest's hash table through all stores."""

    def __init__(self, places, memory):
        self._places, self._memory = places, memory
        self._now = memory.all_words()
        self._frames, self._frame_changes, self._tables = None, [], []
        self._look(0)
        for store in memory.stores.tolist():
            self._store(*store[:3])

    def _words(self, address, count):
        first = (address - self._memory.base) // 4
        return self._now[first:first + count]

    def _store(self, cycle, address, value):
        self._words(address, 1)[0] = value
        if address in self._sources:
            self._look(cycle)
        elif (page := self._pages.get(address & -_PAGE)) is not None:
            self._tables[-1]["changes"].append(
                (cycle, page * _PAGE // 4 + address % _PAGE // 4, value))

    def _look(self, cycle):
        """Find the frames and the table anew, and what is not as it was."""
        frames, used = self._places.frames(self._words)
        sdr1 = self._places.of("xSPR", _SPR_SDR1)
        self._sources = {sdr1}.union(*(range(place, place + size, 4) for place, size in used))
        if self._frames is None:
            self._first = frames.copy()
        else:
            self._frame_changes += [(cycle, page, int(frames[page]))
                                    for page in np.flatnonzero(frames != self._frames).tolist()]
        self._frames = frames
        sdr1 = int(self._words(sdr1, 1)[0])
        base, size = sdr1 & 0xFFFF0000, (sdr1 & 0x1FF) + 1 << 16
        if not sdr1 or base + size > len(frames) * _PAGE:
            size = 0
        mine = frames[base // _PAGE:(base + size) // _PAGE].tolist()
        self._pages = {frame: page for page, frame in enumerate(mine) if frame}
        words = np.concatenate([np.zeros(0, np.uint32), *(
            self._words(frame, _PAGE // 4) if frame else np.zeros(_PAGE // 4, np.uint32)
            for frame in mine)])
        last = self._tables[-1] if self._tables else None
        if last is None or last["sdr1"] != sdr1 or not np.array_equal(_as_now(last), words):
            self._tables.append({"begin": cycle, "sdr1": sdr1, "before": words.copy(),
                                 "changes": []})

    def results(self):
        """`frames` and `tables` of `storeys`; once."""
        return {"frames": {"before": self._first.astype(np.uint32),
                           **_numbered(self._frame_changes)},
                "tables": [{**table, **_numbered(table.pop("changes"))}
                           for table in self._tables]}


def _as_now(table):
    """The words of a table after its changes."""
    words = table["before"].copy()
    for _, index, value in table["changes"]:
        words[index] = value
    return words


def _numbered(changes):
    """Changes in the form of `Replay.numbered`."""
    array = np.array(changes, _CHANGE)
    return {name: array[name] for name in _CHANGE.names}
