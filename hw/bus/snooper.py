"""The processor's side of snooping: watches the address bus, and answers with ARTRY (MPC750 UM 3.9,
8.3.3).

A global transaction of another master that moves data or kills a block is looked up in the caches
from its TS on. If a cache has the block modified, or cannot say yet, ARTRY cancels the transaction.
The cache pushes the block, and the other master repeats the transaction until it passes.

    ts      __/--\\____________________/--\\____________
    aack    _____/--\\____________________/--\\_________
    window  ________/--\\____________________/--\\______
    artry   ________/--\\______________________________     modified, or busy
    valid   _____/-------------------------------\\____     from the first TS until it passes
    push                  ############                     TS to TA of the castout
    done    __________________________/----------\\____     memory is up to date

Until the transaction passes, the block is not read again: it would be lost again, and for ever.
One block at a time is snooped: another one gets ARTRY. If it is somebody else who cancels the
transaction, the block is no longer snooped: three processors that snoop one block each could wait
for each other. Nor is it if a transaction of this processor's data master for it passes: what is
known about the block is no longer true then.

Which types count is the 750's choice (750GX UM p. 143 to 145): not clean and flush, that is, dcbst
and dcbf of another processor. Simplified: a block that is modified is pushed even if all of it is
about to be overwritten (write with kill), and a burst that only reads leaves the block in the
cache, because instruction fetches and devices keep no copy that could be stored to.
"""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import AddressSnoop, SnoopPort
from pteg.hw.bus.master import address_only
from pteg.hw.isa.registers import Wimg
from pteg.hw.sizes import LINE_BITS
from pteg.hw.words import flag

__all__ = ["Snooper"]


class Snooper(wiring.Component):
    """Between the address bus and the caches of a processor. It has the core's clock."""

    #: The last core cycle of a bus clock.
    edge: In(1)
    bus: In(AddressSnoop())
    #: The transaction is that of a master outside the processor; that of its data master.
    foreign: In(1)
    own: In(1)
    caches: Out(SnoopPort())

    def elaborate(self, platform):
        m = Module()
        bus, caches = self.bus, self.caches
        snooped = Signal()
        same = Signal()     # the block that is snooped already
        here = caches.valid & (caches.pa[LINE_BITS:] == bus.a[LINE_BITS:])
        clean = bus.tt == TransferType.READ
        moves = ~address_only(bus.tt) | (bus.tt == TransferType.KILL_BLOCK)
        m.d.comb += [
            snooped.eq(self.foreign & flag(bus.wimg, Wimg.M) & moves),
            same.eq(here & (caches.clean == clean)),
            bus.artry.eq(bus.window & snooped & ~(same & caches.done)),
            caches.passed.eq(self.edge & bus.window & ~bus.retried & self.own),
        ]
        with m.If(self.edge & bus.ts & snooped & ~caches.valid):
            m.d.sync += [caches.valid.eq(1), caches.pa.eq(bus.a), caches.clean.eq(clean)]
        with m.If(self.edge & bus.window & snooped & same & ~bus.artry | caches.passed & here):
            m.d.sync += caches.valid.eq(0)
        return m
