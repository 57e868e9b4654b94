"""The bus: wiring (MPC750 UM figure 8-1). Several processors have masters of their own.

     data ---- master ---+                       +--- dram
     castout - master ---+-- arbiter -- decoder -+--- rom
     fetch --- master ---+      |                +--- ...
                              snoop
"""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.arbiter import Arbiter
from pteg.hw.bus.decoder import Decoder, range_port
from pteg.hw.bus.interfaces import AddressSnoop, MemoryPort, TargetPort
from pteg.hw.bus.master import Master
from pteg.hw.bus.memory_map import check_map

__all__ = ["Bus"]


class Bus(wiring.Component):
    """Masters, arbiter and decoder.

    Parameters
    ----------
    memory_map : dict
        {name of target: (base, size)}, see `check_map`.
    masters : sequence of str
        Names of the masters, highest priority first.
    groups : sequence of int
        How many of the last ones belong to each processor, see `Arbiter`.
    """

    def __init__(self, memory_map, masters=("data", "castout", "fetch"), groups=()):
        check_map(memory_map)
        names = [*masters, *memory_map]
        if len(set(names)) < len(names):
            raise ValueError(f"names of masters and targets must all differ, not {names!r}")
        self.memory_map, self.names = dict(memory_map), tuple(masters)
        self._groups = tuple(groups)
        super().__init__({
            #: For those who watch the address bus.
            "snoop": Out(AddressSnoop()),
            #: Whose address tenure, and whose data tenure it is: a bit for each master.
            "owner": Out(len(masters)), "data_owner": Out(len(masters)),
            #: Where the targets are (`pteg.hw.bus.decoder`).
            **range_port(memory_map),
            #: By their names: requests of the masters, ports of the targets.
            **{name: In(MemoryPort()) for name in masters},
            **{name: Out(TargetPort()) for name in memory_map},
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.arbiter = arbiter = Arbiter(len(self.names), self._groups)
        m.submodules.decoder = decoder = Decoder(self.memory_map)
        for n, name in enumerate(self.names):
            m.submodules[name] = master = Master()
            connect(m, flipped(getattr(self, name)), master.memory)
            connect(m, master.bus, arbiter.masters[n])
        connect(m, arbiter.bus, decoder.bus)
        connect(m, arbiter.snoop, flipped(self.snoop))
        m.d.comb += [self.owner.eq(arbiter.owner), self.data_owner.eq(arbiter.data_owner),
                     decoder.ranges.eq(self.ranges)]
        for name in self.memory_map:
            connect(m, getattr(decoder, name), flipped(getattr(self, name)))
        return m
