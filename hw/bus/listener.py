"""Broadcasts: what the processors tell each other in address-only transactions.

With HID0[ABE], tlbie, tlbsync and icbi are such transactions, and each processor listens, the
sender too: what it hears it does when the transaction has passed. A 750 sends none of them (750GX
UM p. 120, 134); the answers are those of the 604 and the MPC7400 (MPC7400 UM p. 5-27):

* an icbi is cancelled (ARTRY) while an earlier one waits for the instruction cache;
* a tlbsync of another processor is cancelled until what was translated before is over;
* a sync of another processor is cancelled while an icbi waits.
"""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import AddressSnoop, BroadcastPort
from pteg.hw.isa.registers import Wimg
from pteg.hw.words import flag

__all__ = ["Listener"]


class Listener(wiring.Component):
    """Between the address bus and a processor. It has the core's clock."""

    #: The last core cycle of a bus clock.
    edge: In(1)
    bus: In(AddressSnoop())
    #: The transaction is that of a master outside the processor.
    foreign: In(1)
    told: Out(BroadcastPort())

    def elaborate(self, platform):
        m = Module()
        bus, told = self.bus, self.told
        counts = bus.window & flag(bus.wimg, Wimg.M)
        icbi = bus.tt == TransferType.ICBI
        passes = self.edge & counts & ~bus.retried
        m.d.comb += [
            bus.artry.eq(counts & (
                icbi & told.icbi_waits
                | self.foreign & (bus.tt == TransferType.SYNC) & told.icbi_waits
                | self.foreign & (bus.tt == TransferType.TLBSYNC) & told.translated)),
            told.address.eq(bus.a), told.icbi.eq(passes & icbi),
            told.tlbie.eq(passes & (bus.tt == TransferType.TLB_INVALIDATE)),
        ]
        return m
