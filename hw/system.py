"""Processors, bus, and the ports of the devices. Wiring only.

    cpu0 ---- data, castout, fetch --- borders --- bus --- dram
     |                                            | |  --- rom
     +-- snooper ---------------------------------+ |  --- ...
    cpu1 ---- ...                                 | |
    request -- device ---------------- border ------+

The bus, its masters and the devices have a clock of their own, see `pteg.hw.bus.clock`. A device
that is a bus master makes its requests at `request`; the others are only targets.
"""

from amaranth.hdl import Cat, EnableInserter, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.bus import Bus
from pteg.hw.bus.clock import Border, BusClock
from pteg.hw.bus.decoder import range_port
from pteg.hw.bus.interfaces import MemoryPort, TargetPort
from pteg.hw.bus.listener import Listener
from pteg.hw.bus.snooper import Snooper
from pteg.hw.processor import MASTERS, Processor, ProcessorPins

__all__ = ["System"]

class System(wiring.Component):
    """What a machine has beside its devices.

    Parameters
    ----------
    memory_map : dict of str to (int, int)
        Base address and size of each device.
    processors : sequence of Processor
        Without any: one 750 without L2. All have the same ratio.
    master : bool
        A device is a bus master too.
    agent : Component or None
        Another snooper, with the port `bus` of `Snooper` and the clock of the bus.
    """

    def __init__(self, memory_map, processors=(), *, master=False, agent=None):
        self._memory_map = dict(memory_map)
        self._processors = tuple(processors) or (Processor(),)
        self._master, self._agent = master, agent
        self._names = [f"cpu{n}" for n in range(len(self._processors))]
        super().__init__({
            **{name: In(ProcessorPins()) for name in self._names},
            #: The last core cycle of a bus clock: the devices take part in the bus at its end.
            "bus_edge": Out(1),
            #: The processor whose data tenure it is.
            **({"granted": Out(range(len(self._names)))} if len(self._names) > 1 else {}),
            #: Of the device that is a bus master, if there is one.
            **({"request": In(MemoryPort())} if master else {}),
            #: Where the devices are (`pteg.hw.bus.decoder`).
            **range_port(memory_map),
            #: Ports of the devices, by their names.
            **{name: Out(TargetPort()) for name in memory_map},
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.clock = clock = BusClock(self._processors[0].ratio)
        m.d.comb += self.bus_edge.eq(clock.edge)
        # Devices do not wait long.
        outside = ["device"] if self._master else []
        masters = [*outside, *(self._prefix(name) + master
                               for name in self._names for master in MASTERS)]
        m.submodules.bus = bus = EnableInserter(clock.edge)(
            Bus(self._memory_map, masters, [len(MASTERS)] * len(self._names)))
        m.d.comb += bus.ranges.eq(self.ranges)
        borders = {}
        for name in masters:
            m.submodules[f"border_{name}"] = borders[name] = border = Border()
            m.d.comb += border.edge.eq(clock.edge)
            connect(m, border.bus, getattr(bus, name))
        for name in self._memory_map:
            connect(m, getattr(bus, name), flipped(getattr(self, name)))
        snoopers = []
        for number, name in enumerate(self._names):
            m.submodules[name] = cpu = self._processors[number]
            pins = getattr(self, name)
            m.d.comb += [getattr(cpu, pin).eq(getattr(pins, pin))
                         for pin in pins.signature.members if pin != "pause"]
            connect(m, flipped(pins.pause), cpu.pause)
            for master in MASTERS:
                connect(m, getattr(cpu, master), borders[self._prefix(name) + master].core)
            mine = sum(1 << len(outside) + number * len(MASTERS) + k for k in range(len(MASTERS)))
            if len(masters) > len(MASTERS):
                m.submodules[f"{self._prefix(name)}snooper"] = snooper = Snooper()
                m.d.comb += [
                    snooper.edge.eq(clock.edge),
                    snooper.foreign.eq((bus.owner & ~mine).any()),
                    snooper.own.eq(bus.owner[masters.index(self._prefix(name) + "data")]),
                ]
                connect(m, snooper.caches, cpu.snoop)
                snoopers.append(snooper)
            if len(self._names) > 1:
                m.submodules[f"{name}_listener"] = listener = Listener()
                m.d.comb += [listener.edge.eq(clock.edge),
                             listener.foreign.eq((bus.owner & ~mine).any())]
                connect(m, listener.told, cpu.told)
                snoopers.append(listener)
                with m.If((bus.data_owner & mine).any()):
                    m.d.comb += self.granted.eq(number)
        if self._master:
            connect(m, flipped(self.request), borders["device"].core)
        if self._agent:
            m.submodules.agent = EnableInserter(clock.edge)(self._agent)
            snoopers.append(self._agent)
        for snooper in snoopers:
            m.d.comb += [getattr(snooper.bus, name).eq(getattr(bus.snoop, name))
                         for name in ("ts", "a", "tt", "wimg", "window", "retried")]
        m.d.comb += bus.snoop.artry.eq(Cat(snooper.bus.artry for snooper in snoopers).any())
        return m

    def _prefix(self, name):
        """Before the names of what a processor has on the bus; none if there is only one."""
        return f"{name}_" if len(self._names) > 1 else ""
