"""Instruction queue: six entries between fetch and dispatch (MPC750 UM 6.3.1, figure 6-2).

Entry 0 (IQ0) is the oldest. The queue shifts, as the 750's does, so that dispatch always looks at
the same place.
"""

from amaranth.hdl import Array, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import FETCH_WIDTH, IQ_ENTRIES, Fetched, FetchToQueue

__all__ = ["InstructionQueue"]


class InstructionQueue(wiring.Component):
    """Instruction queue.

    Members
    -------
    fetch : In(FetchToQueue)
    flush : In(1)
        Drop everything, also what arrives in this cycle.
    valid : Out(1)
        IQ0 holds an instruction.
    head : Out(Fetched)
        IQ0.
    pop : In(1)
        IQ0 is dispatched.
    """

    fetch: In(FetchToQueue())
    flush: In(1)
    valid: Out(1)
    head: Out(Fetched)
    pop: In(1)

    def elaborate(self, platform):
        m = Module()

        entries = Array(Signal(Fetched, name=f"iq{i}") for i in range(IQ_ENTRIES))
        count = Signal(range(IQ_ENTRIES + 1))
        left = Signal.like(count)  # entries that stay after this cycle's pop

        m.d.comb += [
            # Openings are those of the previous clock (MPC750 UM 6.3.1.1).
            self.fetch.room.eq(count <= IQ_ENTRIES - FETCH_WIDTH),
            self.valid.eq(count != 0),
            self.head.eq(entries[0]),
            left.eq(count - self.pop),
        ]

        with m.If(self.pop):
            for older, newer in zip(entries[:-1], entries[1:], strict=True):
                m.d.sync += older.eq(newer)
        with m.If(self.fetch.count != 0):
            with m.Switch(left):
                for position in range(IQ_ENTRIES - FETCH_WIDTH + 1):
                    with m.Case(position):
                        for offset in range(FETCH_WIDTH):
                            m.d.sync += entries[position + offset].eq(self.fetch.entries[offset])

        m.d.sync += count.eq(left + self.fetch.count)
        with m.If(self.flush):
            m.d.sync += count.eq(0)
        return m
