"""The reservation of lwarx and stwcx. (PEM 4.2.6): one block, until a write to it.

The address of a stwcx. is not compared (IBM 750GX UM p. 131). With several processors the block is
lost to any of them that reads it, too: a cache that has it may be written to without a word on the
bus. So that two processors do not take it from each other for ever before either has stored, a
reservation whose block had to be fetched keeps others away for a few cycles.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.sizes import LINE_BITS

__all__ = ["Reservation"]

_LINE = 32 - LINE_BITS
#: Cycles that a new reservation is kept: lwarx, a few instructions, stwcx.
NEW = 64


class Reservation(wiring.Component):
    """A bit, and the number of a block."""

    #: lwarx: a reservation of block `set_line`. stwcx.: there is none any more.
    set: In(1)
    set_line: In(_LINE)
    #: The block was not in the cache.
    fetched: In(1)
    clear: In(1)
    #: Another master writes to this block.
    foreign: In(1)
    foreign_line: In(_LINE)
    #: Is there a reservation, in this cycle too?
    holds: Out(1)
    #: Another processor is to wait for the block.
    new: Out(1)

    def elaborate(self, platform):
        m = Module()
        reserved = Signal()
        line = Signal(_LINE)
        lost = Signal()
        left = Signal(range(NEW))   # cycles
        m.d.comb += [lost.eq(self.foreign & (self.foreign_line == line)),
                     self.holds.eq(reserved & ~lost), self.new.eq(left != 0)]
        with m.If(self.new):
            m.d.sync += left.eq(left - 1)
        with m.If(lost | self.clear):
            m.d.sync += [reserved.eq(0), line.eq(0), left.eq(0)]
        with m.If(self.set):
            m.d.sync += [reserved.eq(1), line.eq(self.set_line),
                         left.eq(Mux(self.fetched, NEW - 1, left))]
        return m
