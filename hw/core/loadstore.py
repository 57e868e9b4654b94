"""Load/store unit (MPC750 UM 6.4.4; PEM 4.2.3, 4.3).

Two reservation stations feed a pipeline of two stages. The first computes the effective address; in
the second it is translated and looked up in the data cache, and what is loaded is aligned. A load
that hits has its result two cycles after it began, and one can begin each cycle.

* A load that misses leaves the second stage and waits beside it, for its double word: one at a
  time. Loads behind it that hit finish before it.
* A store finishes when it is in the store queue, translated. It is written after its instruction
  has completed.
* Loads of memory that is neither guarded nor inhibited, or is in the cache, may go ahead of older
  instructions. An access that cannot be undone, and every table search, waits until its instruction
  is the oldest: accesses on the bus that bypass the cache, which also wait until the store queue is
  empty and complete on the bus, so that a transfer error is precise; cache instructions; stores in
  more than one part.
* An access is split where it crosses a double word; each part is translated by itself. Multiple
  and string instructions move a register a cycle, straight from and to the register file: a fault
  in the middle leaves the registers before it loaded.

A data address breakpoint (PEM 2.3.15, 6.4.3) is a DSI of the part that lies in the double word of
DABR, or of a dcbz whose block holds it, after all other causes but before anything is moved. No
other cache instruction matches. The PEM does not define stwcx. without a reservation; it matches.

A transfer error of a cacheable store comes too late to be precise: see the data cache.
"""

import enum

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.cache.interfaces import BlockPort, DataPort, byte_lanes
from pteg.hw.core.access import Access, AccessDecoder
from pteg.hw.core.access_control import AccessControl
from pteg.hw.core.effective_address import EffectiveAddress
from pteg.hw.core.enums import Cause, Moves
from pteg.hw.core.float_registers import double_to_single
from pteg.hw.core.interfaces import (
    MIXED,
    NOBODY,
    DispatchToUnit,
    UnitToCompletion,
    UnitToRename,
)
from pteg.hw.core.load_aligner import LoadAligner, bytes_swapped
from pteg.hw.core.rename import DirectPort
from pteg.hw.core.reservation import Reservation
from pteg.hw.core.station_pair import StationPair
from pteg.hw.core.storequeue import StoreQueue
from pteg.hw.isa.instructions import Op
from pteg.hw.mmu.interfaces import InvalidatePort, TranslatePort
from pteg.hw.named import Named
from pteg.hw.sizes import CQ_ENTRIES, FPR_RENAMES, GPR_RENAMES, LINE_BITS
from pteg.hw.words import field

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
    """LSU."""

    dispatch: In(DispatchToUnit(MIXED))
    #: Rename buffers.
    values: In(32).array(GPR_RENAMES)
    ready: In(GPR_RENAMES)
    float_values: In(64).array(FPR_RENAMES)
    float_ready: In(FPR_RENAMES)
    #: Completion queue: entry of the oldest instruction, and entries that retire in this cycle.
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
    #: Of the store queue; `drained`: it is empty.
    stores: Out(MemoryPort())
    drained: Out(1)
    #: The data cache has nothing to do.
    quiet: In(1)
    #: A stwcx. is in the second stage, or its store in the queue.
    exclusive: Out(1)
    #: Another master writes to this block: a reservation of it is lost.
    foreign: In(1)
    foreign_line: In(32 - LINE_BITS)
    #: tlbie and icbi.
    invalidate: Out(InvalidatePort())
    block: Out(BlockPort())
    #: The register file, for multiple and string instructions.
    direct: Out(DirectPort())
    #: Loaded value; the same for a floating-point register; effective address of an update form.
    result: Out(UnitToRename())
    float_result: Out(UnitToRename(64))
    update: Out(UnitToRename())
    finish: Out(UnitToCompletion())
    #: Of the access that failed.
    dar: Out(32)
    dsisr: Out(32)

    def elaborate(self, platform):
        m = Module()
        m.submodules.stations = stations = StationPair()
        m.submodules.decoder = decoder = AccessDecoder()
        m.submodules.address = address = EffectiveAddress()
        m.submodules.control = control = AccessControl()
        m.submodules.queue = queue = StoreQueue()
        m.submodules.reservation = reservation = Reservation()
        m.submodules.aligner = aligner = LoadAligner()
        here, cache, finish = stations.unit, self.cache, self.finish

        # The second stage: an instruction, and how far it has come.
        state = Signal(LoadStoreState)
        held = Signal(Held)
        ea = Signal(32)             # next byte
        first = Signal(32)          # the address that the instruction computed
        left = Signal(4)            # bytes of the current register to move
        more = Signal(8)            # bytes after the current register
        reg = Signal(5)             # current register of a multiple or string
        size = Signal(4, name="bytes")      # bytes of the current register in all
        value = Signal(64, name="data")     # what is stored; what has been loaded
        busy = Signal(5)            # cycles to wait
        physical = Signal(32)       # of the part that is on its way
        # Beside it: a load that waits for its double word.
        missing = Signal(Missing)
        misses = Signal()           # there is one
        access = held.access

        # ---- The next part: what is left of the register in this double word --------------------
        room = Signal(4)
        part = Signal(4)            # bytes that it moves
        rest = Signal(4)            # bytes of the register after it
        lanes = Signal(4)           # bytes of the double word behind it
        whole = Signal()            # it is all that a load or store of one register moves
        one = (access.moves == Moves.REGISTER) | (access.moves == Moves.FLOAT)
        m.d.comb += [
            room.eq(8 - ea[:3]), part.eq(Mux(left > room, room, left)),
            rest.eq(left - part), lanes.eq(room - part),
            whole.eq(one & (left == access.size) & (rest == 0)),
        ]

        # ---- What happens in this cycle ---------------------------------------------------------
        head = Signal(name="at_head")
        arrives = Signal()          # what the missing load waits for
        works = Signal()            # the second stage decides about the next part
        ended = Signal()            # what the cache took is over
        leaves = Signal()           # the load that missed waits beside the stage
        moved = Signal()            # the part has been moved
        over = Signal()             # and it was the last one
        ends = Signal()             # the instruction finishes
        done = Signal()             # the second stage is free after this cycle
        many = Signal()
        m.d.comb += [
            head.eq((held.cq == self.oldest) & ~self.flush),
            arrives.eq(misses & cache.done),
            works.eq(~arrives & (state == LoadStoreState.ACCESS) & (busy == 0)),
            ended.eq(~arrives & (state == LoadStoreState.WAIT) & cache.done & ~self.flush),
            leaves.eq(control.ask & cache.taken & whole & ~access.store & (held.op != Op.LWARX)),
            moved.eq(control.ask & cache.hit | control.push | ended & ~cache.error),
            over.eq(moved & (rest == 0) & (more == 0)),
            ends.eq((control.ends | over) & ~control.fault),
            done.eq(ends | leaves),
            many.eq((access.moves == Moves.MULTIPLE) | (access.moves == Moves.STRING)),
        ]
        connect(m, control.translate, flipped(self.translate))
        connect(m, control.block, flipped(self.block))
        connect(m, control.invalidate, flipped(self.invalidate))
        m.d.comb += [
            *(getattr(control, name).eq(getattr(self, name)) for name in (
                "flush", "msr", "hid0", "ear", "dabr", "quiet")),
            control.active.eq(works), control.op.eq(held.op), control.insn.eq(held.insn),
            control.access.eq(access), control.ea.eq(ea), control.first.eq(first),
            control.nothing.eq(left == 0), control.whole.eq(whole), control.head.eq(head),
            control.start.eq(here.done), control.bus_error.eq(ended & cache.error),
            control.reserved.eq(reservation.holds), control.accepted.eq(cache.hit | cache.taken),
            control.empty.eq(queue.empty), control.room.eq(queue.room),
            control.overlap.eq(queue.overlap),
        ]

        # ---- Data cache and store queue ---------------------------------------------------------
        stored = Signal(64)
        unused = (4 - size)[:2] << 3    # bits that a string leaves of its last register
        m.d.comb += [
            cache.valid.eq(control.ask & ~self.flush), cache.op.eq(access.op),
            cache.size.eq(part), cache.wimg.eq(control.wimg), cache.type.eq(access.type),
            cache.speculative.eq(~head), cache.wdata.eq((stored >> (rest << 3)) << (lanes << 3)),
            stored.eq(value), self.direct.reg.eq(reg),
        ]
        with m.If(self.translate.valid):
            m.d.comb += cache.pa.eq(self.translate.pa)
        with m.If(works & many & access.store & (left == size)):
            # A new register; a short last word of a string comes from its left.
            m.d.comb += stored.eq(self.direct.rdata >> unused)
            m.d.sync += value.eq(stored)
        connect(m, queue.memory, flipped(self.stores))
        entry = queue.entry
        m.d.comb += [
            queue.push.eq(control.push), queue.retired.eq(self.retired),
            queue.flush.eq(self.flush), queue.retire.eq(head), queue.pa.eq(self.translate.pa),
            queue.lanes.eq(byte_lanes(ea, part)), self.drained.eq(queue.empty),
            self.exclusive.eq((state != LoadStoreState.EMPTY) & (held.op == Op.STWCX_DOT)
                              | queue.exclusive),
            entry.pa.eq(self.translate.pa), entry.data.eq(cache.wdata),
            entry.lanes.eq(queue.lanes), entry.size.eq(part),
            entry.wimg.eq(self.translate.wimg), entry.type.eq(access.type), entry.cq.eq(held.cq),
        ]
        line = Mux(state == LoadStoreState.WAIT, physical, self.translate.pa)[LINE_BITS:]
        m.d.comb += [
            reservation.foreign.eq(self.foreign), reservation.foreign_line.eq(self.foreign_line),
            reservation.asked_line.eq(self.translate.pa[LINE_BITS:]),
            reservation.set.eq(over & (held.op == Op.LWARX)), reservation.set_line.eq(line),
            reservation.clear.eq(control.fails | over & (held.op == Op.STWCX_DOT)),
        ]

        # ---- Results ----------------------------------------------------------------------------
        loaded = Signal()           # there is a value for the destination
        is_float = Mux(arrives, missing.moves, access.moves) == Moves.FLOAT
        m.d.comb += [
            aligner.double.eq(cache.rdata), aligner.take.eq(Mux(arrives, missing.size, part)),
            aligner.behind.eq(Mux(arrives, missing.lanes, lanes)),
            aligner.before.eq(Mux(arrives, 0, value)),
            aligner.size.eq(Mux(arrives, missing.size, access.size)),
            *(getattr(aligner, name).eq(Mux(arrives, missing[name], access[name]))
              for name in ("reverse", "algebraic", "single")),
            loaded.eq(Mux(arrives, ~cache.error, ends & held.write_d)),
            self.result.value.eq(aligner.general), self.float_result.value.eq(aligner.float),
            self.result.valid.eq(loaded & ~is_float), self.float_result.valid.eq(loaded & is_float),
            self.result.tag.eq(Mux(arrives, missing.tag_d, held.tag_d)),
            self.float_result.tag.eq(self.result.tag),
            self.update.valid.eq((ends | leaves) & held.write_u),
            self.update.tag.eq(held.tag_u), self.update.value.eq(first),
            # If a load arrives, the result bus is taken; the second stage waits.
            finish.valid.eq(arrives | ends | control.fault), finish.refetch.eq(control.refetch),
            finish.cq.eq(Mux(arrives, missing.cq, held.cq)), finish.cause.eq(control.fault_cause),
        ]
        with m.If(arrives & cache.error):
            m.d.comb += finish.cause.eq(Cause.MACHINE_CHECK)
        with m.If(over):
            m.d.comb += finish.flags.cr.eq(Cat(self.xer[31], 1))    # stwcx. that has stored
        with m.Elif(control.fails):
            m.d.comb += finish.flags.cr.eq(self.xer[31])

        # ---- The next state of the second stage -------------------------------------------------
        with m.If(control.fault):
            m.d.sync += [state.eq(LoadStoreState.FAULT),
                         self.dsisr.eq(control.fault_dsisr), self.dar.eq(control.fault_dar)]
        with m.If(control.ask & cache.taken):
            m.d.sync += [state.eq(LoadStoreState.WAIT), physical.eq(self.translate.pa)]
        with m.If(arrives):
            m.d.sync += misses.eq(0)
        with m.If(leaves):
            m.d.sync += [
                misses.eq(1), missing.cq.eq(held.cq), missing.tag_d.eq(held.tag_d),
                missing.lanes.eq(lanes), *(missing[name].eq(access[name]) for name in (
                    "moves", "single", "size", "reverse", "algebraic")),
            ]
        with m.If(moved):
            m.d.sync += [state.eq(LoadStoreState.ACCESS), ea.eq(ea + part), left.eq(rest)]
            with m.If(~access.store):
                m.d.sync += value.eq(aligner.raw)
            with m.If(rest == 0):
                m.d.comb += [self.direct.write.eq(many & ~access.store),
                             self.direct.wdata.eq(aligner.raw << unused)]
                with m.If(more != 0):
                    word = Mux(more >= 4, 4, more)
                    m.d.sync += [reg.eq(reg + 1), value.eq(0), left.eq(word), size.eq(word),
                                 more.eq(Mux(more >= 4, more - 4, 0))]
        with m.If(busy != 0):
            m.d.sync += busy.eq(busy - 1)
        with m.If(done):
            m.d.sync += state.eq(LoadStoreState.EMPTY)
            with m.Switch(held.op):
                for op, cycles in KEEP_BUSY.items():
                    with m.Case(op):
                        m.d.sync += busy.eq(cycles)

        # ---- The first stage: the older instruction in the stations -----------------------------
        connect(m, flipped(self.dispatch), stations.dispatch)
        for name in ("values", "float_values"):
            m.d.comb += [mine.eq(theirs) for mine, theirs in zip(
                getattr(stations, name), getattr(self, name), strict=True)]
        free = (state == LoadStoreState.EMPTY) & (busy == 0) | done
        m.d.comb += [
            stations.ready.eq(self.ready), stations.float_ready.eq(self.float_ready),
            stations.flush.eq(self.flush), decoder.op.eq(here.op),
            address.op.eq(here.op), address.insn.eq(here.insn), address.access.eq(decoder.access),
            address.a.eq(here.a), address.b.eq(here.b), address.count.eq(self.xer[:7]),
            here.done.eq(here.valid & free & ~self.flush
                         & (~here.serialize | (here.cq == self.oldest))),
        ]
        with m.If(here.done):
            m.d.sync += [
                state.eq(LoadStoreState.ACCESS), held.access.eq(decoder.access),
                *(held[name].eq(getattr(here, name)) for name in
                  ("op", "insn", "cq", "write_d", "tag_d", "write_u", "tag_u")),
                ea.eq(address.sum), first.eq(address.sum), left.eq(address.first_bytes),
                size.eq(address.first_bytes), more.eq(address.more_bytes),
                reg.eq(field(here.insn, "rD")),
            ]
            with m.If(here.op == Op.STWCX_DOT):
                m.d.sync += busy.eq(RESERVED_CYCLES)
            self._take_data(m, decoder.access, here, value, busy)
        with m.If(self.flush):
            m.d.sync += [state.eq(LoadStoreState.EMPTY), misses.eq(0), busy.eq(0)]
        return m

    def _take_data(self, m, access, here, value, busy):
        """What a store stores, until it has the form that memory gets."""
        half = Cat(here.c[8:16], here.c[:8])
        reverse = Mux(access.size == 2, half, bytes_swapped(here.c))
        m.d.sync += value.eq(Mux(access.store, Mux(access.reverse, reverse, here.c), 0))
        with m.If(access.store & (access.moves == Moves.FLOAT)):
            single, shift = double_to_single(m, here.f, "to_single")
            m.d.sync += value.eq(Mux(access.single, single, here.f))
            with m.If(access.single & (shift != 0)):
                # One bit a cycle (IBM 750GX UM p. 106).
                m.d.sync += busy.eq(shift)
