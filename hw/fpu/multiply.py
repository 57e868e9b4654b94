"""Multiplier: the exact product of two significands, in one pass or two.

The array takes as much of frC in a pass as a single-precision product needs, with a bit to spare.
Such products are made in one pass; if frC has more digits than a single, which the architecture
forbids, it is rounded to what the array takes. The others need two passes, the low digits first,
which is why the unit starts one only every other cycle (MPC750 UM table 6-7).
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Multiplier"]


class Multiplier(wiring.Component):
    """53 by 26 bits, with an accumulator.

    Parameters
    ----------
    formats : Formats
    """

    def __init__(self, formats):
        precision = formats.wide.precision
        self.low = precision - formats.narrow.precision - 1
        super().__init__({
            #: Significands, held during both passes.
            "a": In(precision), "c": In(precision),
            #: One pass, and c rounded.
            "narrow": In(1),
            #: Multiply by the low digits, and keep the result for the next pass.
            "low_pass": In(1),
            #: This is the second pass.
            "accumulate": In(1), "product": Out(2 * precision),
        })

    def elaborate(self, platform):
        m = Module()
        low = self.low
        high_digits = Signal(len(self.c) - low + 1)
        factor = Signal(max(low, len(high_digits)))
        partial = Signal(len(self.a) + low)   # of the first pass
        pass_product = Signal(len(self.a) + len(factor))
        m.d.comb += [
            high_digits.eq(self.c[low:] + (self.narrow & self.c[low - 1])),
            factor.eq(Mux(self.low_pass, self.c[:low], high_digits)),
            pass_product.eq(self.a * factor),
            self.product.eq(Cat(Const(0, low), pass_product) + Mux(self.accumulate, partial, 0)),
        ]
        with m.If(self.low_pass):
            m.d.sync += partial.eq(pass_product)
        return m
