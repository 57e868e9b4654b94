"""Directives that make bytes: numbers, texts, files.

`.word` is 16 bits, as in GNU as for the PowerPC.
"""

import functools
import struct

from pteg.firmware.asm.expression import Half, Problem
from pteg.firmware.asm.leb128 import leb128
from pteg.firmware.asm.operands import adder, take_operands
from pteg.firmware.asm.source import parse_string, split_operands

__all__ = ["DATA_DIRECTIVES"]

DATA_DIRECTIVES = {}

_directive = adder(DATA_DIRECTIVES)


def _integers(size, assembler, text):
    parts = split_operands(text)
    if not parts or not all(parts):
        raise Problem("an expression is required here")
    for part in parts:
        tree = assembler.tree(part)

        def make(tree=tree):
            value = assembler.value(tree)
            number, bits = value.number, 8 * size
            if not isinstance(tree, Half) and not -1 << bits - 1 <= number < 1 << bits:
                raise Problem(f"value must fit in {bits} bits, not {number:#x}")
            return (number & (1 << bits) - 1).to_bytes(size, "big")
        assembler.emit(size, make)


for _size, _names in ((1, ".byte"), (2, ".short .half .hword .2byte .word"),
                      (4, ".long .int .4byte"), (8, ".quad .8byte"), (16, ".octa")):
    _directive(*_names.split())(functools.partial(_integers, _size))


def _variable(signed, assembler, text):
    parts = split_operands(text)
    if not parts or not all(parts):
        raise Problem("an expression is required here")
    for part in parts:
        tree = assembler.tree(part)

        def make(tree=tree):
            return leb128(assembler.value(tree).number, signed)
        number = assembler.forward(tree)
        if number < 0 and not signed:
            raise Problem(f".uleb128 value must not be negative, but is {number}")
        assembler.emit(len(leb128(number, signed)), make)


_directive(".uleb128")(functools.partial(_variable, False))
_directive(".sleb128")(functools.partial(_variable, True))


def _floats(format, assembler, text):
    for part in split_operands(text):
        try:
            data = struct.pack(format, float(part))
        except (ValueError, OverflowError):
            raise Problem(f"{part!r} is not a number of this format") from None
        assembler.put(data)


_directive(".float", ".single")(functools.partial(_floats, ">f"))
_directive(".double")(functools.partial(_floats, ">d"))


def _strings(end, assembler, text):
    for part in split_operands(text):
        data = parse_string(part) + end
        assembler.put(data)


_directive(".ascii")(functools.partial(_strings, b""))
_directive(".asciz", ".string")(functools.partial(_strings, b"\0"))


@_directive(".incbin")
def _incbin(assembler, text):
    name, *limits = take_operands(text, 1, 3, ".incbin")
    data = assembler.reader.find(parse_string(name).decode()).read_bytes()
    skip, *count = (assembler.number(limit) for limit in limits or ["0"])
    if skip < 0 or any(number < 0 for number in count):
        raise Problem(".incbin must not skip or take a negative number of bytes")
    data = data[skip:skip + count[0]] if count else data[skip:]
    assembler.put(data)
