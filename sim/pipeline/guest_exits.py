"""What records exits from a guest has in common: the records themselves, and the phases.

An *exit* begins in the cycle after an exception has been taken in the guest, and ends when the
guest is in again.
"""

import numpy as np

from pteg.jit import njit
from pteg.pipeline.worlds import new_guest
from pteg.worlds import World, Worlds

__all__ = ["FIRST_GUEST", "GuestExits", "phase_of"]

FIRST_GUEST = int(World.GUEST_SUPERVISOR)


class GuestExits:
    """Records of exits: the sink of a `pteg.pipeline.driver.Tap`.

    A subclass has a `tracer`, and `follow(rows, cycle, found)`: it puts the exits that end in the
    rows of the cycles from `cycle` on into `found` and returns how many there are.

    Parameters
    ----------
    worlds : pteg.worlds.Worlds
    landmarks : (numpy.ndarray, numpy.ndarray)
        Addresses at which phases begin in the hypervisor's code, ascending from 0, and the phases.
    by_world : numpy.ndarray
        The phase of each other world; -1: none.
    record : numpy.dtype
        Of an exit.
    """

    def __init__(self, worlds: Worlds, landmarks, by_world, record: np.dtype):
        self._watch, self._guest = worlds.watch(), new_guest()
        self._landmarks, self._by_world = landmarks, by_world
        self._exit = np.zeros(1, record)    # the one that has not ended
        self._exits: list[np.ndarray] = []

    def follow(self, rows: np.ndarray, cycle: int, found: np.ndarray) -> int:
        raise NotImplementedError

    @property
    def exits(self) -> np.ndarray:
        """The exits that have ended, an array of records."""
        return np.concatenate([self._exit[:0], *self._exits])

    @staticmethod
    def wanted(cycle):
        """Every cycle."""
        return cycle

    def write(self, cycle, rows):
        """Take the rows of the cycles from `cycle` on."""
        found = np.zeros(len(rows) // 2 + 1, self._exit.dtype)
        count = self.follow(rows, cycle, found)
        self._exits.append(found[:count].copy())    # without the rest of the buffer


@njit()
def phase_of(owner, pc, landmarks, phases, by_world):
    """The phase of a cycle that is not a guest's."""
    phase = by_world[owner]
    return phase if phase >= 0 else phases[np.searchsorted(landmarks, pc, side="right") - 1]
