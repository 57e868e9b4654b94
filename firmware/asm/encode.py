"""One instruction: from mnemonic and operand expressions to a word."""

import re
from dataclasses import dataclass

from pteg.firmware.asm.expression import (
    Half,
    Number,
    Problem,
    SmallData,
    Symbol,
    evaluate,
    substitute,
)
from pteg.firmware.asm.mnemonics import HINTED, MNEMONICS, Mnemonic, split_halves
from pteg.firmware.asm.parser import parse_operand
from pteg.hw.isa.instructions import FIELDS, SIGNED
from pteg.hw.isa.registers import SPR_BY_NAME, TIME_BASE_LOWER, TIME_BASE_UPPER

__all__ = ["Operation", "read_instruction", "encode", "register"]

_CONDITION = {"lt": 0, "gt": 1, "eq": 2, "so": 3, "un": 3}
#: Registers with a number in their name, `r3` or `r.3`, by class: how many there are.
_NUMBERED = re.compile(r"(r|f|cr|sr)\.?(\d+)")
_COUNT = {"r": 32, "f": 32, "cr": 8, "sr": 16}
#: Bits of the condition register in one word, as some disassemblers have them: `cr1eq`, `cr1_eq`.
_CR_BIT = re.compile(r"cr([0-7])_?(lt|gt|eq|so|un)")
_NAMED = {
    "r": {"sp": 1, "rsp": 1, "r.sp": 1, "rtoc": 2, "r.toc": 2}, "f": {}, "cr": {}, "sr": {},
    "bit": _CONDITION, "spr": {name.lower(): spr.number for name, spr in SPR_BY_NAME.items()},
    "tbr": {"tbl": TIME_BASE_LOWER, "tbu": TIME_BASE_UPPER},
}


@dataclass(frozen=True)
class Operation:
    """An instruction as it was read: a form, its options, a hint and operand expressions."""

    form: Mnemonic
    options: frozenset
    hint: str
    operands: dict


def register(name, classes):
    """Number of the register that `name` means in one of the `classes`, or None."""
    name = name.lower()
    match = _NUMBERED.fullmatch(name)
    for kind in classes:
        # Bits of the condition register are written 4*cr2+eq.
        if match and match[1] == ("cr" if kind == "bit" else kind):
            number = int(match[2])
            return number if number < _COUNT[match[1]] else None
        if kind == "bit" and (bit := _CR_BIT.fullmatch(name)):
            return 4 * int(bit[1]) + _CONDITION[bit[2]]
        if name in _NAMED[kind]:
            return _NAMED[kind][name]
    return None


def read_instruction(mnemonic, texts):
    """Find the form that a mnemonic with these operands means.

    Parameters
    ----------
    mnemonic : str
    texts : list of str
        Operands as written.
    """
    hint, forms = "", MNEMONICS.get(mnemonic)
    if forms is None and mnemonic[-1:] in ("+", "-"):
        hint, forms = mnemonic[-1], MNEMONICS.get(mnemonic[:-1])
    if forms is None:
        raise Problem(f"unknown instruction {mnemonic!r}")
    if len(texts) not in forms:
        wanted = " or ".join(f"{form.name} {', '.join(form.syntax)}".strip()
                             for form, _ in forms.values())
        raise Problem(f"operands must be {wanted!r}, not {len(texts)} operands")
    form, options = forms[len(texts)]
    if hint and (form.row.name not in HINTED or _always(form)):
        raise Problem(f"{mnemonic[:-1]!r} is not a conditional branch and takes no hint")
    operands = {}
    for syntax, text in zip(form.syntax, texts, strict=True):
        node, base = parse_operand(text)
        if (base is not None) != ("(" in syntax):
            raise Problem(f"operand must be {syntax}, not {text!r}")
        names = syntax.rstrip(")").split("(")
        operands.update(zip(names, (node, base), strict=False))
    return Operation(form, options, hint, operands)


def _always(form):
    bo = form.values.get("BO")
    return isinstance(bo, Number) and bo.value & 20 == 20


def encode(operation, address, lookup, small_data):
    """The word of an instruction at `address`.

    Parameters
    ----------
    operation : Operation
    address : int
    lookup : callable
        `lookup(name, classes)`: `Value` of a symbol, or of a register of these classes.
    small_data : callable
        `small_data(tree, register)`: base register and displacement of an operand with `@sda21`,
        where `register` is written as the base.
    """
    form, trees = operation.form, operation.operands
    base = None
    for name, node in trees.items():
        if isinstance(node, SmallData):
            written = trees.get("rA", Number(0))
            written = evaluate(written, lambda symbol: lookup(symbol, ("r",))).number
            base, displacement = small_data(node.operand, written)
            trees = trees | {name: Number(displacement)}
    operands = {name: _operand(form.kind(name), name, node, lookup)
                for name, node in trees.items()}
    if "mask" in operands:
        operands["MB"], operands["ME"] = _mask_ends(operands["mask"].value & 0xFFFFFFFF)
    word = form.row.match
    for option in operation.options:
        word |= FIELDS[option].mask
    for name, expression in form.values.items():
        number = evaluate(substitute(expression, operands.get), _no_symbols).number
        word |= FIELDS[name].put(_field(name, number, not isinstance(expression, Symbol),
                                        "AA" not in operation.options, address))
    if base is not None:
        word = word & ~FIELDS["rA"].mask | FIELDS["rA"].put(base)
    if operation.hint:
        # y reverses the static prediction: backward branches are taken, others are not.
        backward = form.row.name == "bc" and word & 0x8000
        word |= ((operation.hint == "+") != bool(backward)) << FIELDS["BO"].shift
    return word


def _mask_ends(mask):
    """First and last bit of a run of ones, which may continue from bit 31 to bit 0."""
    def is_one(bit):
        return mask >> 31 - bit % 32 & 1
    first = [bit for bit in range(32) if is_one(bit) and not is_one(bit - 1)]
    last = [bit for bit in range(32) if is_one(bit) and not is_one(bit + 1)]
    if mask == 0xFFFFFFFF:
        first, last = [0], [31]
    if len(first) != 1:
        raise Problem(f"mask must be one run of ones, not {mask:#010x}")
    return Number(first[0]), Number(last[0])


def _no_symbols(name):
    raise TypeError(f"form must be over its operands, not {name!r}")


def _operand(kind, name, node, lookup):
    """The operand as a constant expression, checked."""
    value = evaluate(node, lambda symbol: lookup(symbol, (kind.registers,) * bool(kind.registers)))
    number = value.number
    if value.section is not None:
        raise Problem(f"{name} must be a number, not an address that is not known yet")
    if isinstance(node, Half):
        return Number(number - 0x10000 if kind.low < 0 and number > kind.high else number)
    if kind.low < 0 and 0x80000000 <= number <= 0xFFFFFFFF:
        number -= 1 << 32  # a negative number, written as 32 bits
    if kind.shape == "target":
        number &= 0xFFFFFFFF
    if not kind.low <= number <= kind.high:
        raise Problem(f"{name} must be {kind.low} to {kind.high}, not {number}")
    return Number(number)


def _field(name, number, computed, relative, address):
    """Contents of a field; `computed` ones were not checked as an operand."""
    width = FIELDS[name].width
    if name in ("BD", "LI"):
        distance = number - address if relative else number
        distance = (distance & 0xFFFFFFFF ^ 0x80000000) - 0x80000000
        if distance & 3:
            raise Problem(f"branch target must be a multiple of 4, not {number:#x}")
        if not -1 << width + 1 <= distance < 1 << width + 1:
            raise Problem(f"branch target {number:#x} is out of reach")
        number = distance >> 2
    elif name in ("spr", "tbr"):
        number = split_halves(number)
    elif computed and name not in SIGNED and not 0 <= number <= 1 << width:
        raise Problem(f"operands make {name} {number}, which is not a number of {width} bits")
    return number & (1 << width) - 1


