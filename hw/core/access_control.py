"""Control of an access in the second stage of the load/store unit (PEM 4.2.3, 4.3, 6.4).

The decision is made in each cycle: request the data cache, enter the store queue, end, fault, or
wait. It depends on the translation of the next part, on the other instructions in flight, and on
the registers that restrict or watch accesses. `pteg.hw.isa.causes` says which cause wins.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.cache.interfaces import BlockPort
from pteg.hw.core.access import Access, alignment_dsisr
from pteg.hw.core.enums import Cause, Moves
from pteg.hw.isa.exceptions import Dsisr
from pteg.hw.isa.instructions import Op
from pteg.hw.isa.registers import Dabr, Hid0, Msr, Wimg
from pteg.hw.mmu.enums import AccessKind, Translation
from pteg.hw.mmu.interfaces import InvalidatePort, TranslatePort
from pteg.hw.words import flag

__all__ = ["AccessControl"]


class AccessControl(wiring.Component):
    """Decides.

    Parameters
    ----------
    shared : bool
        Other processors use the same memory. A stwcx. is then not queued: the reservation is
        checked in the cycle in which the cache takes the store, when all older ones are written.
    broadcast : bool
        With HID0[ABE], tlbie, tlbsync and icbi reach them too (`pteg.hw.bus.listener`).
    """

    #: There is an access to decide about: an instruction, its next byte, and the address that it
    #: has computed.
    active: In(1)
    op: In(Op)
    insn: In(32)
    access: In(Access)
    ea: In(32)
    first: In(32)
    #: The next part moves nothing; it is the whole access to one register.
    nothing: In(1)
    whole: In(1)
    #: It is the oldest instruction, which may act; a new one comes at the end of the cycle.
    head: In(1)
    start: In(1)
    #: It is dropped.
    dropped: In(1)
    #: What the cache took before has ended with a transfer error.
    bus_error: In(1)
    msr: In(32)
    hid0: In(32)
    ear: In(32)
    dabr: In(32)
    #: There is a reservation.
    reserved: In(1)
    #: Store queue: it is empty, has room, has a store of the same bytes. The data cache is idle.
    empty: In(1)
    room: In(1)
    overlap: In(1)
    quiet: In(1)
    #: Something that was translated before the last tlbie heard is under way.
    translated: In(1)
    #: What it stores is there, or may come when it is in the queue. The oldest instruction has it.
    storable: In(1)
    translate: Out(TranslatePort())
    #: icbi and tlbie.
    block: Out(BlockPort())
    invalidate: Out(InvalidatePort())
    #: Ask the data cache, with these storage attributes; it has taken the access.
    ask: Out(1)
    wimg: Out(4)
    accepted: In(1)
    #: The part enters the store queue.
    push: Out(1)
    #: The instruction is over, with nothing more to move; it is a stwcx. that does not store.
    ends: Out(1)
    fails: Out(1)
    #: What follows is fetched again.
    refetch: Out(1)
    fault: Out(1)
    fault_cause: Out(Cause)
    fault_dsisr: Out(32)
    fault_dar: Out(32)

    def __init__(self, shared=False, broadcast=False):
        self._shared, self._broadcast = shared, broadcast
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        port, access = self.translate, self.access
        conditional = Signal()  # a store that needs the reservation at the last moment
        m.d.comb += conditional.eq((self.op == Op.STWCX_DOT) & self._shared)
        translates = Signal()
        waited = Signal()       # sync takes one more cycle
        m.d.comb += [
            self.invalidate.ea.eq(self.ea), self.block.pa.eq(port.pa),
            port.ea.eq(Mux(access.moves == Moves.ZEROS, self.ea & ~31, self.ea)),
            port.kind.eq(Mux(access.store, AccessKind.STORE,
                             Mux(access.moves == Moves.BLOCK, AccessKind.TOUCH,
                                 AccessKind.LOAD))),
            port.pr.eq(flag(self.msr, Msr.PR)), port.relocate.eq(flag(self.msr, Msr.DR)),
            port.search.eq(self.head & (access.moves != Moves.TOUCH)),
            port.valid.eq(translates),
        ]
        with m.If(self.active):
            m.d.comb += translates.eq(1)
            self._before_translation(m, translates, waited)
            with m.If(translates):
                self._translate(m, conditional)
        with m.If(self.ask):
            m.d.comb += port.used.eq(port.valid & self.accepted)
        with m.If(self.bus_error):
            self._fault(m, Cause.MACHINE_CHECK, 0, self.ea)
        with m.If(self.start):
            m.d.sync += waited.eq(0)
        return m

    def _before_translation(self, m, translates, waited):
        """What needs no translation, and what may not have one."""
        access = self.access
        alignment = Cause.ALIGNMENT, alignment_dsisr(self.insn), self.first
        with m.Switch(access.moves):
            with m.Case(Moves.NOTHING):
                m.d.comb += translates.eq(0)
                with m.If(self._tells()):
                    # A tlbsync that others cancel must not keep this processor from what they
                    # wait for.
                    m.d.comb += [self.wimg.eq(Wimg.M), self.ask.eq(
                        self.head & self.empty & self.quiet
                        & ((self.op == Op.TLBIE) | ~self.translated))]
                with m.Else():
                    m.d.comb += self.ends.eq(1)
                    with m.If(self.op == Op.TLBIE):
                        m.d.comb += [self.invalidate.valid.eq(self.head),
                                     # What came through the old translation is fetched again.
                                     self.refetch.eq(1)]
            with m.Case(Moves.BARRIER):
                m.d.comb += translates.eq(0)
                self._barrier(m, waited)
            with m.Case(Moves.MULTIPLE, Moves.STRING):
                with m.If(flag(self.msr, Msr.LE)):
                    m.d.comb += translates.eq(0)
                    self._fault(m, *alignment)
                with m.Elif(self.nothing):
                    m.d.comb += [translates.eq(0), self.ends.eq(1)]
            with m.Case(Moves.ZEROS):
                with m.If(~flag(self.hid0, Hid0.DCE)):
                    m.d.comb += translates.eq(0)
                    self._fault(m, *alignment)
        with m.If(access.aligned & (self.first[:2] != 0)):
            m.d.comb += translates.eq(0)
            self._fault(m, *alignment)
        with m.If(self._external() & ~self.ear[31]):
            m.d.comb += translates.eq(0)
            self._fault(m, Cause.DSI, self._dsisr(Dsisr.EXTERNAL_ACCESS), self.first)

    def _barrier(self, m, waited):
        """sync and eieio, as the oldest instruction."""
        eieio = self.op == Op.EIEIO
        with m.If(self.empty & self.quiet | eieio):
            m.d.sync += waited.eq(1)
            with m.If(waited | eieio):
                tells = flag(self.hid0, Hid0.ABE)
                m.d.comb += [self.ask.eq(tells), self.ends.eq(~tells), self.wimg.eq(Wimg.M)]

    def _translate(self, m, conditional):
        port, moves = self.translate, self.access.moves
        zeros = moves == Moves.ZEROS
        nothing = Signal()
        # A hint, whatever stops it; a cache instruction in a direct-store segment (IBM 750GX UM
        # p. 116, 119).
        m.d.comb += nothing.eq((moves == Moves.TOUCH)
                               | (zeros | (moves == Moves.BLOCK))
                               & (port.result == Translation.DIRECT_STORE))
        with m.Switch(port.result):
            with m.Case(Translation.OK):
                self._translated(m, conditional)
            with m.Case(Translation.MISS):
                pass
            for result, bits in ((Translation.PAGE_FAULT, Dsisr.PAGE_FAULT),
                                 (Translation.PROTECTION, Dsisr.PROTECTION),
                                 (Translation.DIRECT_STORE, Dsisr.DIRECT_STORE)):
                with m.Case(result):
                    with m.If(~nothing):
                        m.d.comb += port.used.eq(1)
                        self._fault(m, Cause.DSI, self._dsisr(bits), port.ea)
            with m.Case(Translation.BUS_ERROR):
                self._fault(m, Cause.MACHINE_CHECK, 0, self.ea)
        with m.If(zeros & (port.result == Translation.PROTECTION) & self._uncacheable()):
            self._fault(m, Cause.ALIGNMENT, alignment_dsisr(self.insn), self.first)
        with m.If(nothing):
            m.d.comb += self.ends.eq(1)

    def _translated(self, m, conditional):
        """The translation is good: ask the cache, or enter the store queue."""
        port, access = self.translate, self.access
        zeros = access.moves == Moves.ZEROS
        bypasses = Signal()
        watched = Signal()
        m.d.comb += [
            bypasses.eq(flag(port.wimg, Wimg.I) | ~flag(self.hid0, Hid0.DCE) | self._external()),
            watched.eq(self._watched()),
            self.wimg.eq(port.wimg | Mux(self._external(), int(Wimg.I), 0)),
        ]

        def fault(cause, dsisr, dar):
            m.d.comb += port.used.eq(1)
            self._fault(m, cause, dsisr, dar)

        with m.Switch(access.moves):
            with m.Case(Moves.TOUCH):
                m.d.comb += self.ask.eq(~bypasses & ~flag(self.hid0, Hid0.NOOPTI))
            with m.Case(Moves.BLOCK, Moves.ZEROS):
                with m.If((self.op == Op.ICBI) & self._tells()):
                    m.d.comb += [self.ask.eq(self.head & self.empty & self.quiet),
                                 self.wimg.eq(Wimg.M)]
                with m.Elif(self.op == Op.ICBI):
                    m.d.comb += self.block.valid.eq(self.head)
                    with m.If(self.block.done):
                        m.d.comb += [port.used.eq(1), self.ends.eq(1)]
                with m.Elif(zeros & self._uncacheable()):
                    fault(Cause.ALIGNMENT, alignment_dsisr(self.insn), self.first)
                with m.Elif(zeros & watched):
                    fault(Cause.DSI, self._dsisr(Dsisr.DABR), port.ea)
                with m.Else():
                    m.d.comb += self.ask.eq(self.head & self.empty)
            with m.Default():
                with m.If(self._external() & flag(port.wimg, Wimg.W)):
                    fault(Cause.DSI, self._dsisr(Dsisr.DIRECT_STORE), self.ea)
                with m.Elif(watched):
                    fault(Cause.DSI, self._dsisr(Dsisr.DABR), self.ea)
                with m.Elif((self.op == Op.STWCX_DOT) & ~self.reserved):
                    m.d.comb += [port.used.eq(1), self.fails.eq(1), self.ends.eq(1)]
                with m.Elif(bypasses | conditional):
                    m.d.comb += self.ask.eq(self.head & self.empty)
                with m.Elif(access.store):
                    # A store in several parts is visible before its last part may fault.
                    with m.If(self.room & (self.head | self.whole) & self.storable
                              & ~self.dropped):
                        m.d.comb += [self.push.eq(1), port.used.eq(1)]
                with m.Else():
                    m.d.comb += self.ask.eq(~self.overlap)

    def _tells(self):
        """Whether tlbie, tlbsync and icbi are broadcast."""
        return flag(self.hid0, Hid0.ABE) & self._broadcast

    def _external(self):
        return (self.op == Op.ECIWX) | (self.op == Op.ECOWX)

    def _uncacheable(self):
        """A block of zeros cannot be made in the cache: W or I."""
        return flag(self.translate.wimg, Wimg.W) | flag(self.translate.wimg, Wimg.I)

    def _watched(self):
        """Whether the data address breakpoint stops this part of a load or store."""
        access, ea, dabr = self.access, self.translate.ea, self.dabr
        return (Mux(access.store, dabr[Dabr.DW.slice], dabr[Dabr.DR.slice])
                & (dabr[Dabr.BT.slice] == flag(self.msr, Msr.DR)) & (ea[5:] == dabr[5:])
                & ((ea[3:5] == dabr[3:5]) | (access.moves == Moves.ZEROS)))

    def _dsisr(self, bits):
        return int(bits) | Mux(self.access.store, int(Dsisr.STORE), 0)

    def _fault(self, m, cause, dsisr, dar):
        m.d.comb += [self.fault.eq(1), self.fault_cause.eq(cause), self.fault_dsisr.eq(dsisr),
                     self.fault_dar.eq(dar)]
