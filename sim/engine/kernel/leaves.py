"""What an Amaranth expression reads, or assigns to."""

from amaranth.hdl import Signal
from amaranth.hdl._ast import Concat, Operator, Part, Slice, SwitchValue
from amaranth.hdl._mem import MemoryData

__all__ = ["leaves"]


def leaves(value):
    """Yield the signals and memory rows in an expression, its indices and conditions included."""
    match value:
        case Signal() | MemoryData._Row():
            yield value
        case Operator():
            for operand in value.operands:
                yield from leaves(operand)
        case Slice():
            yield from leaves(value.value)
        case Part():
            yield from leaves(value.value)
            yield from leaves(value.offset)
        case Concat():
            for part in value.parts:
                yield from leaves(part)
        case SwitchValue():
            yield from leaves(value.test)
            for _, case in value.cases:
                yield from leaves(case)
