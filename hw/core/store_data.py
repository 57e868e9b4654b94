"""What a store stores, in the byte lanes of memory (PEM 3.1.2, 3.1.4, 4.2.3).

A store may enter the store queue before its integer register is there: see `LateStore`.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.access import Access
from pteg.hw.core.enums import Moves
from pteg.hw.core.float_registers import double_to_single
from pteg.hw.core.interfaces import operand
from pteg.hw.core.late_store import LateStore, in_order
from pteg.hw.core.station import awaited
from pteg.hw.sizes import CQ_MOST

__all__ = ["StoreData"]


class StoreData(wiring.Component):
    """Holds the register that is stored.

    Parameters
    ----------
    renames : int
        Rename buffers of the general-purpose registers.
    """

    def __init__(self, renames=6):
        self._renames = renames
        super().__init__({
            #: A new instruction, with its operands: C, which may come later, or the floating-point
            #: register F.
            "start": In(1), "access": In(Access), "c": In(operand(32)), "f": In(64),
            #: It needs so many cycles more to denormalise a single, one for each bit (IBM 750GX UM
            #: p. 106).
            "delay": Out(5),
            "values": In(32).array(renames), "ready": In(renames),
            #: The instruction that is held, and its completion queue entry.
            "held": In(Access), "cq": In(range(CQ_MOST)),
            #: It may enter the store queue: C is there, or may come later. It enters; without C.
            "storable": Out(1), "push": In(1), "late": Out(1),
            #: Completion queue entries whose instructions are dropped.
            "drop": In(CQ_MOST),
            #: The store of this entry, which is in the queue, gets its data; it has none yet.
            "fill": Out(1), "fill_cq": Out(range(CQ_MOST)), "fill_data": Out(64),
            "incomplete": Out(CQ_MOST),
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
        m.submodules.later = later = LateStore(self._renames)
        m.d.comb += [
            self.storable.eq(~missing | ~later.busy), self.late.eq(self.push & missing),
            later.enters.eq(self.late), later.tag.eq(register.tag), later.cq.eq(self.cq),
            later.size.eq(self.held.size), later.reverse.eq(self.held.reverse),
            later.behind.eq(self.behind), later.ready.eq(self.ready), later.drop.eq(self.drop),
            *(mine.eq(theirs) for mine, theirs in zip(later.values, self.values, strict=True)),
            self.fill.eq(later.fill), self.fill_cq.eq(later.fill_cq),
            self.fill_data.eq(later.data), self.incomplete.eq(later.incomplete),
            value.eq(wide),
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
