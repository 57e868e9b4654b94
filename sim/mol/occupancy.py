"""Whose the entries of the hardware's hash table are."""

import numpy as np

from pteg.machine import Machine

__all__ = ["SESSIONS", "session_of", "occupancy"]

SESSIONS = 8
#: Linux' identifiers: context times 897 times 16, plus the segment times 0x111, modulo 2^24. The
#: inverse of 897 gives the context back. MOL's are the highest ones, 2^16 for each session.
_INVERSE, _TOP, _PER_SESSION = 2899073, 0xFFFFF, 0x10000
_SDR1_MASK = 0x1FF


def session_of(vsids: np.ndarray) -> np.ndarray:
    """The session of MOL that each VSID belongs to; -1: the host."""
    found = np.full(vsids.shape, -1)
    for segment in range(16):
        rest = vsids - segment * 0x111 & 0xFFFFFF
        context = (rest >> 4) * _INVERSE & 0xFFFFF
        session = (_TOP - context - 1) // _PER_SESSION
        ours = (rest & 15 == 0) & (context < _TOP) & (session < SESSIONS)
        found[ours] = session[ours]
    return found


def occupancy(machine: Machine, sdr1: int) -> dict[str, int]:
    """Valid entries of a hash table by owner: "host", "session 0" and so on; and "slots"."""
    size = (sdr1 & _SDR1_MASK) + 1 << 16
    table = np.frombuffer(machine.memory.read(sdr1 & 0xFFFF0000, size), ">u4")[::2].astype(np.int64)
    valid = table[table >> 31 & 1 == 1]
    sessions = session_of(valid >> 7 & 0xFFFFFF)
    found = {"slots": len(table), "host": int((sessions == -1).sum())}
    return found | {f"session {number}": int((sessions == number).sum())
                    for number in range(SESSIONS) if (sessions == number).any()}
