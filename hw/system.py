"""Processor, bus, and the ports of the devices. Wiring only.

    cpu0 ---- data, castout, fetch --- bus --- dram
     | snoop                            |  --- rom
    snooped --- device -----------------+  --- ...
     |
    request

A device that is a bus master makes its requests at `request`; the others are only targets.
"""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.bus import Bus
from pteg.hw.bus.dma import SnoopedMaster
from pteg.hw.bus.interfaces import MemoryPort, TargetPort
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
    """

    def __init__(self, memory_map, processor=None, *, master=False):
        self._memory_map = dict(memory_map)
        self._processor = processor or Processor()
        self._master = master
        super().__init__({
            "cpu0": In(ProcessorPins()),
            #: Of the device that is a bus master, if there is one.
            **({"request": In(MemoryPort())} if master else {}),
            #: Ports of the devices, by their names.
            **{name: Out(TargetPort()) for name in memory_map},
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.cpu0 = cpu = self._processor
        # Nothing waits long for a master that must snoop between two transactions.
        m.submodules.bus = bus = Bus(self._memory_map, masters=(
            *(["device"] if self._master else []), *MASTERS))
        pins = self.cpu0
        m.d.comb += [cpu.interrupt.eq(pins.interrupt), cpu.restart.eq(pins.restart)]
        connect(m, flipped(pins.pause), cpu.pause)
        for name in MASTERS:
            connect(m, getattr(cpu, name), getattr(bus, name))
        for name in self._memory_map:
            connect(m, getattr(bus, name), flipped(getattr(self, name)))
        if self._master:
            m.submodules.snooped = snooped = SnoopedMaster()
            connect(m, flipped(self.request), snooped.request)
            connect(m, snooped.snoop, cpu.snoop)
            connect(m, snooped.bus, bus.device)
        return m
