"""Small data areas of the embedded ABI: a register each that is in reach of all their data.

The base register of an area points to 0x8000 behind its start, unless the source or the caller
defines `_SDA_BASE_` or `_SDA2_BASE_`.
"""

from dataclasses import dataclass

from pteg.firmware.asm.expression import Problem, Symbol, Value, symbols

__all__ = ["SmallDataAreas"]

_MIDDLE = 0x8000


@dataclass(frozen=True)
class _Area:
    register: int
    base: str
    sections: tuple


_AREAS = (_Area(13, "_SDA_BASE_", (".sdata", ".sbss")),
          _Area(2, "_SDA2_BASE_", (".sdata2", ".sbss2")),
          _Area(0, "", (".PPC.EMB.sdata0", ".PPC.EMB.sbss0")))


class SmallDataAreas:
    """The areas of a source.

    Parameters
    ----------
    layout : Layout
    table : Symbols
    value : callable
        `value(tree)`: `Value` of an expression.
    """

    def __init__(self, layout, table, value):
        self._layout, self._symbols, self._value = layout, table, value
        self._wanted = set()

    def want(self, tree):
        """An operand has `@sda21`: if its symbols are common, they must be in the area."""
        self._wanted |= symbols(tree)

    def wants(self, name):
        """Whether a common symbol must be in a small data area."""
        return name in self._wanted

    def base(self, name):
        """`Value` of a base symbol that nothing defines, or None for another name."""
        area = next((area for area in _AREAS if name and area.base == name), None)
        if area is None or name in self._symbols:
            return None
        address = self._layout.lowest(*area.sections)
        if address is None:
            raise Problem(f"{name!r} is not defined, and there is no section {area.sections[0]}")
        return Value(address + _MIDDLE)

    def place(self, tree, register):
        """Base register and displacement of a place.

        The section says which register it is; for a mere number, the one that is written there.
        """
        section = self._symbols.section(tree)
        if section is None:
            where = f"where r{register} points"
            area = next((area for area in _AREAS if area.register == register), None)
        else:
            where = section.name
            area = next((area for area in _AREAS if section.name.startswith(area.sections)), None)
        if area is None:
            raise Problem(f"@sda21 must name a place in .sdata, .sbss, .sdata2 or .sbss2, "
                          f"not {where}")
        start = self._value(Symbol(area.base)).number if area.base else 0
        return area.register, self._value(tree).number - start
