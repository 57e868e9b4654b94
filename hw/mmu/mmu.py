"""The memory management unit: wiring (MPC750 UM figure 5-1).

           fetch                               data
             |                                   |
          +------+        +----------+        +------+
          | immu |--------| segments |--------| dmmu |      immu, dmmu: BATs, TLB, protection
          +------+        +----------+        +------+
             |            +----------+           |
             +------------|  walker  |-----------+          one table search at a time, data first
                          +----------+
                               | memory

Left out: snooping of tlbie by other processors.
"""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.isa.registers import SPR_BY_NAME, Wimg
from pteg.hw.mmu.counters import Counters
from pteg.hw.mmu.enums import Side
from pteg.hw.mmu.interfaces import InvalidatePort, RegisterPort, TranslatePort
from pteg.hw.mmu.replacement import Lru
from pteg.hw.mmu.segments import Segments
from pteg.hw.mmu.tlb import Tlb
from pteg.hw.mmu.translator import Translator
from pteg.hw.mmu.walker import Walker

__all__ = ["Mmu"]

#: Storage attributes in real addressing mode (PEM 5.2.1).
REAL_FETCH = Wimg.G
REAL_DATA = Wimg.M | Wimg.G


class Mmu(wiring.Component):
    """Translation for the fetch unit and the load/store unit.

    Parameters
    ----------
    sets, ways : int
        Of each TLB.
    replacement : type
        Of the TLBs, see `Tlb`.
    """

    fetch: In(TranslatePort())
    data: In(TranslatePort())
    #: mtspr, mfspr, mtsr, mfsr.
    registers: In(RegisterPort())
    #: tlbie.
    invalidate: In(InvalidatePort())
    #: Events: a table search starts because no TLB entry matches; a cycle of one.
    fetch_tlb_miss: Out(1)
    data_tlb_miss: Out(1)
    fetch_search: Out(1)
    data_search: Out(1)
    #: A tlbie of a processor has been heard: the table search under way begins anew. `updates`:
    #: one that was under way then writes R or C.
    told: In(1)
    updates: Out(1)
    #: Reads and updates of the page table.
    memory: Out(MemoryPort())

    def __init__(self, sets=64, ways=2, replacement=Lru):
        self._tlbs = [Tlb(sets, ways, replacement) for _ in range(2)]
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.segments = segments = Segments()
        fetch_tlb, data_tlb = self._tlbs
        m.submodules.immu = immu = Translator(SPR_BY_NAME["IBAT0U"].number, REAL_FETCH, fetch_tlb)
        m.submodules.dmmu = dmmu = Translator(SPR_BY_NAME["DBAT0U"].number, REAL_DATA, data_tlb)
        m.submodules.walker = walker = Walker()
        m.submodules.counters = counters = Counters()

        connect(m, flipped(self.fetch), immu.port)
        connect(m, flipped(self.data), dmmu.port)
        connect(m, immu.search, walker.fetch)
        connect(m, dmmu.search, walker.data)
        connect(m, walker.memory, flipped(self.memory))
        m.d.comb += [walker.told.eq(self.told), self.updates.eq(walker.updates)]
        m.d.comb += [
            segments.fetch_index.eq(immu.segment_index), immu.segment.eq(segments.fetch_segment),
            segments.data_index.eq(dmmu.segment_index), dmmu.segment.eq(segments.data_segment),
        ]

        # Each register lives in one of these; the others read as zero.
        homes = (segments, immu, dmmu, walker)
        for home in homes:
            m.d.comb += [getattr(home.registers, name).eq(getattr(self.registers, name))
                         for name in ("spr", "segment", "sr", "write", "wdata")]
        rdata = [home.registers.rdata for home in homes]
        m.d.comb += self.registers.rdata.eq(rdata[0] | rdata[1] | rdata[2] | rdata[3])
        for side in (immu, dmmu):
            m.d.comb += [side.invalidate.valid.eq(self.invalidate.valid),
                         side.invalidate.ea.eq(self.invalidate.ea)]

        m.d.comb += [
            self.fetch_tlb_miss.eq(immu.tlb_miss), self.data_tlb_miss.eq(dmmu.tlb_miss),
            self.fetch_search.eq(walker.busy & (walker.side == Side.FETCH)),
            self.data_search.eq(walker.busy & (walker.side == Side.DATA)),
            counters.fetch_bat_hit.eq(immu.bat_hit), counters.fetch_tlb_hit.eq(immu.tlb_hit),
            counters.fetch_tlb_miss.eq(immu.tlb_miss),
            counters.data_bat_hit.eq(dmmu.bat_hit), counters.data_tlb_hit.eq(dmmu.tlb_hit),
            counters.data_tlb_miss.eq(dmmu.tlb_miss),
            counters.walk.eq(walker.done), counters.walk_ptes.eq(walker.ptes_examined),
            counters.walk_cycle.eq(walker.busy),
            counters.update_r.eq(walker.updated_r), counters.update_c.eq(walker.updated_c),
        ]
        return m
