"""The bus clock, and the border between the core's clock and the bus' (MPC750 UM 8.1, 8.2).

There is one clock, the core's. Everything on the bus changes its state only at the end of an
`edge`, the last core cycle of a bus clock; at half ratios, long and short bus clocks alternate.

    core     0   1   2   3   4   5   6   7   8   9      2.5:1
    edge     .   ^   .   .   ^   .   ^   .   .   ^
    bus      -------|-----------|-------|-----------

What the core asks for reaches the bus at the next edge. What the bus says is stable during a bus
clock; the core takes it in the edge, so that a beat lasts one core cycle. Data that are read reach
the core a bus clock later: until then DRTRY could cancel them (MPC750 UM 8.4.1.1; the mode without
DRTRY, and DRTRY itself, are left out: no device here uses it).
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.bus.master import address_only

__all__ = ["BusClock", "Border"]


class BusClock(wiring.Component):
    """Divides the core clock.

    Parameters
    ----------
    ratio : pteg.hw.bus.ratio.Ratio
    """

    #: The last core cycle of a bus clock.
    edge: Out(1)

    def __init__(self, ratio):
        self.ratio = ratio
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        two = self.ratio.two
        count = Signal(range(two))      # core cycles since two bus clocks began
        last = count == two - 1
        m.d.sync += count.eq(Mux(last, 0, count + 1))
        m.d.comb += self.edge.eq(last | (count == two // 2 - 1))
        return m


class Border(wiring.Component):
    """Between a requester that has the core's clock and its bus master."""

    edge: In(1)
    core: In(MemoryPort())
    bus: Out(MemoryPort())

    def elaborate(self, platform):
        m = Module()
        core, bus = self.core, self.bus
        late = {name: Signal(name=f"late_{name}") for name in ("beat", "done", "error")}
        reads = core.type[3] & ~address_only(core.type)
        m.d.comb += [getattr(bus, name).eq(getattr(core, name))
                     for name in ("type", "addr", "size", "burst", "wimg", "wdata")]
        m.d.comb += bus.valid.eq(core.valid & ~late["done"])
        for name, signal in late.items():
            m.d.comb += getattr(core, name).eq(
                self.edge & Mux(reads, signal, getattr(bus, name)))
        with m.If(self.edge):
            m.d.sync += [core.rdata.eq(bus.rdata),
                         *(signal.eq(reads & getattr(bus, name)) for name, signal in late.items())]
        return m
