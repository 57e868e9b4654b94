"""Adds two aligned terms and normalises the sum: leading zeros are counted and shifted out."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.fpu.formats import normalise

__all__ = ["Add"]


class Add(wiring.Component):
    """Second stage.

    Parameters
    ----------
    formats : Formats
    """

    def __init__(self, formats):
        self.formats = formats
        super().__init__({"terms": In(formats.aligned),
            #: Rounding mode toward -infinity: x - x is -0 (PEM 3.3.5).
            "downward": In(1),
                          "number": Out(formats.number)})

    def elaborate(self, platform):
        m = Module()
        window, terms, out = self.formats.window, self.terms, self.number
        difference = Signal(signed(window + 1))
        total = Signal(window + 1)
        negative = Signal()
        m.d.comb += [
            difference.eq(terms.larger - terms.smaller),
            # Only terms with almost the same exponent: nothing of them has been shifted out.
            negative.eq(terms.subtract & (difference < 0)),
            total.eq(Mux(terms.subtract, Mux(negative, -difference, difference),
                         terms.larger + terms.smaller)),
        ]
        shifted, zeros = normalise(m, total, "sum")
        kept = len(out.significand) - 1
        m.d.comb += [
            out.exponent.eq(terms.exponent + 1 - zeros),
            out.significand.eq(Cat(shifted[:-kept].any(), shifted[-kept:])),
            out.sign.eq(Mux(terms.subtract & ~shifted[-1], self.downward, terms.sign ^ negative)),
        ]
        return m
