"""Builds the nodes of operators."""

from pteg.engine.frontend.needed import NARROW
from pteg.engine.frontend.netlist import BITWISE
from pteg.engine.frontend.runs import cut
from pteg.engine.words import divide_signed

__all__ = ["operator"]

_BINARY = {"&": "and", "|": "or", "^": "xor", "+": "add", "-": "sub", "*": "mul", "<<": "shl",
           "u>>": "lshr", "s>>": "ashr", "u//": "udiv", "u%": "umod"}


def operator(values, index, low, high):
    """Return the node of bits `low` to `high` of an operator cell."""
    symbol = values.netlist.cells[index].operator
    inputs = [runs for runs, _ in values.netlist.values[index]]
    if symbol in BITWISE:
        return _bitwise(values, symbol, inputs, low, high)
    if symbol in NARROW:
        return _narrow(values, symbol, inputs, index)
    return _whole(values.graph, symbol, [values.of(runs) for runs in inputs])


def _bitwise(values, symbol, inputs, low, high):
    """Return bits `low` to `high` only: they do not depend on the others."""
    graph = values.graph
    if symbol == "m":
        condition = values.of(inputs.pop(0))
    operands = [values.of(cut(runs, low, high)) for runs in inputs]
    match symbol:
        case "m":
            return graph.mux(condition, *operands)
        case "~":
            return graph.invert(operands[0])
    return graph.binary(_BINARY[symbol], *operands)


def _narrow(values, symbol, inputs, index):
    """Return as many low bits as anybody reads."""
    graph, chunks = values.graph, values.chunks
    width = min(max(chunks.needed[index], 1), values.netlist.widths[index])
    a = values.of(cut(inputs[0], 0, width))
    if len(inputs) == 1:
        return graph.binary("sub", graph.const(0, graph.width[a]), a)
    b = values.of(inputs[1] if symbol == "<<" else cut(inputs[1], 0, width))
    return graph.binary(_BINARY[symbol], a, b)


def _whole(graph, symbol, operands):
    a, b = operands[0], operands[-1]
    match symbol:
        case "b" | "r|":
            return graph.any(a)
        case "r&":
            return graph.all(a)
        case "r^":
            return graph.parity(a) if graph.width[a] else graph.const(0, 1)
        case "==":
            return graph.equal(a, b)
        case "!=":
            return graph.invert(graph.equal(a, b))
        case "u<" | "s<":
            return graph.binary(f"{symbol[0]}lt", a, b)
        case "u>" | "s>":
            return graph.binary(f"{symbol[0]}lt", b, a)
        case "u<=" | "s<=":
            return graph.binary(f"{symbol[0]}le", a, b)
        case "u>=" | "s>=":
            return graph.binary(f"{symbol[0]}le", b, a)
        case "s//" | "s%":
            return divide_signed(graph, symbol[1:], a, b)
    return graph.binary(_BINARY[symbol], a, b)
