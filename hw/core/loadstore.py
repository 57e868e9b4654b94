"""Load/store unit (MPC750 UM 6.4.4; PEM 4.2.3, 4.3).

Two reservation stations feed a pipeline of two stages. The first computes the effective address; in
the second it is translated and looked up in the data cache, and what is loaded is aligned. A load
that hits has its result two cycles after it began, and one can begin each cycle.

* A load that misses leaves the second stage and waits beside it, for its double word: one at a
  time. Loads behind it that hit finish before it.
* A store finishes when it is in the store queue, translated; one of them may be there before the
  integer register that it stores. It is written after its instruction has completed.
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

  +----------+   +-----------+ second stage: held, next part     +--------+
  | stations |-->| effective |-->| control |<--> translation     | store  |--> stores
  |    (2)   |   | address   |   +---------+---> store data ---->| queue  |
  +----------+   +-----------+        ^  |                       +--------+
                             reservation |
                                         +---> data cache ---> load result --> rename buffers
                                                  ^  missed load --^
"""

from types import SimpleNamespace

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.cache.enums import DataOp
from pteg.hw.cache.interfaces import BlockPort, DataPort, byte_lanes
from pteg.hw.core.access import AccessDecoder
from pteg.hw.core.access_control import AccessControl
from pteg.hw.core.effective_address import EffectiveAddress
from pteg.hw.core.enums import Cause
from pteg.hw.core.interfaces import MIXED, NOBODY, UnitToCompletion, UnitToRename
from pteg.hw.core.load_result import LoadResult
from pteg.hw.core.missed_load import MissedLoad
from pteg.hw.core.next_part import NextPart
from pteg.hw.core.rename import DirectPort
from pteg.hw.core.reservation import Reservation
from pteg.hw.core.second_stage import Held, LoadStoreState, SecondStage
from pteg.hw.core.station import attach, station_ports
from pteg.hw.core.station_pair import StationPair
from pteg.hw.core.store_data import StoreData
from pteg.hw.core.storequeue import STORES, StoreQueue
from pteg.hw.isa.instructions import Op
from pteg.hw.mmu.interfaces import InvalidatePort, TranslatePort
from pteg.hw.sizes import CQ_MOST, LINE_BITS
from pteg.hw.words import field

__all__ = ["LoadStoreUnit"]


class Events(data.Struct):
    """What happens in the second stage in this cycle."""

    ended: 1        # what the cache took is over
    leaves: 1       # the load that missed waits beside the stage
    moved: 1        # the part has been moved
    over: 1         # and it was the last one
    ends: 1         # the instruction finishes
    done: 1         # the stage is free after this cycle


class LoadStoreUnit(wiring.Component):
    """LSU.

    Parameters
    ----------
    renames, float_renames : int
        Rename buffers of the general-purpose and of the floating-point registers.
    shared, broadcast : bool
        Other processors use the same memory, and hear broadcasts; see `AccessControl`.
    """

    def __init__(self, renames=6, float_renames=6, shared=False, broadcast=False):
        self._renames = renames
        self._float_renames = float_renames
        self._shared, self._broadcast = shared, broadcast
        super().__init__({
            **station_ports(MIXED, renames, float_renames),
            #: Completion queue: entry of the oldest instruction; entries that retire in this cycle.
            "oldest": In(range(NOBODY + 1)),
            "retired": In(CQ_MOST),
            "msr": In(32),
            "hid0": In(32),
            "ear": In(32),
            "dabr": In(32),
            "xer": In(32),
            "translate": Out(TranslatePort()),
            "cache": Out(DataPort()),
            #: Of the store queue; `drained`: it is empty.
            "stores": Out(MemoryPort()),
            "drained": Out(1),
            #: The data cache has nothing to do.
            "quiet": In(1),
            #: No snoop is to be answered: a stwcx. is in the second stage, or its store in the
            #: queue. With several processors: a reservation is new.
            "exclusive": Out(1),
            #: Another master writes to this block: a reservation of it is lost.
            "foreign": In(1),
            "foreign_line": In(32 - LINE_BITS),
            #: For `pteg.hw.core.broadcasts`: stores in the queue, of which the oldest leaves; an
            #: access in the data cache, which is over.
            "queued": Out(range(STORES + 1)), "accesses": Out(1),
            "translated": In(1),
            #: tlbie and icbi.
            "invalidate": Out(InvalidatePort()),
            "block": Out(BlockPort()),
            #: The register file, for multiple and string instructions.
            "direct": Out(DirectPort()),
            #: Loaded value; the same for a floating-point register; address of an update form.
            "result": Out(UnitToRename()),
            "float_result": Out(UnitToRename(64)),
            "update": Out(UnitToRename()),
            "finish": Out(UnitToCompletion()),
            #: Completion queue entries of stores whose data are not there.
            "incomplete": Out(CQ_MOST),
            #: Of the access that failed.
            "dar": Out(32),
            "dsisr": Out(32),
        })

    def elaborate(self, platform):
        m = Module()
        p = SimpleNamespace()       # the parts, and signals that many of them get
        m.submodules.stations = p.stations = StationPair(self._renames, self._float_renames)
        m.submodules.decoder = p.decoder = AccessDecoder()
        m.submodules.address = p.address = EffectiveAddress()
        m.submodules.stage = p.stage = SecondStage()
        m.submodules.control = p.control = AccessControl(
            self._shared, self._broadcast)
        m.submodules.part = p.part = NextPart()
        m.submodules.data = p.data = StoreData(self._renames)
        m.submodules.queue = p.queue = StoreQueue()
        m.submodules.reservation = p.reservation = Reservation()
        m.submodules.missed = p.missed = MissedLoad()
        m.submodules.load = p.load = LoadResult()
        p.here = p.stations.unit
        p.state = Signal(LoadStoreState, name="state")
        p.held = Signal(Held, name="held")
        p.now = Signal(Events, name="now")
        self._decide(m, p)
        self._second_stage(m, p)
        self._first_stage(m, p)
        self._parts(m, p)
        self._memory(m, p)
        self._reservation(m, p)
        self._results(m, p)
        return m

    def _decide(self, m, p):
        """What happens in this cycle."""
        control, now, held, cache = p.control, p.now, p.held, self.cache
        m.d.comb += [
            # If a load arrives, the way to the rename buffers is taken; the stage waits.
            now.ended.eq((p.state == LoadStoreState.WAIT) & ~p.missed.arrives & cache.done
                         & ~p.stage.dropped),
            now.leaves.eq(control.ask & cache.taken & p.part.whole & ~held.access.store
                          & (held.op != Op.LWARX)),
            now.moved.eq(control.ask & cache.hit | control.push | now.ended & ~cache.error),
            now.over.eq(now.moved & p.part.last),
            now.ends.eq((control.ends | now.over) & ~control.fault),
            now.done.eq(now.ends | now.leaves),
            *(getattr(control, name).eq(getattr(self, name))
              for name in ("msr", "hid0", "ear", "dabr", "quiet")),
            control.dropped.eq(p.stage.dropped),
            *(getattr(control, name).eq(held[name]) for name in ("op", "insn", "access", "first")),
            control.active.eq(p.stage.works), control.ea.eq(p.part.ea),
            control.nothing.eq(p.part.nothing), control.whole.eq(p.part.whole),
            control.head.eq(p.stage.head), control.start.eq(p.here.done),
            control.bus_error.eq(now.ended & cache.error),
            control.reserved.eq(p.reservation.holds),
            control.accepted.eq(cache.hit | cache.taken), control.empty.eq(p.queue.empty),
            control.room.eq(p.queue.room), control.overlap.eq(p.queue.overlap),
        ]
        with m.If(control.fault):
            m.d.sync += [self.dsisr.eq(control.fault_dsisr), self.dar.eq(control.fault_dar)]
        connect(m, control.translate, flipped(self.translate))
        connect(m, control.block, flipped(self.block))
        m.d.comb += [
            self.invalidate.ea.eq(control.invalidate.ea),
            # A tlbie that is broadcast is done when it has passed the bus.
            self.invalidate.valid.eq(control.invalidate.valid | now.over & (held.op == Op.TLBIE)),
            control.translated.eq(self.translated),
        ]

    def _second_stage(self, m, p):
        """The instruction there."""
        stage, now = p.stage, p.now
        connect(m, p.stations.unit, stage.unit)
        m.d.comb += [
            p.state.eq(stage.state), p.held.eq(stage.held),
            stage.access.eq(p.decoder.access), stage.first.eq(p.address.sum),
            stage.delay.eq(p.data.delay), stage.oldest.eq(self.oldest), stage.drop.eq(self.drop),
            stage.arrives.eq(p.missed.arrives), stage.taken.eq(p.control.ask & self.cache.taken),
            stage.moved.eq(now.moved), stage.fault.eq(p.control.fault), stage.done.eq(now.done),
        ]

    def _first_stage(self, m, p):
        """The older instruction in the stations."""
        stations, here, address = p.stations, p.here, p.address
        connect(m, flipped(self.dispatch), stations.dispatch)
        attach(m, self, stations)
        m.d.comb += [
            p.decoder.op.eq(here.op),
            address.op.eq(here.op), address.insn.eq(here.insn), address.access.eq(p.decoder.access),
            address.a.eq(here.a), address.b.eq(here.b), address.count.eq(self.xer[:7]),
            self.update.valid.eq(here.done & here.write_u),
            self.update.tag.eq(here.tag_u), self.update.value.eq(address.sum),
        ]

    def _parts(self, m, p):
        """The next part, and what a store stores there."""
        part, data, here, access, now = p.part, p.data, p.here, p.held.access, p.now
        m.d.comb += [
            part.start.eq(here.done), part.address.eq(p.address.sum),
            part.first_bytes.eq(p.address.first_bytes), part.more_bytes.eq(p.address.more_bytes),
            part.first_reg.eq(field(here.insn, "rD")), part.moves.eq(access.moves),
            part.size.eq(access.size), part.moved.eq(now.moved),
            data.start.eq(here.done), data.access.eq(p.decoder.access), data.c.eq(here.c),
            data.f.eq(here.f), data.held.eq(access),
            data.begins.eq(p.stage.works & part.begins & access.store),
            data.direct.eq(self.direct.rdata), data.unused.eq(part.unused),
            data.rest.eq(part.rest), data.behind.eq(part.behind),
            data.cq.eq(p.held.cq), data.push.eq(p.control.push), data.drop.eq(self.drop),
            data.ready.eq(self.ready), self.incomplete.eq(data.incomplete),
            *(mine.eq(theirs) for mine, theirs in zip(data.values, self.values, strict=True)),
        ]

    def _memory(self, m, p):
        """Data cache and store queue."""
        queue, entry = p.queue, p.queue.entry
        cache, access = self.cache, p.held.access
        m.d.comb += [
            cache.valid.eq(p.control.ask & ~p.stage.dropped), cache.op.eq(access.op),
            cache.size.eq(p.part.part), cache.wimg.eq(p.control.wimg), cache.type.eq(access.type),
            cache.speculative.eq(~p.stage.head), cache.wdata.eq(p.data.data),
            queue.push.eq(p.control.push), queue.retired.eq(self.retired),
            queue.drop.eq(self.drop), queue.retire.eq(p.stage.head), queue.pa.eq(self.translate.pa),
            queue.lanes.eq(byte_lanes(p.part.ea, p.part.part)), self.drained.eq(queue.empty),
            entry.pa.eq(self.translate.pa), entry.data.eq(p.data.data),
            entry.lanes.eq(queue.lanes), entry.size.eq(p.part.part),
            entry.wimg.eq(self.translate.wimg), entry.type.eq(access.type),
            entry.cq.eq(p.held.cq),
            p.control.storable.eq(p.data.storable),
            *(getattr(queue, name).eq(getattr(p.data, name))
              for name in ("fill", "fill_cq", "fill_data")),
        ]
        with m.If(self.translate.valid):
            m.d.comb += cache.pa.eq(self.translate.pa)
        with m.Elif(p.held.op == Op.TLBIE):
            m.d.comb += cache.pa.eq(p.part.ea)
        connect(m, queue.memory, flipped(self.stores))
        m.d.comb += [
            self.queued.eq(queue.count),
            self.accesses.eq(p.missed.waits | (p.state == LoadStoreState.WAIT)
                             & (access.op != DataOp.BARRIER)),
        ]

    def _reservation(self, m, p):
        """lwarx and stwcx."""
        reservation, held, over = p.reservation, p.held, p.now.over
        physical = Signal(32)       # of the part that is on its way
        with m.If(p.control.ask & self.cache.taken):
            m.d.sync += physical.eq(self.translate.pa)
        line = Mux(p.state == LoadStoreState.WAIT, physical, self.translate.pa)[LINE_BITS:]
        m.d.comb += [
            reservation.foreign.eq(self.foreign), reservation.foreign_line.eq(self.foreign_line),
            reservation.set.eq(over & (held.op == Op.LWARX)), reservation.set_line.eq(line),
            reservation.clear.eq(p.control.fails | over & (held.op == Op.STWCX_DOT)),
            reservation.fetched.eq(p.state == LoadStoreState.WAIT),
        ]
        if self._shared:
            m.d.comb += self.exclusive.eq(reservation.new)
        else:
            m.d.comb += self.exclusive.eq(
                (p.state != LoadStoreState.EMPTY) & (held.op == Op.STWCX_DOT) | p.queue.exclusive)

    def _results(self, m, p):
        """Rename buffers, register file, completion queue."""
        load, missed, held, now, control = p.load, p.missed, p.held, p.now, p.control
        arrives, finish, direct = missed.arrives, self.finish, self.direct
        m.d.comb += [
            missed.enters.eq(now.leaves), missed.entering.eq(load.here),
            missed.done.eq(self.cache.done), missed.drop.eq(self.drop),
            load.arrives.eq(arrives), load.missed.eq(missed.load), load.rdata.eq(self.cache.rdata),
            load.error.eq(self.cache.error), load.start.eq(p.here.done), load.moved.eq(now.moved),
            load.ends.eq(p.part.ends), load.delivers.eq(now.ends & held.write_d),
            load.here.cq.eq(held.cq), load.here.tag_d.eq(held.tag_d),
            load.here.part.eq(p.part.part), load.here.behind.eq(p.part.behind),
            *(load.here[name].eq(held.access[name])
              for name in ("moves", "single", "size", "reverse", "algebraic")),
            direct.reg.eq(p.part.reg), direct.wdata.eq(load.raw << p.part.unused),
            direct.write.eq(now.moved & p.part.ends & p.part.many & ~held.access.store),
            finish.valid.eq(arrives | now.ends | control.fault),
            finish.refetch.eq(control.refetch | now.over & (held.op == Op.TLBIE)),
            finish.cq.eq(Mux(arrives, missed.load.cq, held.cq)),
            finish.cause.eq(control.fault_cause),
            finish.retires.eq(arrives | ~p.data.late & ~held.serialize),
        ]
        connect(m, load.result, flipped(self.result))
        connect(m, load.float_result, flipped(self.float_result))
        with m.If(arrives & self.cache.error):
            m.d.comb += finish.cause.eq(Cause.MACHINE_CHECK)
        with m.If(now.over):
            m.d.comb += finish.flags.cr.eq(Cat(self.xer[31], 1))    # stwcx. that has stored
        with m.Elif(control.fails):
            m.d.comb += finish.flags.cr.eq(self.xer[31])
