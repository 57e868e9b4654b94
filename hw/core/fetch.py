"""Instruction fetch: asks the cache for up to four instructions a clock (MPC750 UM 6.3.1).

A fetch reads the quad word that contains the address. Its instructions from the address on enter
the queue, up to the room that the queue had in the previous clock. Address translation, the
instruction cache and the predecoders work in the same clock. A fetch that misses is repeated until
the cache answers. Fetch runs ahead in predicted program order and follows a redirect at once.
Faults travel with the instruction and count only if it is dispatched. A table search is not
speculative: it waits until nothing older is in flight (MPC750 UM 5.4.5).

The instruction address breakpoint (MPC750 UM 2.1.2.1, 4.5.14) marks the word that IABR names, while
IABR[TE] is MSR[IR]: it travels like a fault, and fetch continues after it.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.cache.interfaces import InstructionPort
from pteg.hw.core.enums import FetchFault
from pteg.hw.core.interfaces import FetchToQueue, Redirect
from pteg.hw.core.predecode import Predecoder
from pteg.hw.isa.registers import RESET_VECTOR, Iabr
from pteg.hw.mmu.enums import AccessKind, Translation
from pteg.hw.mmu.interfaces import TranslatePort
from pteg.hw.sizes import FETCH_WIDTH

__all__ = ["Fetch"]

#: What a failed translation makes of the instruction.
_FAULTS = {
    Translation.PAGE_FAULT: FetchFault.PAGE_FAULT,
    Translation.PROTECTION: FetchFault.PROTECTION,
    Translation.NO_EXECUTE: FetchFault.NO_EXECUTE,
    Translation.DIRECT_STORE: FetchFault.NO_EXECUTE,
    Translation.BUS_ERROR: FetchFault.MACHINE_CHECK,
}


class Fetch(wiring.Component):
    """Fetch unit."""

    #: Go on elsewhere, from the next cycle on.
    redirect: In(Redirect())
    #: MSR[IR], MSR[PR].
    relocate: In(1)
    pr: In(1)
    iabr: In(32)
    #: The next instruction to fetch is the next to complete: nothing older is in flight, and no
    #: interrupt waits. A table search may start.
    oldest: In(1)
    #: Start no new fetch (checkstop).
    stop: In(1)
    translate: Out(TranslatePort())
    cache: Out(InstructionPort())
    queue: Out(FetchToQueue())
    #: A table search for a fetch starts or is under way.
    searching: Out(1)

    def elaborate(self, platform):
        m = Module()

        pc = Signal(32, init=RESET_VECTOR)
        faulted = Signal()  # a fault was handed over: wait for a redirect
        search = Signal()   # a table search has begun and must be seen through
        translate, cache, queue = self.translate, self.cache, self.queue

        m.d.comb += [
            translate.valid.eq((queue.room != 0) & ~faulted & ~self.stop),
            translate.ea.eq(pc),
            translate.kind.eq(AccessKind.FETCH),
            translate.pr.eq(self.pr),
            translate.relocate.eq(self.relocate),
            translate.search.eq(translate.valid & (self.oldest | search)),
            self.searching.eq(translate.search & (translate.result == Translation.MISS)),
            cache.valid.eq(translate.valid & (translate.result == Translation.OK)),
            cache.pa.eq(translate.pa),
            cache.wimg.eq(translate.wimg),
        ]

        # The instructions: those of the quad word from `pc` on.
        fault = Signal(FetchFault)
        for offset, entry in enumerate(queue.entries):
            m.submodules[f"predecoder{offset}"] = predecoder = Predecoder()
            m.d.comb += [
                entry.pc.eq(pc + 4 * offset),
                entry.insn.eq(cache.data.word_select(~(pc[2:4] + offset)[:2], 32)),
                predecoder.insn.eq(entry.insn),
                entry.known.eq(predecoder.known),
            ]
        here = Signal()  # the breakpoint is in this quad word
        with m.If(self.iabr[Iabr.BE.slice] & (self.iabr[Iabr.TE.slice] == self.relocate)):
            m.d.comb += here.eq(pc[4:] == self.iabr[4:])
        with m.If(here):
            for entry in queue.entries:
                with m.If(entry.pc[2:4] == self.iabr[2:4]):
                    m.d.comb += [entry.fault.eq(FetchFault.BREAKPOINT), entry.known.branch.eq(0)]
        with m.If(fault != FetchFault.NONE):
            # There is no instruction, so it is no branch, whatever the cache and the bus show.
            m.d.comb += [queue.entries[0].fault.eq(fault), queue.entries[0].known.branch.eq(0)]

        held = Signal(range(FETCH_WIDTH + 1))  # instructions that the answer holds
        m.d.comb += held.eq(Mux(cache.half, 2 - pc[2], 4 - pc[2:4]))
        with m.If(translate.valid):
            m.d.sync += search.eq(self.searching)
            with m.Switch(translate.result):
                with m.Case(Translation.OK):
                    with m.If(cache.ready):
                        m.d.comb += translate.used.eq(1)
                        with m.If(cache.error):
                            m.d.comb += [fault.eq(FetchFault.MACHINE_CHECK), queue.count.eq(1)]
                        with m.Else():
                            m.d.comb += queue.count.eq(Mux(held > queue.room, queue.room, held))
                with m.Case(Translation.MISS):
                    pass
                for result, meaning in _FAULTS.items():
                    with m.Case(result):
                        m.d.comb += [fault.eq(meaning), queue.count.eq(1), translate.used.eq(1)]
            with m.If(queue.count != 0):
                m.d.sync += pc.eq(pc + (queue.count << 2))
            with m.If(fault != FetchFault.NONE):
                m.d.sync += faulted.eq(1)

        with m.If(self.redirect.valid):
            m.d.sync += [pc.eq(self.redirect.pc), search.eq(0), faulted.eq(0)]
        return m
