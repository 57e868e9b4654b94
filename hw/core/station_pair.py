"""The two reservation stations of the load/store unit (MPC750 UM 6.4.4)."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from pteg.hw.core.interfaces import MIXED
from pteg.hw.core.station import Station, StationToUnit, attach, station_ports

__all__ = ["StationPair", "AccessToUnit"]


class AccessToUnit(StationToUnit):
    """An instruction of the load/store unit: the register C that it stores may come later."""

    def __init__(self):
        super().__init__(MIXED, late="c")


class StationPair(wiring.Component):
    """Two stations that are filled and emptied in turn: the unit sees the older instruction.

    Parameters
    ----------
    renames, float_renames : int
        Rename buffers of the general-purpose and of the floating-point registers.
    """

    def __init__(self, renames=6, float_renames=6):
        self._renames = renames
        self._float_renames = float_renames
        super().__init__(station_ports(MIXED, renames, float_renames)
                         | {"unit": Out(AccessToUnit())})

    def elaborate(self, platform):
        m = Module()
        fill = Signal()     # the station that is filled next
        take = Signal()     # that is emptied next
        dropped = Signal(2)
        for index in range(2):
            m.submodules[f"station{index}"] = station = Station(
                MIXED, self._renames, self._float_renames, late="c")
            attach(m, self, station)
            m.d.comb += dropped[index].eq(station.unit.dropped)
            for name in station.dispatch.signature.members:
                if name not in ("valid", "ready"):
                    m.d.comb += getattr(station.dispatch, name).eq(getattr(self.dispatch, name))
            with m.If(fill == index):
                m.d.comb += [station.dispatch.valid.eq(self.dispatch.valid),
                             self.dispatch.ready.eq(station.dispatch.ready)]
            with m.If(take == index):
                for name in self.unit.signature.members:
                    if name != "done":
                        m.d.comb += getattr(self.unit, name).eq(getattr(station.unit, name))
                m.d.comb += station.unit.done.eq(self.unit.done)
        with m.If(self.dispatch.valid):
            m.d.sync += fill.eq(~fill)
        with m.If(self.unit.done):
            m.d.sync += take.eq(~take)
        with m.If(dropped.any()):
            # The younger one, or both.
            m.d.sync += fill.eq(Mux(self.unit.dropped, take, ~take))
        return m
