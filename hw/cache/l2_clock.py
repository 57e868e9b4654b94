"""Clock of the L2's SRAM, and when its beats come (MPC750 UM 9.1.5, L2CR[L2CLK]).

An L2 clock is 1 to 3 core cycles, halves included. The SRAM answers as a pipelined burst SRAM does:
the first beat so many L2 clocks after the address, then a beat each clock. `ready` marks the core
cycle in which, or before whose end, that clock ends:

    start     _/--\\______________________________     three clocks of 1.5 core cycles, then one
    running   ______/----------------------------
    ready     ___________________/--\\____/--\\/--\\

Left out: the phase of the L2 clock. Each access begins with an edge.
"""

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["L2Clock"]

#: Half core cycles of an L2 clock, by L2CLK; 0: no clock.
_HALVES = (0, 2, 3, 0, 4, 5, 6, 0)


class L2Clock(wiring.Component):
    """Counts half core cycles to the next beat."""

    #: L2CLK, and whether that is a ratio.
    select: In(3)
    valid: Out(1)
    #: The next beat comes after so many L2 clocks.
    start: In(1)
    clocks: In(2)
    #: An access is in progress: the time runs.
    running: In(1)
    #: The beat is in this cycle; another one can follow after an L2 clock.
    ready: Out(1)

    def elaborate(self, platform):
        m = Module()
        ratio = Signal(3)
        wait = Signal(6)
        m.d.comb += [ratio.eq(Array(_HALVES)[self.select]), self.valid.eq(ratio != 0),
                     self.ready.eq(wait <= 2)]
        with m.If(self.start):
            m.d.sync += wait.eq(self.clocks * ratio)
        with m.Elif(self.running):
            m.d.sync += wait.eq(Mux(self.ready, wait + ratio - 2, wait - 2))
        return m
