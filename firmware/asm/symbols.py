"""The symbols of an assembly: labels, constants, what is known about each.

The value of a symbol is kept as a tree: an `Address` for a label, any expression after `.set`.
"""

from dataclasses import dataclass

from pteg.firmware.asm.encode import register
from pteg.firmware.asm.expression import (
    LOCAL,
    Address,
    Binary,
    Number,
    Problem,
    Symbol,
    Value,
    evaluate,
)
from pteg.firmware.asm.program import Binding, Label, Visibility

__all__ = ["Symbols"]

@dataclass(frozen=True)
class Common:
    """Room that `.comm` asks for, unless something else defines the symbol."""

    size: int
    alignment: int


class Symbols:
    """All symbols.

    Parameters
    ----------
    defines : dict
        Symbols with values before the first line.
    """

    def __init__(self, defines):
        self.trees = {name: Number(value) for name, value in defines.items()}
        self.bindings, self.visibilities, self.types, self.sizes = {}, {}, {}, {}
        self.commons = {}
        self._assigned = set(defines)
        #: How often each numeric label has been defined.
        self._counts = {}

    def __contains__(self, name):
        return name in self.trees

    def define(self, name, address):
        """A label is here."""
        if name.isdigit():
            count = self._counts[name] = self._counts.get(name, 0) + 1
            name = f"{LOCAL}{name}{LOCAL}{count}"
        elif name in self.trees:
            raise Problem(f"{name!r} is defined twice")
        self.trees[name] = address

    def assign(self, name, tree):
        """`.set`: give a symbol a value; it can be given another one later."""
        if name in self.trees and name not in self._assigned:
            raise Problem(f"{name!r} is a label and cannot be set")
        self.trees[name] = tree
        self._assigned.add(name)

    def bind(self, names, binding):
        """Give symbols a binding."""
        self.bindings.update(dict.fromkeys(names, binding))

    def common(self, name, size, alignment):
        """`.comm`: of several requests, the largest counts."""
        known = self.commons.get(name, Common(0, 1))
        self.commons[name] = Common(max(size, known.size), max(alignment, known.alignment))

    def freeze(self, name):
        """What a name means at this line, if it would mean something else later; or None."""
        if not name.startswith(LOCAL):
            return self.trees[name] if name in self._assigned else None
        number, direction = name[1:-1], name[-1]
        count = self._counts.get(number, 0)
        if direction == "b" and count == 0:
            raise Problem(f"no label {number!r} before this line")
        return Symbol(f"{LOCAL}{number}{LOCAL}{count + (direction == 'f')}")

    def lookup(self, name, classes=(), inside=()):
        """`Value` of a symbol, or of a register of one of the `classes`."""
        tree = self.trees.get(name)
        if tree is not None:
            if name in inside:
                raise Problem(f"{name!r} is defined by itself")
            return evaluate(tree, lambda other: self.lookup(other, classes, (*inside, name)))
        number = register(name, classes)
        if number is not None:
            return Value(number)
        if self.bindings.get(name) is Binding.WEAK:
            return Value(0)  # as a linker has it, a weak symbol may be defined nowhere
        if name.startswith(LOCAL):
            raise Problem(f"no label {name.split(LOCAL)[1]!r} after this line")
        if register(name, ("r", "f", "cr", "bit")) is not None:
            raise Problem(f"{name!r} is a register of a kind that cannot stand here")
        raise Problem(f"{name!r} is not defined")

    def section(self, tree, depth=0):
        """The section that an expression is a place in, or None for a number."""
        match tree:
            case Address(section, _):
                return section
            case Symbol(name) if depth < 100:
                return self.section(self.trees.get(name), depth + 1)
            case Binary("+", left, right):
                return self.section(left, depth) or self.section(right, depth)
            case Binary("-", left, right) if self.section(right, depth) is None:
                return self.section(left, depth)
        return None

    def labels(self):
        """`Label` of each symbol with a name of its own and a value, in the order of definition."""
        for name, tree in self.trees.items():
            if name.startswith((LOCAL, ".L")):
                continue
            try:
                value = self.lookup(name).number
            except Problem:
                continue  # `.set` of a register name, or of a symbol that is not used
            yield Label(name, value, self.section(tree), self.bindings.get(name, Binding.LOCAL),
                        self.types.get(name, "notype"),
                        self.sizes.get(name, 0),
                        self.visibilities.get(name, Visibility.DEFAULT))
