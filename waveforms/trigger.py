"""Triggers: conditions on the signals of a cycle.

A condition may call functions, such as `exception(DSI)`. Whoever knows the signals defines them:
each is replaced by the condition that it returns (`Condition.expanded`).
"""

import ast
import inspect
import operator
from collections.abc import Callable, Mapping

import numpy as np

from pteg.errors import UserError
from pteg.waveforms.signals import Text, columns

__all__ = ["Condition", "Trigger"]

_COMPARISONS = {ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
                ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}


class Condition:
    """A condition, as a syntax tree.

    Parameters
    ----------
    text : str
        What the user has written.
    tree : ast.expr, optional
        What it means, if that is more than the text.
    """

    def __init__(self, text: str, tree: ast.expr | None = None):
        self.text = text
        self.tree = _parsed(text) if tree is None else tree

    @classmethod
    def of(cls, condition: "Condition | str") -> "Condition":
        """A condition from its text."""
        return cls(condition) if isinstance(condition, str) else condition

    @property
    def paths(self) -> set[str]:
        """The dotted names in it: the signals that it may need, and names of values."""
        return {name for node in ast.walk(self.tree) if (name := _dotted(node))}

    def expanded(self, functions: Mapping[str, Callable[..., str]]) -> "Condition":
        """The condition with the text of a condition in the place of each call.

        Parameters
        ----------
        functions
            Those that may be called. Arguments are numbers, texts, names (as text) and pairs of
            these.
        """
        return Condition(self.text, _Calls(self.text, functions).visit(self.tree))


class _Calls(ast.NodeTransformer):
    """Replaces calls of functions by what they return."""

    def __init__(self, text, functions):
        self._text, self._functions = text, functions

    def visit_Call(self, node):
        name = _dotted(node.func)
        if name not in self._functions:
            raise self._error(f"there is no {ast.unparse(node.func)}(): functions are "
                              f"{', '.join(self._functions)}")
        function = self._functions[name]
        arguments = [self._value(argument) for argument in node.args]
        named = {word.arg: self._value(word.value) for word in node.keywords}
        try:
            inspect.signature(function).bind(*arguments, **named)
        except TypeError as error:
            raise self._error(f"{name}(): {error}") from None
        try:
            return _parsed(function(*arguments, **named))
        except UserError as error:
            raise self._error(f"{name}(): {error}") from None

    def _value(self, node):
        if isinstance(node, ast.Tuple):
            return tuple(self._value(part) for part in node.elts)
        if name := _dotted(node):
            return name
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError):
            value = None
        if type(value) in (int, str):
            return value
        raise self._error(f"an argument must be a number, a name or a text, not "
                          f"{ast.unparse(node)!r}")

    def _error(self, problem):
        return UserError(f"trigger {self._text!r}: {problem}")


class Trigger:
    """A condition on signals, such as `mmu.walker.state == UPDATE_R and not core.stall`.

    The language is Python's: comparisons (also chained) of signal paths with numbers, names of
    the signal's enum or other signals, joined by `and`, `or`, `not` and parentheses. A path alone
    means that the signal is not zero.

    Parameters
    ----------
    condition : Condition or str
    signals, places
        What there is, and where; as for `VcdFile`.
    """

    def __init__(self, condition, signals, places=None):
        condition = Condition.of(condition)
        self.text = condition.text
        self._signals = {signal.path: (signal, column)
                         for signal, column in zip(
                             signals, places or columns(signals)[0], strict=True)
                         if not isinstance(signal, Text)}
        self._words: list[int] = []     # those that it needs, in the order of columns of rows
        try:
            self._test = self._condition(condition.tree)
        except RecursionError:
            raise _bad(self.text) from None

    def __call__(self, changes):
        """Boolean array: in which of the cycles the condition holds."""
        return np.broadcast_to(self._test(changes.rows(self._words)), len(changes))

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
            case ast.Call(function):
                raise self._error(f"there is no {ast.unparse(function)}()")
        value = self._signal(node)
        return lambda rows: value(rows) != 0

    def _comparison(self, left, op, right):
        compare = _COMPARISONS.get(type(op))
        if compare is None:
            raise self._error("comparisons must be one of == != < <= > >=")
        enums = [self._signals[name][0].enum or {} for side in (left, right)
                 if (name := _dotted(side)) in self._signals]
        if not enums:
            self._signal(left if _dotted(left) else right)
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
                if members and name and "." not in name and name not in self._signals:
                    raise self._error(f"there is no signal and no value {name!r}; values are "
                                      f"{', '.join(members)}")
                return self._signal(node)
        # Python's integer: numpy compares it rightly even where a column could not hold it.
        return lambda rows: value

    def _signal(self, node):
        name = _dotted(node)
        if name not in self._signals:
            raise self._error(f"there is no signal {ast.unparse(node)!r}")
        signal, word = self._signals[name]
        if not 0 < signal.width <= 64:
            raise self._error(f"a signal must have 1 to 64 bits, {name!r} has {signal.width}")
        unused, column = np.uint64(64 - signal.width), len(self._words)
        self._words.append(word)
        if signal.signed:
            return lambda rows: (rows[:, column] << unused).view(np.int64) >> np.int64(unused)
        return lambda rows: rows[:, column] << unused >> unused


def _parsed(text):
    """The syntax tree of an expression."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _bad(text) from None


def _bad(text):
    return UserError("a trigger must be a condition such as 'unit.state == IDLE', not "
                     f"{text[:80]!r}")


def _dotted(node):
    """`a.b.c` of nested attributes, or None."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(value, name):
            scope = _dotted(value)
            return scope and f"{scope}.{name}"
    return None
