"""Records what a report shows: rows of signals, the ledger, and the machine at the end.

A capture picks the cycles, as for a waveform: a window, what surrounds a trigger, or the last
cycles. Instructions are followed through the pipeline in the same rows. The ledger is that of the
whole recording.
"""

import dataclasses
from collections.abc import Callable, Iterable
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np

from pteg.errors import Unreached, UserError
from pteg.ledger import Ledger
from pteg.mmu import TlbEntry
from pteg.outputs import check_writable, write_file
from pteg.pipeline.computed import ComputedTracer
from pteg.pipeline.driver import ChangeTap, Tap
from pteg.pipeline.ledger import PipelineEvents
from pteg.pipeline.stages import PipelineStages
from pteg.pipeline.triggers import Functions
from pteg.pipeline.worlds import WorldText
from pteg.recording import Recording
from pteg.report.caches import CacheChanges
from pteg.report.changes import Changes
from pteg.report.signals import needed, shown
from pteg.symbols import Symbols
from pteg.waveforms.capture import Capture
from pteg.waveforms.pipeline import Passage
from pteg.waveforms.trigger import Condition, Trigger
from pteg.waveforms.window import Window

__all__ = ["Recorded", "record_report"]

#: Cycles of a report whose user asks for no window and no trigger, and the most there can be.
LAST, MOST = 5_000, 50_000
#: Ledger records of a report: the latest.
EVENTS = 200_000


@dataclasses.dataclass
class Recorded:
    """What a report is made from.

    Attributes
    ----------
    start : int
        The first cycle.
    trigger : int, optional
        The first cycle in which the trigger's condition held.
    rows : array
        Of each cycle, the values of the signals.
    probes : dict
        Of each signal: what it is, and its column.
    shown : list of str
        Signals that the waveform pane has.
    passages : list of Passage
        Instructions, in fetch order.
    events : array of pteg.ledger.RECORD
    changes : pteg.report.changes.Changes
    caches : pteg.report.caches.CacheChanges
    tlb : list of pteg.mmu.TlbEntry
        The valid entries of both TLBs when the recording began.
    machine : pteg.Machine
        At the end of the recording.
    session : dict, optional
        More data, for panes about a session of a hypervisor; arrays are allowed anywhere.
    """

    start: int
    trigger: int | None
    rows: np.ndarray
    probes: dict[str, tuple[Any, int]]
    shown: list[str]
    passages: list[Passage]
    events: np.ndarray
    changes: Changes
    caches: CacheChanges
    tlb: list[TlbEntry]
    machine: Any
    session: dict[str, Any] | None = None

    @cached_property
    def worlds(self) -> np.ndarray:
        """The `pteg.worlds.World` of each cycle."""
        path = self.machine.model.places.at("world")
        return self.column(path) if path in self.probes else np.zeros(len(self.rows), np.uint64)

    def world_of(self, passage: Passage) -> int:
        """The world that fetched an instruction."""
        return int(self.worlds[passage.begin - self.start])

    def column(self, path: str) -> np.ndarray:
        """The values of a signal in all cycles."""
        return self.rows[:, self.probes[path][1]]


class _Passages(list):
    """Takes the passages that a `PipelineStages` finds."""

    write = list.append

    def close(self):
        pass


class _Rows:
    """The sink of the tap: keeps the cycles that the capture picks, as rows."""

    def __init__(self, capture, words):
        self._capture, self.wanted = capture, capture.wanted
        self._words = np.arange(words)
        self.pieces, self._count = [], 0

    def write(self, changes):
        self._keep(self._capture.take(changes))

    def finish(self):
        self._keep(self._capture.finish())

    def _keep(self, pieces):
        for changes in pieces:
            rows = changes.rows(self._words)[:max(0, MOST - self._count)]
            if len(rows):
                self.pieces.append((changes.cycle, rows))
                self._count += len(rows)


def record_report(machine: Any, path: str | PathLike, *, signals: str | Iterable[str] = (),
                  window: tuple[int, int] | str | None = None, trigger: str | None = None,
                  before: int = 100, after: int | None = 400, last: int | None = None,
                  session: Callable[[Changes], dict[str, Any]] | None = None) -> Recording:
    """Record a report of the runs that follow; see `pteg.Machine.report`.

    `session` is called at the end, with all stores to memory; what it returns is for panes about a
    session of a hypervisor.
    """
    from pteg.report.page import page

    check_writable(path)
    if machine.cpu_name != "pipeline":
        raise UserError("a report needs cpu='pipeline': the functional model has no signals")
    if (processors := machine.platform.parameters.processors) > 1:
        raise UserError(f"processors must be 1 with a report, not {processors}")
    span = Window.of(window)
    if last is None and trigger is None and span == Window():
        last = LAST
    lengths: dict[str, int | None] = {
        "last": last, "before and after": before + (after or 0) if trigger is not None else None,
        "window": span.stop - span.start if span.stop is not None else None}
    for name, count in lengths.items():
        if count is not None and count > MOST:
            raise UserError(f"a report has at most {MOST:,} cycles, {name} must not be {count:,}")
    cpu = machine.model
    native = cpu.native
    patterns = [signals] if isinstance(signals, str) else list(signals)
    patterns = [pattern for text in patterns for pattern in text.replace(",", " ").split()]
    panes = shown(native, patterns)
    functions = Functions(cpu, machine.symbols)
    condition = Condition(trigger).expanded(functions.callable) if trigger is not None else None
    asked = condition.paths if condition else set()
    passages = _Passages()
    # Without names: those are of the world that fetches, which is not known yet.
    stages = PipelineStages(native, cpu.places, passages, Window(), Symbols().instruction)
    worlds = cpu.platform.worlds
    owner = [WorldText(cpu.places, worlds, cpu.guest_msr)] if worlds else []
    tracer = ComputedTracer(native, list(dict.fromkeys(
        [*needed(native, cpu.places), *panes, *sorted(asked & set(native.signals)),
         *stages.tracer.paths])), [*owner, *functions.sources],
        asked | {text.path for source in owner for text in source.texts})
    capture = Capture(window=span, last=last, before=before if condition else 0,
                      after=after if condition else None,
                      trigger=condition and Trigger(condition, tracer.probes, tracer.offsets))
    kept = _Rows(capture, tracer.words)
    ledger = Ledger(keep=EVENTS)
    events = PipelineEvents(ledger.add, native, cpu.places, (machine.ram.base, machine.ram.size),
                            worlds.watch() if worlds else None, cpu.guest_msr)
    memory = machine.memory.read(machine.ram.base, machine.ram.size)
    caches = CacheChanges(native, cpu.places, cpu.driver.state)
    changes = Changes(native, cpu.places, machine.ram.base, memory, caches,
                      everywhere=session is not None)
    tlb = list(machine.mmu.tlb())
    taps = [ChangeTap(tracer, tracer.before(kept)), Tap(events.tracer, events),
            Tap(changes.tracer, changes)]
    cpu.driver.taps.extend(taps)

    status = _Status(capture, trigger)

    def close() -> None:
        for tap in taps:
            cpu.driver.taps.remove(tap)
        kept.finish()
        if not kept.pieces:
            raise Unreached(f"{path}: {status.unreached or f'window {span} was never reached'}")
        start = kept.pieces[0][0]
        rows = np.concatenate([rows for _, rows in kept.pieces])
        columns = {probe.path: offset for probe, offset in
                   zip(tracer.probes, tracer.offsets, strict=True)}
        stages.write(start, rows[:, [columns[name] for name in stages.tracer.paths]])
        stages.close()
        write_file(path, page(Recorded(
            start, next(iter(capture.triggered), None), rows,
            {probe.path: (probe, columns[probe.path]) for probe in tracer.probes},
            [text.path for source in owner for text in source.texts] + panes,
            list(passages), ledger.records, changes, caches, tlb, machine,
            session(changes) if session else None)).encode())

    return Recording(close, status)


@dataclasses.dataclass
class _Status:
    """What `Recording` tells of the trigger."""

    capture: Capture
    condition: str | None

    @property
    def triggered(self) -> tuple[int, ...]:
        return tuple(self.capture.triggered)

    @property
    def unreached(self) -> str | None:
        if self.condition is not None and not self.capture.triggered:
            return f"trigger {self.condition!r} was never reached"
        return None


