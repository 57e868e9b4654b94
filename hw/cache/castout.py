"""Castout buffer: a modified block on its way from the data cache to memory (MPC750 UM 3.6.2).

The block is copied from the data array, a double word a cycle, so that another block can take its
place at once. Then it is written in one burst. There is one buffer.

    start    _/--\\________________________________
    copying  ____/-----------\\____________________     four cycles: the arrays are busy
    memory   ________________/------------------\\_     address tenure, four beats
"""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.isa.registers import Wimg
from pteg.hw.sizes import BEATS, LINE_BITS

__all__ = ["CastoutBuffer"]


class CastoutBuffer(wiring.Component):
    """One block.

    Parameters
    ----------
    ways : int
    """

    def __init__(self, ways):
        super().__init__({
            #: Take the block at `pa` in `way`, beginning with the double word there. Not while
            #: `busy`.
            "start": In(1), "pa": In(32), "way": In(range(ways)),
            #: With `start`: memory is to have the block, W of `memory`; else an L2 may keep it.
            "push": In(1),
            #: The buffer has a block, or gets one: that with the number `line`.
            "busy": Out(1), "line": Out(32 - LINE_BITS),
            #: Double word `index` of it, in `from_way`, is copied; `data` is what it is.
            "copying": Out(1), "index": Out(2), "from_way": Out(range(ways)), "data": In(64),
            "memory": Out(MemoryPort()),
            #: Memory has refused the block: TEA.
            "error": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        words = [Signal(64, name=f"word{n}") for n in range(BEATS)]
        copied = Signal(range(BEATS))
        beat = Signal(range(BEATS))
        pushes = Signal()
        memory = self.memory

        with m.If(self.start):
            m.d.sync += [self.busy.eq(1), self.copying.eq(1), copied.eq(0), beat.eq(0),
                         pushes.eq(self.push), self.from_way.eq(self.way),
                         self.index.eq(self.pa[3:]), self.line.eq(self.pa[LINE_BITS:])]
        with m.If(self.copying):
            m.d.sync += [Array(words)[self.index].eq(self.data), copied.eq(copied + 1),
                         self.index.eq(self.index + 1), self.copying.eq(copied != BEATS - 1)]
        m.d.comb += [
            memory.valid.eq(self.busy & ~self.copying), memory.burst.eq(1),
            memory.type.eq(TransferType.WRITE_WITH_KILL),
            memory.addr.eq(Cat(Const(0, LINE_BITS), self.line)),
            memory.wimg.eq(Mux(pushes, int(Wimg.W), 0)),
            memory.wdata.eq(Array(words)[beat]),
            self.error.eq(memory.done & memory.error),
        ]
        with m.If(memory.beat):
            m.d.sync += beat.eq(beat + 1)
        with m.If(memory.done):
            m.d.sync += self.busy.eq(0)
        return m
