"""A store in the store queue whose register is not computed yet: one at a time.

The address of a store is computed, and loads behind it go on, while it waits here. It cannot retire
before the register is there: it is `incomplete`.
"""

from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.load_aligner import bytes_swapped
from pteg.hw.sizes import CQ_MOST, RENAMES_MOST

__all__ = ["LateStore", "in_order"]


def in_order(register, size, reverse):
    """The bytes of a register as a store has them."""
    half = Cat(register[8:16], register[:8])
    return Mux(reverse, Mux(size == 2, half, bytes_swapped(register)), register)


class LateStore(wiring.Component):
    """Watches the rename buffer of the register.

    Parameters
    ----------
    renames : int
        Rename buffers of the general-purpose registers.
    """

    def __init__(self, renames=6):
        super().__init__({
            #: A store enters the queue without its register, which this rename buffer will have.
            "enters": In(1), "tag": In(range(RENAMES_MOST)), "cq": In(range(CQ_MOST)),
            #: Its bytes, whether in the opposite order, and bytes of the double word behind them.
            "size": In(4), "reverse": In(1), "behind": In(4),
            "values": In(32).array(renames), "ready": In(renames),
            #: Completion queue entries whose instructions are dropped.
            "drop": In(CQ_MOST),
            #: One waits, in the next cycle too.
            "busy": Out(1),
            #: Its entry, if it has no data at the end of this cycle.
            "incomplete": Out(CQ_MOST),
            #: The store of this completion queue entry gets its data.
            "fill": Out(1), "fill_cq": Out(range(CQ_MOST)), "data": Out(64),
        })

    def elaborate(self, platform):
        m = Module()
        waits = Signal()
        held = {name: Signal.like(getattr(self, name), name=f"held_{name}")
                for name in ("tag", "cq", "size", "reverse", "behind")}
        m.d.comb += [
            self.fill.eq(waits & self.ready.bit_select(held["tag"], 1)),
            self.busy.eq(waits & ~self.fill), self.fill_cq.eq(held["cq"]),
            self.data.eq(in_order(Array(self.values)[held["tag"]], held["size"], held["reverse"])
                         << (held["behind"] << 3)),
        ]
        with m.If(self.busy):
            m.d.comb += self.incomplete.bit_select(held["cq"], 1).eq(1)
        with m.If(self.fill | self.drop.bit_select(held["cq"], 1)):
            m.d.sync += waits.eq(0)
        with m.If(self.enters):
            m.d.sync += [waits.eq(1), *(signal.eq(getattr(self, name))
                                        for name, signal in held.items())]
        return m
