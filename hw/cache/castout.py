"""Castout buffer: a modified block on its way from the data cache to memory (MPC750 UM 3.6.2).

The block is copied out of the data array, a double word a cycle, which leaves its place to another
block at once; then it is written in one burst. There is one buffer.

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

    Members
    -------
    start : In(1)
        Take the block at `pa`, beginning with the double word there. Not while `busy`.
    push : In(1)
        With `start`: memory is to have the block; otherwise an L2 may keep it. W of `memory`.
    pa : In(32)
    copying : Out(1)
    index : Out(2)
        Double word of the block that is being copied.
    data : In(64)
        That double word.
    busy : Out(1)
        The buffer has a block, or gets one.
    line : Out(27)
        Address of that block.
    memory : Out(MemoryPort)
    error : Out(1)
        Memory has refused it: TEA.
    """

    start: In(1)
    push: In(1)
    pa: In(32)
    copying: Out(1)
    index: Out(2)
    data: In(64)
    busy: Out(1)
    line: Out(32 - LINE_BITS)
    memory: Out(MemoryPort())
    error: Out(1)

    def elaborate(self, platform):
        m = Module()
        words = [Signal(64, name=f"word{n}") for n in range(BEATS)]
        copied = Signal(range(BEATS))
        beat = Signal(range(BEATS))
        pushes = Signal()
        memory = self.memory

        with m.If(self.start):
            m.d.sync += [self.busy.eq(1), self.copying.eq(1), copied.eq(0), beat.eq(0),
                         pushes.eq(self.push),
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
