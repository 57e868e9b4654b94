"""Instruction cache throttling (MPC750 UM 10.4; IBM 750GX UM p. 77, 347).

ICTC[FI] core cycles pass between two forwardings of the instruction cache to the instruction
queue, while ICTC[E] is set. The target cache gives its instructions without delay. A change of ICTC
acts at once: the cycles since the last forwarding count.

    forwards  __/--\\______________/--\\___
    closed    _____/-------------\\_______     FI cycles
"""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.isa.registers import Ictc

__all__ = ["Throttle"]


class Throttle(wiring.Component):
    """Keeps fetch waiting."""

    ictc: In(32)
    #: Instructions come from the cache, or a fault of a fetch, in this cycle.
    forwards: In(1)
    #: Nothing may be fetched.
    closed: Out(1)

    def elaborate(self, platform):
        m = Module()
        interval = self.ictc[Ictc.FI.slice]
        passed = Signal.like(interval)  # cycles since the last forwarding, while throttled
        with m.If(self.ictc[Ictc.E.slice]):
            m.d.comb += self.closed.eq(passed < interval)
            with m.If(self.forwards):
                m.d.sync += passed.eq(0)
            with m.Elif(self.closed):
                m.d.sync += passed.eq(passed + 1)
        return m
