"""A 750-class processor: core, MMU and caches. Wiring only (MPC750 UM figure 1-1).

    core --- loads, stores, cache instructions ---+
      mmu -- table searches ----------------------+-- dcache --+-- data ----
                                                               +-- castout -
    core --- fetches --- icache ----------------------------------- fetch --
    snoop -------------- dcache

An L2 cache, if there is one, is between these and the bus masters data, castout and fetch.
"""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.interfaces import BroadcastPort, MemoryPort, SnoopPort
from pteg.hw.bus.ratio import Ratio
from pteg.hw.cache.data import DataCache
from pteg.hw.cache.instruction import InstructionCache
from pteg.hw.cache.l2 import L2Cache
from pteg.hw.core.core import Core
from pteg.hw.core.interfaces import PausePort
from pteg.hw.mmu.mmu import Mmu
from pteg.hw.mmu.replacement import POLICIES
from pteg.hw.parameters import Parameters
from pteg.hw.sizes import LINE_BITS

__all__ = ["MASTERS", "Processor", "ProcessorPins"]

#: Bus masters of a processor, highest priority first.
MASTERS = ("data", "castout", "fetch")
#: Events that the MMU tells the performance monitor.
_MMU_EVENTS = ("fetch_tlb_miss", "data_tlb_miss", "fetch_search", "data_search")


def _sets(size, ways):
    """Sets of a cache of so many bytes."""
    return size // ways >> LINE_BITS


class ProcessorPins(wiring.Signature):
    """What reaches a processor from outside beside the bus, as ports of the same names."""

    def __init__(self):
        super().__init__({"interrupt": Out(1), "soft_reset": Out(1), "time_base_stop": Out(1),
                          "pause": Out(PausePort()), "restart": Out(1)})


class Processor(wiring.Component):
    """Core, MMU and caches.

    Parameters
    ----------
    parameters : pteg.hw.parameters.Parameters
        By default those of the MPC750.
    number : int
        Which processor of the machine it is; all but number 0 wait for a soft reset.
    mmu, icache, dcache, l2 : Component
        In place of those that the parameters describe, with the ports of `Mmu`,
        `InstructionCache`, `DataCache` and `L2Cache`.
    """

    #: External interrupt, level; SRESET, which counts when it is asserted; TBEN, negated.
    interrupt: In(1)
    soft_reset: In(1)
    time_base_stop: In(1)
    #: For a debugger, see `Core`.
    pause: In(PausePort())
    restart: In(1)
    #: Bus masters: reloads, single beats and broadcasts of the data cache; blocks that are written
    #: back; the instruction cache.
    data: Out(MemoryPort())
    castout: Out(MemoryPort())
    fetch: Out(MemoryPort())
    #: What another bus master is about to do.
    snoop: In(SnoopPort())
    #: Broadcasts of the processors.
    told: In(BroadcastPort())

    def __init__(self, parameters=None, number=0, *, mmu=None, icache=None, dcache=None, l2=None):
        self._parameters = p = parameters or Parameters()
        self.ratio = Ratio.read(p.ratio)
        self._number = number
        self._mmu = mmu or Mmu(p.tlb_sets, p.tlb_ways, POLICIES[p.tlb_replacement])
        self._icache = icache or InstructionCache(_sets(p.icache, p.icache_ways), p.icache_ways)
        self._dcache = dcache or DataCache(_sets(p.dcache, p.dcache_ways), p.dcache_ways)
        self._l2 = l2 or (L2Cache.of_size(p.l2) if p.l2 else None)
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.core = core = Core(
            self._parameters, self._l2.siz if self._l2 else 0, held=self._number > 0)
        m.submodules.mmu = mmu = self._mmu
        m.submodules.icache = icache = self._icache
        m.submodules.dcache = dcache = self._dcache

        # ---- Between core, MMU and first level --------------------------------------------------
        connect(m, core.fetch_translate, mmu.fetch)
        connect(m, core.data_translate, mmu.data)
        connect(m, core.registers, mmu.registers)
        connect(m, core.invalidate, mmu.invalidate)
        connect(m, flipped(self.told), core.told)
        m.d.comb += [mmu.told.eq(self.told.tlbie), core.updates.eq(mmu.updates)]
        connect(m, core.instruction_cache, icache.control)
        connect(m, core.block, icache.block)
        connect(m, core.fetch_cache, icache.fetch)
        connect(m, core.data_cache, dcache.control)
        connect(m, core.data, dcache.lsu)
        connect(m, core.stores, dcache.stores)
        connect(m, mmu.memory, dcache.walker)
        m.d.comb += [
            dcache.drained.eq(core.drained), core.quiet.eq(dcache.quiet),
            dcache.broadcast.eq(core.broadcast), core.fetch_miss.eq(icache.missed),
            *(getattr(core, event).eq(getattr(mmu, event)) for event in _MMU_EVENTS),
        ]

        # ---- The second level, and the bus ------------------------------------------------------
        masters = dict(zip(MASTERS, (dcache.bus, dcache.castout, icache.bus), strict=True))
        snooped, machine_check, passed = dcache.snoop.done, dcache.error, self.snoop.passed
        if self._l2:
            m.submodules.l2 = l2 = self._l2
            connect(m, core.l2, l2.control)
            for name, port in masters.items():
                connect(m, port, getattr(l2, name))
                masters[name] = getattr(l2, f"bus_{name}")
            m.d.comb += [
                dcache.below.eq(l2.on),
                l2.snoop.valid.eq(self.snoop.valid & dcache.snoop.done),
                l2.snoop.pa.eq(self.snoop.pa), l2.snoop.clean.eq(self.snoop.clean),
            ]
            snooped, machine_check = l2.snoop.done, dcache.error | l2.error
            # What the L2 has need not pass the bus.
            passed |= l2.on & dcache.bus.valid
        for name, port in masters.items():
            connect(m, port, flipped(getattr(self, name)))

        # ---- From outside -----------------------------------------------------------------------
        snoop = self.snoop
        m.d.comb += [
            *(getattr(dcache.snoop, name).eq(getattr(snoop, name))
              for name in ("valid", "pa", "clean")),
            dcache.snoop.passed.eq(passed),
            snoop.done.eq(snooped), core.machine_check.eq(machine_check),
            dcache.exclusive.eq(core.exclusive),
            core.foreign.eq(snoop.valid & snoop.done & ~snoop.clean),
            core.foreign_line.eq(snoop.pa[LINE_BITS:]),
            *(getattr(core, pin).eq(getattr(self, pin))
              for pin in ("interrupt", "soft_reset", "time_base_stop", "restart")),
        ]
        connect(m, flipped(self.pause), core.pause)
        return m
