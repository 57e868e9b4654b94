"""The active operation of the L2, beat by beat (MPC750 UM 9.1).

    LOOK -- HIT                             a block goes to the first level
         -- MISS --- EVICT ------- FILL     it is read on the bus; a line is replaced; it enters
         -- EVICT -- ACCEPT                 a castout enters
         -- FORWARD                         only the bus does it
         -- DISCARD                         a store that misses in test mode
         -- PUSH --- LOOK                   a modified sector is written, then what else there is

EVICT writes the modified sectors of the replaced line, one PUSH for each. Of a line that has been
replaced in part nothing may stay: if the castout ends with TEA, its sector is invalid.
"""

from amaranth.hdl import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.master import address_only
from pteg.hw.cache.enums import L2State, Who
from pteg.hw.cache.interfaces import L2Answer
from pteg.hw.isa.registers import Wimg
from pteg.hw.sizes import BEATS
from pteg.hw.words import flag

__all__ = ["L2Operation"]

#: L2 clocks to the first beat.
FIRST = 3


class L2Operation(wiring.Component):
    """Sequencer.

    Parameters
    ----------
    sets : int
        A global invalidation takes a cycle for each.
    """

    def __init__(self, sets):
        self._sets = sets
        super().__init__({
            "state": Out(L2State),
            #: A request begins, or a global invalidation. `next`: what the lookup leads to.
            "begin": In(1), "sweep": In(1), "next": In(L2State),
            #: The request: whose, and what.
            "who": In(Who), "type": In(TransferType), "burst": In(1), "wimg": In(4),
            #: L2CR[L2WT] when it began.
            "through": In(1),
            #: Beat of a block; set that is invalidated.
            "beat": Out(range(BEATS)), "swept": Out(range(sets)),
            #: Pace of the SRAM: see `L2Clock`.
            "start": Out(1), "clocks": Out(2), "running": Out(1), "ready": In(1),
            #: What the request's bus master says.
            "bus_beat": In(1), "bus_done": In(1), "bus_error": In(1),
            #: A sector is to be written; it has been, perhaps with a transfer error.
            "push": Out(1), "push_beat": In(1), "push_done": In(1),
            #: The line in question is being replaced; it has modified sectors.
            "fresh": In(1), "modified": In(1),
            #: What happens to its tags at the end of this cycle: see `L2Tags`.
            "use": Out(1), "enter": Out(1), "enter_modified": Out(1), "leave": Out(1),
            "clean": Out(1), "clear": Out(1),
            #: The line buffer takes a beat; gives one to the SRAM; the castout gives one.
            "collect": Out(1), "fill": Out(1), "accept": Out(1),
            "answer": Out(L2Answer()),
            #: A block has been read from the SRAM, or past it.
            "hit": Out(1), "miss": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        state, beat = self.state, self.beat
        m.d.comb += self.clocks.eq(Mux(state == L2State.LOOK, FIRST, 1))
        with m.Switch(state):
            with m.Case(L2State.IDLE):
                with m.If(self.sweep):
                    m.d.sync += [state.eq(L2State.INVALIDATE), self.swept.eq(0)]
                with m.Elif(self.begin):
                    m.d.sync += [state.eq(L2State.LOOK), beat.eq(0)]
            with m.Case(L2State.LOOK):
                m.d.comb += self.start.eq(1)
                m.d.sync += state.eq(self.next)
            with m.Case(L2State.HIT):
                self._hit(m)
            with m.Case(L2State.MISS):
                self._miss(m)
            with m.Case(L2State.EVICT):
                m.d.comb += self.start.eq(1)
                m.d.sync += beat.eq(0)
                with m.If(self.fresh & self.modified):
                    m.d.sync += state.eq(L2State.PUSH)
                with m.Else():
                    m.d.sync += state.eq(
                        Mux(self.who == Who.CASTOUT, L2State.ACCEPT, L2State.FILL))
            with m.Case(L2State.FILL):
                m.d.comb += [self.running.eq(1), self.fill.eq(self.ready)]
                with m.If(self.ready):
                    m.d.sync += beat.eq(beat + 1)
                    with m.If(beat == BEATS - 1):
                        m.d.comb += self.enter.eq(1)
                        m.d.sync += state.eq(L2State.IDLE)
            with m.Case(L2State.ACCEPT):
                self._accept(m)
            with m.Case(L2State.FORWARD):
                self._forward(m)
            with m.Case(L2State.DISCARD):
                m.d.comb += [self.answer.beat.eq(1), self.answer.done.eq(1)]
                m.d.sync += state.eq(L2State.IDLE)
            with m.Case(L2State.PUSH):
                m.d.comb += self.push.eq(1)
                with m.If(self.push_beat):
                    m.d.sync += beat.eq(beat + 1)
                with m.If(self.push_done):
                    m.d.comb += self.clean.eq(1)
                    # Replaced: look for another one. Otherwise look again: nothing is modified now.
                    m.d.sync += state.eq(Mux(self.fresh, L2State.EVICT, L2State.LOOK))
            with m.Case(L2State.INVALIDATE):
                m.d.comb += self.clear.eq(1)
                m.d.sync += self.swept.eq(self.swept + 1)
                with m.If(self.swept == self._sets - 1):
                    m.d.sync += state.eq(L2State.IDLE)
        return m

    def _hit(self, m):
        """Beats go from the SRAM to the first level."""
        m.d.comb += [self.running.eq(1), self.answer.sram.eq(1), self.answer.beat.eq(self.ready)]
        with m.If(self.ready):
            m.d.sync += self.beat.eq(self.beat + 1)
            with m.If(~self.burst | (self.beat == BEATS - 1)):
                m.d.comb += [self.answer.done.eq(1), self.use.eq(1), self.hit.eq(1)]
                m.d.sync += self.state.eq(L2State.IDLE)

    def _miss(self, m):
        """The block is read on the bus, and kept."""
        self._from_bus(m)
        m.d.comb += self.collect.eq(self.bus_beat)
        with m.If(self.bus_beat):
            m.d.sync += self.beat.eq(self.beat + 1)
        with m.If(self.bus_done):
            m.d.comb += self.miss.eq(1)
            m.d.sync += [self.state.eq(Mux(self.bus_error, L2State.IDLE, L2State.EVICT)),
                         self.beat.eq(0)]

    def _accept(self, m):
        """A castout goes into the SRAM, and in write-through mode to the bus at the same time."""
        answer = self.answer
        m.d.comb += [self.running.eq(1), self.accept.eq(answer.beat)]
        with m.If(self.through):
            self._from_bus(m)
        with m.Else():
            m.d.comb += [answer.beat.eq(self.ready),
                         answer.done.eq(self.ready & (self.beat == BEATS - 1))]
        with m.If(answer.beat):
            m.d.sync += self.beat.eq(self.beat + 1)
        with m.If(answer.done):
            m.d.comb += [self.enter.eq(~answer.error), self.enter_modified.eq(~self.through),
                         self.leave.eq(answer.error)]
            m.d.sync += self.state.eq(L2State.IDLE)

    def _forward(self, m):
        """Only the bus does it. Of an address-only operation M says whether others are told."""
        told = ~address_only(self.type) | flag(self.wimg, Wimg.M)
        with m.If(told):
            self._from_bus(m)
        with m.Else():
            m.d.comb += self.answer.done.eq(1)
        with m.If(self.answer.done):
            m.d.sync += self.state.eq(L2State.IDLE)

    def _from_bus(self, m):
        """The request goes to its bus master, which answers it."""
        m.d.comb += [
            self.answer.forward.eq(1), self.answer.beat.eq(self.bus_beat),
            self.answer.done.eq(self.bus_done), self.answer.error.eq(self.bus_error)]
