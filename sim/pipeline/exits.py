"""Cycles and instructions of each world, and of each exit from a guest by phases."""

from collections import namedtuple
from collections.abc import Mapping

import numpy as np

from pteg.jit import njit
from pteg.pipeline import guest_exits
from pteg.pipeline.guest_exits import FIRST_GUEST, GuestExits, phase_of
from pteg.pipeline.places import Processor
from pteg.pipeline.worlds import SOURCES, probes, world
from pteg.worlds import World, Worlds

__all__ = ["ExitClock", "exit_record"]

def exit_record(phases: int) -> np.dtype:
    """One exit: where and by which exception the guest was left, and what each phase took."""
    return np.dtype([("cycle", "i8"), ("pc", "i8"), ("vector", "i8"), ("world", "i8"),
                     ("cycles", "i8", phases), ("instructions", "i8", phases)])


def _signals(cpu):
    return {**probes(cpu), "instructions": cpu.core.completion.instructions,
            "srr0": cpu.core.special.srr0}


_Columns = namedtuple("_Columns", _signals(Processor("")))  # type: ignore[misc]
#: What is remembered from one cycle to another; `open`: an exit is being counted.
_STATE = np.dtype([("world", "i8"), ("phase", "i8"), ("instructions", "i8"), ("open", "i8")])


class ExitClock(GuestExits):
    """Counts worlds and exits.

    Parameters
    ----------
    native : pteg.engine.Native
    cpu : pteg.pipeline.places.Processor
    worlds, landmarks, by_world
        See `GuestExits`.
    phases : int
        How many there are.

    Attributes
    ----------
    tracer : pteg.engine.Tracer
    cycles, instructions : numpy.ndarray
        By world.
    """

    def __init__(self, native, cpu: Processor, worlds: Worlds, landmarks, by_world, phases: int):
        super().__init__(worlds, landmarks, by_world, exit_record(phases))
        signals = _signals(cpu)
        self.tracer = native.tracer(list(dict.fromkeys(signals.values())))
        column: Mapping = dict(zip(self.tracer.paths, self.tracer.offsets, strict=True))
        self._columns = _Columns(*(column[path] for path in signals.values()))
        self.cycles, self.instructions = (np.zeros(len(World), np.int64) for _ in range(2))
        self._state = np.zeros(1, _STATE)

    def follow(self, rows, cycle, found):
        """Count the rows."""
        return _count(rows, cycle, self._columns, self._watch, self._guest, *self._landmarks,
                      self._by_world, self._state, self._exit, self.cycles, self.instructions,
                      found)


@njit(cache=True, calls=(*SOURCES, guest_exits.__file__))
def _count(rows, cycle, c, watch, guest, landmarks, phases, by_world, state, current, cycles,
           instructions, found):
    """Count the rows; `found` gets the exits that end. Returns how many."""
    s, e, count = state[0], current[0], 0
    for index in range(len(rows)):
        row = rows[index]
        owner = world(row, c, watch[0], guest[0])
        pc, completed = np.int64(row[c.pc]), np.int64(row[c.instructions])
        before = s.world
        # What has completed in the cycle before belongs to it.
        done = completed - s.instructions if s.instructions else 0
        instructions[before] += done
        cycles[owner] += 1
        if s.open:
            e.instructions[s.phase] += done
        if owner >= FIRST_GUEST:
            if s.open:
                found[count] = e
                count += 1
                s.open = 0
        else:
            if before >= FIRST_GUEST:
                s.open = 1
                e.cycle, e.pc, e.vector, e.world = cycle + index, row[c.srr0], pc, before
                e.cycles[:] = 0
                e.instructions[:] = 0
            s.phase = phase_of(owner, pc, landmarks, phases, by_world)
            if s.open:
                e.cycles[s.phase] += 1
        s.world, s.instructions = owner, completed
    return count
