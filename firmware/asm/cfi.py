"""Directives that describe a function for unwinding: `.cfi_startproc` to `.cfi_endproc`.

Each puts one call frame instruction (DWARF standard, 6.4.2) into the open `Function`.
"""

import re
from collections.abc import Callable

from pteg.firmware.asm.expression import Problem
from pteg.firmware.asm.leb128 import leb128
from pteg.firmware.asm.operands import adder, take_operands
from pteg.firmware.asm.source import symbol_name
from pteg.firmware.asm.unwind import DATA_UNIT, OMIT, CommonInformation, Function

__all__ = ["UNWIND_DIRECTIVES"]

UNWIND_DIRECTIVES: dict[str, Callable] = {}

_directive = adder(UNWIND_DIRECTIVES)

# Call frame instructions; the first two have a register in their low six bits.
_OFFSET, _RESTORE = 0x80, 0xC0
_OFFSET_EXTENDED, _RESTORE_EXTENDED, _OFFSET_EXTENDED_SF, _VAL_OFFSET_SF = 0x05, 0x06, 0x11, 0x15
_REMEMBER, _RESTORE_STATE, _DEF_CFA, _DEF_CFA_OFFSET = 0x0A, 0x0B, 0x0C, 0x0E
#: Instructions that are only an opcode and registers: the opcode, how many registers.
_OF_REGISTERS = {".cfi_undefined": (0x07, 1), ".cfi_same_value": (0x08, 1),
                 ".cfi_register": (0x09, 2), ".cfi_def_cfa_register": (0x0D, 1)}
#: Numbers of registers (System V ABI, PowerPC supplement), by name, and by prefix: that of the
#: first, and how many there are.
_REGISTERS = {"sp": 1, "rtoc": 2, "lr": 65, "ctr": 66, "cr": 70, "xer": 76}
_NUMBERED = {"r": (0, 32), "f": (32, 32), "cr": (68, 8)}


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
    return _REGISTERS[name] if name in _REGISTERS else _byte(assembler, text)


def _byte(assembler, text):
    """A number of a register or of an encoding."""
    number = assembler.number(text)
    if not 0 <= number <= 0xFF:
        raise Problem(f"number must be 0 to 255 here, not {number}")
    return number


def _common(assembler, **changes):
    function = _function(assembler)
    function.common = CommonInformation(**vars(function.common) | changes)
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
    assembler.unwind.open = Function(assembler.section, assembler.section.size,
                                      common=CommonInformation(simple=text == "simple"))


@_directive(".cfi_endproc")
def _endproc(assembler, text):
    function = _function(assembler)
    function.end = assembler.section.size
    assembler.unwind.functions.append(function)
    assembler.unwind.open = None


def _of_registers(name, opcode, count):
    def directive(assembler, text):
        parts = take_operands(text, count, count, name)
        _put(assembler, bytes([opcode]), *(leb128(_register(assembler, part)) for part in parts))
    return directive


for _name, (_opcode, _count) in _OF_REGISTERS.items():
    _directive(_name)(_of_registers(_name, _opcode, _count))


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
    factored, rest = divmod(assembler.number(offset) - relative, DATA_UNIT)
    if rest:
        raise Problem(f"{name} offset must be a multiple of {-DATA_UNIT}, not {offset}")
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
    encoding = _byte(assembler, encoding)
    if encoding == OMIT:
        _common(assembler, personality=None)
    elif name:
        _common(assembler, personality=(encoding, assembler.tree(name[0])))
    else:
        raise Problem(".cfi_personality must have an encoding and a symbol")


@_directive(".cfi_lsda")
def _lsda(assembler, text):
    encoding, *name = take_operands(text, 1, 2, ".cfi_lsda")
    encoding = _byte(assembler, encoding)
    if encoding != OMIT and not name:
        raise Problem(".cfi_lsda must have an encoding and a symbol")
    function = _common(assembler, lsda=encoding)
    function.lsda = assembler.tree(name[0]) if encoding != OMIT else None
