"""Thermal assist unit: THRM1 to THRM3 (IBM 750GX UM 2.1.4, 10.4; MPC750 UM 10.3).

A sensor is compared with the threshold of THRM1, after a sample interval with that of THRM2, and so
on; a register whose V is zero is left out. The result is valid, TIV, and TIN tells whether the
threshold has been crossed: upwards, or downwards with TID. With TIE that asks for an interrupt,
which waits until it is taken, and the register is left out until it is written. A mtspr to any of
the three begins the sample interval anew; TIV of those that it concerns is cleared.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import SystemToSpecial
from pteg.hw.isa.registers import SPR_BY_NAME, Thrm, Thrm3
from pteg.hw.sizes import JUNCTION_TEMPERATURE

__all__ = ["ThermalUnit"]


class ThermalUnit(wiring.Component):
    """THRM1 to THRM3 and a sensor.

    Parameters
    ----------
    temperature : int
        Degrees Celsius that the sensor measures.
    """

    system: In(SystemToSpecial())
    #: The clock is stopped.
    stop: In(1)
    #: An interrupt waits.
    interrupt: Out(1)
    #: It is taken in this cycle.
    taken: In(1)

    def __init__(self, temperature=JUNCTION_TEMPERATURE):
        self.temperature = temperature
        super().__init__()

    def elaborate(self, platform):
        m = Module()

        thrm1, thrm2, thrm3 = (Signal(32, name=f"thrm{n}") for n in (1, 2, 3))
        compared = (thrm1, thrm2)
        elapsed = Signal(Thrm3.SITV.width)  # of the sample interval
        turn = Signal()                     # 0: THRM1 is next
        pending = Signal()
        m.d.comb += self.interrupt.eq(pending)
        with m.If(self.taken):
            m.d.sync += pending.eq(0)

        def bit(register, field):
            return register[field.slice]

        waits = Cat(bit(register, Thrm.V) & ~(bit(register, Thrm.TIN) & bit(register, Thrm.TIV)
                                              & bit(register, Thrm.TIE)) for register in compared)
        chosen = Signal()
        m.d.comb += chosen.eq(Mux(waits.bit_select(turn, 1), turn, ~turn))
        with m.If(bit(thrm3, Thrm3.E) & waits.any() & ~self.stop):
            m.d.sync += elapsed.eq(elapsed + 1)
            with m.If(elapsed == thrm3[Thrm3.SITV.slice]):
                m.d.sync += [elapsed.eq(0), turn.eq(~chosen)]
                for number, register in enumerate(compared):
                    threshold = register[Thrm.THRESHOLD.slice]
                    crossed = Mux(bit(register, Thrm.TID), self.temperature < threshold,
                                  self.temperature > threshold)
                    with m.If(chosen == number):
                        m.d.sync += [bit(register, Thrm.TIV).eq(1),
                                     bit(register, Thrm.TIN).eq(crossed)]
                        with m.If(crossed & bit(register, Thrm.TIE)):
                            m.d.sync += pending.eq(1)

        with m.Switch(self.system.spr):
            for number, register in enumerate((thrm1, thrm2, thrm3), 1):
                spr = SPR_BY_NAME[f"THRM{number}"]
                with m.Case(spr.number):
                    m.d.comb += self.system.rdata.eq(register)
                    with m.If(self.system.write):
                        m.d.sync += [register.eq(self.system.wdata & spr.written),
                                     elapsed.eq(0), turn.eq(0)]
                        if register is thrm3:
                            m.d.sync += [bit(other, Thrm.TIV).eq(0) for other in compared]
        return m
