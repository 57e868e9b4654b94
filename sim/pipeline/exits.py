"""Cycles and instructions of each world, and of each exit from a guest by phases.

An exit begins in the cycle after an exception has been taken in the guest, and ends when the guest
is in again.
"""

from collections import namedtuple
from collections.abc import Mapping

import numpy as np

from pteg.jit import njit
from pteg.pipeline.places import Processor
from pteg.pipeline.worlds import SOURCES, new_guest, probes, world
from pteg.worlds import World, Worlds

__all__ = ["ExitClock", "exit_record"]

_FIRST_GUEST = int(World.GUEST_SUPERVISOR)


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


class ExitClock:
    """Counts: the sink of a `pteg.pipeline.driver.Tap`.

    Parameters
    ----------
    native : pteg.engine.Native
    cpu : pteg.pipeline.places.Processor
    worlds : pteg.worlds.Worlds
    landmarks : (numpy.ndarray, numpy.ndarray)
        Addresses at which phases begin in the hypervisor's code, ascending from 0, and the phases.
    by_world : numpy.ndarray
        The phase of each other world; -1: none.
    phases : int
        How many there are.

    Attributes
    ----------
    tracer : pteg.engine.Tracer
    cycles, instructions : numpy.ndarray
        By world.
    """

    def __init__(self, native, cpu: Processor, worlds: Worlds, landmarks, by_world, phases: int):
        signals = _signals(cpu)
        self.tracer = native.tracer(list(dict.fromkeys(signals.values())))
        column: Mapping = dict(zip(self.tracer.paths, self.tracer.offsets, strict=True))
        self._columns = _Columns(*(column[path] for path in signals.values()))
        self._watch, self._guest = worlds.watch(), new_guest()
        self._landmarks, self._by_world = landmarks, by_world
        self.cycles, self.instructions = (np.zeros(len(World), np.int64) for _ in range(2))
        self._state = np.zeros(1, _STATE)
        self._exit = np.zeros(1, exit_record(phases))
        self._exits: list[np.ndarray] = []

    @property
    def exits(self) -> np.ndarray:
        """The exits that have ended, an array of `exit_record`."""
        return np.concatenate([self._exit[:0], *self._exits])

    @staticmethod
    def wanted(cycle):
        """Every cycle."""
        return cycle

    def write(self, cycle, rows):
        """Take the rows of the cycles from `cycle` on."""
        found = np.zeros(len(rows) // 2 + 1, self._exit.dtype)
        count = _count(rows, cycle, self._columns, self._watch, self._guest, *self._landmarks,
                       self._by_world, self._state, self._exit, self.cycles, self.instructions,
                       found)
        self._exits.append(found[:count].copy())


@njit(cache=True, calls=SOURCES)
def _count(rows, cycle, c, watch, guest, places, phases, by_world, state, current, cycles,
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
        if owner >= _FIRST_GUEST:
            if s.open:
                found[count] = e
                count += 1
                s.open = 0
        else:
            if before >= _FIRST_GUEST:
                s.open = 1
                e.cycle, e.pc, e.vector, e.world = cycle + index, row[c.srr0], pc, before
                e.cycles[:] = 0
                e.instructions[:] = 0
            phase = by_world[owner]
            if phase < 0:
                phase = phases[np.searchsorted(places, pc, side="right") - 1]
            s.phase = phase
            if s.open:
                e.cycles[phase] += 1
        s.world, s.instructions = owner, completed
    return count
