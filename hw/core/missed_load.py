"""A load that missed waits for its double word beside the second stage (MPC750 UM 3.3)."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.load_result import Load
from pteg.hw.sizes import CQ_MOST

__all__ = ["MissedLoad"]


class MissedLoad(wiring.Component):
    """One load: the 750 has one data miss under way."""

    #: The load in the second stage leaves it, to wait here.
    enters: In(1)
    entering: In(Load)
    #: The cache has ended what it took.
    done: In(1)
    #: Completion queue entries whose instructions are dropped.
    drop: In(CQ_MOST)
    #: The load that waits; the double word is there in this cycle.
    load: Out(Load)
    arrives: Out(1)
    #: There is one.
    waits: Out(1)

    def elaborate(self, platform):
        m = Module()
        waits = self.waits
        m.d.comb += self.arrives.eq(waits & self.done)
        with m.If(self.arrives):
            m.d.sync += waits.eq(0)
        with m.If(self.enters):
            m.d.sync += [waits.eq(1), self.load.eq(self.entering)]
        with m.If(waits & self.drop.bit_select(self.load.cq, 1)):
            m.d.sync += waits.eq(0)
        return m
