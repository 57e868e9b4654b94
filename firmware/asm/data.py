"""Directives that make bytes: numbers, texts, files, room.

`.word` is 16 bits, as in GNU as for the PowerPC.
"""

import functools
import struct

from pteg.firmware.asm.expression import Half, Problem
from pteg.firmware.asm.source import split_operands

__all__ = ["DATA_DIRECTIVES", "adder", "take_operands", "parse_string"]

#: Function of each directive: `function(assembler, operands)`.
DATA_DIRECTIVES = {}

#: Characters after a backslash that stand for another one.
_ESCAPES = {"n": 10, "t": 9, "r": 13, "b": 8, "f": 12, '"': 34, "\\": 92, "'": 39}


def adder(table):
    """A decorator that enters functions into `table` under the names of their directives."""
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
                      (4, ".long .int .4byte"), (8, ".quad .8byte")):
    _directive(*_names.split())(functools.partial(_integers, _size))


def _floats(format, assembler, text):
    for part in split_operands(text):
        try:
            data = struct.pack(format, float(part))
        except (ValueError, OverflowError):
            raise Problem(f"{part!r} is not a number of this format") from None
        assembler.emit(len(data), lambda data=data: data)


_directive(".float", ".single")(functools.partial(_floats, ">f"))
_directive(".double")(functools.partial(_floats, ">d"))


def parse_string(text):
    """Bytes of a string in quotes, with the escapes of C."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise Problem(f"a string in quotes is required here, not {text!r}")
    data, characters = bytearray(), text[1:-1]
    position = 0
    while position < len(characters):
        character = characters[position]
        position += 1
        if character != "\\":
            data += character.encode()
            continue
        character = characters[position:position + 1]
        if character in _ESCAPES and character:
            data.append(_ESCAPES[character])
            position += 1
            continue
        digits, base, most = "01234567", 8, 3
        if character in ("x", "X"):
            digits, base, most, position = "0123456789abcdefABCDEF", 16, 2, position + 1
        start = position
        while position < min(len(characters), start + most) and characters[position] in digits:
            position += 1
        if position == start:
            raise Problem(f"unknown escape \\{character} in a string")
        data.append(int(characters[start:position], base) & 0xFF)
    return bytes(data)


def _strings(end, assembler, text):
    for part in split_operands(text):
        data = parse_string(part) + end
        assembler.emit(len(data), lambda data=data: data)


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
    assembler.emit(len(data), lambda: data)


@_directive(".space", ".skip", ".zero")
def _space(assembler, text):
    size, *fill = (assembler.number(part) for part in take_operands(text, 1, 2, ".space"))
    if size < 0:
        raise Problem(f".space size must not be negative, but is {size}")
    byte = (fill[0] if fill else 0) & 0xFF
    assembler.emit(size, lambda: bytes([byte]) * size)


@_directive(".fill")
def _fill(assembler, text):
    given = [assembler.number(part) for part in take_operands(text, 1, 3, ".fill")]
    repeat, size, value = (*given, *(0, 1, 0)[len(given):])
    if repeat < 0 or not 0 <= size <= 8:
        raise Problem(f".fill must repeat a value of 0 to 8 bytes, not {repeat} times {size} bytes")
    data = (value & (1 << 8 * size) - 1).to_bytes(size, "big")
    assembler.emit(size * repeat, lambda: data * repeat)
