"""Alignment of loaded data: from a double word of the cache to a register (PEM 3.1.4, 4.2.3)."""

from amaranth.hdl import C, Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.float_registers import single_to_double

__all__ = ["LoadAligner", "bytes_swapped"]


def bytes_swapped(value):
    """A word with its bytes in the opposite order."""
    return Cat(value[24:32], value[16:24], value[8:16], value[:8])


class LoadAligner(wiring.Component):
    """Takes bytes out of a double word, and converts."""

    double: In(64)
    #: So many bytes are taken; so many of the double word are behind them.
    take: In(4)
    behind: In(4)
    #: What earlier parts of the access have brought.
    before: In(64)
    #: Bytes of the register in all, in the opposite order, with sign.
    size: In(4)
    reverse: In(1)
    algebraic: In(1)
    #: A floating-point register gets a single-precision number.
    single: In(1)
    #: The bytes; what a register gets of them.
    raw: Out(64)
    general: Out(32)
    float: Out(64)

    def elaborate(self, platform):
        m = Module()
        raw = self.raw
        mask = (C(1, 64) << (self.take << 3)) - 1
        m.d.comb += raw.eq((self.before << (self.take << 3))
                           | (self.double >> (self.behind << 3)) & mask)
        half = Cat(raw[8:16], raw[:8])
        with m.If(self.algebraic):
            m.d.comb += self.general.eq(raw[:16].as_signed())
        with m.Elif(self.reverse):
            m.d.comb += self.general.eq(Mux(self.size == 2, half, bytes_swapped(raw)))
        with m.Else():
            m.d.comb += self.general.eq(raw)
        converted = single_to_double(m, raw[:32], "to_double")
        m.d.comb += self.float.eq(Mux(self.single, converted, raw))
        return m
