"""Aligns product and addend: the one with the smaller exponent is shifted to the right.

What is shifted out sets the last bit. It is far enough behind the point of rounding: if so many
places are shifted that something is lost, the difference of the terms loses one place at most.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.fpu.formats import sticky_shift

__all__ = ["Align"]


class Align(wiring.Component):
    """Places the terms of a sum.

    Parameters
    ----------
    formats : Formats
    """

    def __init__(self, formats):
        self.formats = formats
        super().__init__({
            #: Of the product.
            "sign": In(1), "zero": In(1),
            #: Of the product's highest bit, which may be zero.
            "exponent": In(formats.exponent),
            "product": In(2 * formats.wide.precision),
            #: Its sign as it enters the sum.
            "addend": In(formats.operand),
            "terms": Out(formats.aligned),
        })

    def elaborate(self, platform):
        m = Module()
        window, precision = self.formats.window, self.formats.wide.precision
        addend, out = self.addend, self.terms
        addend_first = Signal()
        distance = Signal(self.formats.exponent)
        magnitude = Signal(len(distance))
        places = Signal(range(window + 1))
        product = Cat(Const(0, 2), self.product)
        shifted_addend = Cat(Const(0, precision + 2), addend.significand)
        m.d.comb += [
            distance.eq(self.exponent - addend.exponent),
            addend_first.eq(~addend.zero & (self.zero | (distance < 0))),
            magnitude.eq(Mux(addend_first, -distance, distance)),
            places.eq(Mux(magnitude > window, window, magnitude)),
            out.sign.eq(Mux(addend_first, addend.sign, self.sign)),
            out.subtract.eq(self.sign ^ addend.sign),
            out.exponent.eq(Mux(addend_first, addend.exponent, self.exponent)),
            out.larger.eq(Mux(addend_first, shifted_addend, product)),
            out.smaller.eq(sticky_shift(Mux(addend_first, product, shifted_addend), places)),
        ]
        return m
