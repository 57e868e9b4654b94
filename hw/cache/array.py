"""Data array of the data cache: one double word a cycle (MPC750 UM 3.1).

In each cycle, a double word is read, and may be written back in the same cycle with some bytes
replaced; or a double word of a new block is written; or, while the castout buffer copies a block, a
double word of that block is read.
"""

from amaranth.hdl import Cat, Module
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.hw.cache.interfaces import byte_lanes
from pteg.hw.sizes import BEATS, LINE_BITS

__all__ = ["DataArray"]


class DataArray(wiring.Component):
    """The bytes of all blocks.

    Parameters
    ----------
    sets, ways : int
        Powers of two.
    """

    def __init__(self, sets, ways):
        self._sets, self._ways = sets, ways
        super().__init__({
            #: Access: an address, and the way of its block.
            "pa": In(32), "way": In(range(ways)), "rdata": Out(64),
            #: `size` bytes from `pa` on are replaced by those of `wdata`, in their byte lanes.
            "merge": In(1), "size": In(4), "wdata": In(64),
            #: Double word `fill_word` of the block of `fill_pa`, in `fill_way`, becomes this.
            "fill": In(1), "fill_pa": In(32), "fill_word": In(2), "fill_way": In(range(ways)),
            "fill_data": In(64),
            #: Instead of an access: read double word `copy_word` of the block with the number
            #: `copy_line`, in `copy_way`.
            "copying": In(1), "copy_line": In(32 - LINE_BITS), "copy_word": In(2),
            "copy_way": In(range(ways)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.words = words = Memory(
            shape=64, depth=self._sets * self._ways * BEATS, init=[])
        read = words.read_port(domain="comb")
        write = words.write_port()
        index_bits = self._sets.bit_length() - 1

        def place(line, word, way):
            return Cat(word, line[:index_bits], way)

        mask = Cat(bit.replicate(8) for bit in byte_lanes(self.pa, self.size))
        m.d.comb += [
            read.addr.eq(place(self.pa[LINE_BITS:], self.pa[3:LINE_BITS], self.way)),
            self.rdata.eq(read.data),
            write.addr.eq(read.addr),
            write.data.eq(self.wdata & mask | read.data & ~mask),
            write.en.eq(self.merge | self.fill),
        ]
        with m.If(self.copying):
            m.d.comb += read.addr.eq(place(self.copy_line, self.copy_word, self.copy_way))
        with m.If(self.fill):
            m.d.comb += [
                write.addr.eq(place(self.fill_pa[LINE_BITS:], self.fill_word, self.fill_way)),
                write.data.eq(self.fill_data),
            ]
        return m
