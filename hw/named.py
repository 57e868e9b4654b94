"""Enumerations as fields of structs, so that waveforms show them by name.

Amaranth keeps the names of a signal's values if its shape is a plain Python enumeration, but drops
those of a struct's fields. A field whose shape is a `ShapeCastable` defines its own format.
"""

import enum

from amaranth.hdl import Const, Format, Shape, ShapeCastable, Value

__all__ = ["Named"]


class Named(ShapeCastable):
    """The shape of a plain enumeration; values are plain, and keep the names of its members.

    Parameters
    ----------
    members : type of enum.Enum
    """

    def __init__(self, members: type[enum.Enum]):
        self.members = members
        self._shape = Shape.cast(members)

    def as_shape(self):
        return self._shape

    def __call__(self, value):
        return Value.cast(value)

    def const(self, init):
        return Const(0 if init is None else Const.cast(init).value, self._shape)

    def from_bits(self, raw):
        return self.members(raw)

    def format(self, value, spec):
        return Format.Enum(value, self.members, name=self.members.__qualname__)

    def __eq__(self, other):
        return isinstance(other, Named) and self.members is other.members

    def __hash__(self):
        return hash(self.members)
