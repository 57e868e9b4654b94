"""Follows each instruction through the pipeline of the cycle-accurate model, by its signals.

Stages are those of MPC750 UM 6.3: fetch, instruction queue, dispatch, a reservation station, the
unit that executes, the completion queue. Nothing in the hardware exists for this, and a run without
it is not slower. A few signals are read in each cycle; everything else follows from mirrors of the
instruction queue and of the completion queue.

A folded branch leaves the instruction queue; a taken one leaves it as soon as it is executed. It
counts as executed if the next instruction retires, and as dropped if that one is on a wrong path.

Left out: a fetch that a redirect cancels.
"""

import warnings
from collections import deque, namedtuple
from dataclasses import dataclass, field
from itertools import chain

from pteg.errors import UserError
from pteg.hw.core.enums import Cause
from pteg.pipeline.places import Core, LoadStoreUnit, Processor, Signal, Unit
from pteg.waveforms.growing import GrowingFile
from pteg.waveforms.pipeline import Fate, KanataLog, Passage, PipelineTable, Stage

__all__ = ["STAGES", "PipelineStages", "open_log"]

FETCH, QUEUE, DISPATCH = Stage("F", "F"), Stage("Q", "Q"), Stage("D", "D")
WAIT, COMPLETE = Stage("W", "w"), Stage("C", "C")
IU1, IU2, SRU = Stage("IU1", "1"), Stage("IU2", "2"), Stage("SRU", "S")
LSU, FPU = Stage("LSU", "L"), Stage("FPU", "P")
STAGES = (FETCH, QUEUE, DISPATCH, WAIT, IU1, IU2, SRU, LSU, FPU, COMPLETE)


def _units(core: Core) -> dict[Stage, Unit | LoadStoreUnit]:
    """Units with a reservation station, by the stage of what they execute."""
    return {IU1: core.iu1, IU2: core.iu2, SRU: core.sru, LSU: core.lsu, FPU: core.fpu}


def _signals(core: Core) -> dict[str, Signal]:
    """Signals of which there is one, by their names in this file."""
    fetch, queue, branch, completion = core.fetch, core.queue, core.branch, core.completion
    return {
        "fetching": fetch.translate__valid, "redirect": fetch.redirect__valid,
        # Instruction queue. Positions are those at the beginning of the cycle.
        "queued": queue.count, "arriving": fetch.queue__count, "injecting": queue.inject__count,
        "leaving": queue.pop, "emptied": queue.flush,
        # Branch unit.
        "executing": branch.queue__mark, "position": branch.queue__position,
        "folded": branch.queue__folded, "taken": branch.queue__taken,
        "predicted": branch.queue__predict, "cut": branch.queue__cut, "keep": branch.queue__keep,
        "right": branch.accept, "wrong": branch.wrong,
        # Completion.
        "head": completion.head, "oldest": core.sru.oldest,
        "drop": completion.drop, "fault": completion.fault,
        "cause": completion.cause,
    }


_Now = namedtuple("_Now", _signals(Processor("").core))  # type: ignore[misc]


@dataclass(eq=False)
class _Flight(Passage):
    """An instruction that is on its way.

    Attributes
    ----------
    done : bool
        Its fate is known.
    before : list of _Flight
        Folded branches just before it.
    owner : _Flight or None
        Of a folded branch: the instruction whose fate it shares.
    """

    done: bool = False
    before: list = field(default_factory=list)
    owner: Passage | None = None

    def enter(self, cycle, stage):
        self.stages.append((cycle, stage))

    def leave(self, cycle, fate):
        self.end, self.fate, self.done = cycle, fate, True
        for branch in self.before:
            if branch.owner is self:
                branch.done = True
                if fate is Fate.FLUSHED:
                    branch.fate = fate


class PipelineStages:
    """Finds each instruction's way in a trace: the sink of a `pteg.pipeline.driver.Tap`.

    Instructions that were in flight before the first row are not reported.

    Parameters
    ----------
    native : pteg.engine.Native
    cpu : pteg.pipeline.places.Processor
    log
        Its `write` gets each `Passage` in fetch order, its `close` is called at the end.
    window : pteg.waveforms.capture.Window
        Cycles that are examined.
    label : callable
        Text for an address and the instruction there; see `pteg.symbols.Symbols.instruction`.

    Attributes
    ----------
    tracer : pteg.engine.Tracer
        What `write` expects.
    """

    def __init__(self, native, cpu, log, window, label):
        core = cpu.core
        self._signals = list(_signals(core).values())
        self._retiring = [core.completion.complete, core.completion.both]
        self._arriving, self._injected = (
            [(entry.pc, entry.insn) for entry in entries]
            for entries in (core.fetch.arriving, core.queue.injected))
        self._entering = [(port.valid, port.cq, port.finished)
                          for port in core.completion.entering]
        self._executing = {
            stage: (unit.executing.valid, unit.executing.cq, unit.executing.serialize,
                    unit.finish.valid, unit.finish.cq)
            for stage, unit in _units(core).items()}
        self.tracer = native.tracer(list(dict.fromkeys(
            [*self._signals, *self._retiring,
             *chain(*self._arriving, *self._injected, *self._entering,
                    *self._executing.values())])))
        self._columns = {probe.path: offset for probe, offset in zip(
            self.tracer.probes, self.tracer.offsets, strict=True)}
        self._log, self._window, self._label = log, window, label
        self._cycle = None          # the next one
        self._open = deque()        # not yet given to the log
        self._queue = []            # mirror of the instruction queue; None: not known
        self._entries = [None] * native.memories[core.completion.queue.entries].depth
        self._folded = []           # branches whose fate is that of the next to enter the queue
        self._predictions = deque()
        self._fetch_began = None

    def wanted(self, cycle):
        """See `pteg.pipeline.driver.Tap`."""
        cycle = max(cycle, self._window.start)
        return None if self._window.stop is not None and cycle >= self._window.stop else cycle

    def write(self, cycle, rows):
        """Take the rows of the cycles from `cycle` on."""
        if self._window.stop is not None:
            rows = rows[:max(0, self._window.stop - cycle)]
        column = {path: rows[:, place].tolist() for path, place in self._columns.items()}

        def columns(paths):
            return [column[path] for path in paths]

        shared = zip(*columns(self._signals), strict=True)
        self._retire = columns(self._retiring)
        self._arrive = [columns(paths) for paths in self._arriving]
        self._inject = [columns(paths) for paths in self._injected]
        self._enter = [columns(paths) for paths in self._entering]
        self._units = [(stage, *columns(paths)) for stage, paths in self._executing.items()]
        for row, values in enumerate(shared):
            now = _Now._make(values)
            if self._cycle is None:
                self._queue = [None] * now.queued
            self._cycle = cycle + row
            self._one_cycle(row, now)
        self._cycle = cycle + len(rows)

    @property
    def unreached(self):
        """The window that the run did not come to, in words; or None."""
        return f"window {self._window} was never reached" if self._cycle is None else None

    def close(self):
        """End of the run: give out what is still in flight."""
        for passage in self._open:
            if not passage.done:
                passage.fate, passage.end = Fate.IN_FLIGHT, passage.end or self._cycle
            self._log.write(passage)
        self._open.clear()
        self._log.close()

    def _one_cycle(self, row, now):
        self._execute(row, now)
        for place, retires in enumerate(self._retire):
            if retires[row]:
                self._leave((now.head + place) % len(self._entries), Fate.RETIRED)
        if now.fault:
            completes = now.cause == Cause.SYSTEM_CALL
            self._leave(now.head, Fate.RETIRED if completes else Fate.EXCEPTION)
        self._branches(now)
        self._dispatch(row, now.leaving)
        if now.fetching and self._fetch_began is None:
            self._fetch_began = self._cycle
        arrived = [self._arrival(pcs[row], insns[row]) for pcs, insns in
                   self._arrive[:now.arriving]]
        if now.cut or now.emptied:
            self._flush(arrived)
            arrived = [self._arrival(pcs[row], insns[row]) for pcs, insns in
                       self._inject[:now.injecting * (not now.emptied)]]
        if arrived:
            self._attach(self._folded, arrived[0])
            self._folded = []
        self._queue += arrived
        if now.arriving or now.redirect:
            self._fetch_began = None
        if now.emptied:
            self._flush(self._queue + self._folded)
            self._queue, self._folded = [], []
            self._predictions.clear()
        for index in range(len(self._entries)):
            if now.drop >> index & 1:
                self._leave(index, Fate.FLUSHED)
        while self._open and self._open[0].done:
            self._log.write(self._open.popleft())

    def _arrival(self, pc, insn):
        begin = self._cycle if self._fetch_began is None else self._fetch_began
        passage = _Flight(self._label(pc, insn), [(begin, FETCH), (self._cycle + 1, QUEUE)])
        self._open.append(passage)
        return passage

    def _execute(self, row, now):
        """What the units execute and finish; what is serialised waits to be the oldest."""
        for stage, valid, executes, serialize, finish, finishes in self._units:
            if valid[row] and (not serialize[row] or executes[row] == now.oldest):
                passage = self._entries[executes[row]]
                if passage is not None and passage.stages[-1][1] is WAIT:
                    passage.enter(self._cycle, stage)
            if finish[row] and self._entries[finishes[row]] is not None:
                self._entries[finishes[row]].enter(self._cycle + 1, COMPLETE)

    def _branches(self, now):
        """What the branch unit makes of the queue."""
        branch = self._queue[now.position] if now.executing else None
        dropped = self._queue[now.keep:] if now.cut else []
        if now.cut:
            del self._queue[now.keep:]
        if now.wrong:
            wrong = self._predictions.popleft() if self._predictions else None
            self._predictions.clear()
            # It may have left the queue; it is still right that it was executed, and so were the
            # folded ones before it.
            kept = wrong.before + [wrong] if wrong is not None and wrong.fate is Fate.FOLDED else []
            self._attach(kept, None)
            self._flush([other for other in self._folded if other not in kept])
            self._folded = kept
        elif now.right and self._predictions:
            self._predictions.popleft()
        if branch is not None and now.folded and now.taken:
            dropped.remove(branch)
            branch.enter(self._cycle, DISPATCH)
            self._fold(branch, None)
        self._flush(dropped)
        if now.executing and now.predicted:
            self._predictions.append(branch)

    def _dispatch(self, row, leaving):
        """Instructions that leave the queue at its head."""
        for n in range(leaving):
            passage = self._queue.pop(0)
            valid, entry, finished = self._enter[n]
            if valid[row]:
                self._entries[entry[row]] = passage
            if passage is not None:
                passage.enter(self._cycle, DISPATCH)
                if valid[row]:
                    passage.enter(self._cycle + 1, COMPLETE if finished[row] else WAIT)
                else:
                    self._fold(passage, self._queue[0] if self._queue else None)

    def _fold(self, branch, following):
        """A folded branch leaves the queue; `following` comes after it, if that is there."""
        branch.end, branch.fate = self._cycle + 1, Fate.FOLDED
        chain = [*branch.before, branch]
        if following is None:
            self._attach(chain, None)
            self._folded += chain
        else:
            self._attach(chain, following)

    @staticmethod
    def _attach(branches, following):
        for branch in branches:
            branch.owner = following
        if following is not None:
            following.before += branches

    def _flush(self, passages):
        for passage in passages:
            if passage is not None:
                end = passage.end if passage.fate is Fate.FOLDED else self._cycle + 1
                passage.leave(end, Fate.FLUSHED)

    def _leave(self, index, fate):
        passage, self._entries[index] = self._entries[index], None
        if passage is not None:
            passage.leave(self._cycle + 1, fate)


class _LogFile:
    """A log and the file that it writes."""

    def __init__(self, file, log):
        self._file, self._log = file, log
        self.write = log.write

    def close(self):
        self._log.close()
        self._file.close()


def open_log(path, form, warn=warnings.warn):
    """A log that writes to a new file: `form` is "kanata" or "table".

    `warn` is called once with a line of text if the file becomes too large for viewers.
    """
    if form not in ("kanata", "table"):
        raise UserError(f"form must be kanata or table, not {form!r}")
    file = GrowingFile(path, "record a window", warn, encoding="utf-8")
    return _LogFile(file, KanataLog(file) if form == "kanata" else PipelineTable(file, STAGES))
