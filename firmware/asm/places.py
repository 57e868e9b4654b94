"""Directives that say where things go: alignment, room, sections.

`.org` with an address at the start of a section places the section; later it moves on to that
address. `.align` takes a power of two's exponent, as on every PowerPC.
"""

import functools
import re
from collections.abc import Callable

from pteg.firmware.asm.expression import Problem
from pteg.firmware.asm.operands import adder, take_operands
from pteg.firmware.asm.program import Section, SectionFlags
from pteg.firmware.asm.source import BYTES, parse_string

__all__ = ["PLACE_DIRECTIVES", "org", "reserve"]

PLACE_DIRECTIVES: dict[str, Callable] = {}

_directive = adder(PLACE_DIRECTIVES)


# ---- alignment and room

def _align(name, exponent, size, assembler, text):
    """`.align boundary, fill, longest`: each of the last two may be left out."""
    parts = take_operands(text, 1, 3, name)
    boundary, fill, longest = (assembler.number(part) if part else None
                               for part in (*parts, "", "")[:3])
    if len(parts) == 2 and fill is None:
        fill = 0  # a comma with nothing behind it, as in GNU as
    if exponent:
        if boundary is None or not 0 <= boundary <= 20:
            raise Problem(f"{name} takes the exponent of a power of two, 0 to 20, not {boundary}")
        boundary = 1 << boundary
    if fill is not None:
        fill = (fill & (1 << 8 * size) - 1).to_bytes(size, "big")
    assembler.align(boundary or 1, fill, longest)


for _name, _exponent in ((".align", True), (".p2align", True), (".balign", False)):
    for _suffix, _size in (("", 1), ("w", 2), ("l", 4)):
        if _name + _suffix not in (".alignw", ".alignl"):
            _directive(_name + _suffix)(
                functools.partial(_align, _name + _suffix, _exponent, _size))


def reserve(assembler, size, fill=0):
    """Leave room of a size that is a tree."""
    size = assembler.forward(size)
    if size < 0:
        raise Problem(f".space size must not be negative, but is {size}")
    assembler.emit(size, lambda: bytes([fill & 0xFF]) * size)


@_directive(".space", ".skip", ".zero")
def _space(assembler, text):
    size, *fill = take_operands(text, 1, 2, ".space")
    reserve(assembler, assembler.tree(size), *map(assembler.number, fill))


@_directive(".fill")
def _fill(assembler, text):
    repeat, *rest = take_operands(text, 1, 3, ".fill")
    size = assembler.number(rest[0]) if rest else 1
    value = assembler.number(rest[1]) if len(rest) > 1 else 0
    repeat = assembler.forward(assembler.tree(repeat))
    if repeat < 0 or size < 0:
        raise Problem(f".fill must repeat a value of 0 to 8 bytes, not {repeat} times {size} bytes")
    # As GNU as has it: at most 8 bytes, of which the first 4 have a value.
    size, held = min(size, 8), min(size, 4)
    data = (value & (1 << 8 * held) - 1).to_bytes(held, "big") + bytes(size - held)
    assembler.emit(size * repeat, lambda: data * repeat)


@_directive(".org")
def org(assembler, text):
    """Place this section, or continue at an address in it."""
    place, *fill = take_operands(text, 1, 2, ".org")
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

_LETTERS = {"a": SectionFlags.ALLOC, "w": SectionFlags.WRITE, "x": SectionFlags.EXECUTE}
#: Flags for a linker, which change nothing here: groups, what may be merged or kept, order.
_LINKER_LETTERS = "MSGRo?e"
_TYPES = ("progbits", "nobits", "note", "init_array", "fini_array", "preinit_array")


def _flags(text):
    """Flags of a section, from letters or from the number that ELF has for them."""
    flags = SectionFlags(0)
    if re.fullmatch(r"\d\w*", text):
        try:
            return SectionFlags(int(text, 0) & 7)
        except ValueError:
            raise Problem(f"section flags must be letters or a number, not {text!r}") from None
    for letter in text:
        if letter == "T":
            raise Problem("section flag T: thread-local storage is not supported")
        if letter not in _LETTERS and letter not in _LINKER_LETTERS:
            raise Problem(f"unknown section flag {letter!r}")
        flags |= _LETTERS.get(letter, SectionFlags(0))
    return flags & ~SectionFlags.ALLOC if "e" in text else flags


def _open(assembler, text):
    """The section that the operands of `.section` name.

    `name`, `name, subsection`, or `name, "flags", @type, entry size, group, comdat, unique, number`
    where what follows the flags depends on them, and may be left out.
    """
    name, *rest = take_operands(text, 1, 9, ".section")
    name = parse_string(name).decode(errors=BYTES) if name.startswith('"') else name
    if not rest:
        return assembler.layout.open(name)
    if not rest[0].startswith('"'):
        if rest[0].startswith(("@", "%", "#")):
            raise Problem(f'.section flags must be in quotes, such as "aw", not {rest[0]!r}')
        return assembler.layout.open(name, subsection=assembler.number(rest[0]))
    letters, *rest = rest
    letters = letters.strip('"')
    flags, nobits, group = _flags(letters), None, ""
    if rest and rest[0] != "unique":
        kind = rest.pop(0).strip('"').lstrip("@%#")
        if kind not in _TYPES and not re.fullmatch(r"(0x)?[0-9a-fA-F]+", kind):
            raise Problem(f"section type must be one of @{', @'.join(_TYPES)}, not {kind!r}")
        nobits = kind == "nobits"
    if "M" in letters and rest:
        rest.pop(0)
    if "o" in letters and rest:
        rest.pop(0)
    if "G" in letters:
        if not rest:
            raise Problem("section flag G requires the name of a group")
        group = rest.pop(0).strip('"')
        if rest and rest[0] == "comdat":
            rest.pop(0)
    if rest and rest[0] == "unique":
        group += f",{assembler.number(rest[1])}" if len(rest) > 1 else ""
        rest = rest[2:]
    if rest:
        raise Problem(f".section has operands too many: {', '.join(rest)}")
    return assembler.layout.open(name, flags, nobits, group=group)


@_directive(".section")
def _section(assembler, text):
    assembler.switch(_open(assembler, text))


@_directive(".pushsection")
def _pushsection(assembler, text):
    section = _open(assembler, text)
    assembler.stack.append((assembler.section, assembler.previous))
    assembler.switch(section)


@_directive(".popsection")
def _popsection(assembler, text):
    if not assembler.stack:
        raise Problem(".popsection without .pushsection")
    assembler.section, assembler.previous = assembler.stack.pop()


@_directive(".previous")
def _previous(assembler, text):
    assembler.switch(assembler.previous)


@_directive(".subsection")
def _subsection(assembler, text):
    assembler.switch(assembler.layout.open(assembler.section.name,
                                           subsection=assembler.number(text)))


@_directive(".struct", ".offset")
def _struct(assembler, text):
    """Labels that follow are numbers: offsets in a structure."""
    assembler.switch(Section("*ABS*", SectionFlags(0), True, assembler.number(text)))


for _name in (".text", ".data", ".bss", ".rodata", ".sdata", ".sbss", ".sdata2", ".sbss2"):
    _directive(_name)(lambda assembler, text, name=_name: assembler.switch(
        assembler.layout.open(name, subsection=assembler.number(text) if text else 0)))
