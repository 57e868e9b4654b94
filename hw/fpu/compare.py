"""Comparison: fcmpu and fcmpo (PEM 4.2.2.5)."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Compare"]


class Compare(wiring.Component):
    """Orders two operands.

    Parameters
    ----------
    formats : Formats
    """

    def __init__(self, formats):
        super().__init__({"a": In(formats.operand), "b": In(formats.operand),
                          #: Less, greater, equal, unordered.
                          "condition": Out(4)})

    def elaborate(self, platform):
        m = Module()
        a, b = self.a, self.b
        unordered = a.nan | b.nan
        equal = (a.bits == b.bits) | a.zero & b.zero
        # Magnitudes are ordered as integers.
        smaller = a.bits[:-1] < b.bits[:-1]
        less = Signal()
        m.d.comb += [
            less.eq(~equal & Mux(a.sign, ~(b.sign & smaller), ~b.sign & smaller)),
            self.condition.eq(Cat(0, equal, ~less & ~equal, less)),
        ]
        with m.If(unordered):
            m.d.comb += self.condition.eq(0b0001)
        return m
