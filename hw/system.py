"""Processor, bus, and the ports of the devices. Wiring only.

    cpu0 ---- data, castout, fetch --- borders --- bus --- dram
     |                                            | |  --- rom
     +-- snooper ---------------------------------+ |  --- ...
    request -- device ---------------- border ------+

The bus, its masters and the devices have a clock of their own, see `pteg.hw.bus.clock`. A device
that is a bus master makes its requests at `request`; the others are only targets.
"""

from amaranth.hdl import Cat, EnableInserter, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.bus import Bus
from pteg.hw.bus.clock import Border, BusClock
from pteg.hw.bus.interfaces import MemoryPort, TargetPort
from pteg.hw.bus.snooper import Snooper
from pteg.hw.processor import MASTERS, Processor, ProcessorPins

__all__ = ["System"]

class System(wiring.Component):
    """What a machine has beside its devices.

    Parameters
    ----------
    memory_map : dict of str to (int, int)
        Base address and size of each device.
    processor : Processor or None
        None: a 750 without L2.
    master : bool
        A device is a bus master too.
    agent : Component or None
        Another snooper, with the port `bus` of `Snooper` and the clock of the bus.
    """

    def __init__(self, memory_map, processor=None, *, master=False, agent=None):
        self._memory_map = dict(memory_map)
        self._processor = processor or Processor()
        self._master, self._agent = master, agent
        super().__init__({
            "cpu0": In(ProcessorPins()),
            #: The last core cycle of a bus clock: the devices take part in the bus at its end.
            "bus_edge": Out(1),
            #: Of the device that is a bus master, if there is one.
            **({"request": In(MemoryPort())} if master else {}),
            #: Ports of the devices, by their names.
            **{name: Out(TargetPort()) for name in memory_map},
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.cpu0 = cpu = self._processor
        m.submodules.clock = clock = BusClock(cpu.ratio)
        # Devices do not wait long.
        masters = [*(["device"] if self._master else []), *MASTERS]
        m.submodules.bus = bus = EnableInserter(clock.edge)(
            Bus(self._memory_map, masters, foreign=["device"]))
        borders = {}
        for name in masters:
            m.submodules[f"border_{name}"] = borders[name] = border = Border()
            m.d.comb += border.edge.eq(clock.edge)
            connect(m, border.bus, getattr(bus, name))
        pins = self.cpu0
        m.d.comb += [cpu.interrupt.eq(pins.interrupt), cpu.restart.eq(pins.restart),
                     self.bus_edge.eq(clock.edge)]
        connect(m, flipped(pins.pause), cpu.pause)
        for name in MASTERS:
            connect(m, getattr(cpu, name), borders[name].core)
        for name in self._memory_map:
            connect(m, getattr(bus, name), flipped(getattr(self, name)))
        snoopers = []
        if self._master:
            connect(m, flipped(self.request), borders["device"].core)
            m.submodules.snooper = snooper = Snooper()
            m.d.comb += snooper.edge.eq(clock.edge)
            connect(m, snooper.caches, cpu.snoop)
            snoopers.append(snooper)
        if self._agent:
            m.submodules.agent = EnableInserter(clock.edge)(self._agent)
            snoopers.append(self._agent)
        for snooper in snoopers:
            m.d.comb += [getattr(snooper.bus, name).eq(getattr(bus.snoop, name))
                         for name in ("ts", "a", "tt", "wimg", "foreign", "window", "retried")]
        m.d.comb += bus.snoop.artry.eq(Cat(snooper.bus.artry for snooper in snoopers).any())
        return m
