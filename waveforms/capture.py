"""Selects the recorded cycles of a run: windows, triggers, the first and the last cycles.

Values come in pieces (`Changes`), as the engine's tracer makes them. Selected ones go to a sink,
such as `VcdFile`. Nothing here depends on a machine. A run without a trace is not slower:
`Capture.wanted` returns the first cycle that is needed.
"""

from collections.abc import Iterator

import numpy as np

from pteg.errors import UserError
from pteg.waveforms.changes import Changes
from pteg.waveforms.window import Windows

__all__ = ["Capture"]


class Capture:
    """Picks the wanted cycles: all of the window, or those that `trigger`, `first` and `last` name.

    Parameters
    ----------
    window
        One or more, as `Windows.of` takes them. Cycles outside are never kept, and do not trigger.
    trigger
        A function from `Changes` to a boolean array. It is not asked about the `first` cycles.
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
        # What is before this cycle is kept, the rest may be later. None: all is kept.
        self._keep_until = None if trigger is first is last is None else 0
        self.triggered = []

    def wanted(self, cycle):
        """The first cycle from `cycle` on that is needed; None if none is any more."""
        wanted = self._windows.next(cycle)
        return None if wanted is None or self._finished(wanted) else wanted

    def take(self, changes: Changes) -> Iterator[Changes]:
        """Take the next piece; yields the pieces to keep, which may be views of it."""
        for begin, end in self._windows.parts(changes.cycle, changes.end):
            yield from self._inside(changes.part(begin, end))

    def _inside(self, changes):
        cycle, end = changes.cycle, changes.end
        if self._first and cycle < end:
            self._keep_until, self._first = cycle + self._first, 0
        while cycle < end and not self._finished(cycle):
            done, kept = end, self._keep_until is None or cycle < self._keep_until
            rest = changes.part(cycle, end)
            hits = np.flatnonzero(self._trigger(rest)) if self._armed and not kept else ()
            if kept and self._keep_until is not None:
                done = min(done, self._keep_until)
            elif len(hits):
                done = cycle + int(hits[0])
            yield from self._line.add(rest.part(cycle, done), kept)
            cycle = done
            if len(hits):
                yield from self._line.keep(cycle - self._before)
                self._fire(cycle)

    def finish(self):
        """End of the run. Yields as `take`: what has waited for it."""
        yield from self._line.end(self._last)

    def _fire(self, cycle):
        self.triggered.append(cycle)
        self._armed = self._again
        self._keep_until = None if self._after is None else cycle + self._after

    def _finished(self, cycle):
        return (not self._armed and not self._first and not self._last
                and self._keep_until is not None and cycle >= self._keep_until)


class _Line:
    """The last `size` cycles wait here until they are kept or forgotten.

    Parameters
    ----------
    size
        How many cycles may still be kept by what comes later.
    """

    def __init__(self, size):
        self._size = size
        self._pieces = []       # [changes, kept]

    def add(self, changes, kept):
        """A piece joins the line. Yields those that need not wait any more."""
        if kept and not self._pieces:
            yield changes
            return
        if not kept and not self._size:
            return
        useful = changes if kept else _last(changes, self._size)
        self._pieces.append([useful.copy(), kept])
        yield from self._leave()

    def keep(self, first):
        """The cycles from `first` on are kept. Yields those that need not wait."""
        pieces, self._pieces = self._pieces, []
        for changes, kept in pieces:
            cut = changes.cycle if kept else min(changes.end, max(changes.cycle, first))
            self._pieces += [[part, keep] for part, keep in (
                (changes.part(changes.cycle, cut), False), (changes.part(cut, changes.end), True))
                if len(part)]
        yield from self._leave()

    def end(self, count):
        """Nothing more comes: the last `count` cycles are kept, and nothing waits any more."""
        self._size, first = count, 0
        for changes, _ in self._pieces[::-1]:
            first = _last(changes, count).cycle
            count -= min(count, len(changes))
            if count == 0:
                break
        yield from self.keep(first)

    def _leave(self):
        waiting = sum(len(changes) for changes, _ in self._pieces)
        while self._pieces:
            changes, kept = self._pieces[0]
            if not kept and waiting - len(changes) < self._size:
                self._pieces[0][0] = _last(changes, len(changes) - max(0, waiting - self._size))
                return
            if kept:
                yield changes
            waiting -= len(changes)
            del self._pieces[0]


def _last(changes, count):
    """The last cycles of a piece."""
    return changes.part(max(changes.cycle, changes.end - count), changes.end)
