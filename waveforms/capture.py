"""Selects the recorded cycles of a run: windows, triggers, the first and the last cycles.

Rows of signal values come in chunks, as the engine's tracer makes them. Selected rows go to a sink,
such as `VcdFile`. Nothing here depends on a machine. A run without a trace is not slower:
`Capture.wanted` returns the first cycle whose row is needed.
"""

import numpy as np

from pteg.errors import UserError
from pteg.waveforms.window import Windows

__all__ = ["Capture"]


class Capture:
    """Picks the wanted rows: all of the window, or those that `trigger`, `first` and `last` name.

    Parameters
    ----------
    window
        One or more, as `Windows.of` takes them. Cycles outside are never kept, and do not trigger.
    trigger
        A function from rows to a boolean array. It is not asked about the `first` cycles.
    before, after
        Cycles to keep before that of the trigger, and from it on (None: all that follow).
    again
        When `after` cycles have passed, wait for the trigger again.
    first, last
        Keep the first, the last so many cycles of the windows.

    Attributes
    ----------
    triggered : list of int
        Cycles in which the trigger fired.
    """

    def __init__(self, *, window=None, trigger=None, before=0, after=None, again=False,
                 first=None, last=None):
        for name, value, least in (("before", before, 0), ("after", after, 1),
                                   ("first", first, 1), ("last", last, 1)):
            if value is not None and value < least:
                raise UserError(f"{name} must be at least {least}, not {value!r}")
        self._windows = Windows.of(window)
        self._trigger, self._armed = trigger, trigger is not None
        self._before, self._after, self._again = before, after, again
        self._first, self._last = first or 0, last or 0
        self._line = _Line(max(before, self._last))
        # Rows before this cycle are kept, the others may be later. None: all are kept.
        self._keep_until = None if trigger is first is last is None else 0
        self.triggered = []

    def wanted(self, cycle):
        """The first cycle from `cycle` on of which rows are needed; None if none is any more."""
        wanted = self._windows.next(cycle)
        return None if wanted is None or self._finished(wanted) else wanted

    def take(self, cycle, rows):
        """Take the rows of the cycles from `cycle` on.

        Yields
        ------
        (int, array)
            Rows to keep, and the first one's cycle. They may be views of `rows`.
        """
        for begin, end in self._windows.parts(cycle, cycle + len(rows)):
            yield from self._inside(begin, rows[begin - cycle:end - cycle])

    def _inside(self, cycle, rows):
        if self._first and len(rows):
            self._keep_until, self._first = cycle + self._first, 0
        while len(rows) and not self._finished(cycle):
            done, kept = len(rows), self._keep_until is None or cycle < self._keep_until
            hits = np.flatnonzero(self._trigger(rows)) if self._armed and not kept else ()
            if kept and self._keep_until is not None:
                done = min(done, self._keep_until - cycle)
            elif len(hits):
                done = int(hits[0])
            yield from self._line.add(cycle, rows[:done], kept)
            cycle, rows = cycle + done, rows[done:]
            if len(hits):
                yield from self._line.keep(cycle - self._before)
                self._fire(cycle)

    def finish(self):
        """End of the run. Yields as `take`: the rows that have waited for it."""
        yield from self._line.end(self._last)

    def _fire(self, cycle):
        self.triggered.append(cycle)
        self._armed = self._again
        self._keep_until = None if self._after is None else cycle + self._after

    def _finished(self, cycle):
        return (not self._armed and not self._first and not self._last
                and self._keep_until is not None and cycle >= self._keep_until)


class _Line:
    """The last `size` rows wait here until they are kept or forgotten.

    Parameters
    ----------
    size
        How many rows may still be kept by what comes later.
    """

    def __init__(self, size):
        self._size = size
        self._pieces = []       # [cycle, rows, kept]

    def add(self, cycle, rows, kept):
        """Rows join the line. Yields those that need not wait any more."""
        if kept and not self._pieces:
            yield cycle, rows
            return
        # The caller fills its buffer again, so what waits must be copied.
        useful = rows if kept else rows[max(0, len(rows) - self._size):]
        self._pieces.append([cycle + len(rows) - len(useful), useful.copy(), kept])
        yield from self._leave()

    def keep(self, first):
        """The rows of the cycles from `first` on are kept. Yields those that need not wait."""
        pieces, self._pieces = self._pieces, []
        for cycle, rows, kept in pieces:
            cut = 0 if kept else min(len(rows), max(0, first - cycle))
            self._pieces += [[start, part, keep] for start, part, keep in (
                (cycle, rows[:cut], False), (cycle + cut, rows[cut:], True)) if len(part)]
        yield from self._leave()

    def end(self, count):
        """No more rows come: the last `count` are kept, and nothing waits any more."""
        self._size, first = count, 0
        for cycle, rows, _ in self._pieces[::-1]:
            first = cycle + max(0, len(rows) - count)
            count -= min(count, len(rows))
            if count == 0:
                break
        yield from self.keep(first)

    def _leave(self):
        waiting = sum(len(rows) for _, rows, _ in self._pieces)
        while self._pieces:
            cycle, rows, kept = self._pieces[0]
            if not kept and waiting - len(rows) < self._size:
                forgotten = max(0, waiting - self._size)
                self._pieces[0][:2] = cycle + forgotten, rows[forgotten:]
                return
            if kept:
                yield cycle, rows
            waiting -= len(rows)
            del self._pieces[0]
