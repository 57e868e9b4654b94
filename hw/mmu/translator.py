"""Translation for one side, instructions or data (MPC750 UM 5.1.6, figures 5-5 and 5-6).

In one cycle: real mode, else a BAT entry, else the segment and the TLB. The order of the checks
is that of the manual's flow chart, with the priorities of MPC750 UM table 5-8:

1. MSR[IR] or MSR[DR] = 0: real addressing mode, pa = ea.
2. A BAT entry matches: fetch from a guarded block, then block protection. Segments are not used.
3. T = 1: direct-store segment, which the 750 does not have.
4. Fetch from a segment with N = 1.
5. No TLB entry: a table search is needed.
6. Fetch from a guarded page, page protection, and a store to a page with C = 0, which needs a
   table search that sets C.

The 750 has this twice, as IMMU and DMMU.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.isa.registers import Wimg
from pteg.hw.mmu.bat import BatArray
from pteg.hw.mmu.enums import AccessKind, Translation
from pteg.hw.mmu.interfaces import (
    InvalidatePort,
    RegisterPort,
    SearchPort,
    SegmentWord,
    TranslatePort,
)
from pteg.hw.mmu.protection import BLOCK_KEY, prohibited
from pteg.hw.mmu.tlb import Tlb

__all__ = ["Translator"]


class Translator(wiring.Component):
    """BAT array, TLB and protection of one side.

    Parameters
    ----------
    first_bat : int
        SPR number of its first BAT register.
    real_wimg : int
        Storage attributes in real addressing mode (PEM 5.2.1).
    tlb : Tlb
    """

    port: In(TranslatePort())
    #: Segment register EA[0-3].
    segment_index: Out(4)
    segment: In(SegmentWord)
    search: Out(SearchPort())
    registers: In(RegisterPort())
    invalidate: In(InvalidatePort())

    # Events, each for one access and one cycle.
    #: The answer that is used came from a BAT entry.
    bat_hit: Out(1)
    #: The answer that is used came from the TLB, without a table search before it.
    tlb_hit: Out(1)
    #: A table search starts because no entry matches.
    tlb_miss: Out(1)

    def __init__(self, first_bat, real_wimg, tlb=None):
        self.first_bat = first_bat
        self.real_wimg = Wimg(real_wimg)
        self._tlb = tlb or Tlb()
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.bats = bats = BatArray(self.first_bat)
        m.submodules.tlb = tlb = self._tlb
        port, search, segment = self.port, self.search, self.segment
        connect(m, flipped(self.registers), bats.registers)
        connect(m, flipped(self.invalidate), tlb.invalidate)

        fetch, store = port.kind == AccessKind.FETCH, port.kind == AccessKind.STORE
        key = Mux(port.pr, segment.kp, segment.ks)
        entry = tlb.entry
        needs_c = store & ~entry.c
        m.d.comb += [
            bats.valid.eq(port.valid & port.relocate), bats.ea.eq(port.ea), bats.pr.eq(port.pr),
            tlb.valid.eq(bats.valid & ~bats.hit), tlb.ea.eq(port.ea), tlb.vsid.eq(segment.vsid),
            self.segment_index.eq(port.ea[28:]),
        ]

        by_bat = Signal()       # who answers, whatever the answer is
        by_tlb = Signal()
        missing = Signal()                      # only a table search can answer
        with m.If(port.valid):
            with m.If(~port.relocate):
                m.d.comb += [port.result.eq(Translation.OK),
                             port.pa.eq(port.ea), port.wimg.eq(self.real_wimg)]
            with m.Elif(bats.hit):
                m.d.comb += [by_bat.eq(1), port.pa.eq(bats.pa), port.wimg.eq(bats.wimg)]
                with m.If(fetch & (bats.wimg & Wimg.G).any()):
                    m.d.comb += port.result.eq(Translation.NO_EXECUTE)
                with m.Elif(prohibited(BLOCK_KEY, bats.pp, store)):
                    m.d.comb += port.result.eq(Translation.PROTECTION)
            with m.Elif(segment.t):
                m.d.comb += port.result.eq(Translation.DIRECT_STORE)
            with m.Elif(fetch & segment.n):
                m.d.comb += port.result.eq(Translation.NO_EXECUTE)
            with m.Elif(search.fail & (search.refill_ea == port.ea)):
                m.d.comb += port.result.eq(
                    Mux(search.error, Translation.BUS_ERROR, Translation.PAGE_FAULT))
            with m.Elif(~tlb.hit):
                m.d.comb += [missing.eq(1), port.result.eq(Translation.MISS)]
            with m.Else():
                m.d.comb += [by_tlb.eq(1), port.pa.eq(Cat(port.ea[:12], entry.rpn)),
                             port.wimg.eq(entry.wimg)]
                with m.If(fetch & (entry.wimg & Wimg.G).any()):
                    m.d.comb += port.result.eq(Translation.NO_EXECUTE)
                with m.Elif(prohibited(key, entry.pp, store)):
                    m.d.comb += port.result.eq(Translation.PROTECTION)
                with m.Elif(needs_c):
                    m.d.comb += [missing.eq(1), by_tlb.eq(0),
                                 port.result.eq(Translation.MISS)]

        m.d.comb += [
            search.valid.eq(missing & port.search),
            search.ea.eq(port.ea), search.kind.eq(port.kind), search.vsid.eq(segment.vsid),
            search.key.eq(key), search.way.eq(tlb.way),
            tlb.refill.eq(search.refill), tlb.refill_ea.eq(search.refill_ea),
            tlb.refill_way.eq(search.refill_way), tlb.refill_entry.eq(search.entry),
            tlb.used.eq(port.used & by_tlb),
        ]

        # An access that had to wait for a search is a miss, not also a hit.
        searched = Signal()
        with m.If(search.start):
            m.d.sync += searched.eq(1)
        with m.Elif(port.used | ~port.valid):
            m.d.sync += searched.eq(0)
        m.d.comb += [
            self.bat_hit.eq(port.used & by_bat),
            self.tlb_hit.eq(port.used & by_tlb & ~searched),
            self.tlb_miss.eq(search.start & ~tlb.hit),
        ]
        return m
