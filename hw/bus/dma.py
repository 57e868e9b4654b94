"""Direct memory access: the path of another master to the bus, with snooping (MPC750 UM 3.3, 8.3).

The transactions of such a master are global (GBL asserted): the processor snoops them. Before each
transaction, the data cache writes the block back and invalidates it, or only writes it back if the
master reads. Then the transaction takes place on the bus. Until it is over, the cache does not read
the block. This replaces ARTRY, see `SnoopPort`. Other masters' writes end a reservation.

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
