"""Follows each instruction through the pipeline of the cycle-accurate model, by its signals.

Stages are those of MPC750 UM 6.3: fetch, instruction queue, dispatch, a reservation station, the
unit that executes, the completion queue. Nothing in the hardware is there for this, and nothing is
spent on it when it is off. `SLOTS` and `UNITS` say which signals are looked at; all else follows
from two mirrors, of the instruction queue and of the completion queue.

Left out: a fetch that brings nothing, because a redirect came before it ended.
"""

import os
from collections import deque, namedtuple
from dataclasses import dataclass
from functools import lru_cache

from pteg.errors import UserError
from pteg.firmware.disasm import disassemble
from pteg.waveforms.pipeline import Fate, KanataLog, Passage, PipelineTable, Stage

__all__ = ["STAGES", "PipelineStages", "open_log"]

FETCH, QUEUE, DISPATCH = Stage("F", "F"), Stage("Q", "Q"), Stage("D", "D")
WAIT, COMPLETE = Stage("W", "w"), Stage("C", "C")
#: Units with a reservation station: where they say what they execute, and the letter in tables.
UNITS = {
    Stage("IU1", "1"): ("core.iu1.station.unit", "core.iu1.finish"),
    Stage("IU2", "2"): ("core.iu2.station.unit", "core.iu2.finish"),
    Stage("SRU", "S"): ("core.sru.station.unit", "core.sru.finish"),
    Stage("LSU", "L"): ("core.lsu.here", "core.lsu.finish"),
    Stage("FPU", "P"): ("core.fpu.station.unit", "core.fpu.finish"),
}
STAGES = (FETCH, QUEUE, DISPATCH, WAIT, *UNITS, COMPLETE)

#: Signals of which there is one.
SIGNALS = {
    "fetching": "core.fetch.translate__valid",      # an address is being fetched from
    "redirect": "core.fetch.redirect__valid",       # and is no more: another one follows
    "arriving": "core.fetch.queue__count",          # so many instructions enter the queue
    "queued": "core.queue.count",
    "leaving": "core.queue.pop",                    # so many leave it
    "head": "core.completion.head",
    "tail": "core.completion.tail",
    "retiring": "core.completion.retired",          # so many retire, from `head` on
    "flush": "core.completion.redirect__valid",     # everything in flight is dropped
    "fault": "core.completion.fault",               # the head causes an exception instead
    "cause": "core.completion.cause",
}
#: Signals of which there are several, in program order.
ARRIVE = tuple(f"core.fetch.queue__entries__{i}" for i in range(2))
#: An instruction gets the completion queue entry `tail`, the next one that after it; whether it
#: does, and whether it has finished by that.
ENTER = (("core.completion.dispatch", "core.completion.finished_now"),)
_Now = namedtuple("_Now", SIGNALS)

#: Of hw.core.interfaces, the second of its `Cause`; importing it would import Amaranth.
CQ_ENTRIES, SYSTEM_CALL = 6, 9


@lru_cache(1 << 16)
def _label(pc, word):
    return f"{pc:08x}  {disassemble(word, pc)}"


@dataclass
class _Flight(Passage):
    """An instruction that is on its way; `done` when it has left."""

    done: bool = False

    def enter(self, cycle, stage):
        self.stages.append((cycle, stage))

    def leave(self, cycle, fate):
        self.end, self.fate, self.done = cycle, fate, True


class PipelineStages:
    """Finds each instruction's way in a trace: the sink of a `pteg.driver.Tap`.

    Instructions that were in flight before the first row are not reported.

    Parameters
    ----------
    native : pteg.engine.Native
    log
        Its `write` gets each `Passage` in fetch order, its `close` is called at the end.
    window : pteg.waveforms.capture.Window
        Cycles that are looked at.

    Attributes
    ----------
    tracer : pteg.engine.Tracer
        What `write` expects.
    """

    def __init__(self, native, log, window):
        paths = [*SIGNALS.values(), *(path for pair in ENTER for path in pair),
                 *(f"{place}.{field}" for place in ARRIVE for field in ("pc", "insn")),
                 *(f"{place}__{port}" for here, finish in UNITS.values()
                   for place, port in ((here, "valid"), (here, "cq"), (here, "serialize"),
                                       (finish, "valid"), (finish, "cq")))]
        self.tracer = native.tracer(paths)
        self._columns = dict(zip(paths, self.tracer.offsets, strict=True))
        self._log, self._window = log, window
        self._cycle = None          # the next one
        self._open = deque()        # not yet given to the log
        self._queue = deque()       # mirror of the instruction queue; None: not known
        self._entries = [None] * CQ_ENTRIES
        self._fetch_began = None

    def wanted(self, cycle):
        """See `pteg.driver.Tap`."""
        cycle = max(cycle, self._window.start)
        return None if self._window.stop is not None and cycle >= self._window.stop else cycle

    def write(self, cycle, rows):
        """Take the rows of the cycles from `cycle` on."""
        if self._window.stop is not None:
            rows = rows[:max(0, self._window.stop - cycle)]
        columns = {path: rows[:, column].tolist() for path, column in self._columns.items()}
        shared = list(zip(*(columns[path] for path in SIGNALS.values()), strict=True))
        arrive = [(columns[f"{place}.pc"], columns[f"{place}.insn"]) for place in ARRIVE]
        enter = [[columns[path] for path in pair] for pair in ENTER]
        units = [(stage, *(columns[f"{here}__{port}"] for port in ("valid", "cq", "serialize")),
                  *(columns[f"{finish}__{port}"] for port in ("valid", "cq")))
                 for stage, (here, finish) in UNITS.items()]
        for row, values in enumerate(shared):
            self._one_cycle(cycle + row, _Now._make(values), row, arrive, enter, units)
        self._cycle = cycle + len(rows)

    def close(self):
        """End of the run: give out what is still in flight."""
        for passage in self._open:
            if not passage.done:
                passage.end = self._cycle
            self._log.write(passage)
        self._open.clear()
        self._log.close()

    def _one_cycle(self, cycle, now, row, arrive, enter, units):
        if self._cycle is None:
            self._queue.extend([None] * now.queued)
            self._cycle = cycle
        self._execute(cycle, now, row, units)
        # The completion queue gives away its oldest entries ...
        for n in range(now.retiring):
            self._leave(cycle, (now.head + n) % CQ_ENTRIES, Fate.RETIRED)
        if now.fault:
            self._leave(cycle, now.head,
                        Fate.RETIRED if now.cause == SYSTEM_CALL else Fate.EXCEPTION)
        # ... and takes what leaves the instruction queue; a folded branch needs no entry.
        entering = [bool(finished[row]) for enters, finished in enter if enters[row]]
        for n in range(now.leaving):
            passage = self._queue.popleft()
            if n < len(entering):
                self._entries[(now.tail + n) % CQ_ENTRIES] = passage
            if passage is not None:
                passage.enter(cycle, DISPATCH)
                if n < len(entering):
                    passage.enter(cycle + 1, COMPLETE if entering[n] else WAIT)
                else:
                    passage.leave(cycle + 1, Fate.FOLDED)
        if now.fetching and self._fetch_began is None:
            self._fetch_began = cycle
        for pcs, insns in arrive[:now.arriving]:
            passage = _Flight(_label(pcs[row], insns[row]),
                              [(cycle if self._fetch_began is None else self._fetch_began, FETCH),
                               (cycle + 1, QUEUE)])
            self._queue.append(passage)
            self._open.append(passage)
        if now.arriving or now.redirect:
            self._fetch_began = None
        if now.redirect:
            for passage in self._queue:
                if passage is not None:
                    passage.leave(cycle + 1, Fate.FLUSHED)
            self._queue.clear()
        if now.flush:
            for index in range(CQ_ENTRIES):
                self._leave(cycle, index, Fate.FLUSHED)
        while self._open and self._open[0].done:
            self._log.write(self._open.popleft())

    def _execute(self, cycle, now, row, units):
        """What the units execute and finish; what is serialised waits to be the oldest."""
        for stage, valid, executes, serialize, finish, finishes in units:
            if valid[row] and (not serialize[row] or executes[row] == now.head):
                passage = self._entries[executes[row]]
                if passage is not None and passage.stages[-1][1] is WAIT:
                    passage.enter(cycle, stage)
            if finish[row] and self._entries[finishes[row]] is not None:
                self._entries[finishes[row]].enter(cycle + 1, COMPLETE)

    def _leave(self, cycle, index, fate):
        passage, self._entries[index] = self._entries[index], None
        if passage is not None:
            passage.leave(cycle + 1, fate)



class _LogFile:
    """A log and the file that it writes."""

    def __init__(self, file, log):
        self._file, self._log = file, log
        self.write = log.write

    def close(self):
        self._log.close()
        self._file.close()


def open_log(path, form):
    """A log that writes to a new file: `form` is "kanata" or "table"."""
    if form not in ("kanata", "table"):
        raise UserError(f"form must be kanata or table, not {form!r}")
    try:
        file = open(path, "w")
    except OSError as error:
        raise UserError(f"cannot write {os.fspath(path)!r}: {error.strerror}") from None
    return _LogFile(file, KanataLog(file) if form == "kanata" else PipelineTable(file, STAGES))
