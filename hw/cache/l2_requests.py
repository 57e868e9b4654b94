"""Requests to the L2: which one it works on (MPC750 UM 9.1.1).

In order of priority: a global invalidation, another bus master's snoop, the data cache, its
castouts, instruction fetches. A fetch of the block that a snoop is about waits.
"""

from amaranth.hdl import Array, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.interfaces import SnoopPort
from pteg.hw.cache.enums import Who
from pteg.hw.sizes import LINE_BITS

__all__ = ["L2Requests"]

#: Ports of the first level.
PORTS = (Who.DATA, Who.CASTOUT, Who.FETCH)


class L2Requests(wiring.Component):
    """Chooses a request, and remembers it."""

    snoop: In(SnoopPort())
    #: Requests of the first level for the L2, by `Who`; their addresses.
    asks: In(1).array(len(PORTS))
    addresses: In(32).array(len(PORTS))
    #: A castout goes past, so that the bus master for castouts is not free.
    past: In(1)
    #: It is in use; L2CR[L2I] is being set.
    on: In(1)
    invalidate: In(1)
    #: The L2 does nothing: another request can begin.
    idle: In(1)
    #: One begins at the end of this cycle; or a global invalidation, which `waits` until then.
    begin: Out(1)
    sweep: Out(1)
    waits: Out(1)
    #: Whose it is, and its address.
    who: Out(Who)
    pa: Out(32)
    #: The block of the snoop is no longer modified.
    seen: In(1)

    def elaborate(self, platform):
        m = Module()
        snoop = self.snoop
        snooped = Signal()
        chosen = Signal(Who)
        snooping = snoop.valid & ~snooped
        fetched = self.addresses[Who.FETCH][LINE_BITS:]
        awaited = snoop.valid & (snoop.pa[LINE_BITS:] == fetched)

        m.d.comb += [snoop.done.eq(snooped), self.sweep.eq(self.idle & self.waits)]
        with m.If(self.invalidate):
            m.d.sync += self.waits.eq(1)
        with m.If(~snoop.valid):
            m.d.sync += snooped.eq(0)
        with m.If(self.sweep):
            m.d.sync += self.waits.eq(0)
        with m.Elif(self.idle & ~self.past):
            with m.If(snooping):
                m.d.comb += [chosen.eq(Who.SNOOP), self.begin.eq(self.on)]
                with m.If(~self.on):
                    m.d.sync += snooped.eq(1)
            with m.Elif(self.asks[Who.DATA]):
                m.d.comb += [chosen.eq(Who.DATA), self.begin.eq(1)]
            with m.Elif(self.asks[Who.CASTOUT]):
                m.d.comb += [chosen.eq(Who.CASTOUT), self.begin.eq(1)]
            with m.Elif(self.asks[Who.FETCH] & ~awaited):
                m.d.comb += [chosen.eq(Who.FETCH), self.begin.eq(1)]
        with m.If(self.begin):
            m.d.sync += [self.who.eq(chosen),
                         self.pa.eq(Array([*self.addresses, snoop.pa])[chosen])]
        with m.If(self.seen):
            m.d.sync += snooped.eq(1)
        return m
