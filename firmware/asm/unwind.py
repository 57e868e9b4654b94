"""Unwind tables: how to find the caller's registers at each instruction (DWARF standard, 6.4).

The `.cfi_` directives describe one function after the other. For each of them a frame description
entry (FDE) goes to .eh_frame or .debug_frame; what functions have in common is in common
information entries (CIE).
"""

from dataclasses import dataclass, field

from pteg.firmware.asm.expression import Address, Problem
from pteg.firmware.asm.leb128 import leb128

__all__ = ["CommonInformation", "Function", "UnwindTable", "DATA_UNIT", "OMIT"]

#: Call frame instructions: advance by a number of code units in the opcode, or in an operand of a
#: size; a frame address that is a register and an offset.
_ADVANCE, _LONG_ADVANCES, _DEF_CFA = 0x40, {0x02: 1, 0x03: 2, 0x04: 4}, 0x0C
#: Factors of code distances and of offsets in the stack frame.
CODE_UNIT, DATA_UNIT = 4, -4
#: Registers: the stack pointer and the link register.
_SP, _LR = 1, 65
# Encodings of pointers: an unsigned or signed size, relative to the place, left out.
_POINTER_SIZES = {0x00: 4, 0x02: 2, 0x03: 4, 0x0A: 2, 0x0B: 4}
_RELATIVE, _RELATIVE_SIGNED, OMIT = 0x10, 0x1B, 0xFF


@dataclass(frozen=True)
class CommonInformation:
    """What a CIE says."""

    return_column: int = _LR
    signal: bool = False
    personality: tuple | None = None   # encoding and tree
    lsda: int = OMIT                   # encoding of the pointer in the FDE
    simple: bool = False


@dataclass
class Function:
    """From `.cfi_startproc` to `.cfi_endproc`."""

    section: object
    start: int
    end: int = 0
    common: CommonInformation = CommonInformation()
    lsda: object = None
    #: (offset in the section, bytes of an instruction).
    code: list = field(default_factory=list)
    #: Present offset of the frame address, and those that were remembered.
    offset: int = 0
    remembered: list = field(default_factory=list)


class UnwindTable:
    """The functions of a source."""

    def __init__(self):
        self.sections = (".eh_frame",)
        self.functions = []
        self.open = None

    def write(self, assembler):
        """Emit the tables, if there are functions."""
        if self.open:
            raise Problem(".cfi_startproc without .cfi_endproc")
        for name in self.sections * bool(self.functions):
            assembler.section = assembler.layout.open(name)
            _Writer(assembler, name == ".eh_frame").write(self.functions)


class _Writer:
    """Emits one table; .eh_frame differs from .debug_frame in how it points."""

    def __init__(self, assembler, eh):
        self.assembler, self.eh = assembler, eh

    def write(self, functions):
        self.assembler.align(4)
        places = {}
        for function in functions:
            if function.common not in places:
                places[function.common] = self.assembler.here()
                self._entry(*self._common(function.common))
            self._entry(*self._description(function, places[function.common]))

    def _entry(self, *parts):
        """An entry of bytes and of (size, function that gives the number)."""
        size = sum(len(part) if isinstance(part, bytes) else part[0] for part in parts)
        padding = bytes(-size % 4)
        self.assembler.put((size + len(padding)).to_bytes(4, "big"))
        for part in (*parts, padding):
            if isinstance(part, bytes):
                self.assembler.put(part)
            else:
                size, number = part
                here = self.assembler.here()
                self.assembler.emit(size, lambda size=size, number=number, here=here:
                                    (number(here) & (1 << 8 * size) - 1).to_bytes(size, "big"))

    def _pointer(self, encoding, tree):
        size = _POINTER_SIZES.get(encoding & 0xF)
        if size is None or encoding & 0x60:
            raise Problem(f"pointer encoding {encoding:#x} is not supported")
        value = self.assembler.value

        def number(here):
            return value(tree).number - (value(here).number if encoding & _RELATIVE else 0)
        return size, number

    def _common(self, common):
        letters, data, pointers = "", b"", ()
        if self.eh:
            letters, data = "zR", bytes([_RELATIVE_SIGNED])
            if common.lsda != OMIT:
                letters, data = "zLR", bytes([common.lsda]) + data
            if common.personality:
                letters = letters.replace("z", "zP")
                pointers = (self._pointer(*common.personality),)
            letters += "S" * common.signal
        start = bytes.fromhex("00000000" if self.eh else "ffffffff") + b"\1"
        start += letters.encode() + b"\0" + leb128(CODE_UNIT) + leb128(DATA_UNIT, signed=True)
        start += bytes([common.return_column])
        if self.eh:
            extra = (bytes([common.personality[0]]), *pointers) if pointers else ()
            size = len(data) + (1 + pointers[0][0] if pointers else 0)
            yield from (start + leb128(size), *extra, data)
        else:
            yield start
        yield b"" if common.simple else bytes([_DEF_CFA, _SP, 0])

    def _description(self, function, place):
        value = self.assembler.value
        begin = Address(function.section, function.start)
        if self.eh:
            yield 4, lambda here: value(here).number - value(place).number
            yield self._pointer(_RELATIVE_SIGNED, begin)
        else:
            yield 4, lambda here: place.offset
            yield self._pointer(0, begin)
        yield (function.end - function.start).to_bytes(4, "big")
        if self.eh:
            lsda = (() if function.lsda is None
                    else (self._pointer(function.common.lsda, function.lsda),))
            yield leb128(sum(size for size, _ in lsda))
            yield from lsda
        position, code = function.start, b""
        for offset, instruction in function.code:
            code += _advance(offset - position) + instruction
            position = offset
        yield code


def _advance(distance):
    count = distance // CODE_UNIT
    if distance % CODE_UNIT:
        raise Problem(f"a .cfi_ directive must be at a multiple of {CODE_UNIT}")
    if count < 0x40:
        return bytes([_ADVANCE | count]) if count else b""
    opcode, size = next((opcode, size) for opcode, size in _LONG_ADVANCES.items()
                        if count < 1 << 8 * size)
    return bytes([opcode]) + count.to_bytes(size, "big")
