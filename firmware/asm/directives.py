"""Directives that say where things go and what they are called: places, sections, symbols.

`.org` with an address at the start of a section places the section; later it moves on to that
address. `.align` takes a power of two's exponent, as on every PowerPC.
"""

from pteg.firmware.asm.data import DATA_DIRECTIVES, adder, parse_string, take_operands
from pteg.firmware.asm.expression import Problem
from pteg.firmware.asm.program import SectionFlags
from pteg.firmware.asm.source import split_operands

__all__ = ["DIRECTIVES", "parse_section_flags"]

#: Function of each directive: `function(assembler, operands)`.
DIRECTIVES = dict(DATA_DIRECTIVES)

_READ, _DATA = SectionFlags.ALLOC, SectionFlags.ALLOC | SectionFlags.WRITE
_CODE = SectionFlags.ALLOC | SectionFlags.EXECUTE
_STANDARD = {".text": _CODE, ".init": _CODE, ".data": _DATA, ".sdata": _DATA, ".bss": _DATA,
             ".sbss": _DATA, ".rodata": _READ}
_LETTERS = {"a": SectionFlags.ALLOC, "w": SectionFlags.WRITE, "x": SectionFlags.EXECUTE}

_directive = adder(DIRECTIVES)


# ---- places

@_directive(".align", ".p2align")
def _align(assembler, text):
    exponent, *fill = (assembler.number(part) for part in take_operands(text, 1, 2, ".align"))
    if not 0 <= exponent <= 20:
        raise Problem(f".align takes the exponent of a power of two, 0 to 20, not {exponent}")
    assembler.align(1 << exponent, *fill)


@_directive(".balign")
def _balign(assembler, text):
    assembler.align(*(assembler.number(part) for part in take_operands(text, 1, 2, ".balign")))


@_directive(".org")
def _org(assembler, text):
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
    name, *rest = take_operands(text, 1, 4, ".section")
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
    name, value = take_operands(text, 2, 2, ".set")
    if name == ".":
        _org(assembler, value)
    else:
        assembler.assign(name, assembler.tree(value))


@_directive(".globl", ".global", ".weak")
def _globl(assembler, text):
    assembler.exported.update(split_operands(text))


@_directive(".local", ".extern", ".machine", ".file", ".ident")
def _nothing(assembler, text):
    """Taken and not needed: symbols are local anyway, and there is one processor."""


@_directive(".type")
def _type(assembler, text):
    name, kind = take_operands(text, 2, 2, ".type")
    kinds = {"function": "function", "object": "object", "notype": "notype"}
    if kind.lstrip("@%") not in kinds:
        raise Problem(f".type must be @function, @object or @notype, not {kind!r}")
    assembler.types[name] = kinds[kind.lstrip("@%")]


@_directive(".size")
def _size_of(assembler, text):
    name, size = take_operands(text, 2, 2, ".size")
    assembler.sizes[name] = assembler.tree(size)


@_directive(".comm", ".lcomm")
def _comm(assembler, text):
    name, size, *alignment = take_operands(text, 2, 3, ".comm")
    section = assembler.section
    assembler.section = assembler.open_section(".bss")
    assembler.align(assembler.number(alignment[0]) if alignment else 4)
    assembler.assign(name, assembler.tree("."))
    DIRECTIVES[".space"](assembler, size)
    assembler.section = section


@_directive(".error", ".err")
def _error(assembler, text):
    message = parse_string(text).decode(errors="replace") if text else ".err"
    raise Problem(" ".join(message.split()))
