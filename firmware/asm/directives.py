"""Directives: data, space and alignment, sections, symbols.

`.word` is 32 bits as in the PowerPC manuals (GNU as has 16). `.org` with an address at the start
of a section places the section; later it moves on to that address. `.align` takes a power of two's
exponent, as on every PowerPC.
"""

import functools
import struct

from pteg.firmware.asm.expression import Half, Problem
from pteg.firmware.asm.program import SectionFlags
from pteg.firmware.asm.source import split_operands

__all__ = ["DIRECTIVES", "parse_section_flags"]

#: Function of each directive: `function(assembler, operands)`.
DIRECTIVES = {}

_READ, _DATA = SectionFlags.ALLOC, SectionFlags.ALLOC | SectionFlags.WRITE
_CODE = SectionFlags.ALLOC | SectionFlags.EXECUTE
_STANDARD = {".text": _CODE, ".init": _CODE, ".data": _DATA, ".sdata": _DATA, ".bss": _DATA,
             ".sbss": _DATA, ".rodata": _READ}
_LETTERS = {"a": SectionFlags.ALLOC, "w": SectionFlags.WRITE, "x": SectionFlags.EXECUTE}
_ESCAPES = {"n": 10, "t": 9, "r": 13, "b": 8, "f": 12, '"': 34, "\\": 92, "'": 39}


def _directive(*names):
    def add(function):
        DIRECTIVES.update(dict.fromkeys(names, function))
        return function
    return add


def _operands(text, least, most, name):
    parts = split_operands(text)
    if not least <= len(parts) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise Problem(f"{name} must have {count} operands, not {len(parts)}")
    return parts


# ---- data

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


for _size, _names in ((1, ".byte"), (2, ".short .half .hword .2byte"),
                      (4, ".long .word .int .4byte"), (8, ".quad .8byte")):
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


def _string(text):
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
        data = _string(part) + end
        assembler.emit(len(data), lambda data=data: data)


_directive(".ascii")(functools.partial(_strings, b""))
_directive(".asciz", ".string")(functools.partial(_strings, b"\0"))


@_directive(".incbin")
def _incbin(assembler, text):
    name, *limits = _operands(text, 1, 3, ".incbin")
    data = assembler.reader.find(_string(name).decode()).read_bytes()
    skip, *count = (assembler.number(limit) for limit in limits or ["0"])
    if skip < 0 or any(number < 0 for number in count):
        raise Problem(".incbin must not skip or take a negative number of bytes")
    data = data[skip:skip + count[0]] if count else data[skip:]
    assembler.emit(len(data), lambda: data)


# ---- space and alignment

@_directive(".space", ".skip", ".zero")
def _space(assembler, text):
    size, *fill = (assembler.number(part) for part in _operands(text, 1, 2, ".space"))
    if size < 0:
        raise Problem(f".space size must not be negative, but is {size}")
    byte = (fill[0] if fill else 0) & 0xFF
    assembler.emit(size, lambda: bytes([byte]) * size)


@_directive(".fill")
def _fill(assembler, text):
    given = [assembler.number(part) for part in _operands(text, 1, 3, ".fill")]
    repeat, size, value = (*given, *(0, 1, 0)[len(given):])
    if repeat < 0 or not 0 <= size <= 8:
        raise Problem(f".fill must repeat a value of 0 to 8 bytes, not {repeat} times {size} bytes")
    data = (value & (1 << 8 * size) - 1).to_bytes(size, "big")
    assembler.emit(size * repeat, lambda: data * repeat)


@_directive(".align", ".p2align")
def _align(assembler, text):
    exponent, *fill = (assembler.number(part) for part in _operands(text, 1, 2, ".align"))
    if not 0 <= exponent <= 20:
        raise Problem(f".align takes the exponent of a power of two, 0 to 20, not {exponent}")
    assembler.align(1 << exponent, *fill)


@_directive(".balign")
def _balign(assembler, text):
    assembler.align(*(assembler.number(part) for part in _operands(text, 1, 2, ".balign")))


@_directive(".org")
def _org(assembler, text):
    place, *fill = _operands(text, 1, 2, ".org")
    section, value = assembler.section, assembler.value(assembler.tree(place))
    if value.section is None and section.address is None and section.size == 0:
        if not 0 <= value.number < 1 << 32:
            raise Problem(f".org address must be a 32-bit number, not {value.number:#x}")
        section.address = value.number
        return
    if value.section not in (None, section):
        raise Problem(".org must not leave its section")
    base = (section.address or 0) if value.section is None else 0
    offset = value.number - base
    if offset < section.size:
        raise Problem(f".org must not go back, from {base + section.size:#x} to "
                      f"{value.number:#x} in {section.name}")
    byte = (assembler.number(fill[0]) if fill else 0) & 0xFF
    size = offset - section.size
    if size:
        assembler.emit(size, lambda: bytes([byte]) * size)


# ---- sections

def parse_section_flags(name, letters=None):
    """Flags of a section, and whether it is all zero: from its letters, or from its name."""
    base = next((known for known in _STANDARD if name == known or name.startswith(f"{known}.")),
                None)
    if letters is None:
        flags = _STANDARD.get(base, _READ if base else SectionFlags.ALLOC)
    else:
        unknown = set(letters) - set("awxMSGT")
        if unknown:
            raise Problem(f"unknown section flag {sorted(unknown)[0]!r}")
        flags = SectionFlags(0)
        for letter in letters:
            flags |= _LETTERS.get(letter, SectionFlags(0))
    return flags, base in (".bss", ".sbss")


@_directive(".section")
def _section(assembler, text):
    name, *rest = _operands(text, 1, 4, ".section")
    name = name.strip('"')
    letters = rest[0].strip('"') if rest and rest[0].startswith('"') else None
    flags, nobits = parse_section_flags(name, letters)
    nobits = nobits or "@nobits" in rest
    known = assembler.sections.get(name)
    if known and letters is not None and (known.flags, known.nobits) != (flags, nobits):
        raise Problem(f"section {name!r} was begun with other flags")
    assembler.switch(assembler.open_section(name, flags, nobits))


@_directive(".pushsection")
def _pushsection(assembler, text):
    assembler.stack.append(assembler.section)
    _section(assembler, text)


@_directive(".popsection")
def _popsection(assembler, text):
    if not assembler.stack:
        raise Problem(".popsection without .pushsection")
    assembler.switch(assembler.stack.pop())


@_directive(".previous")
def _previous(assembler, text):
    assembler.switch(assembler.previous)


for _name in (".text", ".data", ".bss", ".rodata"):
    _directive(_name)(lambda assembler, text, name=_name: assembler.switch(
        assembler.open_section(name)))


# ---- symbols

@_directive(".set", ".equ", ".equiv")
def _set(assembler, text):
    name, value = _operands(text, 2, 2, ".set")
    if name == ".":
        _org(assembler, value)
    else:
        assembler.assign(name, assembler.tree(value))


@_directive(".globl", ".global", ".weak")
def _globl(assembler, text):
    assembler.exported.update(split_operands(text))


@_directive(".local", ".machine", ".file", ".ident")
def _nothing(assembler, text):
    """Taken and not needed: symbols are local anyway, and there is one processor."""


@_directive(".type")
def _type(assembler, text):
    name, kind = _operands(text, 2, 2, ".type")
    kinds = {"function": "function", "object": "object", "notype": "notype"}
    if kind.lstrip("@%") not in kinds:
        raise Problem(f".type must be @function, @object or @notype, not {kind!r}")
    assembler.types[name] = kinds[kind.lstrip("@%")]


@_directive(".size")
def _size_of(assembler, text):
    name, size = _operands(text, 2, 2, ".size")
    assembler.sizes[name] = assembler.tree(size)


@_directive(".comm", ".lcomm")
def _comm(assembler, text):
    name, size, *alignment = _operands(text, 2, 3, ".comm")
    section = assembler.section
    assembler.section = assembler.open_section(".bss")
    assembler.align(assembler.number(alignment[0]) if alignment else 4)
    assembler.assign(name, assembler.tree("."))
    _space(assembler, size)
    assembler.section = section


@_directive(".error", ".err")
def _error(assembler, text):
    raise Problem(_string(text).decode() if text else ".err")
