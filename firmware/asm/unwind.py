"""Unwind tables: how to find the caller's registers at each instruction (DWARF standard, 6.4).

The `.cfi_` directives describe one function after the other. For each of them a frame description
entry (FDE) goes to .eh_frame or .debug_frame; what functions have in common is in common
information entries (CIE).
"""

import re
from dataclasses import dataclass, field

from pteg.firmware.asm.expression import Address, Problem
from pteg.firmware.asm.leb128 import leb128
from pteg.firmware.asm.operands import adder, take_operands
from pteg.firmware.asm.source import symbol_name

__all__ = ["UNWIND_DIRECTIVES", "UnwindTable"]

UNWIND_DIRECTIVES = {}

_directive = adder(UNWIND_DIRECTIVES)

# Call frame instructions; the first three have an operand in their low six bits.
_ADVANCE, _OFFSET, _RESTORE = 0x40, 0x80, 0xC0
_OFFSET_EXTENDED, _RESTORE_EXTENDED, _OFFSET_EXTENDED_SF, _VAL_OFFSET_SF = 0x05, 0x06, 0x11, 0x15
_REMEMBER, _RESTORE_STATE, _DEF_CFA, _DEF_CFA_OFFSET = 0x0A, 0x0B, 0x0C, 0x0E
#: Instructions that are only an opcode and registers.
_OF_REGISTERS = {".cfi_undefined": (0x07, 1), ".cfi_same_value": (0x08, 1),
                 ".cfi_register": (0x09, 2), ".cfi_def_cfa_register": (0x0D, 1)}
#: Advances by a number of instructions that is not in the opcode: size of the operand.
_LONG_ADVANCES = {0x02: 1, 0x03: 2, 0x04: 4}
#: Factors of code distances and of offsets in the stack frame.
_CODE, _DATA = 4, -4
#: Numbers of registers beside r0 to r31 (System V ABI, PowerPC supplement).
_REGISTERS = {"sp": 1, "rtoc": 2, "lr": 65, "ctr": 66, "cr": 70, "xer": 76}
_NUMBERED = {"r": (0, 32), "f": (32, 32), "cr": (68, 8)}
# Encodings of pointers: an unsigned or signed size, relative to the place, left out.
_POINTER_SIZES = {0x00: 4, 0x02: 2, 0x03: 4, 0x0A: 2, 0x0B: 4}
_RELATIVE, _RELATIVE_SIGNED, _OMIT = 0x10, 0x1B, 0xFF


@dataclass(frozen=True)
class _Common:
    """What a CIE says."""

    return_column: int = _REGISTERS["lr"]
    signal: bool = False
    personality: tuple | None = None   # encoding and tree
    lsda: int = _OMIT                  # encoding of the pointer in the FDE
    simple: bool = False


@dataclass
class _Function:
    """From `.cfi_startproc` to `.cfi_endproc`."""

    section: object
    start: int
    end: int = 0
    common: _Common = _Common()
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
            if common.lsda != _OMIT:
                letters, data = "zLR", bytes([common.lsda]) + data
            if common.personality:
                letters = letters.replace("z", "zP")
                pointers = (self._pointer(*common.personality),)
            letters += "S" * common.signal
        start = bytes.fromhex("00000000" if self.eh else "ffffffff") + b"\1"
        start += letters.encode() + b"\0" + leb128(_CODE) + leb128(_DATA, signed=True)
        start += bytes([common.return_column])
        if self.eh:
            extra = (bytes([common.personality[0]]), *pointers) if pointers else ()
            size = len(data) + (1 + pointers[0][0] if pointers else 0)
            yield from (start + leb128(size), *extra, data)
        else:
            yield start
        yield b"" if common.simple else bytes([_DEF_CFA, _REGISTERS["sp"], 0])

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
    count = distance // _CODE
    if distance % _CODE:
        raise Problem(f"a .cfi_ directive must be at a multiple of {_CODE}")
    if count < 0x40:
        return bytes([_ADVANCE | count]) if count else b""
    opcode, size = next((opcode, size) for opcode, size in _LONG_ADVANCES.items()
                        if count < 1 << 8 * size)
    return bytes([opcode]) + count.to_bytes(size, "big")


# ---- directives

def _function(assembler):
    function = assembler.unwind.open
    if function is None:
        raise Problem("this must be between .cfi_startproc and .cfi_endproc")
    return function


def _put(assembler, *parts):
    function = _function(assembler)
    if function.section is not assembler.section:
        raise Problem(f"this function is in section {function.section.name}")
    function.code.append((assembler.section.size, b"".join(parts)))


def _register(assembler, text):
    """Number that a debugger has for a register."""
    name = text.lstrip("%").lower()
    match = re.fullmatch(r"([a-z]+)(\d+)", name)
    if match and match[1] in _NUMBERED and int(match[2]) < _NUMBERED[match[1]][1]:
        return _NUMBERED[match[1]][0] + int(match[2])
    return _REGISTERS[name] if name in _REGISTERS else assembler.number(text)


def _common(assembler, **changes):
    function = _function(assembler)
    function.common = _Common(**vars(function.common) | changes)
    return function


@_directive(".cfi_sections")
def _sections(assembler, text):
    names = tuple(text.replace(",", " ").split())
    if set(names) - {".eh_frame", ".debug_frame"}:
        raise Problem(f".cfi_sections must be .eh_frame or .debug_frame, not {text!r}")
    assembler.unwind.sections = names


@_directive(".cfi_startproc")
def _startproc(assembler, text):
    if assembler.unwind.open:
        raise Problem(".cfi_startproc without .cfi_endproc before it")
    assembler.unwind.open = _Function(assembler.section, assembler.section.size,
                                      common=_Common(simple=text == "simple"))


@_directive(".cfi_endproc")
def _endproc(assembler, text):
    function = _function(assembler)
    function.end = assembler.section.size
    assembler.unwind.functions.append(function)
    assembler.unwind.open = None


def _of_registers(name, opcode, count, assembler, text):
    parts = take_operands(text, count, count, name)
    _put(assembler, bytes([opcode]), *(leb128(_register(assembler, part)) for part in parts))


for _name, (_opcode, _count) in _OF_REGISTERS.items():
    _directive(_name)(lambda assembler, text, row=(_name, _opcode, _count):
                      _of_registers(*row, assembler, text))


def _set_offset(assembler, offset):
    _function(assembler).offset = offset
    return leb128(offset)


@_directive(".cfi_def_cfa")
def _def_cfa(assembler, text):
    register, offset = take_operands(text, 2, 2, ".cfi_def_cfa")
    _put(assembler, bytes([_DEF_CFA]), leb128(_register(assembler, register)),
         _set_offset(assembler, assembler.number(offset)))


@_directive(".cfi_def_cfa_offset")
def _def_cfa_offset(assembler, text):
    _put(assembler, bytes([_DEF_CFA_OFFSET]), _set_offset(assembler, assembler.number(text)))


@_directive(".cfi_adjust_cfa_offset")
def _adjust_cfa_offset(assembler, text):
    offset = _function(assembler).offset + assembler.number(text)
    _put(assembler, bytes([_DEF_CFA_OFFSET]), _set_offset(assembler, offset))


def _saved(assembler, text, name, relative=0):
    register, offset = take_operands(text, 2, 2, name)
    register = _register(assembler, register)
    factored, rest = divmod(assembler.number(offset) - relative, _DATA)
    if rest:
        raise Problem(f"{name} offset must be a multiple of {-_DATA}, not {offset}")
    return register, factored


def _offset_of(assembler, register, factored):
    if factored < 0:
        _put(assembler, bytes([_OFFSET_EXTENDED_SF]), leb128(register), leb128(factored, True))
    elif register < 0x40:
        _put(assembler, bytes([_OFFSET | register]), leb128(factored))
    else:
        _put(assembler, bytes([_OFFSET_EXTENDED]), leb128(register), leb128(factored))


@_directive(".cfi_offset")
def _offset(assembler, text):
    _offset_of(assembler, *_saved(assembler, text, ".cfi_offset"))


@_directive(".cfi_rel_offset")
def _rel_offset(assembler, text):
    _offset_of(assembler, *_saved(assembler, text, ".cfi_rel_offset",
                                  _function(assembler).offset))


@_directive(".cfi_val_offset")
def _val_offset(assembler, text):
    register, factored = _saved(assembler, text, ".cfi_val_offset")
    _put(assembler, bytes([_VAL_OFFSET_SF]), leb128(register), leb128(factored, True))


@_directive(".cfi_restore")
def _restore(assembler, text):
    for part in take_operands(text, 1, 32, ".cfi_restore"):
        register = _register(assembler, part)
        _put(assembler, *([bytes([_RESTORE | register])] if register < 0x40 else
                          [bytes([_RESTORE_EXTENDED]), leb128(register)]))


@_directive(".cfi_remember_state")
def _remember_state(assembler, text):
    function = _function(assembler)
    function.remembered.append(function.offset)
    _put(assembler, bytes([_REMEMBER]))


@_directive(".cfi_restore_state")
def _restore_state(assembler, text):
    function = _function(assembler)
    if not function.remembered:
        raise Problem(".cfi_restore_state without .cfi_remember_state")
    function.offset = function.remembered.pop()
    _put(assembler, bytes([_RESTORE_STATE]))


@_directive(".cfi_escape")
def _escape(assembler, text):
    _put(assembler, bytes(assembler.number(part) & 0xFF
                          for part in take_operands(text, 1, 255, ".cfi_escape")))


@_directive(".cfi_label")
def _label(assembler, text):
    assembler.symbols.define(symbol_name(text), assembler.here())


@_directive(".cfi_return_column")
def _return_column(assembler, text):
    _common(assembler, return_column=_register(assembler, text))


@_directive(".cfi_signal_frame")
def _signal_frame(assembler, text):
    _common(assembler, signal=True)


@_directive(".cfi_personality")
def _personality(assembler, text):
    encoding, *name = take_operands(text, 1, 2, ".cfi_personality")
    encoding = assembler.number(encoding)
    if encoding == _OMIT:
        _common(assembler, personality=None)
    elif name:
        _common(assembler, personality=(encoding, assembler.tree(name[0])))
    else:
        raise Problem(".cfi_personality must have an encoding and a symbol")


@_directive(".cfi_lsda")
def _lsda(assembler, text):
    encoding, *name = take_operands(text, 1, 2, ".cfi_lsda")
    encoding = assembler.number(encoding)
    if encoding != _OMIT and not name:
        raise Problem(".cfi_lsda must have an encoding and a symbol")
    function = _common(assembler, lsda=encoding)
    function.lsda = assembler.tree(name[0]) if encoding != _OMIT else None
