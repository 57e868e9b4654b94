"""Unpacks an operand: class, sign, exponent, significand with a leading one (PEM 3.1.2).

Denormalised numbers are normalised here, so that the rest of the unit need not know them. Non-IEEE
mode changes nothing here, as recorded on hardware, whatever MPC750 UM table 2-5 says.
"""

from amaranth.hdl import Cat, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.fpu.formats import normalise

__all__ = ["Unpack"]


class Unpack(wiring.Component):
    """One operand.

    Parameters
    ----------
    formats : Formats
    """

    def __init__(self, formats):
        self.format = formats.wide
        super().__init__({"bits": In(formats.wide.width), "operand": Out(formats.operand)})

    def elaborate(self, platform):
        m = Module()
        wide, bits, out = self.format, self.bits, self.operand
        fraction = bits[:wide.fraction]
        biased = bits[wide.fraction:-1]
        special, normal = biased.all(), biased.any()

        m.d.comb += [
            out.bits.eq(bits),
            out.sign.eq(bits[-1]),
            out.zero.eq(~normal & ~fraction.any()),
            out.infinite.eq(special & ~fraction.any()),
            out.nan.eq(special & fraction.any()),
            out.signalling.eq(out.nan & ~fraction[-1]),
            out.exponent.eq(biased - wide.bias),
            out.significand.eq(Cat(fraction, 1)),
        ]
        with m.If(~normal):
            shifted, zeros = normalise(m, Cat(fraction, 0), "denormalised")
            m.d.comb += [out.exponent.eq(wide.least - zeros), out.significand.eq(shifted)]
        with m.If(out.zero):
            m.d.comb += out.significand.eq(0)
        return m
