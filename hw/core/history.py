"""Branch history table: 512 two-bit counters (MPC750 UM 6.4.1.2).

Addressed by nine bits of the branch's address. A counter of 2 or 3 predicts taken; it moves towards
what a predicted branch turns out to do, and branches that need no prediction leave it alone. Zero
after reset: not taken.
"""

from amaranth.hdl import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

__all__ = ["HistoryTable"]


class HistoryTable(wiring.Component):
    """BHT.

    Parameters
    ----------
    entries : int
        A power of two; or 0: it predicts nothing.
    """

    def __init__(self, entries=512):
        self.entries = entries
        super().__init__({
            #: Address of the branch to predict.
            "pc": In(32), "taken": Out(1),
            #: The predicted branch at `update_pc` has been `update_taken`.
            "update": In(1), "update_pc": In(32), "update_taken": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        if not self.entries:
            return m
        m.submodules.counters = counters = Memory(shape=2, depth=self.entries, init=[])
        bits = self.entries.bit_length() - 1
        read = counters.read_port(domain="comb")
        before = counters.read_port(domain="comb")
        write = counters.write_port()
        up = Mux(before.data == 3, 3, before.data + 1)
        down = Mux(before.data == 0, 0, before.data - 1)
        m.d.comb += [
            read.addr.eq(self.pc[2:2 + bits]), self.taken.eq(read.data[1]),
            before.addr.eq(self.update_pc[2:2 + bits]), write.addr.eq(before.addr),
            write.data.eq(Mux(self.update_taken, up, down)), write.en.eq(self.update),
        ]
        return m
