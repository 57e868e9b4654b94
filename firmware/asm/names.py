"""Directives about symbols: values, binding, visibility, type, size, common room."""

from collections.abc import Callable

from pteg.firmware.asm.expression import Number, Problem, Symbol
from pteg.firmware.asm.operands import adder, take_operands
from pteg.firmware.asm.places import org, reserve
from pteg.firmware.asm.program import Binding, Visibility
from pteg.firmware.asm.source import parse_string, split_operands, symbol_name

__all__ = ["NAME_DIRECTIVES"]

NAME_DIRECTIVES: dict[str, Callable] = {}

_directive = adder(NAME_DIRECTIVES)

#: Types of `.type`, by the names that the ELF specification and GNU as have for them.
_TYPES = {"function": "function", "stt_func": "function", "object": "object",
          "stt_object": "object", "notype": "notype", "stt_notype": "notype",
          "gnu_unique_object": "object", "common": "object", "stt_common": "object"}


@_directive(".set", ".equ")
def _set(assembler, text):
    name, value = take_operands(text, 2, 2, ".set")
    if name == ".":
        org(assembler, value)
    else:
        assembler.symbols.assign(symbol_name(name), assembler.tree(value))


@_directive(".equiv")
def _equiv(assembler, text):
    name = symbol_name(take_operands(text, 2, 2, ".equiv")[0])
    if name in assembler.symbols:
        raise Problem(f"{name!r} is defined twice")
    _set(assembler, text)


def _names(text, name):
    parts = split_operands(text)
    if not parts:
        raise Problem(f"{name} must have a symbol")
    return [symbol_name(part) for part in parts]


for _name, _binding in ((".globl", Binding.GLOBAL), (".global", Binding.GLOBAL),
                        (".weak", Binding.WEAK), (".local", Binding.LOCAL)):
    _directive(_name)(lambda assembler, text, name=_name, binding=_binding:
                      assembler.symbols.bind(_names(text, name), binding))

for _visibility in Visibility:
    _directive(f".{_visibility.name.lower()}")(
        lambda assembler, text, visibility=_visibility: assembler.symbols.visibilities.update(
            dict.fromkeys(_names(text, f".{visibility.name.lower()}"), visibility)))


@_directive(".extern")
def _extern(assembler, text):
    _names(text, ".extern")


@_directive(".weakref")
def _weakref(assembler, text):
    alias, target = (symbol_name(part) for part in take_operands(text, 2, 2, ".weakref"))
    assembler.symbols.assign(alias, Symbol(target))
    if target not in assembler.symbols.bindings:
        assembler.symbols.bind([target], Binding.WEAK)


@_directive(".type")
def _type(assembler, text):
    # `.type name, @function`; the comma may be left out.
    parts = split_operands(text)
    if len(parts) == 1:
        parts = parts[0].rsplit(None, 1)
    if len(parts) != 2:
        raise Problem(".type must have a symbol and a type")
    name, kind = parts
    known = _TYPES.get(kind.strip('"').lstrip("@%").lower())
    if known is None:
        raise Problem(f".type must be @function, @object or @notype, not {kind!r}")
    assembler.symbols.types[symbol_name(name)] = known


@_directive(".size")
def _size(assembler, text):
    name, size = take_operands(text, 2, 2, ".size")
    name, tree = symbol_name(name), assembler.tree(size)
    assembler.check(lambda: assembler.symbols.sizes.update({name: assembler.value(tree).number}))


def _room(assembler, text, directive, default):
    """Symbol, size and alignment that `.comm` and `.lcomm` have."""
    name, size, *alignment = take_operands(text, 2, 3, directive)
    size = assembler.number(size)
    if size < 0:
        raise Problem(f"{directive} size must not be negative, but is {size}")
    return symbol_name(name), size, assembler.number(alignment[0]) if alignment else default(size)


def _natural(size):
    """Alignment of an object of which only the size is known."""
    return min(1 << max(size - 1, 0).bit_length(), 16)


@_directive(".comm", ".common")
def _comm(assembler, text):
    assembler.symbols.common(*_room(assembler, text, ".comm", _natural))


@_directive(".lcomm")
def _lcomm(assembler, text):
    # The PowerPC port of GNU as aligns to eight bytes, whatever the size.
    name, size, alignment = _room(assembler, text, ".lcomm", lambda size: 8)
    section = assembler.section
    # Behind everything that `.bss` has of itself.
    assembler.section = assembler.layout.open(".bss", subsection=1)
    try:
        assembler.align(alignment)
        assembler.symbols.define(name, assembler.here())
        reserve(assembler, Number(size))
    finally:
        assembler.section = section


@_directive(".error", ".err")
def _error(assembler, text):
    message = parse_string(text).decode(errors="replace") if text else ".err"
    raise Problem(" ".join(message.split()))
