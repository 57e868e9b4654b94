"""Effective address of a load or store, and the number of bytes it moves (PEM 4.2.3)."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.access import Access
from pteg.hw.core.enums import Moves
from pteg.hw.isa.instructions import Op
from pteg.hw.words import field

__all__ = ["EffectiveAddress"]


class EffectiveAddress(wiring.Component):
    """The first stage of the load/store unit."""

    op: In(Op)
    insn: In(32)
    access: In(Access)
    #: Operands rA or zero, and rB or the displacement.
    a: In(32)
    b: In(32)
    #: XER[25-31]: bytes of lswx and stswx.
    count: In(7)
    sum: Out(32)
    #: Bytes of the first register, and of the others after it.
    first_bytes: Out(4)
    more_bytes: Out(8)

    def elaborate(self, platform):
        m = Module()
        many = (self.access.moves == Moves.MULTIPLE) | (self.access.moves == Moves.STRING)
        length = Signal(8)      # bytes of a multiple or string
        m.d.comb += [self.sum.eq(self.a + self.b), length.eq(self.access.size)]
        with m.Switch(self.op):
            with m.Case(Op.LMW, Op.STMW):
                m.d.comb += length.eq(Cat(0, 0, 32 - field(self.insn, "rD")))
            with m.Case(Op.LSWI, Op.STSWI):
                # NB = 0 means 32; the address is rA alone.
                count = field(self.insn, "NB")
                m.d.comb += [self.sum.eq(self.a), length.eq(Cat(count, count == 0))]
            with m.Case(Op.LSWX, Op.STSWX):
                m.d.comb += length.eq(self.count)
            with m.Case(Op.TLBIE):
                m.d.comb += self.sum.eq(self.b)
        word = Mux(length >= 4, 4, length)
        m.d.comb += [self.first_bytes.eq(Mux(many, word, self.access.size)),
                     self.more_bytes.eq(Mux(many, length - word, 0))]
        return m
