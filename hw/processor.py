"""A 750-class processor: core, MMU, caches, bus. Wiring only (MPC750 UM figure 1-1).

    core --- loads, stores, cache instructions ---+
      mmu -- table searches ----------------------+-- dcache --+-- data ----+
                                                               +-- castout -+-- bus -- targets
    core --- fetches --- icache ----------------------------------- fetch --+
    request --- snooped --- dcache.snoop; and then --------------- device --+
"""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.bus import Bus
from pteg.hw.bus.dma import SnoopedMaster
from pteg.hw.bus.interfaces import MemoryPort, TargetPort
from pteg.hw.cache.data import DataCache
from pteg.hw.cache.instruction import InstructionCache
from pteg.hw.cache.interfaces import LINE_BITS
from pteg.hw.core.core import Core
from pteg.hw.core.interfaces import PausePort
from pteg.hw.mmu.mmu import Mmu

__all__ = ["Processor"]


class Processor(wiring.Component):
    """Core, MMU, caches and bus; the bus targets hang on ports of their own names.

    Parameters
    ----------
    memory_map : dict of str to (int, int)
        Base address and size of each target.
    timebase_divider : int
        Core cycles to one tick of time base and decrementer.
    master : bool
        A device is a bus master too.

    Members
    -------
    interrupt : In(1)
        External interrupt, level.
    pause : In(PausePort)
    restart : In(1)
        See `Core`.
    request : In(MemoryPort)
        Of the other master, if there is one.
    """

    def __init__(self, memory_map, *, timebase_divider=8, master=False):
        self.memory_map = memory_map
        self.timebase_divider = timebase_divider
        self.master = master
        super().__init__({
            "interrupt": In(1),
            "pause": In(PausePort()), "restart": In(1),
            **({"request": In(MemoryPort())} if master else {}),
            **{name: Out(TargetPort()) for name in memory_map},
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.core = core = Core(self.timebase_divider)
        m.submodules.mmu = mmu = Mmu()
        m.submodules.icache = icache = InstructionCache()
        m.submodules.dcache = dcache = DataCache()
        # Nothing waits long for a master that must snoop between two transactions.
        m.submodules.bus = bus = Bus(self.memory_map, masters=(
            *(["device"] if self.master else []), "data", "castout", "fetch"))

        connect(m, core.fetch_translate, mmu.fetch)
        connect(m, core.data_translate, mmu.data)
        connect(m, core.registers, mmu.registers)
        connect(m, core.invalidate, mmu.invalidate)
        connect(m, core.instruction_cache, icache.control)
        connect(m, core.block, icache.block)
        connect(m, flipped(self.pause), core.pause)
        connect(m, core.fetch_cache, icache.fetch)
        connect(m, icache.bus, bus.fetch)
        connect(m, core.data_cache, dcache.control)
        connect(m, core.data, dcache.lsu)
        connect(m, core.stores, dcache.stores)
        connect(m, mmu.memory, dcache.walker)
        connect(m, dcache.bus, bus.data)
        connect(m, dcache.castout, bus.castout)
        m.d.comb += [dcache.drained.eq(core.drained), core.quiet.eq(dcache.quiet),
                     dcache.broadcast.eq(core.broadcast), core.machine_check.eq(dcache.error)]
        for name in self.memory_map:
            connect(m, getattr(bus, name), flipped(getattr(self, name)))
        if self.master:
            m.submodules.snooped = snooped = SnoopedMaster()
            connect(m, flipped(self.request), snooped.request)
            connect(m, snooped.snoop, dcache.snoop)
            connect(m, snooped.bus, bus.device)
            m.d.comb += [dcache.exclusive.eq(core.exclusive),
                         core.foreign.eq(snooped.bus.valid & ~snooped.snoop.clean),
                         core.foreign_line.eq(snooped.snoop.pa[LINE_BITS:])]
        m.d.comb += [core.fetch_miss.eq(icache.missed),
                     *(getattr(core, name).eq(getattr(mmu, name)) for name in (
                         "fetch_tlb_miss", "data_tlb_miss", "fetch_search", "data_search"))]
        m.d.comb += [core.interrupt.eq(self.interrupt), core.restart.eq(self.restart)]
        return m
