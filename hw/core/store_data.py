"""What a store stores, in the byte lanes of memory (PEM 3.1.2, 3.1.4, 4.2.3)."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.access import Access
from pteg.hw.core.enums import Moves
from pteg.hw.core.float_registers import double_to_single
from pteg.hw.core.interfaces import operand
from pteg.hw.core.load_aligner import bytes_swapped
from pteg.hw.core.station import awaited
from pteg.hw.sizes import RENAMES_MOST

__all__ = ["StoreData", "in_order"]


def in_order(register, size, reverse):
    """The bytes of a register as a store has them."""
    half = Cat(register[8:16], register[:8])
    return Mux(reverse, Mux(size == 2, half, bytes_swapped(register)), register)


class StoreData(wiring.Component):
    """Holds the register that is stored.

    Parameters
    ----------
    renames : int
        Rename buffers of the general-purpose registers.
    """

    def __init__(self, renames=6):
        super().__init__({
            #: A new instruction, with its operands: C, which may come later, or the floating-point
            #: register F.
            "start": In(1), "access": In(Access), "c": In(operand(32)), "f": In(64),
            #: It needs so many cycles more to denormalise a single, one for each bit (IBM 750GX UM
            #: p. 106).
            "delay": Out(5),
            "values": In(32).array(renames), "ready": In(renames),
            #: The instruction that is held. Its C is not there yet; the rename buffer.
            "held": In(Access), "missing": Out(1), "tag": Out(range(RENAMES_MOST)),
            #: A multiple or string begins a register; the register file has `direct` there, of
            #: which so many bits are not stored: the last word of a string comes from its left.
            "begins": In(1), "direct": In(32), "unused": In(5),
            #: Bytes of the register after the part that is stored, of the double word behind it.
            "rest": In(4), "behind": In(4),
            #: The double word.
            "data": Out(64),
        })

    def elaborate(self, platform):
        m = Module()
        register = Signal(operand(32))
        wide = Signal(64)       # of multiples, strings and floating-point stores
        value = Signal(64)
        c, missing = awaited(m, register, self.values, self.ready)
        m.d.comb += [
            value.eq(wide), self.missing.eq(missing), self.tag.eq(register.tag),
            self.data.eq((value >> (self.rest << 3)) << (self.behind << 3)),
        ]
        with m.If(self.held.moves == Moves.REGISTER):
            m.d.comb += value.eq(in_order(c, self.held.size, self.held.reverse))
        with m.If(self.begins):
            m.d.comb += value.eq(self.direct >> self.unused)
            m.d.sync += wide.eq(value)
        with m.If(self.start & self.access.store):
            m.d.sync += register.eq(self.c)
            with m.If(self.access.moves == Moves.FLOAT):
                single, shift = double_to_single(m, self.f, "to_single")
                m.d.sync += wide.eq(Mux(self.access.single, single, self.f))
                m.d.comb += self.delay.eq(Mux(self.access.single, shift, 0))
        return m
