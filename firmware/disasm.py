"""The disassembler: words to text, in the style of GNU objdump with extended mnemonics.

What it prints, the assembler reads back to the same word. Differences from objdump (-M 750cl):

* a branch has a hint `+` or `-` only if its y bit is set, where objdump always prints one;
* `mftb` and `mftbu` are the instruction of that name; moves from SPR 268 and 269 are `mfspr`;
* a word with reserved bits set, which the 750 executes, is a `.long` with the instruction beside.
"""

from pteg.firmware.asm.expression import Value, evaluate, symbols
from pteg.firmware.asm.mnemonics import BASE, FORMS, HINTED, split_halves
from pteg.hw.isa.instructions import FIELDS, SIGNED, decode

__all__ = ["disassemble"]

_CONDITION = ("lt", "gt", "eq", "so")


def disassemble(word, address=0, *, raw=False):
    """Text of the instruction that `word` is.

    Parameters
    ----------
    word : int
        32 bits.
    address : int
        Its address, for the targets of branches.
    raw : bool
        Use the mnemonics of the instruction table only, no extended ones.
    """
    if not 0 <= word <= 0xFFFFFFFF:
        raise ValueError(f"word must be a 32-bit number, not {word!r}")
    row = decode(word)
    if row is None:
        return f".long   {word:#010x}"
    fields = _fields(row, word, address)
    # Forms without the hint first: with y set, they match only after it has been taken away.
    attempts = [("", fields)]
    if row.name in HINTED and fields["BO"] & 20 != 20 and fields["BO"] & 1:
        backward = row.name == "bc" and word & 0x8000
        attempts = [("-" if backward else "+", fields | {"BO": fields["BO"] & ~1})]
    text = _text(BASE[row.name], fields, "", word)
    for hint, values in attempts * (not raw):
        for form in FORMS[row.name]:
            operands = _solve(form, values)
            if operands is not None:
                text = _text(form, operands, hint, word)
                break
    if word & row.reserved:
        return f".long   {word:#010x}  # {' '.join(text.split())}, reserved bits set"
    return text


def _fields(row, word, address):
    """Value of each field as the assembler would have to be given it."""
    fields = {}
    for name in BASE[row.name].operands:
        field = FIELDS[name]
        value = field.get(word)
        if name in SIGNED and value >> field.width - 1:
            value -= 1 << field.width
        if name in ("BD", "LI"):
            absolute = "AA" in row.options and FIELDS["AA"].get(word)
            value = (4 * value + (0 if absolute else address)) & 0xFFFFFFFF
        elif name in ("spr", "tbr"):
            value = split_halves(value)
        elif name == "NB":
            value = value or 32
        fields[name] = value
    return fields


def _solve(form, fields):
    """Operands with which `form` gives `fields`, or None. Each field is linear in one operand."""
    operands = {}
    for name, expression in form.values.items():
        unknown = symbols(expression) - operands.keys()
        if len(unknown) == 1:
            (operand,) = unknown
            start = _at(expression, operands | {operand: 0})
            slope = _at(expression, operands | {operand: 1}) - start
            operands[operand] = (fields[name] - start) // slope
    for operand, value in operands.items():
        kind = form.kind(operand)
        if not kind.low <= value <= kind.high:
            return None
    for name, expression in form.values.items():
        # A computed field may wrap: srwi by 0 shifts left by 32.
        if _at(expression, operands) - fields[name] not in (0, 1 << FIELDS[name].width):
            return None
    return operands


def _at(expression, operands):
    return evaluate(expression, lambda name: Value(operands[name])).number


def _text(form, operands, hint, word):
    """Mnemonic with options and hint, and operands."""
    name = form.name
    for option, suffix in (("OE", "o"), ("Rc", "."), ("LK", "l"), ("AA", "a")):
        if option in form.row.options and FIELDS[option].get(word):
            name += suffix
    texts = []
    for syntax in form.syntax:
        *displacement, last = (_operand(form, name, operands[name])
                               for name in syntax.rstrip(")").split("("))
        texts.append(f"{displacement[0]}({last})" if displacement else last)
    return f"{name + hint:7} {','.join(texts)}".rstrip()


def _operand(form, name, value):
    shape = form.kind(name).shape
    if name == "rA" and "rA0" in form.row.reads and value == 0:
        return "0"
    if shape == "target":
        return f"{value:#x}"
    if shape == "bit":
        field = f"4*cr{value >> 2}+" if value >> 2 else ""
        return field + _CONDITION[value & 3]
    return str(value) if shape == "decimal" else f"{shape}{value}"
