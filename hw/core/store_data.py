"""What a store stores, in the byte lanes of memory (PEM 3.1.2, 3.1.4, 4.2.3)."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.access import Access
from pteg.hw.core.enums import Moves
from pteg.hw.core.float_registers import double_to_single
from pteg.hw.core.load_aligner import bytes_swapped

__all__ = ["StoreData"]


class StoreData(wiring.Component):
    """Holds the register that is stored."""

    #: A new instruction, with its operands: C, or the floating-point register F.
    start: In(1)
    access: In(Access)
    c: In(32)
    f: In(64)
    #: It needs so many cycles more to denormalise a single, one for each bit (IBM 750GX UM p. 106).
    delay: Out(5)
    #: A multiple or string begins a register; the register file has `direct` there, of which so
    #: many bits are not stored: a short last word of a string comes from its left.
    begins: In(1)
    direct: In(32)
    unused: In(5)
    #: Bytes of the register after the part that is stored, and of the double word behind it.
    rest: In(4)
    behind: In(4)
    #: The double word.
    data: Out(64)

    def elaborate(self, platform):
        m = Module()
        access = self.access
        held = Signal(64)
        value = Signal(64)
        m.d.comb += [value.eq(held),
                     self.data.eq((value >> (self.rest << 3)) << (self.behind << 3))]
        with m.If(self.begins):
            m.d.comb += value.eq(self.direct >> self.unused)
            m.d.sync += held.eq(value)
        with m.If(self.start & access.store):
            half = Cat(self.c[8:16], self.c[:8])
            reverse = Mux(access.size == 2, half, bytes_swapped(self.c))
            m.d.sync += held.eq(Mux(access.reverse, reverse, self.c))
            with m.If(access.moves == Moves.FLOAT):
                single, shift = double_to_single(m, self.f, "to_single")
                m.d.sync += held.eq(Mux(access.single, single, self.f))
                m.d.comb += self.delay.eq(Mux(access.single, shift, 0))
        return m
