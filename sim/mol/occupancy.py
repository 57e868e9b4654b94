"""Whose the entries of the hardware's hash table are."""

from collections.abc import Callable, Mapping

import numpy as np

from pteg.machine import Machine

__all__ = ["SESSIONS", "contexts_of", "session_of", "sessions_of_spaces", "space_of",
           "spaces_asked", "with_spaces", "table_at", "occupancy"]

SESSIONS = 8
#: Linux' identifiers: context times 897 times 16, plus the segment times 0x111, modulo 2^24. The
#: inverse of 897 gives the context back. MOL's are the highest ones, 2^16 for each session.
_INVERSE, _TOP, _PER_SESSION = 2899073, 0xFFFFF, 0x10000
_SDR1_MASK = 0x1FF
_SPACES_PER_SESSION = 0x8000


def contexts_of(vsids: np.ndarray) -> np.ndarray:
    """The context that each VSID was made from: 16 of MOL's are one of Linux' contexts."""
    segments = vsids & 15           # 0x111 and 1 are the same modulo 16
    linux = ((vsids - segments * 0x111 & 0xFFFFFF) >> 4) * _INVERSE & _TOP
    return linux << 4 | segments


def session_of(vsids: np.ndarray) -> np.ndarray:
    """The session of MOL that each VSID belongs to; -1: the host."""
    linux = contexts_of(vsids) >> 4
    sessions = (_TOP - linux - 1) // _PER_SESSION
    return np.where((linux < _TOP) & (sessions < SESSIONS), sessions, -1)


def space_of(increment: int, vsids: np.ndarray) -> np.ndarray:
    """The space of HostX that each VSID was made from (hostx/mol/vsids.c)."""
    return (vsids & _TOP) * pow(increment, -1, _TOP + 1) & _TOP


def sessions_of_spaces(spaces: np.ndarray) -> np.ndarray:
    """The session of MOL that takes each space of HostX; -1: none."""
    sessions = (_TOP - spaces) // _SPACES_PER_SESSION
    return np.where(sessions < SESSIONS, sessions, -1)


def spaces_asked(machine: Machine, kvars: int, offsets: Mapping[str, int]) -> np.ndarray:
    """Spaces that a session has asked its host for, and VSIDs are made from."""
    count = machine.memory.read_word(kvars + offsets["xSPACES_ASKED"])
    return np.frombuffer(machine.memory.read(kvars + offsets["xSPACES"], 4 * count), ">u4")


def with_spaces(sessions: np.ndarray, spaces: np.ndarray,
                asked: Mapping[int, np.ndarray]) -> np.ndarray:
    """`sessions` where each of `spaces` that a session has asked for is that session's."""
    for session, own in asked.items():
        sessions = np.where(np.isin(spaces, own), session, sessions)
    return sessions


def table_at(sdr1: int) -> tuple[int, int]:
    """Physical address and size of a hash table, in bytes."""
    return sdr1 & 0xFFFF0000, (sdr1 & _SDR1_MASK) + 1 << 16


def occupancy(machine: Machine, sdr1: int,
              sessions_of: Callable[[np.ndarray], np.ndarray] = session_of) -> dict[str, int]:
    """Valid entries of a hash table by owner: "host", "session 0" and so on; and "slots"."""
    table = np.frombuffer(machine.memory.read(*table_at(sdr1)), ">u4")[::2].astype(np.int64)
    valid = table[table >> 31 & 1 == 1]
    sessions = sessions_of(valid >> 7 & 0xFFFFFF)
    found = {"slots": len(table), "host": int((sessions == -1).sum())}
    return found | {f"session {number}": int((sessions == number).sum())
                    for number in range(SESSIONS) if (sessions == number).any()}
