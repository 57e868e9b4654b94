"""The registers of the processor at each world switch, from its signals.

An exit has four *moments*: the guest is left; somebody else has the processor as his own, such as
the host's kernel; he has given it back; the guest is in. The second and the third are missing where
the hypervisor has served the guest by itself.
"""

from collections import namedtuple
from collections.abc import Collection, Mapping, Sequence
from enum import IntEnum

import numpy as np

from pteg.engine.tracer import Tracer
from pteg.jit import njit
from pteg.pipeline import guest_exits
from pteg.pipeline.architecture import Architecture
from pteg.pipeline.guest_exits import FIRST_GUEST, GuestExits, phase_of
from pteg.pipeline.places import Processor
from pteg.pipeline.worlds import SOURCES, probes, world
from pteg.worlds import Worlds

__all__ = ["Moment", "Switches"]


class Moment(IntEnum):
    """When the registers are looked at."""

    LEFT = 0        # the guest's exception has been taken
    OTHERS = 1      # the host has the processor for the first time
    BACK = 2        # it gives it back
    ENTERED = 3     # the guest is in


_LEFT, _OTHERS, _BACK, _ENTERED = map(int, Moment)
_Columns = namedtuple("_Columns", probes(Processor("")))  # type: ignore[misc]
#: What is remembered from one cycle to another.
_STATE = np.dtype([("open", "i8"), ("outside", "i8")])


class Switches(GuestExits):
    """Records registers.

    Parameters
    ----------
    native : pteg.engine.Native
    cpu : pteg.pipeline.places.Processor
    worlds, landmarks, by_world
        See `GuestExits`.
    outside : collection of int
        Phases in which the processor is not the hypervisor's.
    registers : sequence of str
        Names as `pteg.pipeline.architecture.Architecture.probes` takes them.

    Attributes
    ----------
    tracer : pteg.engine.Tracer
    registers : list of str
    """

    def __init__(self, native, cpu: Processor, worlds: Worlds, landmarks, by_world,
                 outside: Collection[int], registers: Sequence[str]):
        count = len(registers)
        super().__init__(worlds, landmarks, by_world, np.dtype([
            ("cycle", "i8", len(Moment)), ("value", "u8", (len(Moment), count)),
            ("changed", "i8", count)]))
        architecture, self.registers = Architecture(native, cpu), list(registers)
        parts = [architecture.probes(name) for name in registers]
        signals = {path: native.probe(path) for path in probes(cpu).values()}
        self.tracer = Tracer(native.design, signals | {
            probe.path: probe for register in parts for probe, _ in register}, native.use_cache)
        column: Mapping = dict(zip(self.tracer.paths, self.tracer.offsets, strict=True))
        self._columns = _Columns(*(column[path] for path in probes(cpu).values()))
        # The parts of a register follow each other; `_first` says where those of each begin.
        self._places = np.array([column[probe.path] for register in parts for probe, _ in register])
        self._shifts = np.array([shift for register in parts for _, shift in register], np.uint64)
        self._first = np.cumsum([0, *map(len, parts)])
        self._outside = np.isin(np.arange(max(landmarks[1].max(), by_world.max()) + 1),
                                list(outside))
        self._now = np.zeros((2, count), np.uint64)
        self._state = np.zeros(1, _STATE)

    @property
    def exits(self) -> np.ndarray:
        """The exits that have ended: `cycle` and `value` of each `Moment`, cycle 0 if there was
        none, and the cycle in which each register has `changed` last, or 0.

        Cycle and values of BACK in the first exit are those with which the recording began, if it
        began outside of the guest.
        """
        return super().exits

    def follow(self, rows, cycle, found):
        """Look at the registers in the rows."""
        return _follow(rows, cycle, self._columns, self._watch, self._guest, *self._landmarks,
                       self._by_world, self._outside, self._places, self._shifts, self._first,
                       self._state, self._exit, self._now, found)


@njit()
def _copy(into, row):
    """An assignment would take seconds to compile."""
    for register in range(len(row)):
        into[register] = row[register]


@njit()
def _take(row, places, shifts, first, into):
    for register in range(len(into)):
        value = np.uint64(0)
        for part in range(first[register], first[register + 1]):
            value |= row[places[part]] << shifts[part]
        into[register] = value


@njit(cache=True, calls=(*SOURCES, guest_exits.__file__))
def _follow(rows, cycle, c, watch, guest, landmarks, phases, by_world, outsiders, places, shifts,
            first, state, current, now, found):
    """Follow the rows; `found` gets the exits that end. Returns how many."""
    s, e, count = state[0], current[0], 0
    for index in range(len(rows)):
        row = rows[index]
        owner = world(row, c, watch[0], guest[0])
        if owner >= FIRST_GUEST:
            if s.open:
                _take(row, places, shifts, first, e.value[_ENTERED])
                e.cycle[_ENTERED] = cycle + index
                found[count] = e
                count += 1
            s.open, s.outside = 0, 0
        else:
            _take(row, places, shifts, first, now[0])
            if not s.open:
                s.open = 1
                e.cycle[:] = 0
                e.changed[:] = 0
                _copy(e.value[_LEFT], now[0])
                e.cycle[_LEFT] = cycle + index
            else:
                for register in range(len(e.changed)):
                    if now[0, register] != now[1, register]:
                        e.changed[register] = cycle + index
            _copy(now[1], now[0])
            outside = outsiders[phase_of(owner, np.int64(row[c.pc]), landmarks, phases, by_world)]
            if outside and not e.cycle[_OTHERS]:
                _copy(e.value[_OTHERS], now[0])
                e.cycle[_OTHERS] = cycle + index
            if s.outside and not outside:
                _copy(e.value[_BACK], now[0])
                e.cycle[_BACK] = cycle + index
            s.outside = np.int64(outside)
    return count
