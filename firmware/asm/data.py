"""Directives that make bytes: numbers, texts, files.

`.word` is 16 bits, as in GNU as for the PowerPC.
"""

import functools
import math
import re
import struct
from collections.abc import Callable
from fractions import Fraction

from pteg.firmware.asm.expression import Half, Problem
from pteg.firmware.asm.leb128 import leb128
from pteg.firmware.asm.operands import adder, take_operands
from pteg.firmware.asm.source import BYTES, parse_string, parse_strings, split_operands

__all__ = ["DATA_DIRECTIVES"]

DATA_DIRECTIVES: dict[str, Callable] = {}

_directive = adder(DATA_DIRECTIVES)


def _integers(size, assembler, text):
    parts = split_operands(text)
    if not parts or not all(parts):
        raise Problem("an expression is required here")
    for part in parts:
        if size == 1 and part.startswith('"'):
            assembler.put(parse_string(part))  # not the symbol of this name, as in GNU as
            continue
        tree = assembler.tree(part)

        def make(tree=tree):
            value = assembler.value(tree)
            number, bits = value.number, 8 * size
            if not isinstance(tree, Half) and not -1 << bits - 1 <= number < 1 << bits:
                raise Problem(f"value must fit in {bits} bits, not {number:#x}")
            return (number & (1 << bits) - 1).to_bytes(size, "big")
        assembler.emit(size, make)


for _size, _names in ((1, ".byte .dc.b"), (2, ".short .half .hword .2byte .word .dc .dc.w"),
                      (4, ".long .int .4byte .dc.l"), (8, ".quad .8byte"), (16, ".octa")):
    _directive(*_names.split())(functools.partial(_integers, _size))


def _variable(signed, assembler, text):
    parts = split_operands(text)
    if not parts or not all(parts):
        raise Problem("an expression is required here")
    for part in parts:
        tree = assembler.tree(part)

        def make(tree=tree):
            return leb128(assembler.value(tree).number, signed)
        assembler.emit(len(leb128(assembler.forward(tree), signed)), make)


_directive(".uleb128")(functools.partial(_variable, False))
_directive(".sleb128")(functools.partial(_variable, True))


def _float(text, size):
    """A floating-point number as bytes, rounded once, to the nearest."""
    number = re.sub(r"^([-+]?)0[fFdDrReE]", r"\1", text.strip())
    try:
        value = float(number)
        if math.isnan(value):
            # As in GNU as, all bits of the fraction are set.
            sign = number.startswith("-") << 8 * size - 1
            return (sign | (1 << 8 * size - 1) - 1).to_bytes(size, "big")
        if math.isfinite(value):
            value = _round_to_odd(value, Fraction(number))
        elif "inf" not in number.lower():
            raise OverflowError
        return struct.pack({4: ">f", 8: ">d"}[size], value if size == 4 else float(number))
    except (ValueError, OverflowError):
        raise Problem(f"{text!r} is not a number of this format") from None


def _round_to_odd(value, exact):
    """Of the two numbers next to `exact` the one that is odd: it can be rounded a second time."""
    if value == exact or struct.pack(">d", value)[-1] & 1:
        return value
    return math.nextafter(value, math.inf if exact > value else -math.inf)


def _floats(size, assembler, text):
    for part in split_operands(text):
        assembler.put(_float(part, size))


_directive(".float", ".single", ".dc.s")(functools.partial(_floats, 4))
_directive(".double", ".dc.d")(functools.partial(_floats, 8))


def _strings(end, size, assembler, text):
    for part in split_operands(text):
        assembler.put(b"".join(byte.to_bytes(size, "big") for byte in parse_strings(part) + end))


_directive(".ascii")(functools.partial(_strings, b"", 1))
_directive(".asciz", ".string")(functools.partial(_strings, b"\0", 1))
for _size in (1, 2, 4, 8):
    _directive(f".string{8 * _size}")(functools.partial(_strings, b"\0", _size))


@_directive(".incbin")
def _incbin(assembler, text):
    name, *limits = take_operands(text, 1, 3, ".incbin")
    data = assembler.reader.find(parse_string(name).decode(errors=BYTES)).read_bytes()
    skip, *count = (assembler.number(limit) for limit in limits or ["0"])
    if skip < 0 or any(number < 0 for number in count):
        raise Problem(".incbin must not skip or take a negative number of bytes")
    data = data[skip:skip + count[0]] if count else data[skip:]
    assembler.put(data)
