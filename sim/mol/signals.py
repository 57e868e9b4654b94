"""MOL's counters and the owners of the hash table's entries, as signals of a waveform.

Both are words of memory. They are taken from a copy that follows the processor's stores: nothing is
asked of the machine while it runs, and nothing is changed in it.
"""

from collections import namedtuple
from collections.abc import Callable

import numpy as np

from pteg.jit import njit
from pteg.mol.hostb import HostB
from pteg.mol.hostl import HostL
from pteg.mol.occupancy import SESSIONS, table_at
from pteg.pipeline import following
from pteg.pipeline.following import follow, probes, word
from pteg.pipeline.places import Processor
from pteg.waveforms.signals import Signal

__all__ = ["SessionSignals"]

#: Address of RAM, and where things are, as offsets in it: `session_phys`, and the hash table.
_PLACES = np.dtype([("base", "i8"), ("sessions", "i8"), ("table", "i8"), ("table_end", "i8")])
_VSIDS, _PIECE, _WIDTH = 1 << 24, 1 << 18, 32
_Columns = namedtuple("_Columns", probes(Processor("")))  # type: ignore[misc]


class SessionSignals:
    """Columns of a waveform: a `pteg.pipeline.computed.Source`.

    `mol.session0.dsi` is the counter dsi of session 0, `mol.hash_table.host` and
    `mol.hash_table.session0` are numbers of valid entries. Counters of a session that has ended
    stay as they were.

    Parameters
    ----------
    session : HostB or HostL
        On the pipeline model, in the guest or about to enter it: the hash table is there.
    """

    lead = 0
    printed = False

    def __init__(self, session: HostB | HostL):
        self._machine = machine = session.machine
        names, owners = list(session.counter_offsets), [*range(session.sessions)]
        self.needed = list(probes(machine.model.places).values())
        self.texts = [
            *(Signal(f"mol.session{n}.{name}", _WIDTH) for n in owners for name in names),
            *(Signal(f"mol.hash_table.{owner}", _WIDTH)
              for owner in ("host", *(f"session{n}" for n in owners)))]
        base, (table, size) = machine.ram.base, table_at(session.sdr1)
        self._places = np.zeros(1, _PLACES)
        self._places[0] = base, session.links - base, table - base, table + size - base
        self._offsets = np.array([*session.counter_offsets.values()])
        self._owners = _owners(session.session_of)
        self._counters = np.zeros((len(owners), len(names)), np.int64)
        self._entries = np.zeros(1 + SESSIONS, np.int64)
        self._known = False
        self._read()

    def _read(self):
        """Everything as it is now."""
        ram = self._machine.ram
        self._memory = np.frombuffer(self._machine.memory.read(ram.base, ram.size), np.uint8).copy()
        self._entries[:] = 0
        _read(self._memory, self._places[0], self._owners, self._offsets, self._counters,
              self._entries)

    def restart(self) -> None:
        """The stores between are not known; those of the next rows are made once more."""
        if self._known:
            self._read()
        self._known = True

    def fill(self, rows: np.ndarray, columns: np.ndarray) -> None:
        """Write the numbers into each row."""
        _fill(rows, _Columns(*columns[:-1]), columns[-1], self._memory, self._places[0],
              self._owners, self._offsets, self._counters, self._entries)


def _owners(session_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """By VSID, 0 for the host, 1 for session 0, and so on."""
    return np.concatenate([session_of(np.arange(first, first + _PIECE)).astype(np.int8) + 1
                           for first in range(0, _VSIDS, _PIECE)])


@njit()
def _owner(memory, offset, owners):
    """The owner of a PTE, as a number of `_owners`; -1: it is not valid."""
    high = word(memory, offset)
    return np.int64(owners[high >> 7 & _VSIDS - 1]) if high >> 31 else -1


@njit()
def _count(memory, p, first, end, offsets, counters):
    """Read the counters that lie in a range, and all of a session that has begun in it."""
    for session in range(len(counters)):
        link = p.sessions + 4 * session
        place = word(memory, link)
        if place:
            begin, every = place - p.base, first <= link < end
            # Most stores are far from a session's variables.
            if every or (first < begin + offsets.max() + 4 and end > begin + offsets.min()):
                for n in range(len(offsets)):
                    at = begin + offsets[n]
                    if every or first <= at < end:
                        counters[session, n] = word(memory, at)


@njit(cache=True, calls=following.SOURCES)
def _read(memory, p, owners, offsets, counters, entries):
    """Read everything."""
    _count(memory, p, 0, len(memory), offsets, counters)
    for offset in range(p.table, p.table_end, 8):
        owner = _owner(memory, offset, owners)
        if owner >= 0:
            entries[owner] += 1


@njit(cache=True, calls=following.SOURCES)
def _fill(rows, c, column, memory, p, owners, offsets, counters, entries):
    """Write each row's numbers, then make its store."""
    before = np.zeros(4, np.int64)          # owners of the entries of a block
    for row in rows:
        at = column
        for session in range(len(counters)):
            for n in range(counters.shape[1]):
                row[at] = counters[session, n]
                at += 1
        for owner in range(1 + len(counters)):
            row[at] = entries[owner]
            at += 1
        pa = np.int64(row[c.pa]) - p.base & -32
        if row[c.written] == 0:
            pa = np.int64(row[c.block]) - p.base & -32
        inside = p.table <= pa < p.table_end
        if inside:
            for n in range(4):
                before[n] = _owner(memory, pa + 8 * n, owners)
        first, end = follow(row, c, p.base, memory)
        if first == end:
            continue
        _count(memory, p, first, end, offsets, counters)
        if inside:
            for n in range(4):
                now = _owner(memory, pa + 8 * n, owners)
                if before[n] != now:
                    if before[n] >= 0:
                        entries[before[n]] -= 1
                    if now >= 0:
                        entries[now] += 1
