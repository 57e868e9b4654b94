"""A 750-class processor: core, MMU, caches, bus. Wiring only (MPC750 UM figure 1-1).

    core --- loads, stores, cache instructions ---+
      mmu -- table searches ----------------------+-- dcache --+-- data ----+
                                                               +-- castout -+-- bus -- targets
    core --- fetches --- icache ----------------------------------- fetch --+
    request --- snooped --- dcache.snoop; and then --------------- device --+

An L2 cache, if there is one, lies between data, castout, fetch and the bus.
"""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.bus import Bus
from pteg.hw.bus.dma import SnoopedMaster
from pteg.hw.bus.interfaces import MemoryPort, TargetPort
from pteg.hw.cache.data import DataCache
from pteg.hw.cache.instruction import InstructionCache
from pteg.hw.cache.l2 import L2Cache
from pteg.hw.core.core import Core
from pteg.hw.core.interfaces import PausePort
from pteg.hw.mmu.mmu import Mmu
from pteg.hw.sizes import L2_SIZES, LINE_BITS

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
    l2 : int
        Bytes of the L2 cache: one of `L2_SIZES`, or 0: there is none.

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

    def __init__(self, memory_map, *, timebase_divider=8, master=False, l2=0):
        self.memory_map = memory_map
        self.timebase_divider = timebase_divider
        self.master = master
        self.l2_size, *self.l2_shape = L2_SIZES[l2] if l2 else (0,)
        super().__init__({
            "interrupt": In(1),
            "pause": In(PausePort()), "restart": In(1),
            **({"request": In(MemoryPort())} if master else {}),
            **{name: Out(TargetPort()) for name in memory_map},
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.core = core = Core(self.timebase_divider, self.l2_size)
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
        connect(m, core.data_cache, dcache.control)
        connect(m, core.data, dcache.lsu)
        connect(m, core.stores, dcache.stores)
        connect(m, mmu.memory, dcache.walker)
        if self.l2_size:
            m.submodules.l2 = l2 = L2Cache(*self.l2_shape)
            connect(m, core.l2, l2.control)
            connect(m, icache.bus, l2.fetch)
            connect(m, l2.bus_fetch, bus.fetch)
            connect(m, dcache.bus, l2.data)
            connect(m, l2.bus_data, bus.data)
            connect(m, dcache.castout, l2.castout)
            connect(m, l2.bus_castout, bus.castout)
            m.d.comb += dcache.below.eq(l2.on)
        else:
            connect(m, icache.bus, bus.fetch)
            connect(m, dcache.bus, bus.data)
            connect(m, dcache.castout, bus.castout)
        m.d.comb += [dcache.drained.eq(core.drained), core.quiet.eq(dcache.quiet),
                     dcache.broadcast.eq(core.broadcast), core.machine_check.eq(dcache.error)]
        for name in self.memory_map:
            connect(m, getattr(bus, name), flipped(getattr(self, name)))
        if self.master:
            m.submodules.snooped = snooped = SnoopedMaster()
            connect(m, flipped(self.request), snooped.request)
            m.d.comb += [getattr(dcache.snoop, name).eq(getattr(snooped.snoop, name))
                         for name in ("valid", "pa", "clean")]
            answer = dcache.snoop.done
            if self.l2_size:
                m.d.comb += [l2.snoop.valid.eq(snooped.snoop.valid & dcache.snoop.done),
                             l2.snoop.pa.eq(snooped.snoop.pa),
                             l2.snoop.clean.eq(snooped.snoop.clean)]
                answer = l2.snoop.done
            m.d.comb += snooped.snoop.done.eq(answer)
            connect(m, snooped.bus, bus.device)
            m.d.comb += [dcache.exclusive.eq(core.exclusive),
                         core.foreign.eq(snooped.bus.valid & ~snooped.snoop.clean),
                         core.foreign_line.eq(snooped.snoop.pa[LINE_BITS:])]
        m.d.comb += [core.fetch_miss.eq(icache.missed),
                     *(getattr(core, name).eq(getattr(mmu, name)) for name in (
                         "fetch_tlb_miss", "data_tlb_miss", "fetch_search", "data_search"))]
        m.d.comb += [core.interrupt.eq(self.interrupt), core.restart.eq(self.restart)]
        return m
