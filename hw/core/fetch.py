"""Instruction fetch: asks for the next double word and hands it to the instruction queue.

MPC750 UM 6.3.1. A fetch is a read of the double word that holds the address, two instructions; the
750's is up to four. Fetch runs ahead in program order; it follows a redirect at once, and a read
that is then under way is finished and dropped. Faults travel with the instruction and count only if
it is dispatched. A table search is not speculative: it waits until nothing older is in flight
(MPC750 UM 5.4.5).
"""

import enum

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.interfaces import MemoryPort, TransferType
from pteg.hw.core.interfaces import FetchFault, FetchToQueue, Redirect
from pteg.hw.isa.registers import RESET_VECTOR
from pteg.hw.mmu.interfaces import AccessKind, TranslatePort, Translation

__all__ = ["Fetch", "FetchState"]


class FetchState(enum.IntEnum):
    """TRANSLATE: look the address up; READ: on the bus; DROP: finish a read nobody wants;
    FAULT: a fault was handed over, wait for a redirect."""

    TRANSLATE = 0
    READ = 1
    DROP = 2
    FAULT = 3


#: What a failed translation makes of the instruction.
_FAULTS = {
    Translation.PAGE_FAULT: FetchFault.PAGE_FAULT,
    Translation.PROTECTION: FetchFault.PROTECTION,
    Translation.NO_EXECUTE: FetchFault.NO_EXECUTE,
    Translation.DIRECT_STORE: FetchFault.NO_EXECUTE,
    Translation.BUS_ERROR: FetchFault.MACHINE_CHECK,
}


class Fetch(wiring.Component):
    """Fetch unit.

    Members
    -------
    redirect : In(Redirect)
        Go on elsewhere, from the next cycle on.
    relocate, pr : In(1)
        MSR[IR], MSR[PR].
    oldest : In(1)
        The next instruction to fetch is the next to complete: nothing older is in flight, and no
        interrupt waits. A table search may start.
    stop : In(1)
        Start no new fetch (checkstop).
    translate : Out(TranslatePort)
    memory : Out(MemoryPort)
    queue : Out(FetchToQueue)
    searching : Out(1)
        A table search for a fetch starts or is under way.
    """

    redirect: In(Redirect())
    relocate: In(1)
    pr: In(1)
    oldest: In(1)
    stop: In(1)
    translate: Out(TranslatePort())
    memory: Out(MemoryPort())
    queue: Out(FetchToQueue())
    searching: Out(1)

    def elaborate(self, platform):
        m = Module()

        state = Signal(FetchState)
        pc = Signal(32, init=RESET_VECTOR)
        physical = Signal(32)
        wimg = Signal(4)
        search = Signal()  # a table search has begun and must be seen through

        m.d.comb += [
            self.translate.valid.eq((state == FetchState.TRANSLATE) & self.queue.room
                                    & ~self.stop),
            self.translate.ea.eq(pc),
            self.translate.kind.eq(AccessKind.FETCH),
            self.translate.pr.eq(self.pr),
            self.translate.relocate.eq(self.relocate),
            self.translate.search.eq(self.translate.valid & (self.oldest | search)),
            self.searching.eq(self.translate.search
                              & (self.translate.result == Translation.MISS)),

            self.memory.type.eq(TransferType.READ),
            self.memory.addr.eq(physical),
            self.memory.size.eq(8),
            self.memory.wimg.eq(wimg),
            self.memory.valid.eq((state == FetchState.READ) | (state == FetchState.DROP)),
        ]

        first, second = self.queue.entries
        fault = Signal(FetchFault)
        m.d.comb += [
            first.pc.eq(pc),
            second.pc.eq(Cat(0, 0, 1, pc[3:])),
            second.insn.eq(self.memory.rdata[:32]),
            first.insn.eq(Mux(pc[2], self.memory.rdata[:32], self.memory.rdata[32:])),
            first.fault.eq(fault),
        ]

        with m.Switch(state):
            with m.Case(FetchState.TRANSLATE):
                with m.If(self.translate.valid):
                    m.d.sync += search.eq(self.searching)
                    with m.Switch(self.translate.result):
                        with m.Case(Translation.OK):
                            m.d.comb += self.translate.used.eq(1)
                            m.d.sync += [
                                physical.eq(Cat(0, 0, 0, self.translate.pa[3:])),
                                wimg.eq(self.translate.wimg),
                                state.eq(FetchState.READ),
                            ]
                        with m.Case(Translation.MISS):
                            pass
                        for result, meaning in _FAULTS.items():
                            with m.Case(result):
                                m.d.comb += [fault.eq(meaning), self.queue.count.eq(1),
                                             self.translate.used.eq(1)]
                                m.d.sync += state.eq(FetchState.FAULT)
            with m.Case(FetchState.READ):
                with m.If(self.memory.done):
                    m.d.sync += state.eq(FetchState.TRANSLATE)
                    with m.If(self.memory.error):
                        m.d.comb += [fault.eq(FetchFault.MACHINE_CHECK), self.queue.count.eq(1)]
                        m.d.sync += state.eq(FetchState.FAULT)
                    with m.Else():
                        m.d.comb += self.queue.count.eq(Mux(pc[2], 1, 2))
                        m.d.sync += pc.eq(Cat(0, 0, 0, pc[3:] + 1))
            with m.Case(FetchState.DROP):
                with m.If(self.memory.done):
                    m.d.sync += state.eq(FetchState.TRANSLATE)

        with m.If(self.redirect.valid):
            reading = (state == FetchState.READ) | (state == FetchState.DROP)
            m.d.sync += [
                pc.eq(self.redirect.pc),
                search.eq(0),
                state.eq(Mux(reading & ~self.memory.done, FetchState.DROP, FetchState.TRANSLATE)),
            ]
        return m
