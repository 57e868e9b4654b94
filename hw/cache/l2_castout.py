"""Sectors that leave the L2 for memory, on the bus master for castouts (MPC750 UM 9.1.3).

Everything else on that bus master is passed on. The burst begins with the double word that the
request has selected, as the SRAM does.
"""

from amaranth.hdl import Cat, Const, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort

__all__ = ["L2Castout"]


class L2Castout(wiring.Component):
    """Between the castouts of the first level and their bus master.

    Parameters
    ----------
    sets, sectors : int
        Powers of two.
    tag_bits : int
    """

    def __init__(self, sets, sectors, tag_bits):
        super().__init__({
            "first": In(MemoryPort()), "bus": Out(MemoryPort()),
            #: A sector is to be written, while `first` asks for nothing.
            "push": In(1),
            #: Which one, and in which order its double words come from the SRAM.
            "tag": In(tag_bits), "index": In(range(sets)), "sector": In(range(sectors)),
            "word": In(2), "rdata": In(64),
            #: The SRAM is to give the next double word; the sector has been written; or not: TEA.
            "beat": Out(1), "done": Out(1), "error": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        bus = self.bus
        connect(m, flipped(self.first), flipped(bus))
        with m.If(self.push):
            m.d.comb += [
                bus.valid.eq(1), bus.burst.eq(1), bus.type.eq(TransferType.WRITE_WITH_KILL),
                bus.addr.eq(Cat(Const(0, 3), self.word, self.sector, self.index, self.tag)),
                bus.wdata.eq(self.rdata),
                self.beat.eq(bus.beat), self.done.eq(bus.done), self.error.eq(bus.error),
            ]
        return m
