"""Completion unit: retires in program order, takes exceptions (MPC750 UM 6.3.3, 4.2 to 4.5).

The six-entry completion queue is a ring. An entry is filled when its instruction is dispatched,
finishes when its unit says so, and retires, one a cycle, when it is the oldest: only then do
registers, CR and XER change. An exception drops everything younger. Interrupts are taken when the
queue has drained, and never between the start of a table search for a fetch and the end of the
instruction that it was for.
"""

import enum

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import (
    CQ_ENTRIES,
    GPR_RENAMES,
    BranchRetire,
    Cause,
    Flags,
    Redirect,
    UnitToCompletion,
)
from pteg.hw.core.rename import CommitPort, after
from pteg.hw.core.special import ExceptionPort, msr_bit
from pteg.hw.isa.exceptions import Srr1, Vector
from pteg.hw.isa.registers import RESET_VECTOR, Msr

__all__ = ["Completion", "Entry", "NextPc"]


class NextPc(enum.IntEnum):
    """Where the instruction after this one is."""

    SEQUENTIAL = 0
    TARGET = 1     # taken branch
    SRR0 = 2       # rfi


class Entry(data.Struct):
    """What dispatch writes into the completion queue."""

    pc: 32
    insn: 32
    target: 32
    next: NextPc
    write_d: 1
    reg_d: 5
    tag_d: range(GPR_RENAMES)
    write_u: 1
    reg_u: 5
    tag_u: range(GPR_RENAMES)
    write_cr: 8
    link: 1
    count: 1
    refetch: 1   # everything younger is fetched again
    trace: 1     # a trace exception follows (MSR[SE], MSR[BE])


#: Vector and SRR1 bits of the exceptions that instructions cause.
_EXCEPTIONS = {
    Cause.MACHINE_CHECK: (Vector.MACHINE_CHECK, Srr1.TEA),
    Cause.ISI_PAGE_FAULT: (Vector.ISI, Srr1.PAGE_FAULT),
    Cause.ISI_PROTECTION: (Vector.ISI, Srr1.PROTECTION),
    Cause.ISI_NO_EXECUTE: (Vector.ISI, Srr1.NO_EXECUTE),
    Cause.ILLEGAL: (Vector.PROGRAM, Srr1.ILLEGAL),
    Cause.PRIVILEGED: (Vector.PROGRAM, Srr1.PRIVILEGED),
    Cause.TRAP: (Vector.PROGRAM, Srr1.TRAP),
    Cause.FP_UNAVAILABLE: (Vector.FP_UNAVAILABLE, 0),
    Cause.SYSTEM_CALL: (Vector.SYSTEM_CALL, 0),
    Cause.ALIGNMENT: (Vector.ALIGNMENT, 0),
    Cause.DSI: (Vector.DSI, 0),
}


class Completion(wiring.Component):
    """Completion queue and exception logic.

    Members
    -------
    dispatch : In(1)
        `entry` enters at `tail`.
    entry : In(Entry)
    cause : In(Cause)
        Not NONE: it has raised an exception before execution.
    finished_now : In(1)
        It needs no unit.
    room : Out(1)
    tail, head : Out
        Entry that the next instruction gets; entry of the oldest instruction.
    empty : Out(1)
    finishes : In(UnitToCompletion) x `units`
    finished : Out(CQ_ENTRIES)
        Entries whose flags are valid.
    flags : Out(Flags) x CQ_ENTRIES
    commit_d, commit_u : Out(CommitPort)
    branch : Out(BranchRetire)
    retired : Out(1)
        The head retires at the end of this cycle.
    head_writes : Out(8)
        CR fields that it writes.
    overflows : In(1)
        It sets XER[SO].
    msr, srr0 : In(32)
    dar, dsisr : In(32)
        Of a data access that has failed.
    external, decrementer : In(1)
        Interrupt requests.
    fetch_search : In(1)
        A table search for a fetch begins.
    drain : Out(1)
        Dispatch nothing: an interrupt waits.
    exception : Out(ExceptionPort)
    redirect : Out(Redirect)
        Everything in flight is dropped; fetch goes on at `redirect.pc`.
    stopped : Out(1)
        Checkstop.
    restart : In(1)
        Drop everything in flight and go on at the register `pc`, which a debugger has set.
    """

    def __init__(self, units):
        super().__init__({
            "dispatch": In(1), "entry": In(Entry), "cause": In(Cause), "finished_now": In(1),
            "room": Out(1), "tail": Out(range(CQ_ENTRIES)), "head": Out(range(CQ_ENTRIES)),
            "empty": Out(1),
            "finishes": In(UnitToCompletion()).array(units),
            "finished": Out(CQ_ENTRIES), "flags": Out(Flags).array(CQ_ENTRIES),
            "commit_d": Out(CommitPort()), "commit_u": Out(CommitPort()),
            "branch": Out(BranchRetire()), "retired": Out(1), "head_writes": Out(8),
            "overflows": In(1),
            "msr": In(32), "srr0": In(32), "dar": In(32), "dsisr": In(32),
            "external": In(1), "decrementer": In(1), "fetch_search": In(1), "drain": Out(1),
            "exception": Out(ExceptionPort()), "redirect": Out(Redirect()), "stopped": Out(1),
            "restart": In(1),
        })

    def elaborate(self, platform):
        m = Module()

        # Architectural: address of the next instruction to complete, completed instructions.
        pc = Signal(32, init=RESET_VECTOR)
        instructions = Signal(64)
        checkstop = Signal()
        # Interrupts taken, for statistics and for models that follow this one.
        external_interrupts = Signal(64)
        decrementer_interrupts = Signal(64)

        m.submodules.entries = entries = Memory(shape=Entry, depth=CQ_ENTRIES, init=[])
        head = Signal(range(CQ_ENTRIES))
        tail = Signal(range(CQ_ENTRIES))
        count = Signal(range(CQ_ENTRIES + 1))
        finished = Signal(CQ_ENTRIES)
        refetch = Signal(CQ_ENTRIES)
        causes = Array(Signal(Cause, name=f"cause{i}") for i in range(CQ_ENTRIES))
        flags = Array(Signal(Flags, name=f"flags{i}") for i in range(CQ_ENTRIES))

        # Dispatch and finish.
        write, read = entries.write_port(), entries.read_port(domain="comb")
        m.d.comb += [
            write.en.eq(self.dispatch), write.addr.eq(tail), write.data.eq(self.entry),
            self.room.eq(count != CQ_ENTRIES), self.empty.eq(count == 0),
            self.stopped.eq(checkstop), self.finished.eq(finished),
            self.tail.eq(tail), self.head.eq(head),
            *(port.eq(held) for port, held in zip(self.flags, flags, strict=True)),
        ]
        with m.If(self.dispatch):
            m.d.sync += [
                tail.eq(after(tail, ring=CQ_ENTRIES)),
                finished.bit_select(tail, 1).eq(self.finished_now),
                refetch.bit_select(tail, 1).eq(self.entry.refetch),
                causes[tail].eq(self.cause),
                flags[tail].eq(0),
            ]
        for finish in self.finishes:
            with m.If(finish.valid):
                m.d.sync += [
                    finished.bit_select(finish.cq, 1).eq(1),
                    causes[finish.cq].eq(finish.cause),
                    flags[finish.cq].eq(finish.flags),
                ]
                with m.If(finish.refetch):
                    m.d.sync += refetch.bit_select(finish.cq, 1).eq(1)

        # The oldest instruction.
        oldest = Signal(Entry)
        cause = Signal(Cause)
        complete = Signal()
        fault = Signal()
        next_pc = Signal(32)
        m.d.comb += [
            read.addr.eq(head),
            oldest.eq(read.data),
            cause.eq(causes[head]),
            complete.eq((count != 0) & finished.bit_select(head, 1)
                        & (cause == Cause.NONE) & ~self.restart),
            fault.eq((count != 0) & finished.bit_select(head, 1)
                     & (cause != Cause.NONE) & ~self.restart),
        ]
        with m.Switch(oldest.next):
            with m.Case(NextPc.SEQUENTIAL):
                m.d.comb += next_pc.eq(oldest.pc + 4)
            with m.Case(NextPc.TARGET):
                m.d.comb += next_pc.eq(oldest.target)
            with m.Case(NextPc.SRR0):
                m.d.comb += next_pc.eq(self.srr0)

        m.d.comb += [
            self.retired.eq(complete),
            self.head_writes.eq(oldest.write_cr),
            self.branch.pc.eq(oldest.pc),
            self.branch.link.eq(complete & oldest.link),
            self.branch.count.eq(complete & oldest.count),
            self.commit_d.reg.eq(oldest.reg_d), self.commit_d.tag.eq(oldest.tag_d),
            self.commit_d.valid.eq(complete & oldest.write_d),
            self.commit_u.reg.eq(oldest.reg_u), self.commit_u.tag.eq(oldest.tag_u),
            self.commit_u.valid.eq(complete & oldest.write_u),
        ]
        with m.If(complete):
            m.d.sync += [pc.eq(next_pc), instructions.eq(instructions + 1)]
        with m.If(complete):
            m.d.sync += head.eq(after(head, ring=CQ_ENTRIES))
        m.d.sync += count.eq(count + self.dispatch - complete)

        # Interrupts.
        hold = Signal()
        pending = Signal()
        interrupt = Signal()
        m.d.comb += [
            pending.eq(msr_bit(self.msr, Msr.EE) & (self.external | self.decrementer)),
            self.drain.eq(pending & ~hold | checkstop),
            interrupt.eq(pending & ~hold & (count == 0) & ~self.restart & ~checkstop),
        ]
        with m.If(self.fetch_search):
            m.d.sync += hold.eq(1)

        # Exceptions: at most one of the three cases in a cycle.
        taken = self.exception
        m.d.comb += [taken.dar.eq(self.dar), taken.dsisr.eq(self.dsisr)]
        with m.If(fault):
            m.d.comb += [taken.valid.eq(1), taken.srr0.eq(oldest.pc)]
            with m.Switch(cause):
                for member, (vector, bits) in _EXCEPTIONS.items():
                    with m.Case(member):
                        m.d.comb += [taken.vector.eq(vector), taken.cause_bits.eq(int(bits))]
                        if member is Cause.SYSTEM_CALL:
                            m.d.comb += taken.srr0.eq(oldest.pc + 4)
                            m.d.sync += instructions.eq(instructions + 1)
                        if member in (Cause.DSI, Cause.ALIGNMENT):
                            m.d.comb += taken.data.eq(1)
            with m.If((cause == Cause.MACHINE_CHECK) & ~msr_bit(self.msr, Msr.ME)):
                # Nobody can handle it: the processor stops (MPC750 UM 4.5.2).
                m.d.comb += taken.valid.eq(0)
                m.d.sync += checkstop.eq(1)
        with m.Elif(complete & oldest.trace):
            m.d.comb += [taken.valid.eq(1), taken.vector.eq(Vector.TRACE), taken.srr0.eq(next_pc)]
        with m.Elif(interrupt):
            m.d.comb += [
                taken.valid.eq(1), taken.srr0.eq(pc),
                taken.vector.eq(Mux(self.external, Vector.EXTERNAL, Vector.DECREMENTER)),
            ]
            with m.If(self.external):
                m.d.sync += external_interrupts.eq(external_interrupts + 1)
            with m.Else():
                m.d.sync += decrementer_interrupts.eq(decrementer_interrupts + 1)
        with m.If(complete | fault):
            m.d.sync += hold.eq(0)

        # Redirect.
        prefix = msr_bit(self.msr, Msr.IP)
        with m.If(taken.valid):
            m.d.comb += [self.redirect.valid.eq(1),
                         self.redirect.pc.eq(taken.vector | Mux(prefix, 0xFFF00000, 0))]
            m.d.sync += pc.eq(self.redirect.pc)
        with m.Elif(complete & (refetch.bit_select(head, 1) | self.overflows)):
            m.d.comb += [self.redirect.valid.eq(1), self.redirect.pc.eq(next_pc)]
        with m.Elif(self.restart | (fault & ~taken.valid)):
            m.d.comb += [self.redirect.valid.eq(1), self.redirect.pc.eq(pc)]
        with m.If(self.redirect.valid):
            m.d.sync += [head.eq(0), tail.eq(0), count.eq(0), finished.eq(0)]
        with m.If(self.restart):
            m.d.sync += hold.eq(0)
        return m
