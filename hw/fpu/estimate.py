"""Estimates: fres and frsqrte from tables (MPC750 UM 2.3.4.2.1).

The significand chooses one of 32 intervals, each with a straight line: where it begins, and how far
it descends from one step to the next. The manuals promise an error of at most 1/4096; the tables
are those of the hardware.
"""

from amaranth.hdl import Array, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Estimate"]

#: By interval: 14 bits of fraction; descent for each of 1024 steps, in 24 bits of fraction.
_RECIPROCAL = (
    (0x3FFC, 0x3E1), (0x3C1C, 0x3A7), (0x3875, 0x371), (0x3504, 0x340), (0x31C4, 0x313),
    (0x2EB1, 0x2EA), (0x2BC8, 0x2C4), (0x2904, 0x2A0), (0x2664, 0x27F), (0x23E5, 0x261),
    (0x2184, 0x245), (0x1F40, 0x22A), (0x1D16, 0x212), (0x1B04, 0x1FB), (0x190A, 0x1E5),
    (0x1725, 0x1D1), (0x1554, 0x1BE), (0x1396, 0x1AC), (0x11EB, 0x19B), (0x104F, 0x18B),
    (0x0EC4, 0x17C), (0x0D48, 0x16E), (0x0BD7, 0x15B), (0x0A7C, 0x15B), (0x0922, 0x143),
    (0x07DF, 0x143), (0x069C, 0x12D), (0x056F, 0x12D), (0x0442, 0x11A), (0x0328, 0x11A),
    (0x020E, 0x108), (0x0106, 0x106))
#: Even exponents first. 15 bits of fraction; descent for each of 2048 steps, in 26 bits.
_ROOT = (
    (0x7FF4, 0x7A4), (0x7852, 0x700), (0x7154, 0x670), (0x6AE4, 0x5F2), (0x64F2, 0x584),
    (0x5F6E, 0x524), (0x5A4C, 0x4CC), (0x5580, 0x47E), (0x5102, 0x43A), (0x4CCA, 0x3FA),
    (0x48D0, 0x3C2), (0x450E, 0x38E), (0x4182, 0x35E), (0x3E24, 0x332), (0x3AF2, 0x30A),
    (0x37E8, 0x2E6), (0x34FD, 0x568), (0x2F97, 0x4F3), (0x2AA5, 0x48D), (0x2618, 0x435),
    (0x21E4, 0x3E7), (0x1DFE, 0x3A2), (0x1A5C, 0x365), (0x16F8, 0x32E), (0x13CA, 0x2FC),
    (0x10CE, 0x2D0), (0x0DFE, 0x2A8), (0x0B57, 0x283), (0x08D4, 0x261), (0x0673, 0x243),
    (0x0431, 0x226), (0x020B, 0x20B))
#: Bits of an estimate behind its leading one.
_DIGITS = 26


class Estimate(wiring.Component):
    """1 / b or 1 / sqrt(b) of a finite positive number. Only for doubles and singles.

    Parameters
    ----------
    formats : Formats
    """

    def __init__(self, formats):
        self.formats = formats
        super().__init__({
            "root": In(1),
            #: Of the operand.
            "exponent": In(formats.exponent),
            "significand": In(formats.wide.precision),
            #: Significand of the result: the leading one first.
            "estimate": Out(_DIGITS + 1), "estimate_exponent": Out(formats.exponent),
        })

    def elaborate(self, platform):
        m = Module()
        fraction = self.significand[:-1]
        begin = Signal(_DIGITS)
        descent = Signal(_DIGITS)
        with m.If(self.root):
            odd = self.exponent[0]
            interval = Signal(5)
            m.d.comb += [
                interval.eq(Mux(odd, 16, 0) | fraction[-4:]),
                begin.eq(self._table(_ROOT, 0)[interval] << _DIGITS - 15),
                descent.eq(self._table(_ROOT, 1)[interval] * fraction[-15:-4]),
                self.estimate_exponent.eq(-1 - (self.exponent >> 1)),
            ]
        with m.Else():
            interval = fraction[-5:]
            m.d.comb += [
                begin.eq(self._table(_RECIPROCAL, 0)[interval] << _DIGITS - 14),
                descent.eq((self._table(_RECIPROCAL, 1)[interval] * fraction[-15:-5])
                           << _DIGITS - 24),
                self.estimate_exponent.eq(-1 - self.exponent),
            ]
        m.d.comb += self.estimate.eq((1 << _DIGITS | begin) - descent)
        return m

    @staticmethod
    def _table(rows, column):
        return Array(Const(row[column], 15) for row in rows)
