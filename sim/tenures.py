"""The tenures of the bus in a waveform of its arbiter (docs/bus.md).

All signals of the bus keep their values for a clock of the bus. So they are read where `edge` is 1,
in the last cycle of each, and only in those clocks in which a tenure may begin or end.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pteg.hw.bus.enums import TransferType
from pteg.waveforms.reader import Waves

__all__ = ["Tenure", "tenures"]

ARBITER = "bus.arbiter"
#: Signals that are not zero in clocks in which something happens, or change there.
EVENTS = ("owner", "bus__ts", "retry", "tenures.start", "tenures.cancel", "tenures.end")
VALUES = ("bus__a", "bus__tt", "bus__tbst", "bus__tea", "tenures.current", "tenures.waiting")


@dataclass(frozen=True)
class Tenure:
    """An address tenure, or the data tenure of the same transaction.

    Attributes
    ----------
    data : bool
    begin, end : int
        The first cycle, and the one after the last; or where the recording begins or ends.
    type : str
        Name of the `TransferType`; empty if the address tenure was not recorded.
    address : int or None
        None if the address tenure was not recorded.
    master : int
    burst : bool
    ended : str
        `retried` (ARTRY), `error` (TEA), or empty.
    """

    data: bool
    begin: int
    end: int
    type: str
    address: int | None
    master: int
    burst: bool
    ended: str = ""


def tenures(waves: Waves) -> Iterator[Tenure]:
    """All tenures in a waveform, in order of the end.

    Those that go on where the recording ends, or has a gap, end there. An address tenure that was
    under way when it began is left out.
    """
    for edges in _clocks(waves):
        yield from _Recorded(waves, edges).tenures()


def _clocks(waves: Waves) -> Iterator[np.ndarray]:
    """The last cycles of bus clocks, an array for each part without gaps."""
    part: list[np.ndarray] = []
    changes = waves.changes(f"{ARBITER}.edge")
    for (cycle, value), (after, _) in zip(changes, [*changes[1:], (waves.end, None)], strict=True):
        if value:
            part.append(np.arange(cycle, after))
        elif value is None and part:
            yield np.concatenate(part)
            part = []
    if part:
        yield np.concatenate(part)


class _Recorded:
    """What happens in a part without gaps."""

    def __init__(self, waves: Waves, edges: np.ndarray):
        self._ends = edges + 1
        # Where the first bus clock began was perhaps not recorded.
        self._begins = np.concatenate([edges[:1], self._ends[:-1]])
        self._values = {name: _at(waves.changes(f"{ARBITER}.{name}"), edges)
                        for name in EVENTS + VALUES}
        self._address: Tenure | None = None
        self._data: deque[Tenure] = deque()     # the first one has the data bus

    def tenures(self) -> Iterator[Tenure]:
        values, owner = self._values, self._values["owner"]
        happens = np.concatenate([[True], owner[1:] != owner[:-1]])
        for name in EVENTS[1:]:
            happens |= values[name] != 0
        for name in ("tenures.current", "tenures.waiting"):
            if values[name][0]:
                self._data.append(Tenure(True, int(self._begins[0]), 0, "", None,
                                         _number(values[name][0]), False))
        for clock in np.flatnonzero(happens).tolist():
            now = {name: column[clock] for name, column in values.items()}
            yield from self._clock(now, int(self._begins[clock]), int(self._ends[clock]))
        end = int(self._ends[-1])
        for cut in (self._address, self._data[0] if self._data else None):
            if cut is not None and cut.begin < end:
                yield replace(cut, end=end)

    def _clock(self, now, begin, end):
        if self._address and (now["bus__ts"] or not now["owner"]):
            yield replace(self._address, end=begin)
            self._address = None
        if now["bus__ts"]:
            self._address = Tenure(False, begin, 0, _name(now["bus__tt"]), int(now["bus__a"]),
                                   _number(now["owner"]), bool(now["bus__tbst"]))
        if now["retry"] and self._address:
            self._address = replace(self._address, ended="retried")
        if now["tenures.end"] and self._data:
            yield replace(self._data.popleft(), end=end, ended="error" if now["bus__tea"] else "")
            if self._data:
                self._data[0] = replace(self._data[0], begin=end)
        if now["tenures.start"] and self._address:
            # It begins in the next clock, or when those before it have ended.
            self._data.append(replace(self._address, data=True, begin=end))
        if now["tenures.cancel"] and self._data:
            self._data.pop()


def _at(changes, edges):
    """The values at these cycles."""
    cycles = [cycle for cycle, _ in changes]
    values = np.array([value for _, value in changes], dtype=object)
    return values[np.searchsorted(cycles, edges, "right") - 1]


def _number(one):
    """The number of the bit that is set."""
    return int(one).bit_length() - 1


def _name(value):
    """Of a transfer type, which `--pure` records as a number."""
    return value if isinstance(value, str) else TransferType(value).name
