"""Dispatch: sends the instruction at IQ0 to its unit, in program order (MPC750 UM 6.3.2, 6.6.1).

It needs a free reservation station, rename buffers for its destinations and a completion queue
entry, and nothing that is completion or refetch serialised in flight. Instructions that cannot
execute (fetch fault, illegal, privileged, no floating point, system call) go straight to the
completion queue with their cause. One instruction a cycle so far.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.branch import BranchOutcome
from pteg.hw.core.completion import Entry, NextPc
from pteg.hw.core.decode import Decoder
from pteg.hw.core.interfaces import (
    CQ_ENTRIES,
    GPR_RENAMES,
    Cause,
    DispatchToUnit,
    Fetched,
    FetchFault,
    Redirect,
)
from pteg.hw.core.rename import AllocatePort, SourcePort
from pteg.hw.core.special import msr_bit
from pteg.hw.isa.instructions import Op, Serialize, Unit
from pteg.hw.isa.registers import Msr

__all__ = ["Dispatch", "UNITS"]

#: Units with a reservation station, as attributes of `Dispatch`.
UNITS = ("iu1", "iu2", "sru", "lsu")

#: No trace exception follows these (MPC750 UM 4.5.11).
_UNTRACED = (Op.ISYNC, Op.RFI)


class Dispatch(wiring.Component):
    """Dispatch unit.

    Members
    -------
    valid, head, pop
        The instruction queue.
    msr : In(32)
    stop : In(1)
        Dispatch nothing: an interrupt waits, or the processor has stopped.
    flush : In(1)
    branch_valid, op, insn, pc : Out
        To the branch unit.
    branch : In(BranchOutcome)
    branch_dispatched : Out(1)
    link_busy : Out(1)
        A mtspr to LR or CTR is in flight.
    a, b, c : Out(SourcePort)
    free : In
        Rename buffers left.
    allocate_d, allocate_u : Out(AllocatePort)
    iu1, iu2, sru, lsu : Out(DispatchToUnit)
    room, tail, empty : In
        The completion queue.
    dispatch : Out(1)
    entry, cause, finished : Out
        What enters it.
    writes, forward : Out
        CR fields written; they come from the unit's flags, not from the SRU itself.
    redirect : Out(Redirect)
        A taken branch.
    """

    valid: In(1)
    head: In(Fetched)
    pop: Out(1)
    msr: In(32)
    stop: In(1)
    flush: In(1)
    branch_valid: Out(1)
    op: Out(Op)
    insn: Out(32)
    pc: Out(32)
    branch: In(BranchOutcome())
    branch_dispatched: Out(1)
    link_busy: Out(1)
    a: Out(SourcePort())
    b: Out(SourcePort())
    c: Out(SourcePort())
    free: In(range(GPR_RENAMES + 1))
    allocate_d: Out(AllocatePort())
    allocate_u: Out(AllocatePort())
    iu1: Out(DispatchToUnit())
    iu2: Out(DispatchToUnit())
    sru: Out(DispatchToUnit())
    lsu: Out(DispatchToUnit())
    room: In(1)
    tail: In(range(CQ_ENTRIES))
    empty: In(1)
    dispatch: Out(1)
    entry: Out(Entry)
    cause: Out(Cause)
    finished: Out(1)
    writes: Out(8)
    forward: Out(1)
    redirect: Out(Redirect())

    def elaborate(self, platform):
        m = Module()
        m.submodules.decoder = decoder = Decoder()
        decoded = decoder.decoded
        insn = self.head.insn
        m.d.comb += [
            decoder.insn.eq(insn),
            self.op.eq(decoded.op), self.insn.eq(insn), self.pc.eq(self.head.pc),
        ]
        self._cause(m, decoded)
        executes = self.cause == Cause.NONE
        self._operands(m, decoded)

        # Serialisation: what must run alone waits for nothing, but lets nothing follow.
        alone = Signal()
        with m.If(self.empty):
            m.d.sync += alone.eq(0)

        # A station takes it; branches and what cannot execute need none.
        unit_ready = Signal()
        to_unit = Signal()
        enough = self.free >= decoded.write_d + decoded.write_u
        for name, chosen in self._choice(m, decoded).items():
            port = getattr(self, name)
            with m.If(chosen):
                m.d.comb += [unit_ready.eq(port.ready), port.valid.eq(to_unit)]
        can = self.valid & self.room & ~alone & ~self.stop & ~self.flush
        branches = decoded.unit == Unit.BPU
        with m.If(can):
            with m.If(~executes):
                m.d.comb += self.dispatch.eq(1)
            with m.Elif(branches):
                m.d.comb += [self.branch_valid.eq(1), self.dispatch.eq(self.branch.ready),
                             self.branch_dispatched.eq(self.branch.ready)]
            with m.Elif(enough & ~(decoded.link & self.link_busy)):
                m.d.comb += [self.dispatch.eq(unit_ready), to_unit.eq(unit_ready)]
        m.d.comb += [
            self.pop.eq(self.dispatch),
            self.allocate_d.valid.eq(to_unit & decoded.write_d),
            self.allocate_d.reg.eq(decoded.reg_d),
            self.allocate_u.valid.eq(to_unit & decoded.write_u),
            self.allocate_u.reg.eq(decoded.reg_u),
            self.writes.eq(Mux(to_unit, decoded.write_cr, 0)),
            self.forward.eq(decoded.unit != Unit.SRU),
            self.redirect.valid.eq(self.branch_dispatched & self.branch.taken),
            self.redirect.pc.eq(self.branch.target),
        ]
        runs_alone = (decoded.serialize >= Serialize.COMPLETION) | decoded.fp
        with m.If(self.dispatch & (~executes | runs_alone)):
            m.d.sync += alone.eq(1)

        # mtspr to LR or CTR: until it has completed, branches wait.
        link_busy = Signal()
        m.d.comb += self.link_busy.eq(link_busy)
        with m.If(self.empty):
            m.d.sync += link_busy.eq(0)
        with m.If(to_unit & decoded.link):
            m.d.sync += link_busy.eq(1)

        self._entry(m, decoded, executes)
        with m.If(self.flush):
            m.d.sync += [alone.eq(0), link_busy.eq(0)]
        return m

    def _cause(self, m, decoded):
        """Exceptions that are known before execution, the one that wins last."""
        # There is no floating-point unit yet: only loads and stores heed MSR[FP].
        with m.If(decoded.fp & ((decoded.unit == Unit.FPU) | ~msr_bit(self.msr, Msr.FP))):
            m.d.comb += self.cause.eq(Cause.FP_UNAVAILABLE)
        with m.If(decoded.op == Op.SC):
            m.d.comb += self.cause.eq(Cause.SYSTEM_CALL)
        with m.If(decoded.illegal):
            m.d.comb += self.cause.eq(Cause.ILLEGAL)
        with m.If(decoded.privileged & msr_bit(self.msr, Msr.PR)):
            m.d.comb += self.cause.eq(Cause.PRIVILEGED)
        with m.If(self.head.fault != FetchFault.NONE):
            m.d.comb += self.cause.eq(self.head.fault)

    def _operands(self, m, decoded):
        for name in ("a", "b", "c"):
            source = getattr(self, name)
            m.d.comb += source.reg.eq(decoded[f"reg_{name}"])
            for unit in UNITS:
                operand = getattr(getattr(self, unit), name)
                with m.If(decoded[f"use_{name}"]):
                    m.d.comb += operand.eq(source.operand)
                if name == "b":
                    with m.Else():
                        m.d.comb += operand.value.eq(decoded.imm)
        for unit in UNITS:
            port = getattr(self, unit)
            m.d.comb += [
                port.op.eq(decoded.op), port.insn.eq(self.insn), port.cq.eq(self.tail),
                port.serialize.eq((decoded.serialize != Serialize.NONE) | decoded.fp),
                port.write_d.eq(decoded.write_d), port.tag_d.eq(self.allocate_d.tag),
                port.write_u.eq(decoded.write_u), port.tag_u.eq(self.allocate_u.tag),
            ]

    def _choice(self, m, decoded):
        """Which station takes it. IU2 is preferred: only IU1 can multiply and divide."""
        either = decoded.unit == Unit.IU
        return {
            "iu1": (decoded.unit == Unit.IU1) | either & ~self.iu2.ready,
            "iu2": either & self.iu2.ready,
            "sru": decoded.unit == Unit.SRU,
            "lsu": decoded.unit == Unit.LSU,
        }

    def _entry(self, m, decoded, executes):
        entry, op = self.entry, decoded.op
        branches = decoded.unit == Unit.BPU
        traced = Signal()
        m.d.comb += traced.eq(msr_bit(self.msr, Msr.SE) | msr_bit(self.msr, Msr.BE) & branches)
        with m.Switch(op):
            with m.Case(*_UNTRACED):
                m.d.comb += traced.eq(0)
        m.d.comb += [
            self.finished.eq(~executes | branches),
            entry.pc.eq(self.pc),
            entry.insn.eq(self.insn),
            entry.target.eq(self.branch.target),
            entry.write_d.eq(decoded.write_d),
            entry.reg_d.eq(decoded.reg_d), entry.tag_d.eq(self.allocate_d.tag),
            entry.write_u.eq(decoded.write_u),
            entry.reg_u.eq(decoded.reg_u), entry.tag_u.eq(self.allocate_u.tag),
            entry.write_cr.eq(decoded.write_cr),
            entry.link.eq(self.branch.link), entry.count.eq(self.branch.count),
            entry.refetch.eq(decoded.serialize == Serialize.REFETCH),
            entry.trace.eq(traced),
        ]
        with m.If(branches & self.branch.taken):
            m.d.comb += entry.next.eq(NextPc.TARGET)
        with m.Elif(op == Op.RFI):
            m.d.comb += entry.next.eq(NextPc.SRR0)
