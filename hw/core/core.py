"""The processor core: wiring only (MPC750 UM figure 1-1).

          +-------+   +-------+   +----------+
          | fetch |-->| queue |-->| dispatch |--+-----------+--------+--------+
          +-------+   +-------+   +----------+  |           |        |        |
              ^            |         |  ^    +-----+     +-----+  +-----+  +-----+
              |        +--------+    |  |    | iu1 |     | iu2 |  | sru |  | lsu |
              |        | branch |    |  |    +-----+     +-----+  +-----+  +-----+
              |        +--------+    v  |       |           |        |        |
              |               +----------+      v           v        v        v
              |               |  rename  |<---- results ----+--------+--------+
              |               +----------+                  |
              |                     ^ write-back            | finish
              |  redirect     +------------+                |
              +---------------| completion |<---------------+
                              +------------+
                                   |  exceptions: special, timebase; CR and XER: condition
"""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.cache.interfaces import BlockPort, CacheControl
from pteg.hw.core.branch import BranchUnit
from pteg.hw.core.completion import Completion
from pteg.hw.core.condition import ConditionRegister
from pteg.hw.core.dispatch import Dispatch
from pteg.hw.core.fetch import Fetch
from pteg.hw.core.float_registers import FloatRegisters
from pteg.hw.core.integer import IntegerUnit
from pteg.hw.core.loadstore import LoadStoreUnit
from pteg.hw.core.queue import InstructionQueue
from pteg.hw.core.rename import Rename
from pteg.hw.core.special import SpecialRegisters, msr_bit
from pteg.hw.core.system import SystemUnit
from pteg.hw.core.timebase import TimeBase
from pteg.hw.isa.exceptions import Vector
from pteg.hw.isa.registers import Msr, Xer
from pteg.hw.mmu.interfaces import InvalidatePort, RegisterPort, TranslatePort

__all__ = ["Core"]


class Core(wiring.Component):
    """A 750 without MMU, caches and bus.

    Parameters
    ----------
    timebase_divider : int
        Core cycles to one tick of time base and decrementer.

    Members
    -------
    fetch_translate, data_translate : Out(TranslatePort)
    fetch_memory, data_memory : Out(MemoryPort)
    registers : Out(RegisterPort)
    invalidate : Out(InvalidatePort)
    block : Out(BlockPort)
    instruction_cache : Out(CacheControl)
    interrupt : In(1)
        External interrupt, level.
    restart : In(1)
        A debugger has changed registers: drop what is in flight and go on at `completion.pc`.
    """

    fetch_translate: Out(TranslatePort())
    data_translate: Out(TranslatePort())
    fetch_memory: Out(MemoryPort())
    data_memory: Out(MemoryPort())
    registers: Out(RegisterPort())
    invalidate: Out(InvalidatePort())
    block: Out(BlockPort())
    instruction_cache: Out(CacheControl())
    interrupt: In(1)
    restart: In(1)

    def __init__(self, timebase_divider=8):
        self.timebase_divider = timebase_divider
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.fetch = fetch = Fetch()
        m.submodules.queue = queue = InstructionQueue()
        m.submodules.dispatch = dispatch = Dispatch()
        m.submodules.branch = branch = BranchUnit()
        m.submodules.rename = rename = Rename(results=5)
        m.submodules.float_registers = float_registers = FloatRegisters()
        m.submodules.iu1 = iu1 = IntegerUnit(multiply=True)
        m.submodules.iu2 = iu2 = IntegerUnit(multiply=False)
        m.submodules.sru = sru = SystemUnit()
        m.submodules.lsu = lsu = LoadStoreUnit()
        m.submodules.completion = completion = Completion(units=4)
        m.submodules.condition = condition = ConditionRegister()
        m.submodules.special = special = SpecialRegisters()
        m.submodules.timebase = timebase = TimeBase(self.timebase_divider)
        units = (iu1, iu2, sru, lsu)
        msr, flush = special.msr, completion.redirect.valid

        # ---- Fetch and instruction queue --------------------------------------------------------
        connect(m, fetch.queue, queue.fetch)
        connect(m, fetch.translate, flipped(self.fetch_translate))
        connect(m, fetch.memory, flipped(self.fetch_memory))
        m.d.comb += [
            fetch.relocate.eq(msr_bit(msr, Msr.IR)),
            fetch.pr.eq(msr_bit(msr, Msr.PR)),
            fetch.oldest.eq(completion.empty & ~queue.valid & ~completion.drain & ~flush),
            fetch.stop.eq(completion.stopped),
            # A redirect by completion is of something older than a branch at dispatch.
            fetch.redirect.valid.eq(dispatch.redirect.valid | flush),
            fetch.redirect.pc.eq(dispatch.redirect.pc),
            queue.flush.eq(fetch.redirect.valid),
            queue.pop.eq(dispatch.pop),
        ]
        with m.If(flush):
            m.d.comb += fetch.redirect.pc.eq(completion.redirect.pc)

        # ---- Dispatch and branches --------------------------------------------------------------
        m.d.comb += [
            dispatch.valid.eq(queue.valid), dispatch.head.eq(queue.head), dispatch.msr.eq(msr),
            dispatch.stop.eq(completion.drain), dispatch.flush.eq(flush),
            branch.valid.eq(dispatch.branch_valid), branch.op.eq(dispatch.op),
            branch.insn.eq(dispatch.insn), branch.pc.eq(dispatch.pc),
            branch.link_busy.eq(dispatch.link_busy),
            branch.dispatched.eq(dispatch.branch_dispatched), branch.flush.eq(flush),
            branch.write_lr.eq(sru.lr_write), branch.write_ctr.eq(sru.ctr_write),
            branch.wdata.eq(sru.wdata),
        ]
        connect(m, branch.outcome, dispatch.branch)
        connect(m, branch.condition, condition.lookup)
        connect(m, completion.branch, branch.retire)

        # ---- Operands and results ---------------------------------------------------------------
        for name in ("a", "b", "c", "allocate_d", "allocate_u"):
            connect(m, getattr(dispatch, name), getattr(rename, name))
        for name, unit in zip(("iu1", "iu2", "sru", "lsu"), units, strict=True):
            connect(m, getattr(dispatch, name), unit.dispatch)
            m.d.comb += [
                *(mine.eq(theirs)
                  for mine, theirs in zip(unit.values, rename.values, strict=True)),
                unit.ready.eq(rename.ready),
                unit.oldest.eq(completion.head),
                unit.flush.eq(flush),
            ]
        results = (*(unit.result for unit in units), lsu.update)
        for result, port in zip(results, rename.results, strict=True):
            connect(m, result, port)
        connect(m, lsu.direct, rename.direct)
        connect(m, lsu.float, float_registers.direct)
        connect(m, completion.commit_d, rename.commit_d)
        connect(m, completion.commit_u, rename.commit_u)
        m.d.comb += [dispatch.free.eq(rename.free), rename.flush.eq(flush)]

        # ---- Completion -------------------------------------------------------------------------
        for unit, port in zip(units, completion.finishes, strict=True):
            connect(m, unit.finish, port)
        m.d.comb += [
            completion.dispatch.eq(dispatch.dispatch), completion.entry.eq(dispatch.entry),
            completion.cause.eq(dispatch.cause), completion.finished_now.eq(dispatch.finished),
            dispatch.room.eq(completion.room), dispatch.tail.eq(completion.tail),
            dispatch.empty.eq(completion.empty),
            completion.msr.eq(msr), completion.srr0.eq(special.srr0),
            completion.dar.eq(lsu.dar), completion.dsisr.eq(lsu.dsisr),
            completion.external.eq(self.interrupt),
            completion.decrementer.eq(timebase.decrementer),
            completion.fetch_search.eq(fetch.searching),
            completion.restart.eq(self.restart),
            completion.overflows.eq(condition.overflows),
            timebase.taken.eq(completion.exception.valid
                              & (completion.exception.vector == Vector.DECREMENTER)),
        ]
        connect(m, completion.exception, special.exception)

        # ---- CR and XER -------------------------------------------------------------------------
        m.d.comb += [
            condition.dispatched.eq(dispatch.dispatch), condition.writes.eq(dispatch.writes),
            condition.forward.eq(dispatch.forward), condition.tail.eq(completion.tail),
            condition.finished.eq(completion.finished),
            *(mine.eq(theirs)
              for mine, theirs in zip(condition.flags, completion.flags, strict=True)),
            condition.retired.eq(completion.retired), condition.head.eq(completion.head),
            condition.head_writes.eq(completion.head_writes),
            condition.system_mask.eq(sru.cr_mask), condition.system_cr.eq(sru.cr_value),
            condition.system_xer_write.eq(sru.xer_write), condition.system_xer.eq(sru.wdata),
            condition.flush.eq(flush),
        ]
        for unit in (iu1, iu2):
            m.d.comb += [unit.ca.eq(msr_bit(condition.xer, Xer.CA)),
                         unit.so.eq(msr_bit(condition.xer, Xer.SO))]

        # ---- System registers -------------------------------------------------------------------
        connect(m, sru.special, special.system)
        connect(m, sru.timebase, timebase.system)
        connect(m, sru.registers, flipped(self.registers))
        connect(m, special.instruction_cache, flipped(self.instruction_cache))
        m.d.comb += [
            sru.cr.eq(condition.cr), sru.xer.eq(condition.xer), sru.msr.eq(msr),
            sru.lr.eq(branch.lr), sru.ctr.eq(branch.ctr),
            special.msr_write.eq(sru.msr_write), special.msr_wdata.eq(sru.wdata),
            special.rfi.eq(sru.rfi),
        ]

        # ---- Load/store unit --------------------------------------------------------------------
        m.d.comb += [lsu.msr.eq(msr), lsu.hid0.eq(special.hid0), lsu.ear.eq(special.ear),
                     lsu.xer.eq(condition.xer)]
        connect(m, lsu.translate, flipped(self.data_translate))
        connect(m, lsu.memory, flipped(self.data_memory))
        connect(m, lsu.invalidate, flipped(self.invalidate))
        connect(m, lsu.block, flipped(self.block))
        return m
