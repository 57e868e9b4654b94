"""The L2's SRAM, and the buffer for a block that is on its way into it (MPC750 UM 9.1).

A row is a double word. Blocks are read and written beginning with the double word that `pa`
selects. A block that has been read on the bus waits in the line buffer until its place is free.
"""

from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.hw.cache.interfaces import byte_lanes
from pteg.hw.cache.l2_tags import WAYS
from pteg.hw.sizes import BEATS, LINE_BITS

__all__ = ["L2Sram"]


class L2Sram(wiring.Component):
    """`WAYS` ways of `sets` lines of `sectors` blocks.

    Parameters
    ----------
    sets, sectors : int
        Powers of two.
    """

    def __init__(self, sets, sectors):
        self._rows = WAYS * sets * sectors * BEATS
        super().__init__({
            #: Which double word: beat `beat` of the block that holds `pa`.
            "pa": In(32), "beat": In(range(BEATS)),
            "way": In(range(WAYS)), "index": In(range(sets)), "sector": In(range(sectors)),
            "rdata": Out(64),
            #: What a castout or a store brings: bytes of `pa`, or with `burst` all eight.
            "write": In(1), "wdata": In(64), "size": In(4), "burst": In(1),
            #: The line buffer takes a beat of a block; or gives it to the SRAM.
            "collect": In(1), "collected": In(64),
            "fill": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.words = words = Memory(shape=64, depth=self._rows, init=[])
        read = words.read_port(domain="comb")
        write = words.write_port()
        line = [Signal(64, name=f"line{n}") for n in range(BEATS)]
        place = Cat((self.pa[3:LINE_BITS] + self.beat)[:2], self.sector, self.index, self.way)
        lanes = byte_lanes(self.pa, self.size) | self.burst.replicate(8)
        mask = Cat(*(lane.replicate(8) for lane in lanes))
        m.d.comb += [
            read.addr.eq(place), write.addr.eq(place), self.rdata.eq(read.data),
            write.en.eq(self.write | self.fill),
            write.data.eq(Mux(self.fill, Array(line)[self.beat],
                              self.wdata & mask | read.data & ~mask)),
        ]
        with m.If(self.collect):
            m.d.sync += Array(line)[self.beat].eq(self.collected)
        return m
