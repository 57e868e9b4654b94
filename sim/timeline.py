"""A ledger as a time line for Perfetto and other viewers of Chrome's trace event format.

Each kind of thing has a track: the world that owns the processor, the privilege state, exceptions,
table searches of either side, and accesses to devices. The tenures of the bus, which are not in a
ledger, come from a waveform. Times are those of the pipeline model's clock. Records of the
functional model, which has no cycles, are at the number of the instruction.
"""

import json
from collections.abc import Iterable, Iterator
from os import PathLike
from typing import Any

import numpy as np

from pteg.hw.isa.exceptions import Vector
from pteg.hw.isa.registers import Msr
from pteg.hw.mmu.enums import AccessKind, SearchResult
from pteg.ledger import Kind, PteBits
from pteg.outputs import write_file
from pteg.symbols import Symbols
from pteg.tenures import Tenure, tenures
from pteg.waveforms.reader import Waves
from pteg.worlds import World

__all__ = ["bus_events", "events", "write_timeline"]

#: Tracks, by their numbers; their order is that of the picture.
WORLDS, PRIVILEGE, EXCEPTIONS, FETCH_SEARCHES, DATA_SEARCHES, TLB_TRACK, DEVICES = range(7)
TRACKS = {WORLDS: "world", PRIVILEGE: "privilege", EXCEPTIONS: "exceptions",
          FETCH_SEARCHES: "searches: fetch", DATA_SEARCHES: "searches: data",
          TLB_TRACK: "tlbie", DEVICES: "devices"}
#: Tracks of the bus; True: of data tenures.
BUS_TRACKS = {False: "address tenures", True: "data tenures"}

Event = dict[str, Any]


def events(records: np.ndarray, frequency: float = 200e6,
           symbols: Symbols | None = None) -> Iterator[Event]:
    """Trace events of a ledger.

    Parameters
    ----------
    records : array of pteg.ledger.RECORD
    frequency : float
        Of the processor's clock, in hertz. Viewers show microseconds.
    symbols : pteg.symbols.Symbols, optional
        Names for program counters.

    Yields
    ------
    dict
        Events of Chrome's trace event format; processes are the processors.
    """
    for core in sorted(set(records["core"].tolist())):
        yield from _tracks(core, f"cpu{core}", TRACKS)
        yield from _Core(core, 1e6 / frequency, symbols).events(records[records["core"] == core])


def bus_events(found: Iterable[Tenure], process: int, frequency: float = 200e6) -> Iterator[Event]:
    """The same of the bus, a process of this number with tracks for address and data tenures."""
    scale = 1e6 / frequency
    yield from _tracks(process, "bus", BUS_TRACKS)
    for tenure in found:
        known = {} if tenure.address is None else {
            "address": f"{tenure.address:#010x}", "burst": tenure.burst}
        yield {"ph": "X", "name": tenure.type or "data", "pid": process, "tid": int(tenure.data),
               "ts": tenure.begin * scale, "dur": (tenure.end - tenure.begin) * scale,
               "args": known | {"master": tenure.master}
               | ({"ended": tenure.ended} if tenure.ended else {})}


def _tracks(process: int, name: str, tracks: dict[Any, str]) -> Iterator[Event]:
    """The names of a process and of its tracks, which are numbers."""
    yield {"ph": "M", "name": "process_name", "pid": process, "args": {"name": name}}
    for number, track in tracks.items():
        yield {"ph": "M", "name": "thread_name", "pid": process, "tid": int(number),
               "args": {"name": track}}
        yield {"ph": "M", "name": "thread_sort_index", "pid": process, "tid": int(number),
               "args": {"sort_index": int(number)}}


class _Core:
    """The events of one processor."""

    def __init__(self, core: int, scale: float, symbols: Symbols | None):
        self._core, self._scale, self._symbols = core, scale, symbols
        self._miss: dict[int, float] = {}   # of each side, the time of a search's miss
        self._side = DATA_SEARCHES          # of the last search

    def events(self, records: np.ndarray) -> Iterator[Event]:
        clock = "cycle" if records["cycle"].any() else "instruction"
        user, since, handler = None, 0.0, None
        now = 0.0
        yield from self._worlds(records, clock)
        for record in records:
            now = int(record[clock]) * self._scale
            kind = Kind(int(record["kind"]))
            if kind in (Kind.EXCEPTION, Kind.RETURN):
                after = kind is Kind.RETURN and bool(int(record["value"]) & Msr.PR)
                if handler is not None:
                    yield self._slice(EXCEPTIONS, *handler, now)
                    handler = None
                if kind is Kind.EXCEPTION:
                    handler = (Vector(int(record["cause"])).name, now, self._arguments(
                        record, ea=record["ea"], srr1=record["value"]))
                if user is None:    # what it was before the first event
                    user = kind is Kind.EXCEPTION and bool(int(record["value"]) & Msr.PR)
                    since = int(records[0][clock]) * self._scale
                if after != user:
                    yield self._mode(user, since, now)
                    user, since = after, now
            else:
                yield from self._other(kind, record, now)
        if handler is not None:
            yield self._slice(EXCEPTIONS, *handler, now)
        if user is not None:
            yield self._mode(user, since, now)

    def _worlds(self, records: np.ndarray, clock: str) -> Iterator[Event]:
        """Who owned the processor. Up to an event it is the owner at that event: worlds change by
        exceptions and returns, and where the hypervisor goes on in its host's handler."""
        if not records["world"].any():
            return
        borders = np.flatnonzero(np.diff(records["world"]))
        times = np.maximum.accumulate(records[clock]) * self._scale
        begin = float(times[0])
        for last in (*borders, len(records) - 1):
            end = float(times[last])
            yield self._slice(WORLDS, World(int(records["world"][last])).name, begin, {}, end)
            begin = end

    def _mode(self, user: bool, begin: float, end: float) -> Event:
        return self._slice(PRIVILEGE, "user" if user else "supervisor", begin, {}, end)

    def _other(self, kind: Kind, record: np.void, now: float) -> Iterator[Event]:
        cause = int(record["cause"])
        if kind is Kind.TLB_MISS:
            side = FETCH_SEARCHES if cause == AccessKind.FETCH else DATA_SEARCHES
            self._miss = {side: now}
        elif kind is Kind.WALK:
            self._side, begin = next(iter(self._miss.items()), (DATA_SEARCHES, now))
            self._miss = {}
            yield self._slice(self._side, SearchResult(cause).name, begin, self._arguments(
                record, ea=record["ea"], va=record["va"], pte=record["pa"],
                ptes_examined=int(record["value"])), now)
        elif kind is Kind.PTE_UPDATE:
            yield self._instant(self._side, f"set {PteBits(cause).name}", now, self._arguments(
                record, ea=record["ea"], pte=record["pa"]))
        elif kind is Kind.TLBIE:
            yield self._instant(TLB_TRACK, "tlbie", now, self._arguments(record, ea=record["ea"]))
        elif kind is Kind.BUS_ERROR:
            yield self._instant(DEVICES, "bus error", now,
                                self._arguments(record, pa=record["pa"]))
        elif kind in (Kind.DEVICE_READ, Kind.DEVICE_WRITE):
            word = "read" if kind is Kind.DEVICE_READ else "write"
            yield self._instant(DEVICES, word, now, self._arguments(
                record, pa=record["pa"], value=record["value"], size=cause))

    def _arguments(self, record: np.void, **values: Any) -> dict[str, Any]:
        found = {name: value if isinstance(value, int) else f"{int(value):#010x}"
                 for name, value in values.items()}
        pc = int(record["pc"])
        name = self._symbols.of(int(record["world"])).name(pc) if self._symbols else None
        return found | {"pc": f"{pc:#010x}" + (f" {name}" if name else "")}

    def _slice(self, track: int, name: str, begin: float, arguments: dict[str, Any], end: float
               ) -> Event:
        return {"ph": "X", "name": name, "pid": self._core, "tid": track, "ts": begin,
                "dur": end - begin, "args": arguments}

    def _instant(self, track: int, name: str, now: float, arguments: dict[str, Any]) -> Event:
        return {"ph": "i", "name": name, "pid": self._core, "tid": track, "ts": now, "s": "t",
                "args": arguments}


def write_timeline(path: str | PathLike, records: np.ndarray, frequency: float = 200e6,
                   symbols: Symbols | None = None, bus: Waves | None = None) -> None:
    """Write a file that Perfetto opens; see `events`. `bus` has signals of the bus' arbiter."""
    found = list(events(records, frequency, symbols))
    if bus is not None:
        after = 1 + max((event["pid"] for event in found), default=-1)
        found += bus_events(tenures(bus), after, frequency)
    write_file(path, json.dumps({"displayTimeUnit": "ns", "traceEvents": found}).encode())
