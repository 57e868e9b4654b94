"""Conditional assembly: `.if` and its family.

A table has the test of each directive: a predicate on the number that the operands are, or on
their text.
"""

import operator
from dataclasses import dataclass

from pteg.firmware.asm.expression import Problem
from pteg.firmware.asm.source import parse_string, split_operands, symbol_name

__all__ = ["Conditions"]

#: Tests of an expression against zero.
_NUMBERS = {".if": operator.ne, ".ifne": operator.ne, ".ifeq": operator.eq, ".ifgt": operator.gt,
            ".ifge": operator.ge, ".iflt": operator.lt, ".ifle": operator.le}


def _two(text):
    first, comma, second = text.partition(",")
    if not comma:
        raise Problem(f"two texts with a comma between them are required here, not {text!r}")
    return first.strip(), second.strip()


def _same_text(text):
    parts = split_operands(text)
    first, second = parts if len(parts) == 2 else _two(text)
    return first == second


def _same_string(text):
    parts = split_operands(text)
    if len(parts) != 2:
        raise Problem(f"two strings are required here, not {text!r}")
    return parse_string(parts[0]) == parse_string(parts[1])


#: Tests of the text, each with the directive that is its opposite.
_TEXTS = {(".ifb", ".ifnb"): lambda text: not text, (".ifc", ".ifnc"): _same_text,
          (".ifeqs", ".ifnes"): _same_string}
_DEFINED = {".ifdef": True, ".ifndef": False, ".ifnotdef": False}


@dataclass
class _Branch:
    """An open `.if`: is this branch assembled, was some branch, where does it begin."""

    active: bool
    taken: bool
    location: object
    last: bool = False


class Conditions:
    """Which lines are assembled.

    Parameters
    ----------
    evaluate : callable
        `evaluate(text)` gives the number that an expression is at this moment.
    defined : callable
        `defined(name)` tells whether a symbol has been defined.
    """

    def __init__(self, evaluate, defined):
        self._open = []
        self._tests = {
            name: lambda text, test=test: test(evaluate(text), 0)
            for name, test in _NUMBERS.items()}
        for (name, opposite), test in _TEXTS.items():
            self._tests[name] = test
            self._tests[opposite] = lambda text, test=test: not test(text)
        for name, wanted in _DEFINED.items():
            self._tests[name] = (
                lambda text, wanted=wanted: defined(symbol_name(text)) is wanted)

    @property
    def active(self):
        """Whether lines are assembled here."""
        return not self._open or self._open[-1].active

    @property
    def depth(self):
        """Number of open conditions."""
        return len(self._open)

    def take(self, name, operands, location):
        """Obey a statement if it is a conditional directive; tells whether it was one."""
        if name in self._tests:
            outer = self.active
            # Of branches that are not assembled only the structure counts.
            true = outer and self._tests[name](operands)
            self._open.append(_Branch(true, true or not outer, location))
        elif name in (".else", ".elseif", ".endif"):
            if not self._open:
                raise Problem(f"{name} without .if")
            if name == ".endif":
                self._open.pop()
            else:
                self._turn(self._open[-1], name, operands)
        elif name.startswith(".if"):
            raise Problem(f"unknown directive {name!r}")
        else:
            return False
        return True

    def _turn(self, branch, name, operands):
        if branch.last:
            raise Problem(f"{name} after .else")
        branch.last = name == ".else"
        branch.active = not branch.taken and (branch.last or self._tests[".if"](operands))
        branch.taken |= branch.active

    def leave(self, depth):
        """Close all conditions but the first `depth` (`.exitm`)."""
        del self._open[depth:]

    def unclosed(self, depth=0):
        """Place of the innermost `.if` beyond the first `depth`, which is closed; or None."""
        return self._open.pop().location if len(self._open) > depth else None
