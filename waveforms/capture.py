"""Selects the recorded cycles of a run: windows, triggers, the first and the last cycles.

Rows of signal values come in chunks, as the engine's tracer makes them. Selected rows go to a sink,
such as `VcdFile`. Nothing here depends on a machine. A run without a trace is not slower:
`Capture.wanted` returns the first cycle whose row is needed.
"""

import ast
import dataclasses
import operator
import re

import numpy as np

from pteg.errors import UserError
from pteg.waveforms.signals import Text, columns

__all__ = ["Window", "Trigger", "Capture"]


@dataclasses.dataclass(frozen=True)
class Window:
    """Cycles from `start` up to, but not including, `stop` (None: to the end of the run)."""

    start: int = 0
    stop: int | None = None

    def __post_init__(self):
        if self.start < 0 or (self.stop is not None and self.stop <= self.start):
            raise UserError("a window must be A:B, cycle numbers with A < B, not "
                            f"{str(self)!r}")

    def __str__(self):
        return f"{self.start}:{'' if self.stop is None else self.stop}"

    @classmethod
    def of(cls, window):
        """A window from what a user gives: None (all), text `A:B`, a pair or a `Window`."""
        if isinstance(window, cls):
            return window
        if isinstance(window, str):
            return cls.parse(window)
        return cls(*window or ())

    @classmethod
    def parse(cls, text):
        """A window from `A:B`; either number may be missing."""
        match = re.fullmatch(r"\s*(\d*)\s*:\s*(\d*)\s*", text, re.ASCII)
        if match is None:
            raise UserError(f"a window must be A:B, cycle numbers with A < B, not {text!r}")
        return cls(int(match[1] or 0), int(match[2]) if match[2] else None)


_COMPARISONS = {ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
                ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}


class Trigger:
    """A condition on signals, such as `mmu.walker.state == UPDATE_R and not core.stall`.

    The language is Python's: comparisons (also chained) of signal paths with numbers, names of
    the signal's enum or other signals, joined by `and`, `or`, `not` and parentheses. A path alone
    means that the signal is not zero.

    Parameters
    ----------
    text
        The condition.
    signals, places
        What a row holds, and where; as for `VcdFile`.
    """

    def __init__(self, text, signals, places=None):
        self.text = text
        self._signals = {signal.path: (signal, column)
                         for signal, column in zip(
                             signals, places or columns(signals)[0], strict=True)
                         if not isinstance(signal, Text)}
        try:
            self._test = self._condition(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise UserError("a trigger must be a condition such as 'unit.state == IDLE', not "
                            f"{text[:80]!r}") from None

    @classmethod
    def paths(cls, text):
        """The dotted names in a condition: the signals that it may need, and names of values."""
        try:
            tree = ast.parse(text.strip(), mode="eval")
            return {name for node in ast.walk(tree) if (name := _dotted(node))}
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return set()

    def __call__(self, rows):
        """Boolean array: in which of the rows the condition holds."""
        return np.broadcast_to(self._test(rows), len(rows))

    def _error(self, problem):
        return UserError(f"trigger {self.text!r}: {problem}")

    def _condition(self, node):
        """A function from rows to a boolean array."""
        match node:
            case ast.BoolOp(op, values):
                join = np.logical_and if isinstance(op, ast.And) else np.logical_or
                tests = [self._condition(value) for value in values]
                return lambda rows: join.reduce([test(rows) for test in tests])
            case ast.UnaryOp(ast.Not(), operand):
                test = self._condition(operand)
                return lambda rows: ~test(rows)
            case ast.Compare(left, ops, rights):
                operands = [left, *rights]
                tests = [self._comparison(*three)
                         for three in zip(operands, ops, rights, strict=False)]
                return lambda rows: np.logical_and.reduce([test(rows) for test in tests])
        value = self._signal(node)
        return lambda rows: value(rows) != 0

    def _comparison(self, left, op, right):
        compare = _COMPARISONS.get(type(op))
        if compare is None:
            raise self._error("comparisons must be one of == != < <= > >=")
        enums = [self._signals[name][0].enum or {} for side in (left, right)
                 if (name := _dotted(side)) in self._signals]
        if not enums:
            raise self._error(f"{ast.unparse(left)!r} and {ast.unparse(right)!r} are no signals")
        members = {name: value for enum in enums for value, name in enum.items()}
        left, right = (self._operand(side, members) for side in (left, right))
        return lambda rows: compare(left(rows), right(rows))

    def _operand(self, node, members):
        """A function from rows to numbers: a signal's, or always the same."""
        name = _dotted(node)
        if name in members and name not in self._signals:
            value = members[name]
        else:
            try:
                value = ast.literal_eval(node)
            except (ValueError, TypeError, SyntaxError):
                value = None
            if type(value) is not int:
                return self._signal(node)
        # Python's integer: numpy compares it rightly even where a column could not hold it.
        return lambda rows: value

    def _signal(self, node):
        name = _dotted(node)
        if name not in self._signals:
            raise self._error(f"there is no signal {ast.unparse(node)!r}")
        signal, column = self._signals[name]
        if not 0 < signal.width <= 64:
            raise self._error(f"a signal must have 1 to 64 bits, {name!r} has {signal.width}")
        unused = np.uint64(64 - signal.width)
        if signal.signed:
            return lambda rows: (rows[:, column] << unused).view(np.int64) >> np.int64(unused)
        return lambda rows: rows[:, column] << unused >> unused


def _dotted(node):
    """`a.b.c` of nested attributes, or None."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(value, name):
            scope = _dotted(value)
            return scope and f"{scope}.{name}"
    return None


class Capture:
    """Picks the wanted rows: all of the window, or those that `trigger`, `first` and `last` name.

    Parameters
    ----------
    window
        Cycles outside it are never kept, and do not trigger.
    trigger
        A function from rows to a boolean array. It is not asked about the `first` cycles.
    before, after
        Cycles to keep before that of the trigger, and from it on (None: all that follow).
    again
        When `after` cycles have passed, wait for the trigger again.
    first, last
        Keep the first, the last so many cycles of the window or the run.

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
        self._window = window or Window()
        self._trigger, self._armed = trigger, trigger is not None
        self._before, self._after, self._again = before, after, again
        self._first, self._last = first or 0, last or 0
        self._line = _Line(max(before, self._last))
        # Rows before this cycle are kept, the others may be later. None: all are kept.
        self._keep_until = None if trigger is first is last is None else 0
        self.triggered = []

    def wanted(self, cycle):
        """The first cycle from `cycle` on of which rows are needed; None if none is any more."""
        cycle = max(cycle, self._window.start)
        stop = self._window.stop
        return None if (stop is not None and cycle >= stop) or self._finished(cycle) else cycle

    def take(self, cycle, rows):
        """Take the rows of the cycles from `cycle` on.

        Yields
        ------
        (int, array)
            Rows to keep, and the first one's cycle. They may be views of `rows`.
        """
        begin = max(0, self._window.start - cycle)
        end = len(rows)
        if self._window.stop is not None:
            end = max(0, min(end, self._window.stop - cycle))
        cycle, rows = cycle + begin, rows[begin:end]
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
                yield from self._line.keep(self._before)
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

    def keep(self, count):
        """The last `count` rows are kept. Yields those that need not wait any more."""
        spared = sum(len(rows) for _, rows, _ in self._pieces) - count
        pieces, self._pieces = self._pieces, []
        for cycle, rows, kept in pieces:
            cut = 0 if kept else min(len(rows), max(0, spared))
            spared -= len(rows)
            self._pieces += [[start, part, keep] for start, part, keep in (
                (cycle, rows[:cut], False), (cycle + cut, rows[cut:], True)) if len(part)]
        yield from self._leave()

    def end(self, count):
        """No more rows come: the last `count` are kept, and nothing waits any more."""
        self._size = count
        yield from self.keep(count)

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
