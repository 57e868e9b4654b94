"""Direct memory access: another master's way to the bus, past the data cache (MPC750 UM 3.3, 8.3).

What such a master does is global (GBL asserted): the processor snoops it. Before each transaction
the data cache is asked to write back and give up the block, or to write it back only if it is
merely read; then the transaction goes on the bus, and until it is over the cache reads nothing of
the block. This stands for ARTRY, see `SnoopPort`. Other masters' writes end a reservation.

    valid  ____/--------------------------\\____/----
    snoop  ____/--------------------------\\____/----
    done   ______________/----------------\\_________     the block is written back
    bus    ______________/----------------\\_________     address and data tenures

Simplified: a block that is modified is pushed even if all of it is about to be overwritten
(write with kill).
"""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort, SnoopPort

__all__ = ["SnoopedMaster"]


class SnoopedMaster(wiring.Component):
    """Between the requests of a device and a bus master."""

    #: After `done` it may ask again at once; a cycle is lost.
    request: In(MemoryPort())
    snoop: Out(SnoopPort())
    bus: Out(MemoryPort())

    def elaborate(self, platform):
        m = Module()
        request, snoop, bus = self.request, self.snoop, self.bus
        over = Signal()     # the cycle after a transaction, in which the snoop is withdrawn

        m.d.sync += over.eq(bus.done)
        m.d.comb += [
            snoop.valid.eq(request.valid & ~over), snoop.pa.eq(request.addr),
            snoop.clean.eq(request.type == TransferType.READ),
            bus.valid.eq(snoop.valid & snoop.done),
            *(getattr(bus, name).eq(getattr(request, name))
              for name in ("type", "addr", "size", "burst", "wimg", "wdata")),
            *(getattr(request, name).eq(getattr(bus, name))
              for name in ("beat", "rdata", "done", "error")),
        ]
        return m
