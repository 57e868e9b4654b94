"""The reservation of lwarx and stwcx. (PEM 4.2.6): one block, until a write to it.

The address of a stwcx. is not compared (IBM 750GX UM p. 131).
"""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.sizes import LINE_BITS

__all__ = ["Reservation"]

_LINE = 32 - LINE_BITS


class Reservation(wiring.Component):
    """A bit, and the number of a block."""

    #: lwarx: a reservation of block `set_line`. stwcx.: there is none any more.
    set: In(1)
    set_line: In(_LINE)
    clear: In(1)
    #: Another master writes to this block.
    foreign: In(1)
    foreign_line: In(_LINE)
    #: Is there a reservation, in this cycle too?
    holds: Out(1)

    def elaborate(self, platform):
        m = Module()
        reserved = Signal()
        line = Signal(_LINE)
        lost = Signal()
        m.d.comb += [lost.eq(self.foreign & (self.foreign_line == line)),
                     self.holds.eq(reserved & ~lost)]
        with m.If(lost | self.clear):
            m.d.sync += [reserved.eq(0), line.eq(0)]
        with m.If(self.set):
            m.d.sync += [reserved.eq(1), line.eq(self.set_line)]
        return m
