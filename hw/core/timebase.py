"""Time base and decrementer (PEM 2.2, 2.3.14; MPC750 UM 2.1.2.4).

Both count once every `divider` core cycles, which is every fourth bus clock. The
decrementer asks for an interrupt when its bit 0 goes from 0 to 1, by counting or by mtspr, and
keeps asking until the interrupt is taken.
"""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import SystemToSpecial
from pteg.hw.isa.registers import SPR_BY_NAME, TIME_BASE_LOWER, TIME_BASE_UPPER

__all__ = ["TimeBase"]


class TimeBase(wiring.Component):
    """TB and DEC.

    Parameters
    ----------
    divider : int
        Core cycles a tick.
    """

    def __init__(self, divider):
        if divider < 1:
            raise ValueError(f"time base divider must be a positive integer, not {divider!r}")
        self.divider = divider
        super().__init__({
            "system": In(SystemToSpecial()),
            #: A decrementer interrupt waits.
            "decrementer": Out(1),
            #: It is taken in this cycle.
            "taken": In(1),
            #: Count nothing.
            "stop": In(1),
            #: TBL.
            "lower": Out(32),
        })

    def elaborate(self, platform):
        m = Module()

        prescaler = Signal(range(self.divider))
        tb = Signal(64)
        dec = Signal(32, init=0xFFFFFFFF)
        new_dec = Signal(32)
        pending = Signal()
        tick = Signal()

        m.d.comb += [
            tick.eq(prescaler == self.divider - 1),
            new_dec.eq(dec),
            self.decrementer.eq(pending), self.lower.eq(tb[:32]),
        ]
        with m.If(~self.stop):
            m.d.sync += prescaler.eq(prescaler + 1)
        with m.If(tick & ~self.stop):
            m.d.sync += [prescaler.eq(0), tb.eq(tb + 1)]
            m.d.comb += new_dec.eq(dec - 1)

        with m.Switch(self.system.spr):
            with m.Case(TIME_BASE_LOWER):
                m.d.comb += self.system.rdata.eq(tb[:32])
            with m.Case(TIME_BASE_UPPER):
                m.d.comb += self.system.rdata.eq(tb[32:])
            with m.Case(SPR_BY_NAME["DEC"].number):
                m.d.comb += self.system.rdata.eq(dec)
        with m.If(self.system.write):
            with m.Switch(self.system.spr):
                with m.Case(SPR_BY_NAME["TBL"].number):
                    m.d.sync += tb[:32].eq(self.system.wdata)
                with m.Case(SPR_BY_NAME["TBU"].number):
                    m.d.sync += tb[32:].eq(self.system.wdata)
                with m.Case(SPR_BY_NAME["DEC"].number):
                    m.d.comb += new_dec.eq(self.system.wdata)

        m.d.sync += dec.eq(new_dec)
        with m.If(self.taken):
            m.d.sync += pending.eq(0)
        with m.If(new_dec[31] & ~dec[31]):
            m.d.sync += pending.eq(1)
        return m
