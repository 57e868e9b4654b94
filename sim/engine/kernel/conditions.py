"""Conditions of waits, as nodes of the compiled design's graph."""

from amaranth.hdl import Const, Signal
from amaranth.hdl._ast import Concat, Operator, Slice, SwitchValue

__all__ = ["Untranslatable", "truth"]

BITWISE = {"&": "and", "|": "or", "^": "xor"}
ARITHMETIC = {"+": "add", "-": "sub"}
COMPARISON = {"==": ("eq", False), "!=": ("eq", True), "<": ("lt", False), ">=": ("lt", True),
              "<=": ("le", False), ">": ("le", True)}


class Untranslatable(Exception):
    """A condition has an operation that is not translated, or a signal of the testbench only."""


def truth(design, value):
    """Return a node of one bit: a value is not zero."""
    return design.graph.any(_node(design, value)) if len(value) else design.graph.const(0, 1)


def _node(design, value):
    graph = design.graph
    match value:
        case Const():
            return graph.const(value.value, len(value))
        case Signal():
            if value not in design.values:
                raise Untranslatable
            return design.values[value]
        case Slice():
            return graph.slice(_node(design, value.value), value.start, len(value))
        case Concat():
            return graph.concat([_node(design, part) for part in value.parts if len(part)])
        case SwitchValue() if _is_mux(value):
            return graph.mux(truth(design, value.test), _wide(design, value.cases[1][1], value),
                             _wide(design, value.cases[0][1], value))
        case Operator():
            return _operator(design, value)
    raise Untranslatable


def _is_mux(value):
    """Return whether a choice is a `Mux`: first the case of zero, then all others."""
    patterns = [patterns for patterns, _ in value.cases]
    zero = ("0" * len(value.test),)
    return len(patterns) == 2 and len(value.test) and patterns[0] == zero and patterns[1] is None


def _wide(design, operand, result):
    """Return an operand extended to the width of a result."""
    return design.graph.extend(_node(design, operand), len(result), operand.shape().signed)


def _operator(design, value):
    graph = design.graph
    operation, operands = value.operator, value.operands
    if not len(value) or not all(map(len, operands)):
        raise Untranslatable
    match operation:
        case "u" | "s":
            return _node(design, operands[0])
        case "b" | "r|":
            return truth(design, operands[0])
        case "r&":
            return graph.all(_node(design, operands[0]))
        case "r^":
            return graph.parity(_node(design, operands[0]))
        case "~":
            return graph.invert(_wide(design, operands[0], value))
    if len(operands) != 2:
        raise Untranslatable
    if operation in BITWISE or operation in ARITHMETIC:
        a, b = (_wide(design, operand, value) for operand in operands)
        return graph.binary((BITWISE | ARITHMETIC)[operation], a, b)
    if operation in COMPARISON:
        name, inverted = COMPARISON[operation]
        signed = any(operand.shape().signed for operand in operands)
        width = max(len(operand) + (signed and not operand.shape().signed)
                    for operand in operands)
        a, b = (graph.extend(_node(design, operand), width, operand.shape().signed)
                for operand in operands)
        if name != "eq":
            name = ("s" if signed else "u") + name
        result = graph.binary(name, a, b)
        return graph.invert(result) if inverted else result
    raise Untranslatable
