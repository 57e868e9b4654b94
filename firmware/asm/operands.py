"""What the tables of directives have in common: entering functions, taking operands apart."""

from pteg.firmware.asm.expression import Problem
from pteg.firmware.asm.source import split_operands

__all__ = ["adder", "take_operands"]


def adder(table):
    """A decorator that enters functions into `table` under the names of their directives.

    The functions are called as `function(assembler, operands)`.
    """
    def directive(*names):
        def add(function):
            table.update(dict.fromkeys(names, function))
            return function
        return add
    return directive


def take_operands(text, least, most, name):
    """Operands of a directive, if it has the number of them that it should have."""
    parts = split_operands(text)
    if not least <= len(parts) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise Problem(f"{name} must have {count} operands, not {len(parts)}")
    return parts
