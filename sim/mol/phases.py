"""The phases of an exit from the guest, by the places of MOL's code (firmware/mol)."""

from enum import IntEnum

import numpy as np

from pteg.symbols import Symbols
from pteg.worlds import World

__all__ = ["Phase", "landmarks", "BY_WORLD"]


class Phase(IntEnum):
    """What is executed between the exception that leaves the guest and the rfi back to it."""

    VECTOR = 0      # whose exception it is, what it asks for (vectors.S)
    EMULATE = 1     # a privileged instruction, a store to its table (emulate.S, intercept.S)
    SEGMENTS = 2    # another set of segments (segments.S)
    LEAVE = 3       # the host's registers come back (leave_guest)
    CODE_IN_C = 4   # MOL's part in C
    HOST = 5        # the host's kernel
    USER = 6        # the user part
    ENTER = 7       # the guest's registers come back (mac_entry)
    RESUME = 8      # the guest's MSR, its pending exceptions, rfi


#: Symbols at which the code of a phase begins, in the order of their addresses; before them are the
#: vectors.
_BEGIN = {"mol_text": Phase.EMULATE, "segment_tables": Phase.SEGMENTS, "mac_entry": Phase.ENTER,
          "leave_guest": Phase.LEAVE, "resume_next": Phase.RESUME,
          "mol_vectors_begin": Phase.VECTOR, "mol_asm_end": Phase.CODE_IN_C}


def landmarks(symbols: Symbols, base: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Addresses at which phases begin, ascending, and the phases.

    A host that is linked at `base` is loaded at 0: its code has places at both. They are those of
    MOL's code. In other code the world says the phase: `Phase.HOST` for `World.HOST_KERNEL`,
    `Phase.USER` for `World.HOST_USER`.
    """
    places = [place for name in _BEGIN if (place := symbols.address(name)) is not None]
    assert len(places) == len(_BEGIN) and sorted(places) == places
    addresses, phases = [0, *(place - base for place in places)], [Phase.VECTOR, *_BEGIN.values()]
    if base:
        addresses, phases = addresses + [base, *places], phases * 2
    return np.array(addresses, np.int64), np.array(phases, np.int64)


#: Phase of each world whose code has no landmarks; -1: the landmarks say it.
BY_WORLD = np.full(len(World), -1, np.int64)
BY_WORLD[World.HOST_KERNEL], BY_WORLD[World.HOST_USER] = Phase.HOST, Phase.USER
