"""A bus master: turns one memory request at a time into 60x tenures (MPC750 UM 8.2 to 8.4).

    valid  __/------------------------------------\\__
    br     ____/------\\_____________________________     until the bus grant
    bg     ________/--\\_____________________________
    ts     ____________/--\\_________________________     one clock
    aack   _______________/--\\______________________     ends the address tenure
    artry  __________________?  ____________________     only here it counts: again from `br` on
    dbg    ____________________/----------------\\__     the data tenure
    ta     _____________________________/--\\____       each is a `beat`; the last one is `done`

The requester holds the request, so only the state is registered here. An address-only
transaction is over when the clock after its address acknowledge has passed without ARTRY; no beat
comes before that either. Left out: data retry (DRTRY), see `pteg.hw.bus.clock.Border`.
"""

import enum

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MasterPort, MemoryPort
from pteg.hw.sizes import BEATS

__all__ = ["Master", "State", "address_only", "BURST_TSIZ"]

#: TSIZ[0-2] with TBST asserted: eight words (MPC750 UM table 8-3).
BURST_TSIZ = 0b010


class State(enum.IntEnum):
    """Where the current transaction is."""

    IDLE = 0
    REQUEST = 1          # BR is asserted
    TRANSFER_START = 2   # TS is asserted
    ADDRESS = 3          # waits for AACK
    RETRY_WINDOW = 4     # ARTRY would end it now
    DATA = 5             # the address tenure is over


def address_only(tt):
    """Amaranth value: 1 if a transaction of this type has no data tenure (MPC750 UM table 7-1)."""
    return ~tt[1] & (tt != TransferType.EXTERNAL_CONTROL_WORD_READ) & (
        tt != TransferType.EXTERNAL_CONTROL_WORD_WRITE)


class Master(wiring.Component):
    """One of the processor's bus masters."""

    memory: In(MemoryPort())
    bus: Out(MasterPort())

    def elaborate(self, platform):
        m = Module()
        memory, bus = self.memory, self.bus
        state = Signal(State)
        beats = Signal(range(BEATS))   # beats of a burst that are done

        m.d.comb += [
            bus.a.eq(Mux(memory.burst, Cat(Const(0, 3), memory.addr[3:]), memory.addr)),
            bus.tt.eq(memory.type), bus.tbst.eq(memory.burst), bus.wimg.eq(memory.wimg),
            bus.tsiz.eq(Mux(memory.burst, BURST_TSIZ, memory.size[:3])),
            bus.d_w.eq(memory.wdata), memory.rdata.eq(bus.d_r),
        ]

        with m.Switch(state):
            with m.Case(State.IDLE):
                with m.If(memory.valid):
                    m.d.sync += state.eq(State.REQUEST)
            with m.Case(State.REQUEST):
                m.d.comb += bus.br.eq(1)
                with m.If(bus.bg):
                    m.d.sync += state.eq(State.TRANSFER_START)
            with m.Case(State.TRANSFER_START):
                m.d.comb += bus.ts.eq(1)
                m.d.sync += state.eq(State.ADDRESS)
            with m.Case(State.ADDRESS):
                with m.If(bus.aack):
                    m.d.sync += state.eq(State.RETRY_WINDOW)
            with m.Case(State.RETRY_WINDOW):
                with m.If(bus.artry):
                    m.d.sync += state.eq(State.IDLE)
                with m.Elif(address_only(memory.type)):
                    m.d.comb += memory.done.eq(1)
                with m.Else():
                    m.d.sync += state.eq(State.DATA)

        with m.If(bus.dbg & bus.tea):
            m.d.comb += [memory.done.eq(1), memory.error.eq(1)]
        with m.Elif(bus.dbg & bus.ta):
            m.d.comb += [memory.beat.eq(1),
                         memory.done.eq(~memory.burst | (beats == BEATS - 1))]
            m.d.sync += beats.eq(beats + 1)
        with m.If(memory.done):
            m.d.sync += [state.eq(State.IDLE), beats.eq(0)]
        return m
