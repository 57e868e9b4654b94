"""The processor core: wiring only (MPC750 UM figure 1-1).

  +-------+  4  +-------+  2  +----------+  2
  | fetch |====>| queue |====>| dispatch |====+=======+=======+=======+=======+
  +-------+     +-------+     +----------+    |       |       |       |       |
      ^           |   ^          |  ^      +-----+ +-----+ +-----+ +-----+ +-----+
      | redirect  v   |          |  |      | iu1 | | iu2 | | sru | | lsu | | fpu |
      |        +--------+        |  |      +-----+ +-----+ +-----+ +-----+ +-----+
      +--------| branch |        v  |         |       |       |       |       |
      |        +--------+     +----------+    v       v       v       v       v
      |         |  |  |       | renames  |<---- results ------+-------+-------+
      |         |  | link     +----------+            |
      |   history targets           ^ write-back      | finish
      |                       +------------+          |
      +-----------------------| completion |<=========+
                              +------------+
                                   |  exceptions: special, timebase; CR and XER: condition
"""

from types import SimpleNamespace

from amaranth.hdl import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.interfaces import BroadcastPort, MemoryPort
from pteg.hw.bus.ratio import Ratio
from pteg.hw.cache.interfaces import BlockPort, CacheControl, DataPort, InstructionPort, L2Control
from pteg.hw.core.branch import BranchUnit
from pteg.hw.core.broadcasts import Broadcasts
from pteg.hw.core.completion import Completion
from pteg.hw.core.condition import ConditionRegister
from pteg.hw.core.dispatch import UNITS, Dispatch
from pteg.hw.core.fetch import Fetch
from pteg.hw.core.floating import FloatUnit
from pteg.hw.core.history import HistoryTable
from pteg.hw.core.integer import IntegerUnit
from pteg.hw.core.interfaces import PausePort
from pteg.hw.core.link import LinkRegisters
from pteg.hw.core.loadstore import LoadStoreUnit
from pteg.hw.core.monitor import Event, PerformanceMonitor
from pteg.hw.core.queue import InstructionQueue
from pteg.hw.core.rename import Rename
from pteg.hw.core.special import SpecialRegisters
from pteg.hw.core.system import SystemUnit
from pteg.hw.core.targets import TargetCache
from pteg.hw.core.thermal import ThermalUnit
from pteg.hw.core.throttle import Throttle
from pteg.hw.core.timebase import TimeBase
from pteg.hw.isa.exceptions import Vector
from pteg.hw.isa.registers import Hid0, Msr, Wimg, Xer
from pteg.hw.mmu.interfaces import InvalidatePort, RegisterPort, TranslatePort
from pteg.hw.parameters import Parameters
from pteg.hw.sizes import LINE_BITS, WIDTH
from pteg.hw.words import flag

__all__ = ["Core"]


class Core(wiring.Component):
    """A 750 without MMU, caches and bus.

    Parameters
    ----------
    parameters : pteg.hw.parameters.Parameters
    l2_size : int
        L2CR[L2SIZ] of the L2 cache that is there, or 0.
    held : bool
        After a hard reset it waits for a soft reset, which then goes to RAM: MSR[IP] is 0. No
        firmware has to run on it first.
    """

    fetch_translate: Out(TranslatePort())
    data_translate: Out(TranslatePort())
    fetch_cache: Out(InstructionPort())
    data: Out(DataPort())
    #: Of the store queue.
    stores: Out(MemoryPort())
    #: The store queue is empty.
    drained: Out(1)
    #: The data cache has nothing to do.
    quiet: In(1)
    #: HID0[ABE].
    broadcast: Out(1)
    #: A stwcx. has begun and is not yet written.
    exclusive: Out(1)
    foreign: In(1)
    #: Another master writes to this block.
    foreign_line: In(32 - LINE_BITS)
    registers: Out(RegisterPort())
    invalidate: Out(InvalidatePort())
    #: Broadcasts of the processors; a table search that one has made invalid writes R or C.
    told: In(BroadcastPort())
    updates: In(1)
    block: Out(BlockPort())
    instruction_cache: Out(CacheControl())
    data_cache: Out(CacheControl())
    l2: Out(L2Control())
    #: Events of caches and MMU, for the performance monitor.
    fetch_miss: In(1)
    fetch_tlb_miss: In(1)
    data_tlb_miss: In(1)
    fetch_search: In(1)
    data_search: In(1)
    #: External interrupt, level; SRESET, which counts when it is asserted; TBEN, negated.
    interrupt: In(1)
    soft_reset: In(1)
    time_base_stop: In(1)
    #: The data cache has met a transfer error that belongs to no instruction in flight.
    machine_check: In(1)
    pause: In(PausePort())
    #: A debugger has changed registers: drop what is in flight, continue at `completion.pc`.
    restart: In(1)

    def __init__(self, parameters=None, l2_size=0, held=False):
        self.parameters = parameters or Parameters()
        self._held = held
        self.l2_size = l2_size
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        entries, renames, float_renames = (
            getattr(self.parameters, name)
            for name in ("completion_queue", "gpr_renames", "fpr_renames"))
        ratio = Ratio.read(self.parameters.ratio)
        shared = self.parameters.processors > 1
        broadcast = shared and self.parameters.broadcast
        p = SimpleNamespace()     # the parts, and signals that many of them get
        m.submodules.fetch = p.fetch = Fetch()
        m.submodules.throttle = p.throttle = Throttle()
        m.submodules.queue = p.queue = InstructionQueue()
        m.submodules.dispatch = p.dispatch = Dispatch(entries)
        m.submodules.branch = p.branch = BranchUnit(self.parameters.prediction)
        m.submodules.history = p.history = HistoryTable(self.parameters.bht)
        m.submodules.targets = p.targets = TargetCache(self.parameters.btic)
        m.submodules.link = p.link = LinkRegisters()
        m.submodules.rename = p.rename = Rename(
            "gpr", width=32, destinations=2, results=5, renames=renames, direct=True)
        m.submodules.float_rename = p.float_rename = Rename(
            "fpr", width=64, destinations=1, results=2, renames=float_renames)
        m.submodules.iu1 = p.iu1 = IntegerUnit(multiply=True, renames=renames)
        m.submodules.iu2 = p.iu2 = IntegerUnit(multiply=False, renames=renames)
        m.submodules.sru = p.sru = SystemUnit(renames)
        m.submodules.lsu = p.lsu = LoadStoreUnit(renames, float_renames, shared, broadcast)
        m.submodules.broadcasts = p.broadcasts = Broadcasts()
        m.submodules.fpu = p.fpu = FloatUnit(entries, float_renames)
        m.submodules.completion = p.completion = Completion(
            units=5, entries=entries, held=self._held)
        m.submodules.condition = p.condition = ConditionRegister(entries)
        m.submodules.special = p.special = SpecialRegisters(
            self.l2_size, ratio.hid1, high_vectors=not self._held)
        m.submodules.timebase = p.timebase = TimeBase(ratio.cycles_per_tick)
        m.submodules.monitor = p.monitor = PerformanceMonitor()
        m.submodules.thermal = p.thermal = ThermalUnit()
        p.units = {name: getattr(p, name) for name in UNITS}
        p.msr, p.hid0, p.redirected = p.special.msr, p.special.hid0, p.completion.redirect.valid
        self._fetch(m, p)
        self._branches(m, p)
        self._dispatch(m, p)
        self._operands(m, p)
        self._completion(m, p)
        self._condition(m, p)
        self._system_registers(m, p)
        self._monitor(m, p)
        self._load_store(m, p)
        return m

    def _fetch(self, m, p):
        """Fetch and instruction queue."""
        fetch, queue, dispatch, branch = p.fetch, p.queue, p.dispatch, p.branch
        completion, special, msr, redirected = p.completion, p.special, p.msr, p.redirected
        throttle = p.throttle
        connect(m, fetch.queue, queue.fetch)
        connect(m, fetch.translate, flipped(self.fetch_translate))
        connect(m, fetch.cache, flipped(self.fetch_cache))
        m.d.comb += [
            fetch.relocate.eq(flag(msr, Msr.IR)),
            fetch.pr.eq(flag(msr, Msr.PR)), fetch.iabr.eq(special.iabr),
            fetch.oldest.eq(completion.empty & (queue.count == 0) & ~completion.drain
                            & ~redirected & ~branch.wrong),
            throttle.ictc.eq(special.ictc), throttle.forwards.eq(fetch.queue.count != 0),
            fetch.stop.eq(completion.stopped | special.asleep | branch.waits | branch.stalled
                          | throttle.closed),
            # A redirect by completion is of something older than any branch.
            fetch.redirect.valid.eq(branch.redirect.valid | redirected),
            fetch.redirect.pc.eq(branch.redirect.pc),
            queue.flush.eq(redirected),
            queue.pop.eq(dispatch.pop),
        ]
        with m.If(redirected):
            m.d.comb += fetch.redirect.pc.eq(completion.redirect.pc)

    def _branches(self, m, p):
        """Branch unit, history, target cache, LR and CTR."""
        queue, branch, history = p.queue, p.branch, p.history
        targets, link, sru, completion = p.targets, p.link, p.sru, p.completion
        condition, special, msr, hid0 = p.condition, p.special, p.msr, p.hid0
        redirected = p.redirected
        connect(m, branch.queue, queue.branch)
        connect(m, branch.condition, condition.lookup)
        connect(m, branch.resolve, condition.resolve)
        connect(m, branch.link, link.branch)
        connect(m, completion.branch, link.retire)
        m.d.comb += [
            branch.count.eq(queue.count),
            *(mine.eq(theirs) for mine, theirs in zip(branch.entries, queue.entries, strict=True)),
            *(mine.eq(theirs)
              for mine, theirs in zip(branch.progress, queue.progress, strict=True)),
            branch.flush.eq(redirected),
            branch.fold.eq(~self.pause.single & ~flag(msr, Msr.SE) & ~flag(msr, Msr.BE)),
            branch.pause.eq(self.pause.valid), branch.pause_pc.eq(self.pause.pc),
            link.flush.eq(redirected), link.lr_waits.eq(sru.lr_waits),
            link.ctr_waits.eq(sru.ctr_waits),
            link.write_lr.eq(sru.lr_write), link.write_ctr.eq(sru.ctr_write),
            link.wdata.eq(sru.wdata),
            # History and targets.
            branch.history.eq(flag(hid0, Hid0.BHT) & (history.entries != 0)),
            history.pc.eq(branch.pc), branch.history_taken.eq(history.taken),
            history.update.eq(branch.resolved),
            history.update_pc.eq(branch.resolved_pc),
            history.update_taken.eq(branch.resolved_taken),
            targets.enable.eq(flag(hid0, Hid0.BTIC)), targets.target.eq(branch.target),
            targets.want.eq(branch.taken), branch.found.eq(targets.found.count),
            # Flash invalidation, icbi, exceptions, rfi (IBM 750GX UM p. 229), and other changes of
            # the context (docs/decisions/0009).
            targets.clear.eq(special.instruction_cache.flash | self.block.valid
                             | completion.exception.valid | sru.relocates
                             | self.invalidate.valid | self.restart),
            targets.cacheable.eq(special.instruction_cache.enable
                                 & ~flag(p.fetch.cache.wimg, Wimg.I)),
            targets.fetched.count.eq(queue.fetch.count),
            *(mine.eq(theirs) for mine, theirs in zip(targets.fetched.entries,
                                                      queue.fetch.entries, strict=True)),
            queue.inject.count.eq(branch.injected),
            *(mine.eq(theirs) for mine, theirs in zip(queue.inject.entries,
                                                      targets.found.entries, strict=True)),
        ]

    def _dispatch(self, m, p):
        """From the instruction queue to the completion queue."""
        queue, dispatch, branch, rename = p.queue, p.dispatch, p.branch, p.rename
        float_rename, completion, condition, msr = p.float_rename, p.completion, p.condition, p.msr
        redirected = p.redirected
        m.d.comb += [
            dispatch.count.eq(queue.live), dispatch.msr.eq(msr),
            dispatch.stop.eq(completion.drain), dispatch.flush.eq(redirected),
            dispatch.accept.eq(branch.accept), dispatch.wrong.eq(branch.wrong),
            dispatch.sent.eq(completion.sent),
            dispatch.room.eq(completion.room), dispatch.tail.eq(completion.tail),
            dispatch.empty.eq(completion.empty), dispatch.empties.eq(completion.empties),
            dispatch.free.eq(rename.free),
            dispatch.float_free.eq(float_rename.free),
        ]
        for number in range(WIDTH):
            m.d.comb += [dispatch.entries[number].eq(queue.entries[number]),
                         dispatch.progress[number].eq(queue.heads[number]),
                         dispatch.targets[number].eq(queue.targets[number])]
            connect(m, dispatch.completion[number], completion.dispatch[number])
            connect(m, dispatch.condition[number], condition.dispatch[number])
            connect(m, completion.retire[number], condition.retire[number])

    def _operands(self, m, p):
        """Rename buffers, reservation stations, results."""
        dispatch, rename, float_rename, iu1 = p.dispatch, p.rename, p.float_rename, p.iu1
        iu2, sru, lsu, fpu, completion, units = p.iu2, p.sru, p.lsu, p.fpu, p.completion, p.units
        for prefix, file in (("", rename), ("float_", float_rename)):
            for unit, name in ((dispatch, "sources"), (dispatch, "allocate"),
                               (completion, "commit")):
                for mine, theirs in zip(getattr(unit, prefix + name), getattr(file, name),
                                        strict=True):
                    connect(m, mine, theirs)
            m.d.comb += [file.accept.eq(p.branch.accept), file.wrong.eq(p.branch.wrong),
                         file.flush.eq(p.redirected)]
        for name, unit in units.items():
            connect(m, getattr(dispatch, name), unit.dispatch)
            for prefix, file in (("", rename), ("float_", float_rename)):
                if f"{prefix}values" in unit.signature.members:
                    values = getattr(unit, f"{prefix}values")
                    m.d.comb += getattr(unit, f"{prefix}ready").eq(file.ready)
                    m.d.comb += [mine.eq(theirs)
                                 for mine, theirs in zip(values, file.values, strict=True)]
            m.d.comb += [
                unit.oldest.eq(completion.oldest),
                unit.drop.eq(completion.drop),
            ]
        for result, port in zip((fpu.result, lsu.float_result), float_rename.results, strict=True):
            connect(m, result, port)
        results = (iu1.result, iu2.result, sru.result, lsu.result, lsu.update)
        for result, port in zip(results, rename.results, strict=True):
            connect(m, result, port)
        connect(m, lsu.direct, rename.direct)
        connect(m, completion.float, fpu.retire)

    def _completion(self, m, p):
        """Completion queue and exceptions."""
        fetch, branch, lsu, completion = p.fetch, p.branch, p.lsu, p.completion
        condition, special, timebase, monitor = p.condition, p.special, p.timebase, p.monitor
        thermal, units, msr = p.thermal, p.units, p.msr
        for unit, port in zip(units.values(), completion.finishes, strict=True):
            connect(m, unit.finish, port)
        m.d.comb += [
            completion.accept.eq(branch.accept), completion.wrong.eq(branch.wrong),
            completion.msr.eq(msr), completion.srr0.eq(special.srr0),
            completion.incomplete.eq(lsu.incomplete), completion.dar.eq(lsu.dar),
            completion.dsisr.eq(lsu.dsisr),
            completion.external.eq(self.interrupt), completion.soft_reset.eq(self.soft_reset),
            completion.machine_check.eq(self.machine_check),
            completion.monitor.eq(monitor.interrupt),
            completion.decrementer.eq(timebase.decrementer),
            completion.thermal.eq(thermal.interrupt), thermal.stop.eq(timebase.stop),
            completion.asleep.eq(special.asleep),
            timebase.stop.eq(special.asleep & special.sleep | completion.held
                             | self.time_base_stop),
            completion.fetch_search.eq(fetch.searching),
            completion.pause.single.eq(self.pause.single),
            completion.pause.valid.eq(self.pause.valid), completion.pause.pc.eq(self.pause.pc),
            completion.restart.eq(self.restart),
            completion.overflows.eq(condition.overflows),
            *(unit.taken.eq(completion.exception.valid & (completion.exception.vector == vector))
              for unit, vector in ((timebase, Vector.DECREMENTER),
                                   (monitor, Vector.PERFORMANCE_MONITOR),
                                   (thermal, Vector.THERMAL))),
        ]
        connect(m, completion.exception, special.exception)

    def _condition(self, m, p):
        """CR and XER."""
        branch, iu1, iu2, sru, fpu, completion = p.branch, p.iu1, p.iu2, p.sru, p.fpu, p.completion
        condition = p.condition
        m.d.comb += [
            condition.finished.eq(completion.finished),
            *(mine.eq(theirs)
              for mine, theirs in zip(condition.flags, completion.flags, strict=True)),
            condition.accept.eq(branch.accept), condition.wrong.eq(branch.wrong),
            # Never both: the one is the oldest instruction executing, the other one completing.
            condition.system_mask.eq(sru.cr_mask | Mux(completion.float.record, 0x0F000000, 0)),
            condition.system_cr.eq(Mux(completion.float.record, fpu.recorded << 24,
                                       sru.cr_value)),
            condition.system_xer_write.eq(sru.xer_write), condition.system_xer.eq(sru.wdata),
            condition.flush.eq(p.redirected),
        ]
        for unit in (iu1, iu2):
            m.d.comb += [unit.ca.eq(flag(condition.xer, Xer.CA)),
                         unit.so.eq(flag(condition.xer, Xer.SO))]

    def _system_registers(self, m, p):
        """mtspr, mfspr and what HID0 and L2CR say."""
        link, sru, condition, special, timebase = p.link, p.sru, p.condition, p.special, p.timebase
        monitor, thermal, msr = p.monitor, p.thermal, p.msr
        connect(m, sru.special, special.system)
        connect(m, sru.timebase, timebase.system)
        connect(m, sru.monitor, monitor.system)
        connect(m, sru.thermal, thermal.system)
        connect(m, sru.registers, flipped(self.registers))
        connect(m, special.instruction_cache, flipped(self.instruction_cache))
        connect(m, special.data_cache, flipped(self.data_cache))
        connect(m, special.l2, flipped(self.l2))
        m.d.comb += [
            sru.cr.eq(condition.cr), sru.xer.eq(condition.xer), sru.msr.eq(msr),
            sru.lr.eq(link.lr), sru.ctr.eq(link.ctr),
            special.msr_write.eq(sru.msr_write), special.msr_wdata.eq(sru.wdata),
            special.rfi.eq(sru.rfi),
        ]

    def _monitor(self, m, p):
        """Events."""
        fetch, dispatch, branch, completion = p.fetch, p.dispatch, p.branch, p.completion
        timebase, monitor, msr = p.timebase, p.monitor, p.msr
        events = {
            Event.FETCH_SEARCH: self.fetch_search, Event.DATA_SEARCH: self.data_search,
            Event.FETCHES: fetch.cache.valid, Event.FETCH_MISS: self.fetch_miss,
            Event.FETCH_TLB_MISS: self.fetch_tlb_miss, Event.DATA_TLB_MISS: self.data_tlb_miss,
            Event.UNRESOLVED: branch.queue.predict,
            Event.NOT_TAKEN: branch.queue.mark & ~branch.queue.taken,
            Event.TAKEN: branch.queue.predict & branch.queue.taken,
            Event.RIGHT: branch.accept, Event.WRONG: branch.wrong,
            Event.BRANCH_STALL: branch.stalled,
        }
        m.d.comb += [
            monitor.user.eq(flag(msr, Msr.PR)), monitor.marked.eq(flag(msr, Msr.PM)),
            monitor.time_base.eq(timebase.lower), monitor.pc.eq(completion.last_pc),
            monitor.completed.eq(completion.retire[0].valid + completion.retire[1].valid),
            monitor.dispatched.eq(dispatch.completion[0].valid + dispatch.completion[1].valid),
            *(monitor.happens[event].eq(value) for event, value in events.items()),
        ]

    def _load_store(self, m, p):
        """Load/store unit and data cache."""
        lsu, completion, condition, special = p.lsu, p.completion, p.condition, p.special
        msr = p.msr
        m.d.comb += [lsu.msr.eq(msr), lsu.hid0.eq(special.hid0), lsu.ear.eq(special.ear),
                     lsu.dabr.eq(special.dabr), lsu.xer.eq(condition.xer), lsu.quiet.eq(self.quiet),
                     self.drained.eq(lsu.drained), self.exclusive.eq(lsu.exclusive),
                     lsu.foreign.eq(self.foreign), lsu.foreign_line.eq(self.foreign_line),
                     self.broadcast.eq(flag(special.hid0, Hid0.ABE))]
        for retire in completion.retire:
            with m.If(retire.valid):
                m.d.comb += lsu.retired.bit_select(retire.cq, 1).eq(1)
        connect(m, lsu.translate, flipped(self.data_translate))
        connect(m, lsu.cache, flipped(self.data))
        connect(m, lsu.stores, flipped(self.stores))
        broadcasts = p.broadcasts
        connect(m, flipped(self.told), broadcasts.told)
        connect(m, lsu.invalidate, broadcasts.own_invalidate)
        connect(m, lsu.block, broadcasts.own_block)
        connect(m, broadcasts.invalidate, flipped(self.invalidate))
        connect(m, broadcasts.block, flipped(self.block))
        m.d.comb += [
            broadcasts.stores.eq(lsu.queued), broadcasts.stored.eq(lsu.stores.done),
            broadcasts.accesses.eq(lsu.accesses), broadcasts.accessed.eq(lsu.cache.done),
            broadcasts.updates.eq(self.updates), lsu.translated.eq(self.told.translated),
        ]
