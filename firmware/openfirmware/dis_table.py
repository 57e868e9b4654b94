"""The table of `dis`: Forth source, made from the assembler's instruction table.

A row is: mask, match, its length, name, options, operands. Of the extended mnemonics only those are
there whose operands are fields of the instruction as they are, such as `li` and `beq`; `srwi` is
shown as `rlwinm`. forth/dis.fs prints a row.
"""

from enum import IntEnum

from pteg.firmware.asm.expression import Value, evaluate, symbols
from pteg.firmware.asm.mnemonics import BASE, FORMS, split_halves
from pteg.hw.isa.instructions import FIELDS, INSTRUCTIONS, SIGNED

__all__ = ["forth_table"]


class Kind(IntEnum):
    """How an operand is printed."""

    GPR = 1
    FPR = 2
    CR = 3
    BIT = 4         # of CR
    UNSIGNED = 5
    SIGNED = 6
    TARGET = 7      # of a branch
    SPR = 8         # the halves of its number are exchanged
    COUNT = 9       # 0 means 32
    BASE_OR_0 = 10  # r0 stands for the number 0
    INSIDE = 11     # such a register in parentheses, behind a displacement


_OPTIONS = {"OE": 1, "Rc": 2, "LK": 4, "AA": 8}
#: Option of a row: rS and rB must be the same register, as in `mr`.
_SAME = 16
_SHAPES = {"r": Kind.GPR, "f": Kind.FPR, "cr": Kind.CR, "bit": Kind.BIT, "target": Kind.TARGET}


def _at(expression, numbers):
    return evaluate(expression, lambda name: Value(numbers[name])).number


def _fields(form):
    """Field of each operand, values of fixed fields, options; None if that does not describe it."""
    operands, fixed, options = {}, {}, 0
    for name, expression in form.values.items():
        unknown = symbols(expression)
        if not unknown:
            fixed[name] = _at(expression, {})
            continue
        symbol, *more = unknown
        if more or [_at(expression, {symbol: number}) for number in (0, 1, 5)] != [0, 1, 5]:
            return None
        if symbol in operands:
            if {name, operands[symbol]} != {"rS", "rB"}:
                return None
            options |= _SAME
        else:
            operands[symbol] = name
    for symbol, name in operands.items():
        width = FIELDS[name].width
        kind = form.kind(symbol)
        if name not in ("BD", "LI", "NB") and kind.high - kind.low + 1 < 1 << width:
            return None
    return operands, fixed, options


def _kind(form, symbol, field, inside):
    if field == "rA" and "rA0" in form.row.reads:
        return Kind.INSIDE if inside else Kind.BASE_OR_0
    if inside:
        return Kind.INSIDE
    if field in ("spr", "tbr"):
        return Kind.SPR
    if field == "NB":
        return Kind.COUNT
    return _SHAPES.get(form.kind(symbol).shape) or (
        Kind.SIGNED if field in SIGNED else Kind.UNSIGNED)


def _row(form):
    described = _fields(form)
    if described is None:
        return None
    operands, fixed, options = described
    row = form.row
    mask, match = row.mask | row.reserved, row.match
    for name, value in fixed.items():
        field = FIELDS[name]
        value = split_halves(value) if name in ("spr", "tbr") else value
        mask |= field.mask
        match |= field.put(value & (1 << field.width) - 1)
    options |= sum(bit for option, bit in _OPTIONS.items() if option in row.options)
    cells = []
    for text in form.syntax:
        for index, symbol in enumerate(text.rstrip(")").split("(")):
            if symbol not in operands:
                return None
            field = FIELDS[operands[symbol]]
            kind = _kind(form, symbol, operands[symbol], inside=index > 0)
            cells += [kind.value, field.mask.bit_length(), field.width]
    length = 12 + -(-(1 + len(form.name)) // 4) * 4 + -(-(2 + len(cells)) // 4) * 4
    data = "".join(f"{number} c, " for number in (options, *cells, 0))
    return f'{mask} , {match} , {length} , ," {form.name}" {data}align'


def forth_table():
    """Forth source of the table; a mask of 0 ends it."""
    rows = [row for instruction in INSTRUCTIONS if instruction.implemented
            for form in (*FORMS[instruction.name], BASE[instruction.name])
            if (row := _row(form)) is not None]
    return "\n".join(["decimal create instruction-table", *rows, "0 ,", ""])
