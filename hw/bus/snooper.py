"""The processor's side of snooping: watches the address bus, and answers with ARTRY (MPC750 UM 3.9,
8.3.3).

A global transaction of another master is looked up in the caches from its TS on. If a cache has the
block modified, or cannot say yet, ARTRY cancels the transaction. The cache pushes the block, and
the other master repeats the transaction until it passes.

    ts      __/--\\____________________/--\\____________
    aack    _____/--\\____________________/--\\_________
    window  ________/--\\____________________/--\\______
    artry   ________/--\\______________________________     modified, or busy
    valid   _____/-------------------------------\\____     from the first TS until it passes
    push                  ############                     TS to TA of the castout
    done    __________________________/----------\\____     memory is up to date

Until the transaction passes, the block is not read again: it would be lost again, and for ever.
One block at a time is snooped: another one gets ARTRY. Simplified: a block that is modified is
pushed even if all of it is about to be overwritten (write with kill).
"""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import AddressSnoop, SnoopPort
from pteg.hw.isa.registers import Wimg
from pteg.hw.sizes import LINE_BITS
from pteg.hw.words import flag

__all__ = ["Snooper"]


class Snooper(wiring.Component):
    """Between the address bus and the caches of a processor. It has the core's clock."""

    #: The last core cycle of a bus clock.
    edge: In(1)
    bus: In(AddressSnoop())
    caches: Out(SnoopPort())

    def elaborate(self, platform):
        m = Module()
        bus, caches = self.bus, self.caches
        snooped = Signal()
        same = Signal()     # the block that is snooped already
        clean = bus.tt == TransferType.READ
        m.d.comb += [
            snooped.eq(bus.foreign & flag(bus.wimg, Wimg.M)),
            same.eq(caches.valid & (caches.pa[LINE_BITS:] == bus.a[LINE_BITS:])
                    & (caches.clean == clean)),
            bus.artry.eq(bus.window & snooped & ~(same & caches.done)),
        ]
        with m.If(self.edge & bus.ts & snooped & ~caches.valid):
            m.d.sync += [caches.valid.eq(1), caches.pa.eq(bus.a), caches.clean.eq(clean)]
        with m.If(self.edge & bus.window & same & ~bus.retried):
            m.d.sync += caches.valid.eq(0)
        return m
