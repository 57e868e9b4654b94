"""A bus master: turns one memory request at a time into 60x tenures (MPC750 UM 8.2 to 8.4).

    valid  ____/-----------------------\\__
    ts     ________/--\\__________________     one cycle, after the bus grant
    aack   ___________/--\\_______________     ends the address tenure
    dbg    ___________/----------------\\__     the data tenure
    ta     ____________________/--\\____     each is a `beat`; the last one is `done`

The requester holds the request, so only the state is registered here. An address-only
transaction is over with its address acknowledge. A target acknowledges the address no later than
it transfers the first beat.

Left out: address retry (ARTRY), data retry (DRTRY).
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
    TRANSFER_START = 1   # TS is asserted
    ADDRESS = 2          # waits for AACK
    DATA = 3             # the address tenure is over


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
                m.d.comb += bus.br.eq(memory.valid)
                with m.If(memory.valid & bus.bg):
                    m.d.sync += state.eq(State.TRANSFER_START)
            with m.Case(State.TRANSFER_START):
                m.d.comb += bus.ts.eq(1)
                m.d.sync += state.eq(State.ADDRESS)
            with m.Case(State.ADDRESS):
                with m.If(bus.aack):
                    m.d.sync += state.eq(State.DATA)
                    with m.If(address_only(memory.type)):
                        m.d.comb += memory.done.eq(1)
                        m.d.sync += state.eq(State.IDLE)

        with m.If(bus.dbg & bus.tea):
            m.d.comb += [memory.done.eq(1), memory.error.eq(1)]
        with m.Elif(bus.dbg & bus.ta):
            m.d.comb += [memory.beat.eq(1),
                         memory.done.eq(~memory.burst | (beats == BEATS - 1))]
            m.d.sync += beats.eq(beats + 1)
        with m.If(memory.done):
            m.d.sync += [state.eq(State.IDLE), beats.eq(0)]
        return m
