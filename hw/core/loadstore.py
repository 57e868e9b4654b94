"""Load/store unit (MPC750 UM 6.4.4; PEM 4.2.3, 4.3).

Two reservation stations feed a pipeline of two stages. The first computes the effective address; in
the second it is translated and looked up in the data cache, and what is loaded is aligned. A load
that hits has its result two cycles after it began, and one can begin each cycle.

* A load that misses leaves the second stage and waits beside it, for its double word: one at a
  time. Loads behind it that hit finish before it.
* A store finishes when it is in the store queue, translated. It is written after its instruction
  has completed.
* Loads of memory that is neither guarded nor inhibited, or is in the cache, may go ahead of older
  instructions. Whatever cannot be undone, and every table search, waits until its instruction is
  the oldest: accesses on the bus that bypass the cache, which also wait until the store queue is
  empty and complete on the bus, so that a transfer error is precise; cache instructions; stores in
  more than one part.
* An access is split where it crosses a double word; each part is translated by itself. Multiple
  and string instructions move a register a cycle, straight from and to the register file: a fault
  in the middle leaves the registers before it loaded.

A data address breakpoint (PEM 2.3.15, 6.4.3) is a DSI of the part that lies in the double word of
DABR, or of a dcbz whose block holds it, after all other causes but before anything is moved. No
other cache instruction matches. The PEM leaves stwcx. without a reservation open: here it matches.

A transfer error of a cacheable store comes too late to be precise: see the data cache.
"""

import enum

from amaranth.hdl import C, Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.cache.interfaces import BlockPort, DataPort, byte_lanes
from pteg.hw.core.access import Access, AccessDecoder, alignment_dsisr
from pteg.hw.core.enums import Cause, Moves
from pteg.hw.core.float_registers import double_to_single, single_to_double
from pteg.hw.core.interfaces import MIXED, NOBODY, DispatchToUnit, UnitToCompletion, UnitToRename
from pteg.hw.core.rename import DirectPort
from pteg.hw.core.station import Station, StationToUnit
from pteg.hw.core.storequeue import StoreQueue
from pteg.hw.isa.exceptions import Dsisr
from pteg.hw.isa.instructions import Op
from pteg.hw.isa.registers import Dabr, Hid0, Msr, Wimg
from pteg.hw.mmu.enums import AccessKind, Translation
from pteg.hw.mmu.interfaces import InvalidatePort, TranslatePort
from pteg.hw.named import Named
from pteg.hw.sizes import CQ_ENTRIES, FPR_RENAMES, GPR_RENAMES, LINE_BITS
from pteg.hw.words import field, flag

__all__ = ["LoadStoreUnit", "LoadStoreState"]


#: Cycles that stwcx. waits before it begins: it takes eight (LLVM's PPCScheduleG3.td).
RESERVED_CYCLES = 5
#: Cycles from the end of a cache instruction until the next one may begin: the cache stays busy
#: after it (IBM 750GX UM table 6-9, second figure).
KEEP_BUSY = {Op.DCBST: 3, Op.DCBF: 3, Op.ICBI: 2}


class LoadStoreState(enum.IntEnum):
    """The second stage. EMPTY; ACCESS: translates, and asks the cache or enters the store queue;
    WAIT: for the end of what the cache has taken; FAULT: reported, wait for the flush."""

    EMPTY = 0
    ACCESS = 1
    WAIT = 2
    FAULT = 3


class Held(data.Struct):
    """The instruction in the second stage."""

    op: Named(Op)
    insn: 32
    cq: range(CQ_ENTRIES)
    access: Access
    write_d: 1
    tag_d: range(GPR_RENAMES)
    write_u: 1
    tag_u: range(GPR_RENAMES)


class Missing(data.Struct):
    """A load that waits for its double word."""

    cq: range(CQ_ENTRIES)
    tag_d: range(GPR_RENAMES)
    moves: Named(Moves)
    single: 1
    size: 4
    lanes: 4        # bytes of the double word behind it
    reverse: 1
    algebraic: 1


class LoadStoreUnit(wiring.Component):
    """LSU.

    Members
    -------
    dispatch : In(DispatchToUnit)
    values, ready, float_values, float_ready : In
        Rename buffers.
    oldest : In
        Completion queue entry of the oldest instruction.
    retired : In(CQ_ENTRIES)
        Completion queue entries that retire in this cycle.
    flush : In(1)
    msr, hid0, ear, dabr, xer : In(32)
    translate : Out(TranslatePort)
    cache : Out(DataPort)
    stores : Out(MemoryPort)
        Of the store queue.
    drained : Out(1)
        The store queue is empty.
    quiet : In(1)
        The data cache has nothing to do.
    exclusive : Out(1)
        A stwcx. is in the second stage, or its store in the queue.
    foreign : In(1)
    foreign_line : In(27)
        Another master writes to this block: a reservation of it is lost.
    invalidate : Out(InvalidatePort)
        tlbie.
    block : Out(BlockPort)
        icbi.
    direct : Out(DirectPort)
        The register file, for multiple and string instructions.
    result, float_result, update : Out(UnitToRename)
        Loaded value; the same for a floating-point register; effective address of an update form.
    finish : Out(UnitToCompletion)
    dar, dsisr : Out(32)
        Of the access that failed.
    """

    dispatch: In(DispatchToUnit(MIXED))
    values: In(32).array(GPR_RENAMES)
    ready: In(GPR_RENAMES)
    float_values: In(64).array(FPR_RENAMES)
    float_ready: In(FPR_RENAMES)
    oldest: In(range(NOBODY + 1))
    retired: In(CQ_ENTRIES)
    flush: In(1)
    msr: In(32)
    hid0: In(32)
    ear: In(32)
    dabr: In(32)
    xer: In(32)
    translate: Out(TranslatePort())
    cache: Out(DataPort())
    stores: Out(MemoryPort())
    drained: Out(1)
    quiet: In(1)
    exclusive: Out(1)
    foreign: In(1)
    foreign_line: In(32 - LINE_BITS)
    invalidate: Out(InvalidatePort())
    block: Out(BlockPort())
    direct: Out(DirectPort())
    result: Out(UnitToRename())
    float_result: Out(UnitToRename(64))
    update: Out(UnitToRename())
    finish: Out(UnitToCompletion())
    dar: Out(32)
    dsisr: Out(32)

    def elaborate(self, platform):
        m = Module()

        self._state = Signal(LoadStoreState, name="state")
        self._held = Signal(Held, name="held")
        self._ea = Signal(32, name="ea")             # next byte
        self._first = Signal(32, name="first")       # the address that the instruction computed
        self._left = Signal(4, name="left")          # bytes of the current register to move
        self._more = Signal(8, name="more")          # bytes after the current register
        self._reg = Signal(5, name="reg")            # current register of a multiple or string
        self._bytes = Signal(4, name="bytes")        # bytes of the current register in all
        self._data = Signal(64, name="data")         # what is stored; what has been loaded
        self._waited = Signal(name="waited")         # sync takes one more cycle
        self._busy = Signal(5, name="busy")          # cycles to wait
        self._reserved = Signal(name="reserved")
        self._reservation = Signal(32 - LINE_BITS, name="reservation")
        self._lost = Signal(name="lost")             # another master writes there
        self._missing = Signal(Missing, name="missing")
        self._misses = Signal(name="misses")         # there is one
        self._pa = Signal(32, name="physical")       # of the part that is on its way

        # The next part: as much as is left of the register in this double word.
        room = Signal(4, name="room")
        self._part = Signal(4, name="part")          # bytes that it moves
        self._rest = Signal(4, name="rest")          # bytes of the register after it
        self._lanes = Signal(4, name="lanes")        # bytes of the double word behind it
        m.d.comb += [
            room.eq(8 - self._ea[:3]),
            self._part.eq(Mux(self._left > room, room, self._left)),
            self._rest.eq(self._left - self._part),
            self._lanes.eq(room - self._part),
        ]
        self._head = Signal(name="at_head")
        self._done = Signal(name="done")             # the second stage is free after this cycle
        self._arrives = Signal(name="arrives")       # what the missing load waits for
        self._asks = Signal(name="asks")             # the data cache
        self._leaves = Signal(name="leaves")         # if it misses, it waits beside the stage
        self._moved = Signal(name="moved")           # this part has been moved
        self._ends = Signal(name="ends")             # the instruction finishes
        self._faults = Signal(name="faults")
        self._many = Signal(name="many")
        self._loaded = Signal(name="loaded")         # there is a value for the destination
        held = self._held
        m.d.comb += [
            self._head.eq((held.cq == self.oldest) & ~self.flush),
            self._many.eq((held.access.moves == Moves.MULTIPLE)
                          | (held.access.moves == Moves.STRING)),
            self._arrives.eq(self._misses & self.cache.done),
        ]
        self._queue(m)
        self._value(m)

        m.d.comb += [
            self.finish.cq.eq(Mux(self._arrives, self._missing.cq, held.cq)),
            self.result.tag.eq(Mux(self._arrives, self._missing.tag_d, held.tag_d)),
            self.float_result.tag.eq(self.result.tag),
            self.update.tag.eq(held.tag_u), self.update.value.eq(self._first),
        ]
        with m.If(self._lost):
            m.d.sync += [self._reserved.eq(0), self._reservation.eq(0)]
        with m.If(self._arrives):
            # The result bus is taken; the second stage stands still.
            m.d.comb += [self.finish.valid.eq(1), self._loaded.eq(~self.cache.error)]
            m.d.sync += self._misses.eq(0)
            with m.If(self.cache.error):
                m.d.comb += self.finish.cause.eq(Cause.MACHINE_CHECK)
        with m.Elif((self._state == LoadStoreState.ACCESS) & (self._busy == 0)):
            self._access(m)
        with m.Elif((self._state == LoadStoreState.WAIT) & self.cache.done & ~self.flush):
            with m.If(self.cache.error):
                self._fault(m, Cause.MACHINE_CHECK, 0, self._ea)
            with m.Else():
                m.d.comb += self._moved.eq(1)
        with m.If(self._asks):
            self._ask(m)
        with m.If(self._moved):
            self._go_on(m)
        with m.If(self._ends & ~self._faults):
            m.d.comb += [
                self._done.eq(1), self.finish.valid.eq(1),
                self._loaded.eq(held.write_d), self.update.valid.eq(held.write_u),
            ]

        self._start(m)
        with m.If(self.flush):
            m.d.sync += [self._state.eq(LoadStoreState.EMPTY), self._misses.eq(0),
                         self._busy.eq(0)]
        return m

    def _queue(self, m):
        """The store queue, and what enters it."""
        held = self._held
        m.submodules.queue = self._store_queue = queue = StoreQueue()
        connect(m, queue.memory, flipped(self.stores))
        entry = queue.entry
        m.d.comb += [
            queue.retired.eq(self.retired), queue.flush.eq(self.flush),
            queue.pa.eq(self.translate.pa), queue.lanes.eq(byte_lanes(self._ea, self._part)),
            self.drained.eq(queue.empty),
            self.exclusive.eq((self._state != LoadStoreState.EMPTY) & (held.op == Op.STWCX_DOT)
                              | queue.exclusive),
            self._lost.eq(self.foreign & (self.foreign_line == self._reservation)),
            queue.retire.eq(self._head),
            entry.pa.eq(self.translate.pa), entry.data.eq(self.cache.wdata),
            entry.lanes.eq(queue.lanes), entry.size.eq(self._part),
            entry.wimg.eq(self.translate.wimg), entry.type.eq(held.access.type),
            entry.cq.eq(held.cq),
        ]

    # First stage: the effective address, when the operands are there.

    def _stations(self, m):
        """Two stations, filled and emptied in turn; the result is the older instruction."""
        fill = Signal(name="fill")
        take = Signal(name="take")
        stations = [Station(MIXED), Station(MIXED)]
        here = StationToUnit(MIXED).flip().create(path=("here",))
        for index, station in enumerate(stations):
            m.submodules[f"station{index}"] = station
            station.attach(m, self)
            for name in station.dispatch.signature.members:
                if name not in ("valid", "ready"):
                    m.d.comb += getattr(station.dispatch, name).eq(getattr(self.dispatch, name))
            with m.If(fill == index):
                m.d.comb += [station.dispatch.valid.eq(self.dispatch.valid),
                             self.dispatch.ready.eq(station.dispatch.ready)]
            with m.If(take == index):
                for name in here.signature.members:
                    if name != "done":
                        m.d.comb += getattr(here, name).eq(getattr(station.unit, name))
                m.d.comb += station.unit.done.eq(here.done)
        with m.If(self.dispatch.valid):
            m.d.sync += fill.eq(~fill)
        with m.If(here.done):
            m.d.sync += take.eq(~take)
        with m.If(self.flush):
            m.d.sync += [fill.eq(0), take.eq(0)]
        return here

    def _start(self, m):
        here = self._stations(m)
        m.submodules.access = decoder = AccessDecoder()
        access = decoder.access
        many = (access.moves == Moves.MULTIPLE) | (access.moves == Moves.STRING)
        free = ((self._state == LoadStoreState.EMPTY) & (self._busy == 0)) | self._done
        m.d.comb += [
            decoder.op.eq(here.op),
            here.done.eq(here.valid & free & ~self.flush
                         & (~here.serialize | (here.cq == self.oldest))),
        ]
        ea = Signal(32, name="sum")
        length = Signal(8, name="length")  # bytes of a multiple or string
        first_length = Mux(length >= 4, 4, length)
        m.d.comb += [ea.eq(here.a + here.b), length.eq(access.size)]
        with m.Switch(here.op):
            with m.Case(Op.LMW, Op.STMW):
                m.d.comb += length.eq(Cat(0, 0, 32 - field(here.insn, "rD")))
            with m.Case(Op.LSWI, Op.STSWI):
                # NB = 0 means 32; the address is rA alone.
                count = field(here.insn, "NB")
                m.d.comb += [ea.eq(here.a), length.eq(Cat(count, count == 0))]
            with m.Case(Op.LSWX, Op.STSWX):
                m.d.comb += length.eq(self.xer[:7])
            with m.Case(Op.TLBIE):
                m.d.comb += ea.eq(here.b)
        half = Cat(here.c[8:16], here.c[:8])
        with m.If(self._busy != 0):
            m.d.sync += self._busy.eq(self._busy - 1)
        with m.If(self._done):
            m.d.sync += self._state.eq(LoadStoreState.EMPTY)
            with m.Switch(self._held.op):
                for op, cycles in KEEP_BUSY.items():
                    with m.Case(op):
                        m.d.sync += self._busy.eq(cycles)
        with m.If(here.done & (here.op == Op.STWCX_DOT)):
            m.d.sync += self._busy.eq(RESERVED_CYCLES)
        with m.If(here.done):
            held = self._held
            m.d.sync += [
                self._state.eq(LoadStoreState.ACCESS),
                *(held[name].eq(getattr(here, name)) for name in
                  ("op", "insn", "cq", "write_d", "tag_d", "write_u", "tag_u")),
                held.access.eq(access), self._waited.eq(0),
                self._ea.eq(ea), self._first.eq(ea),
                self._left.eq(Mux(many, first_length, access.size)),
                self._bytes.eq(Mux(many, first_length, access.size)),
                self._more.eq(Mux(many, length - first_length, 0)),
                self._reg.eq(field(here.insn, "rD")),
                self._data.eq(Mux(access.store, Mux(
                    access.reverse, Mux(access.size == 2, half, _bytes_swapped(here.c)),
                    here.c), 0)),
            ]
            with m.If(access.store & (access.moves == Moves.FLOAT)):
                single, shift = double_to_single(m, here.f, "to_single")
                m.d.sync += self._data.eq(Mux(access.single, single, here.f))
                with m.If(access.single & (shift != 0)):
                    # One bit a cycle (IBM 750GX UM p. 106).
                    m.d.sync += self._busy.eq(shift)

    # Second stage: one part of the access.

    def _access(self, m):
        held, port, access = self._held, self.translate, self._held.access
        translates = Signal(name="translates")
        enabled = flag(self.hid0, Hid0.DCE)
        m.d.comb += translates.eq(1)
        with m.Switch(access.moves):
            with m.Case(Moves.NOTHING):
                m.d.comb += translates.eq(0)
                with m.If(held.op == Op.TLBIE):
                    m.d.comb += [self.invalidate.valid.eq(self._head),
                                 # What came through the old translation is fetched again.
                                 self.finish.refetch.eq(1)]
                m.d.comb += self._ends.eq(1)
            with m.Case(Moves.BARRIER):
                m.d.comb += translates.eq(0)
                self._barrier(m)
            with m.Case(Moves.STRING):
                with m.If(self._left == 0):
                    m.d.comb += translates.eq(0)
                    m.d.comb += self._ends.eq(1)
            with m.Case(Moves.ZEROS):
                with m.If(~enabled):
                    m.d.comb += translates.eq(0)
                    self._fault(m, Cause.ALIGNMENT, alignment_dsisr(held.insn), self._first)
        with m.If(access.aligned & (self._first[:2] != 0)):
            m.d.comb += translates.eq(0)
            self._fault(m, Cause.ALIGNMENT, alignment_dsisr(held.insn), self._first)
        with m.If(((held.op == Op.ECIWX) | (held.op == Op.ECOWX)) & ~self.ear[31]):
            m.d.comb += translates.eq(0)
            self._fault(m, Cause.DSI, self._dsisr(Dsisr.EXTERNAL_ACCESS), self._first)

        touches = access.moves == Moves.TOUCH
        m.d.comb += [
            self.invalidate.ea.eq(self._ea),
            port.ea.eq(Mux(access.moves == Moves.ZEROS, self._ea & ~31, self._ea)),
            port.kind.eq(Mux(access.store, AccessKind.STORE,
                             Mux(access.moves == Moves.BLOCK, AccessKind.TOUCH,
                                 AccessKind.LOAD))),
            port.pr.eq(flag(self.msr, Msr.PR)),
            port.relocate.eq(flag(self.msr, Msr.DR)),
            port.search.eq(self._head & ~touches),
        ]
        with m.If(translates):
            m.d.comb += port.valid.eq(1)
            with m.Switch(port.result):
                with m.Case(Translation.OK):
                    self._translated(m)
                with m.Case(Translation.MISS):
                    pass
                for result, bits in ((Translation.PAGE_FAULT, Dsisr.PAGE_FAULT),
                                     (Translation.PROTECTION, Dsisr.PROTECTION),
                                     (Translation.DIRECT_STORE, Dsisr.DIRECT_STORE)):
                    with m.Case(result):
                        with m.If(~touches):
                            m.d.comb += port.used.eq(1)
                            self._fault(m, Cause.DSI, self._dsisr(bits), port.ea)
                with m.Case(Translation.BUS_ERROR):
                    self._fault(m, Cause.MACHINE_CHECK, 0, self._ea)
            with m.If(touches):
                # A hint: whatever stands in its way, it is over.
                m.d.comb += self._ends.eq(1)

    def _barrier(self, m):
        """sync and eieio, as the oldest instruction."""
        tells = flag(self.hid0, Hid0.ABE)
        ready = Signal(name="ordered")
        m.d.comb += ready.eq(self.drained & self.quiet | (self._held.op == Op.EIEIO))
        with m.If(ready):
            m.d.sync += self._waited.eq(1)
            with m.If(self._waited | (self._held.op == Op.EIEIO)):
                with m.If(tells):
                    m.d.comb += self._asks.eq(1)
                with m.Else():
                    m.d.comb += self._ends.eq(1)

    def _translated(self, m):
        """The translation is good: ask the cache, or enter the store queue."""
        held, port, access = self._held, self.translate, self._held.access
        write_through, inhibited = (flag(port.wimg, bit)
                                    for bit in (Wimg.W, Wimg.I))
        external = (held.op == Op.ECIWX) | (held.op == Op.ECOWX)
        bypasses = Signal(name="bypasses")
        cache, queue = self.cache, self._store_queue
        stored = Signal(64, name="stored")
        m.d.comb += [
            bypasses.eq(inhibited | ~flag(self.hid0, Hid0.DCE) | external),
            cache.pa.eq(port.pa), cache.wimg.eq(port.wimg | Mux(external, int(Wimg.I), 0)),
            stored.eq(self._data),
            cache.wdata.eq((stored >> (self._rest << 3)) << (self._lanes << 3)),
        ]
        with m.If(access.store & (self._left == self._bytes)):
            # A new register; a short last word of a string comes from its left.
            with m.If(self._many):
                m.d.comb += [self.direct.reg.eq(self._reg),
                             stored.eq(self.direct.rdata >> self._unused_bits())]
            m.d.sync += self._data.eq(stored)

        watched = self._watched(m)
        one = (access.moves == Moves.REGISTER) | (access.moves == Moves.FLOAT)
        whole = one & (self._left == access.size) & (self._rest == 0)
        m.d.comb += self._leaves.eq(whole & ~access.store & (held.op != Op.LWARX))
        with m.Switch(access.moves):
            with m.Case(Moves.TOUCH):
                with m.If(~bypasses & ~flag(self.hid0, Hid0.NOOPTI)):
                    m.d.comb += self._asks.eq(1)
            with m.Case(Moves.BLOCK, Moves.ZEROS):
                with m.If(held.op == Op.ICBI):
                    m.d.comb += [self.block.valid.eq(self._head), self.block.pa.eq(port.pa)]
                    with m.If(self.block.done):
                        m.d.comb += port.used.eq(1)
                        m.d.comb += self._ends.eq(1)
                with m.Elif((access.moves == Moves.ZEROS) & (write_through | inhibited)):
                    m.d.comb += port.used.eq(1)
                    self._fault(m, Cause.ALIGNMENT, alignment_dsisr(held.insn), self._first)
                with m.Elif((access.moves == Moves.ZEROS) & watched):
                    m.d.comb += port.used.eq(1)
                    self._fault(m, Cause.DSI, self._dsisr(Dsisr.DABR), port.ea)
                with m.Elif(self._head & queue.empty):
                    m.d.comb += self._asks.eq(1)
            with m.Default():
                with m.If(access.exclusive & write_through):
                    m.d.comb += port.used.eq(1)
                    self._fault(m, Cause.DSI, self._dsisr(Dsisr.DIRECT_STORE), self._ea)
                with m.Elif(watched):
                    m.d.comb += port.used.eq(1)
                    self._fault(m, Cause.DSI, self._dsisr(Dsisr.DABR), self._ea)
                with m.Elif((held.op == Op.STWCX_DOT)
                            & ~(self._reserved & ~self._lost
                                & (self._reservation == port.pa[LINE_BITS:]))):
                    m.d.comb += [port.used.eq(1), self.finish.flags.cr.eq(self.xer[31])]
                    m.d.sync += [self._reserved.eq(0), self._reservation.eq(0)]
                    m.d.comb += self._ends.eq(1)
                with m.Elif(bypasses):
                    with m.If(self._head & queue.empty):
                        m.d.comb += self._asks.eq(1)
                with m.Elif(access.store):
                    # A store in several parts is visible before its last part may fault.
                    with m.If(queue.room & (self._head | whole) & ~self.flush):
                        m.d.comb += [queue.push.eq(1), port.used.eq(1)]
                        m.d.comb += self._moved.eq(1)
                with m.Elif(~queue.overlap):
                    m.d.comb += self._asks.eq(1)

    def _watched(self, m):
        """Whether the data address breakpoint stops this part of a load or store."""
        access, ea, dabr = self._held.access, self.translate.ea, self.dabr
        watched = Signal(name="watched")
        with m.If(Mux(access.store, dabr[Dabr.DW.slice], dabr[Dabr.DR.slice])
                  & (dabr[Dabr.BT.slice] == flag(self.msr, Msr.DR))):
            m.d.comb += watched.eq(
                (ea[5:] == dabr[5:])
                & ((ea[3:5] == dabr[3:5]) | (access.moves == Moves.ZEROS)))
        return watched

    def _ask(self, m):
        """Ask the data cache, and see what it says."""
        held, cache, port = self._held, self.cache, self.translate
        m.d.comb += [cache.valid.eq(~self.flush), cache.op.eq(held.access.op),
                     cache.size.eq(self._part), cache.type.eq(held.access.type),
                     cache.speculative.eq(~self._head),
                     port.used.eq(port.valid & (cache.hit | cache.taken)),
                     self._moved.eq(cache.hit)]
        with m.If(cache.taken):
            m.d.sync += [self._state.eq(LoadStoreState.WAIT), self._pa.eq(port.pa)]
            with m.If(self._leaves):
                self._leave(m)

    def _leave(self, m):
        """A load whose double word is not there makes room; its update form's rA is known."""
        held, missing = self._held, self._missing
        m.d.comb += [self._done.eq(1), self.update.valid.eq(held.write_u)]
        m.d.sync += [
            self._misses.eq(1),
            *(missing[name].eq(held[name]) for name in ("cq", "tag_d")),
            *(missing[name].eq(held.access[name]) for name in ("moves", "single", "size", "reverse",
                                                              "algebraic")),
            missing.lanes.eq(self._lanes),
        ]

    # Results.

    def _value(self, m):
        """What the double word from the cache is for the register; `_raw`: before conversions."""
        held, missing, late = self._held.access, self._missing, self._arrives
        size, lanes = Signal(4, name="value_size"), Signal(4, name="value_lanes")
        self._raw = raw = Signal(64, name="value")
        mask = (C(1, 64) << (size << 3)) - 1
        m.d.comb += [
            size.eq(Mux(late, missing.size, self._part)),
            lanes.eq(Mux(late, missing.lanes, self._lanes)),
            raw.eq((Mux(late, 0, self._data) << (size << 3))
                   | (self.cache.rdata >> (lanes << 3)) & mask),
        ]
        whole = Mux(late, missing.size, held.size)
        reverse = Mux(late, missing.reverse, held.reverse)
        algebraic = Mux(late, missing.algebraic, held.algebraic)
        half = Cat(raw[8:16], raw[:8])
        with m.If(algebraic):
            m.d.comb += self.result.value.eq(raw[:16].as_signed())
        with m.Elif(reverse):
            m.d.comb += self.result.value.eq(Mux(whole == 2, half, _bytes_swapped(raw)))
        with m.Else():
            m.d.comb += self.result.value.eq(raw)

        single = single_to_double(m, raw[:32], "to_double")
        is_float = Mux(late, missing.moves, held.moves) == Moves.FLOAT
        m.d.comb += [
            self.float_result.value.eq(Mux(Mux(late, missing.single, held.single), single, raw)),
            self.float_result.valid.eq(self._loaded & is_float),
            self.result.valid.eq(self._loaded & ~is_float),
        ]

    def _unused_bits(self):
        """Bits on the right that a string leaves of its last register."""
        return (4 - self._bytes)[:2] << 3

    def _go_on(self, m):
        """One part has been moved: go on with the next one, or the next register, or finish."""
        held, access = self._held, self._held.access
        value = self._raw
        m.d.sync += [self._state.eq(LoadStoreState.ACCESS),
                     self._ea.eq(self._ea + self._part), self._left.eq(self._rest)]
        with m.If(~access.store):
            m.d.sync += self._data.eq(value)
        with m.If(self._rest == 0):
            with m.If(self._many & ~access.store):
                m.d.comb += [self.direct.write.eq(1), self.direct.reg.eq(self._reg),
                             self.direct.wdata.eq(value << self._unused_bits())]
            with m.If(self._more != 0):
                m.d.sync += [
                    self._reg.eq(self._reg + 1), self._data.eq(0),
                    self._left.eq(Mux(self._more >= 4, 4, self._more)),
                    self._bytes.eq(Mux(self._more >= 4, 4, self._more)),
                    self._more.eq(Mux(self._more >= 4, self._more - 4, 0)),
                ]
            with m.Else():
                # stwcx. that has stored.
                m.d.comb += [self._ends.eq(1), self.finish.flags.cr.eq(Cat(self.xer[31], 1))]
                with m.If(held.op == Op.LWARX):
                    physical = Mux(self._state == LoadStoreState.WAIT, self._pa,
                                   self.translate.pa)
                    m.d.sync += [self._reserved.eq(1), self._reservation.eq(physical[LINE_BITS:])]
                with m.If(held.op == Op.STWCX_DOT):
                    m.d.sync += [self._reserved.eq(0), self._reservation.eq(0)]

    def _dsisr(self, bits):
        return int(bits) | Mux(self._held.access.store, int(Dsisr.STORE), 0)

    def _fault(self, m, cause, dsisr, dar):
        """Reports an exception; the stage waits for the flush that follows."""
        m.d.comb += [self._faults.eq(1), self.finish.valid.eq(1), self.finish.cause.eq(cause)]
        m.d.sync += [
            self._state.eq(LoadStoreState.FAULT),
            self.dsisr.eq(dsisr), self.dar.eq(dar),
        ]


def _bytes_swapped(value):
    return Cat(value[24:32], value[16:24], value[8:16], value[:8])
