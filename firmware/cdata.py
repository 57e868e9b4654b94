"""The data of a C program, seen in the memory of a running machine.

A program that is compiled with debug information (DWARF 5 Standard, chapters 4, 5) says where its
variables are and what they are made of. `Data` finds them by name::

    data = Data(elf, lambda address, size: machine.memory.read(address - 0xC0000000, size))
    data.processes[1].pid

Nothing is copied: every look at a value reads it from memory.
"""

import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from elftools.dwarf.dwarf_expr import DWARFExprParser
from elftools.elf.elffile import ELFFile

from pteg.errors import UserError

__all__ = ["Data", "Record", "Array"]

Reader = Callable[[int, int], bytes]

_TRANSPARENT = ("DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type")
_RECORDS = ("DW_TAG_structure_type", "DW_TAG_union_type")
#: DWARF encodings of base types that are signed: DW_ATE_signed, DW_ATE_signed_char.
_SIGNED = (5, 6)


class Data:
    """The global variables of a program, `static` ones too, as attributes.

    Parameters
    ----------
    elf : bytes
        The program, with debug information.
    read : function of (int, int) to bytes
        Reads memory at one of the program's addresses.
    """

    def __init__(self, elf: bytes, read: Reader):
        self._read = read
        self._variables = _variables(elf)

    def __getattr__(self, name: str) -> Any:
        address, die = self._variable(name)
        return _value(_type(die), address, self._read)

    def __contains__(self, name: str) -> bool:
        return name in self._variables

    def address(self, name: str) -> int:
        """Where a variable is."""
        return self._variable(name)[0]

    def at(self, name: str, address: int) -> Any:
        """What lies at an address, seen as if it had the type of a variable (of an array: of one of
        its elements; of a pointer, or of its elements that are pointers: of what they point to)."""
        kind = _type(self._variable(name)[1])
        for tag in ("DW_TAG_array_type", "DW_TAG_pointer_type"):
            if kind.tag == tag:
                kind = _type(kind)
        return _value(kind, address, self._read)

    def _variable(self, name: str) -> Any:
        try:
            return self._variables[name]
        except KeyError:
            raise UserError(f"the program has no variable {name!r}") from None


class Record:
    """A structure or union in memory; its members are attributes."""

    def __init__(self, die: Any, address: int, read: Reader):
        self._die, self.address, self._read = die, address, read

    def __getattr__(self, name: str) -> Any:
        members = _members(self._die)
        if name not in members:
            raise AttributeError(f"{_name(self._die)} has no member {name}")
        offset, kind = members[name]
        return _value(kind, self.address + offset, self._read)


class Array:
    """An array in memory."""

    def __init__(self, element: Any, count: int, address: int, read: Reader):
        self._element, self._count, self.address, self._read = element, count, address, read

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return _value(self._element, self.address + index * _size(self._element), self._read)

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(self._count))


@lru_cache(maxsize=16)
def _variables(elf: bytes) -> dict[str, tuple[int, Any]]:
    """Address and entry of each variable. It takes longer to read them than many a program runs."""
    variables: dict[str, tuple[int, Any]] = {}
    dwarf = ELFFile(io.BytesIO(elf)).get_dwarf_info()
    for unit in dwarf.iter_CUs():
        for die in unit.iter_DIE_children(unit.get_top_DIE()):
            place = _place(die, dwarf, unit) if die.tag == "DW_TAG_variable" else None
            if place is not None:
                variables.setdefault(_name(_declared(die)), (place, _declared(die)))
    return variables


def _name(die: Any) -> str:
    attribute = die.attributes.get("DW_AT_name")
    return attribute.value.decode() if attribute else "?"


def _declared(die: Any) -> Any:
    """The entry with name and type; a definition may refer to an earlier declaration."""
    if "DW_AT_specification" in die.attributes:
        return die.get_DIE_from_attribute("DW_AT_specification")
    return die


def _place(die: Any, dwarf: Any, unit: Any) -> int | None:
    """The address of a variable, or None if it has none."""
    location = die.attributes.get("DW_AT_location")
    if location is None or not isinstance(location.value, list) or not location.value:
        return None
    place = None
    for step in DWARFExprParser(unit.structs).parse_expr(location.value):
        if step.op_name == "DW_OP_addr":
            place = step.args[0]
        elif step.op_name == "DW_OP_addrx":
            place = dwarf.get_addr(unit, step.args[0])
        elif step.op_name == "DW_OP_plus_uconst" and place is not None:
            place += step.args[0]       # several variables that the compiler keeps together
        else:
            return None
    return place


@lru_cache(None)
def _type(die: Any) -> Any:
    """The type of an entry, without names and qualifiers."""
    die = die.get_DIE_from_attribute("DW_AT_type")
    return _type(die) if die.tag in _TRANSPARENT else die


@lru_cache(None)
def _members(die: Any) -> dict[str, tuple[int, Any]]:
    """Offset and type of each member of a record."""
    found = {}
    for member in die.iter_children():
        if member.tag == "DW_TAG_member":
            offset = member.attributes.get("DW_AT_data_member_location")
            found[_name(member)] = (offset.value if offset else 0, _type(member))
    return found


@lru_cache(None)
def _count(die: Any) -> int:
    """Number of elements of an array type."""
    bound = next(child for child in die.iter_children()
                 if child.tag == "DW_TAG_subrange_type").attributes
    if "DW_AT_count" in bound:
        return bound["DW_AT_count"].value
    return bound["DW_AT_upper_bound"].value + 1 if "DW_AT_upper_bound" in bound else 0


@lru_cache(None)
def _size(die: Any) -> int:
    if die.tag == "DW_TAG_array_type":
        return _count(die) * _size(_type(die))
    return die.attributes["DW_AT_byte_size"].value if die.tag != "DW_TAG_pointer_type" else 4


def _value(kind: Any, address: int, read: Callable[[int, int], bytes]) -> Any:
    """A number, or a view of something larger; an array of `char` is text."""
    if kind.tag in _RECORDS:
        return Record(kind, address, read)
    if kind.tag == "DW_TAG_array_type":
        element = _type(kind)
        if element.tag == "DW_TAG_base_type" and _name(element) == "char":
            return read(address, _count(kind)).partition(b"\0")[0].decode("latin-1")
        return Array(element, _count(kind), address, read)
    encoding = kind.attributes.get("DW_AT_encoding")
    signed = encoding is not None and encoding.value in _SIGNED
    return int.from_bytes(read(address, _size(kind)), "big", signed=signed)
