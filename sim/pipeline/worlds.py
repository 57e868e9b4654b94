"""The world of each cycle of the pipeline model, from its signals (`pteg.worlds`).

The MSR that a guest believes in is a word in memory. The hypervisor stores it while SPRG3 says
where it is: the store queue shows each such store, when it is written and, until then, when its
instruction has completed.
"""

from collections import namedtuple

import numpy as np

from pteg import owner
from pteg.jit import njit
from pteg.owner import world_of
from pteg.pipeline.places import Processor, Signal
from pteg.waveforms.signals import Text
from pteg.worlds import World, Worlds

__all__ = ["SOURCES", "probes", "GUEST", "new_guest", "world", "WorldText"]

#: For whoever compiles a function that calls `world`.
SOURCES = (__file__, owner.__file__)
#: What is remembered from one cycle to another: the guest's MSR as it is in memory.
GUEST = np.dtype([("msr", "i8")])


def probes(cpu: Processor) -> dict[str, Signal]:
    """The signals that are read each cycle, by their names in this file."""
    special, queue = cpu.core.special, cpu.core.lsu.queue
    found = {"pc": cpu.core.completion.pc, "msr": special.msr, "sprg2": special.spr("sprg2"),
             "sprg3": special.spr("sprg3"), "written": queue.memory__done,
             "completed": queue.completed}
    for number in range(3):
        entry = queue.entry(number)
        found |= {f"store{number}": entry.pa, f"data{number}": entry.data}
    return found


def new_guest(msr: int = 0) -> np.ndarray:
    """What is remembered at the beginning, with the guest's present MSR if one is in."""
    guest = np.zeros(1, GUEST)
    guest["msr"] = msr
    return guest


@njit()
def _word(double_word, pa):
    return np.int64(double_word >> np.uint64(0 if pa & 4 else 32) & np.uint64(0xFFFFFFFF))


@njit()
def world(row, c, watch, guest):
    """The world of a row's cycle; `c` has the columns of `probes`, `guest` is a record of GUEST."""
    if not watch.known:
        return 0
    sprg2, msr = np.int64(row[c.sprg2]), guest.msr
    if sprg2 == watch.guest_in:
        place, completed = np.int64(row[c.sprg3]) + watch.guest_msr, np.int64(row[c.completed])
        if completed & 1 and np.int64(row[c.store0]) == place:
            msr = _word(row[c.data0], place)
            if row[c.written]:
                guest.msr = msr
        if completed & 2 and np.int64(row[c.store1]) == place:
            msr = _word(row[c.data1], place)
        if completed & 4 and np.int64(row[c.store2]) == place:
            msr = _word(row[c.data2], place)
    return world_of(watch, np.int64(row[c.pc]), np.int64(row[c.msr]), sprg2, msr)


#: Where each signal is in a row.
_Columns = namedtuple("_Columns", probes(Processor("")))  # type: ignore[misc]


class WorldText:
    """The world as a text of a waveform: a `pteg.pipeline.computed.Source`.

    Parameters
    ----------
    places : pteg.pipeline.places.Processor
    worlds : pteg.worlds.Worlds
    guest_msr : int
        At the beginning, if a guest is in.
    """

    lead = 0
    printed = False

    def __init__(self, places: Processor, worlds: Worlds, guest_msr: int):
        self.needed = list(probes(places).values())
        self.texts = [Text(places.at("world"), 64, label=lambda value: World(value).name)]
        self._watch, self._guest = worlds.watch(), new_guest(guest_msr)

    def restart(self) -> None:
        """What is remembered stays: the guest's MSR may be wrong up to its next change."""

    def fill(self, rows: np.ndarray, columns: np.ndarray) -> None:
        """Write the number of the world into each row."""
        _fill(rows, _Columns(*columns[:-1]), columns[-1], self._watch, self._guest)


@njit(cache=True, calls=SOURCES)
def _fill(rows, c, column, watch, guest):
    for row in rows:
        row[column] = world(row, c, watch[0], guest[0])
