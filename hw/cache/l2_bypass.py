"""The way past the L2: from a port of the first level to the bus master of the same name.

Caching-inhibited accesses, sync and eieio take it, and everything while the L2 is off or closed to
this port. What has begun to go past goes past to its end. Requests for which the L2 works use the
bus master too, when it says `forward`, and get their answer from the L2.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.bus.master import address_only
from pteg.hw.cache.interfaces import L2Answer
from pteg.hw.isa.registers import Wimg
from pteg.hw.words import flag

__all__ = ["L2Bypass"]

#: What a request consists of.
_REQUEST = ("type", "addr", "size", "burst", "wimg", "wdata")


class L2Bypass(wiring.Component):
    """One port of the first level and its bus master."""

    first: In(MemoryPort())
    bus: Out(MemoryPort())
    #: Everything goes past.
    closed: In(1)
    #: The L2 works for this port; it works, and needs the bus master: nothing new goes past.
    served: In(1)
    blocked: In(1)
    #: What the L2 says if it works for this port.
    answer: In(L2Answer())
    #: A request goes past; a request is for the L2.
    passes: Out(1)
    asks: Out(1)

    def elaborate(self, platform):
        m = Module()
        first, bus, answer = self.first, self.bus, self.answer
        passing = Signal()
        barrier = (first.type == TransferType.SYNC) | (first.type == TransferType.EIEIO)
        inhibited = flag(first.wimg, Wimg.I) & ~address_only(first.type)
        skips = self.closed | inhibited | barrier

        m.d.comb += [self.passes.eq(first.valid & (passing | skips & ~self.blocked)),
                     self.asks.eq(first.valid & ~self.passes)]
        m.d.sync += passing.eq(self.passes & ~first.done)
        m.d.comb += [
            *(getattr(bus, name).eq(getattr(first, name)) for name in _REQUEST),
            bus.valid.eq(self.passes | self.served & answer.forward),
            first.rdata.eq(Mux(self.served & answer.sram, answer.rdata, bus.rdata)),
        ]
        with m.If(self.served):
            m.d.comb += [first.beat.eq(answer.beat), first.done.eq(answer.done),
                         first.error.eq(answer.error)]
        with m.Elif(~self.blocked):
            m.d.comb += [first.beat.eq(bus.beat), first.done.eq(bus.done),
                         first.error.eq(bus.error)]
        return m
