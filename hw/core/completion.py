"""Completion unit: retires in program order, takes exceptions (MPC750 UM 6.3.3, 4.2 to 4.5).

The six-entry completion queue is a ring. An entry is filled when its instruction is dispatched and
finishes when its unit says so. The two oldest retire together if both have finished: only then do
registers, CR and XER change. The second waits for a cycle of its own if the first ends what was
fetched, if one of them is traced, if both change LR or CTR, or if both write the same register, and
if it is executed by the floating-point unit: FPSCR changes for one instruction at a time. With
floating-point exceptions enabled, in MSR and FPSCR, these complete a cycle later (MPC7400 UM 6).
Nothing that follows an unresolved branch prediction retires. Folded branches complete with the
instruction that comes after them; if that one faults, they count with the first of the handler.

An exception drops everything younger. Interrupts are taken when the queue has drained, and never
between the start of a table search for a fetch and the end of the instruction that it was for.
"""

import enum

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.hw.core.condition import ConditionRetire
from pteg.hw.core.enums import Cause
from pteg.hw.core.interfaces import (
    NOBODY,
    BranchRetire,
    Flags,
    PausePort,
    Redirect,
    UnitToCompletion,
)
from pteg.hw.core.rename import CommitPort, after
from pteg.hw.core.special import ExceptionPort
from pteg.hw.isa.exceptions import Srr1, Vector
from pteg.hw.isa.registers import RESET_VECTOR, Msr
from pteg.hw.named import Named
from pteg.hw.sizes import CQ_ENTRIES, GPR_RENAMES, WIDTH
from pteg.hw.words import flag

__all__ = ["Completion", "CompletionDispatch", "Entry", "FloatRetire", "NextPc"]


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
    next: Named(NextPc)
    write_d: 1
    write_f: 1   # reg_d is a floating-point register
    reg_d: 5
    tag_d: range(GPR_RENAMES)
    write_u: 1
    reg_u: 5
    tag_u: range(GPR_RENAMES)
    write_cr: 8
    link: 1
    count: 1
    floating: 1  # executed by the floating-point unit
    record: 1    # CR1 becomes a copy of FPSCR
    refetch: 1   # everything younger is fetched again
    context: 1   # MSR changes: a floating-point exception may wait for that
    trace: 1     # a trace exception follows (MSR[SE], MSR[BE])
    credit: 3    # folded branches that complete with it


#: Vector and SRR1 bits of the exceptions that instructions cause.
_EXCEPTIONS = {
    Cause.MACHINE_CHECK: (Vector.MACHINE_CHECK, Srr1.TEA),
    Cause.ISI_PAGE_FAULT: (Vector.ISI, Srr1.PAGE_FAULT),
    Cause.ISI_PROTECTION: (Vector.ISI, Srr1.PROTECTION),
    Cause.ISI_NO_EXECUTE: (Vector.ISI, Srr1.NO_EXECUTE),
    Cause.BREAKPOINT: (Vector.INSTRUCTION_BREAKPOINT, 0),
    Cause.ILLEGAL: (Vector.PROGRAM, Srr1.ILLEGAL),
    Cause.PRIVILEGED: (Vector.PROGRAM, Srr1.PRIVILEGED),
    Cause.TRAP: (Vector.PROGRAM, Srr1.TRAP),
    Cause.FP_UNAVAILABLE: (Vector.FP_UNAVAILABLE, 0),
    Cause.SYSTEM_CALL: (Vector.SYSTEM_CALL, 0),
    Cause.ALIGNMENT: (Vector.ALIGNMENT, 0),
    Cause.DSI: (Vector.DSI, 0),
    Cause.FP_ENABLED: (Vector.PROGRAM, Srr1.FP_ENABLED),
}


class CompletionDispatch(wiring.Signature):
    """An instruction enters the completion queue.

    Members
    -------
    valid : Out(1)
    cq : Out
        The entry that it gets: the next one, or the one after that.
    entry : Out(Entry)
    cause : Out(Cause)
        Not NONE: it has raised an exception before execution.
    finished : Out(1)
        It needs no unit.
    speculative : Out(1)
        It follows an unresolved prediction.
    """

    def __init__(self):
        super().__init__({
            "valid": Out(1), "cq": Out(range(CQ_ENTRIES)), "entry": Out(Entry),
            "cause": Out(Cause), "finished": Out(1), "speculative": Out(1),
        })


class FloatRetire(wiring.Signature):
    """The oldest instruction, if the floating-point unit has executed it, changes FPSCR.

    Members
    -------
    floating : Out(1)
        It is one.
    valid : Out(1)
        It does so at the end of this cycle.
    cq : Out
        Its entry, whether it completes or not.
    record : Out(1)
        CR1 changes too.
    written : In(1)
        It has a result.
    enabled : In(1)
        FPSCR[FEX] is set when it has changed FPSCR.
    pending : In(1)
        FPSCR[FEX] as it is.
    enables : In(1)
        FPSCR enables an exception.
    """

    def __init__(self):
        super().__init__({
            "floating": Out(1), "valid": Out(1), "cq": Out(range(CQ_ENTRIES)), "record": Out(1),
            "written": In(1), "enabled": In(1), "pending": In(1), "enables": In(1),
        })


class Completion(wiring.Component):
    """Completion queue and exception logic.

    Parameters
    ----------
    units : int

    Members
    -------
    dispatch : In(CompletionDispatch) x WIDTH
        In program order.
    room, tail : Out
        Entries that are free; the first of them.
    empty, empties : Out(1)
        Nothing is in the queue now; at the end of this cycle, unless more is dispatched.
    oldest : Out
        Entry of the oldest instruction; NOBODY if it must not act, because it follows an unresolved
        prediction.
    finishes : In(UnitToCompletion) x `units`
    finished : Out(CQ_ENTRIES)
        Entries whose flags are valid.
    flags : Out(Flags) x CQ_ENTRIES
    commit : Out(CommitPort) x 2 WIDTH
    float_commit : Out(CommitPort) x WIDTH
    float : Out(FloatRetire)
    branch : Out(BranchRetire)
    retire : Out(ConditionRetire) x WIDTH
        The two oldest entries.
    overflows : In(WIDTH)
        Each sets XER[SO] if it retires.
    accept : In(1)
        The oldest prediction was right.
    sent : Out(1)
        The queue holds instructions that follow an unresolved prediction.
    drained : Out(1)
        It holds no others.
    cancel : In(1)
        Drop those.
    msr, srr0 : In(32)
    dar, dsisr : In(32)
        Of a data access that has failed.
    external, monitor, decrementer : In(1)
        Interrupt requests.
    machine_check : In(1)
        A transfer error of something that no instruction in flight did. One cycle.
    asleep : In(1)
        A power-save mode.
    fetch_search : In(1)
        A table search for a fetch begins.
    drain : Out(1)
        Dispatch nothing: an interrupt waits, or is waited for.
    exception : Out(ExceptionPort)
    redirect : Out(Redirect)
        Everything in flight is dropped; fetch goes on at `redirect.pc`.
    stopped : Out(1)
        Checkstop.
    last_pc : Out(32)
        Address of the last instruction that retires in this cycle, if one does.
    pause : In(PausePort)
    restart : In(1)
        Drop everything in flight and go on at the register `pc`, which a debugger has set.
    """

    def __init__(self, units):
        super().__init__({
            "dispatch": In(CompletionDispatch()).array(WIDTH),
            "room": Out(range(CQ_ENTRIES + 1)), "tail": Out(range(CQ_ENTRIES)),
            "empty": Out(1), "empties": Out(1), "oldest": Out(range(NOBODY + 1)),
            "finishes": In(UnitToCompletion()).array(units),
            "finished": Out(CQ_ENTRIES), "flags": Out(Flags).array(CQ_ENTRIES),
            "commit": Out(CommitPort()).array(2 * WIDTH),
            "float_commit": Out(CommitPort()).array(WIDTH), "float": Out(FloatRetire()),
            "branch": Out(BranchRetire()), "retire": Out(ConditionRetire()).array(WIDTH),
            "overflows": In(WIDTH),
            "accept": In(1), "sent": Out(1), "drained": Out(1), "cancel": In(1),
            "msr": In(32), "srr0": In(32), "dar": In(32), "dsisr": In(32),
            "external": In(1), "monitor": In(1), "decrementer": In(1), "machine_check": In(1),
            "asleep": In(1), "last_pc": Out(32), "fetch_search": In(1), "drain": Out(1),
            "exception": Out(ExceptionPort()), "redirect": Out(Redirect()), "stopped": Out(1),
            "pause": In(PausePort()), "restart": In(1),
        })

    def elaborate(self, platform):
        m = Module()

        # Architectural: address of the next instruction to complete, completed instructions.
        pc = Signal(32, init=RESET_VECTOR)
        instructions = Signal(64)
        checkstop = Signal()
        # Exceptions taken, for statistics, interrupts among them; the last one of these, for models
        # that follow this one.
        exceptions = Signal(64)
        interrupts = {Vector.EXTERNAL: Signal(64, name="external_interrupts"),
                      Vector.PERFORMANCE_MONITOR: Signal(64, name="monitor_interrupts"),
                      Vector.DECREMENTER: Signal(64, name="decrementer_interrupts")}
        last_interrupt = Signal(Vector)

        m.submodules.entries = entries = Memory(shape=Entry, depth=CQ_ENTRIES, init=[])
        head = Signal(range(CQ_ENTRIES))
        tail = Signal(range(CQ_ENTRIES))
        count = Signal(range(CQ_ENTRIES + 1))
        finished = Signal(CQ_ENTRIES)
        settled = Signal(CQ_ENTRIES)  # finished for a cycle
        refetch = Signal(CQ_ENTRIES)
        owed = Signal(4)  # folded branches before a fault: they count with the next instruction
        barrier = Signal(range(CQ_ENTRIES))  # with `sent`: the first speculative entry
        causes = Array(Signal(Cause, name=f"cause{i}") for i in range(CQ_ENTRIES))
        flags = Array(Signal(Flags, name=f"flags{i}") for i in range(CQ_ENTRIES))

        # Dispatch and finish.
        m.d.comb += [
            self.room.eq(CQ_ENTRIES - count), self.empty.eq(count == 0), self.tail.eq(tail),
            self.stopped.eq(checkstop), self.finished.eq(finished),
            *(port.eq(held) for port, held in zip(self.flags, flags, strict=True)),
        ]
        with m.If(self.accept):
            m.d.sync += self.sent.eq(0)
        for dispatch in reversed(self.dispatch):
            write = entries.write_port()
            m.d.comb += [write.en.eq(dispatch.valid), write.addr.eq(dispatch.cq),
                         write.data.eq(dispatch.entry)]
            with m.If(dispatch.valid):
                m.d.sync += [
                    finished.bit_select(dispatch.cq, 1).eq(dispatch.finished),
                    refetch.bit_select(dispatch.cq, 1).eq(dispatch.entry.refetch),
                    causes[dispatch.cq].eq(dispatch.cause),
                    flags[dispatch.cq].eq(0),
                ]
                with m.If(dispatch.speculative & (~self.sent | self.accept)):
                    m.d.sync += [self.sent.eq(1), barrier.eq(dispatch.cq)]
        m.d.sync += settled.eq(finished)
        for finish in self.finishes:
            with m.If(finish.valid):
                m.d.sync += [
                    finished.bit_select(finish.cq, 1).eq(1),
                    causes[finish.cq].eq(finish.cause),
                    flags[finish.cq].eq(finish.flags),
                ]
                with m.If(finish.refetch):
                    m.d.sync += refetch.bit_select(finish.cq, 1).eq(1)

        # The two oldest instructions.
        second = Signal(range(CQ_ENTRIES))
        places = (head, second)
        oldest = [Signal(Entry, name=name) for name in ("oldest", "next_oldest")]
        for entry, place in zip(oldest, places, strict=True):
            read = entries.read_port(domain="comb")
            m.d.comb += [read.addr.eq(place), entry.eq(read.data)]
        first, other = oldest
        held = self.sent & (barrier == head)
        cause = Signal(Cause)
        heeded = flag(self.msr, Msr.FE0) | flag(self.msr, Msr.FE1)
        waits = Signal()     # the oldest must have been finished for a cycle
        ready = Signal()     # the oldest has finished
        traps = Signal()     # with an enabled floating-point exception
        fault = Signal()
        complete = Signal()  # it retires
        both = Signal()      # and so does the second
        m.d.comb += [
            second.eq(after(head, ring=CQ_ENTRIES)),
            self.oldest.eq(Mux(held, NOBODY, head)),
            self.drained.eq((count == 0) | held),
            cause.eq(causes[head]),
            # An exception that comes with a result: FPSCR, CR1 and frD are written.
            traps.eq(ready & first.floating & (causes[head] == Cause.NONE) & self.float.enabled
                     & heeded),
            waits.eq(first.floating & heeded & self.float.enables),
            ready.eq((count != 0) & finished.bit_select(head, 1) & ~held & ~self.restart
                     & (~waits | settled.bit_select(head, 1))),
            complete.eq(ready & (cause == Cause.NONE) & ~traps),
            fault.eq(ready & ((cause != Cause.NONE) | traps)),
        ]
        ends = [refetch.bit_select(place, 1) | self.overflows[number]
                for number, place in enumerate(places)]
        paired = _writes(first, other)
        next_pcs = [Signal(32, name=f"next_pc{number}") for number in range(WIDTH)]
        for entry, next_pc in zip(oldest, next_pcs, strict=True):
            with m.Switch(entry.next):
                with m.Case(NextPc.SEQUENTIAL):
                    m.d.comb += next_pc.eq(entry.pc + 4)
                with m.Case(NextPc.TARGET):
                    m.d.comb += next_pc.eq(entry.target)
                with m.Case(NextPc.SRR0):
                    m.d.comb += next_pc.eq(self.srr0)
        next_pc = Signal(32)
        m.d.comb += [
            both.eq(complete & (count >= 2) & finished.bit_select(second, 1)
                    & (causes[second] == Cause.NONE) & ~(self.sent & (barrier == second))
                    & ~ends[0] & ~first.trace & ~other.trace & ~paired & ~other.floating
                    & ~self.pause.single
                    & ~(self.pause.valid & (next_pcs[0] == self.pause.pc))),
            next_pc.eq(Mux(both, next_pcs[1], next_pcs[0])),
            self.empties.eq(count == complete + both),
        ]
        branches = other.link | other.count
        m.d.comb += [
            self.last_pc.eq(Mux(both, other.pc, first.pc)),
            self.branch.pc.eq(Mux(both & branches, other.pc, first.pc)),
            self.branch.link.eq(complete & first.link | both & other.link),
            self.branch.count.eq(complete & first.count | both & other.count),
        ]
        for number, (entry, retires) in enumerate(zip(oldest, (complete, both), strict=True)):
            retire, rd, ra = self.retire[number], *self.commit[2 * number:2 * number + 2]
            m.d.comb += [
                # An enabled exception lets a comparison write its CR field (PEM table 3-12).
                retire.valid.eq(retires if number else retires | traps),
                retire.cq.eq(places[number]),
                retire.writes.eq(entry.write_cr),
                rd.reg.eq(entry.reg_d), rd.tag.eq(entry.tag_d),
                rd.valid.eq(retires & entry.write_d),
                ra.reg.eq(entry.reg_u), ra.tag.eq(entry.tag_u),
                ra.valid.eq(retires & entry.write_u),
            ]
            frd = self.float_commit[number]
            m.d.comb += [
                frd.reg.eq(entry.reg_d), frd.tag.eq(entry.tag_d),
                frd.valid.eq(retires & entry.write_f),
            ]
        records = complete | traps
        m.d.comb += [
            self.float.floating.eq(first.floating), self.float.cq.eq(head),
            self.float.valid.eq(records & first.floating),
            self.float.record.eq(records & first.record),
        ]
        with m.If(first.floating):
            m.d.comb += self.float_commit[0].valid.eq(records & first.write_f & self.float.written)
        folded = owed + first.credit
        with m.If(complete):
            m.d.sync += [
                pc.eq(next_pc), owed.eq(0),
                instructions.eq(instructions + folded + 1 + Mux(both, other.credit + 1, 0)),
                head.eq(Mux(both, after(head, 2, CQ_ENTRIES), second)),
            ]
        entered = sum(dispatch.valid for dispatch in self.dispatch)
        m.d.sync += [
            tail.eq(Mux(entered == 2, after(tail, 2, CQ_ENTRIES),
                        Mux(entered == 1, after(tail, ring=CQ_ENTRIES), tail))),
            count.eq(count + entered - (complete + both)),
        ]

        # Interrupts.
        hold = Signal()
        pending = Signal()
        interrupt = Signal()
        machine_check = Signal()  # one that belongs to no instruction waits
        with m.If(self.machine_check):
            m.d.sync += machine_check.eq(1)
        m.d.comb += [
            pending.eq(machine_check
                       | flag(self.msr, Msr.EE)
                       & (self.external | self.monitor | self.decrementer)),
            self.drain.eq(pending & ~hold | checkstop | self.asleep),
            interrupt.eq(pending & ~hold & (count == 0) & ~self.restart & ~checkstop),
        ]
        with m.If(self.fetch_search):
            m.d.sync += hold.eq(1)

        # Exceptions: at most one of the three cases in a cycle.
        taken = self.exception
        m.d.comb += [taken.dar.eq(self.dar), taken.dsisr.eq(self.dsisr)]
        with m.If(fault):
            m.d.comb += [taken.valid.eq(1), taken.srr0.eq(first.pc)]
            m.d.sync += owed.eq(folded)
            with m.Switch(Mux(traps, Cause.FP_ENABLED, cause)):
                for member, (vector, bits) in _EXCEPTIONS.items():
                    with m.Case(member):
                        m.d.comb += [taken.vector.eq(vector), taken.cause_bits.eq(int(bits))]
                        if member is Cause.SYSTEM_CALL:
                            m.d.comb += taken.srr0.eq(first.pc + 4)
                            m.d.sync += [instructions.eq(instructions + folded + 1), owed.eq(0)]
                        if member in (Cause.DSI, Cause.ALIGNMENT):
                            m.d.comb += taken.data.eq(1)
            with m.If((cause == Cause.MACHINE_CHECK) & ~flag(self.msr, Msr.ME)):
                # Nobody can handle it: the processor stops (MPC750 UM 4.5.2).
                m.d.comb += taken.valid.eq(0)
                m.d.sync += checkstop.eq(1)
        with m.Elif(complete & first.trace):
            m.d.comb += [taken.valid.eq(1), taken.vector.eq(Vector.TRACE),
                         taken.srr0.eq(next_pc)]
        with m.Elif(complete & first.context & self.float.pending & heeded):
            # The new MSR admits an exception that has waited for it (PEM 6.4.7).
            m.d.comb += [
                taken.valid.eq(1), taken.vector.eq(Vector.PROGRAM), taken.srr0.eq(next_pc),
                taken.cause_bits.eq(int(Srr1.FP_ENABLED | Srr1.SUBSEQUENT)),
            ]
        with m.Elif(interrupt):
            m.d.comb += [
                taken.valid.eq(1), taken.srr0.eq(pc),
                taken.vector.eq(Mux(self.external, Vector.EXTERNAL, Mux(
                    self.monitor, Vector.PERFORMANCE_MONITOR, Vector.DECREMENTER))),
            ]
            with m.If(machine_check):
                m.d.comb += [taken.vector.eq(Vector.MACHINE_CHECK),
                             taken.cause_bits.eq(int(Srr1.TEA)),
                             taken.valid.eq(flag(self.msr, Msr.ME))]
                m.d.sync += [machine_check.eq(0), checkstop.eq(~flag(self.msr, Msr.ME))]
            with m.Else():
                m.d.sync += last_interrupt.eq(taken.vector)
                with m.Switch(taken.vector):
                    for vector, number in interrupts.items():
                        with m.Case(vector):
                            m.d.sync += number.eq(number + 1)
        with m.If(complete | fault):
            m.d.sync += hold.eq(0)

        # Redirect.
        prefix = flag(self.msr, Msr.IP)
        with m.If(taken.valid):
            m.d.sync += exceptions.eq(exceptions + 1)
            m.d.comb += [self.redirect.valid.eq(1),
                         self.redirect.pc.eq(taken.vector | Mux(prefix, 0xFFF00000, 0))]
            m.d.sync += pc.eq(self.redirect.pc)
        with m.Elif(complete & (ends[0] | both & ends[1])):
            m.d.comb += [self.redirect.valid.eq(1), self.redirect.pc.eq(next_pc)]
        with m.Elif(self.restart | (fault & ~taken.valid)):
            m.d.comb += [self.redirect.valid.eq(1), self.redirect.pc.eq(pc)]
        with m.If(self.redirect.valid | self.cancel):
            m.d.sync += [head.eq(0), tail.eq(0), count.eq(0), finished.eq(0), self.sent.eq(0)]
        with m.If(self.restart):
            m.d.sync += hold.eq(0)
        return m


def _writes(first, other):
    """Whether two entries change LR or CTR both, or the same register."""
    same = (first.link | first.count) & (other.link | other.count)
    same |= first.record & other.write_cr.any()
    same |= first.write_f & other.write_f & (first.reg_d == other.reg_d)
    for older, older_reg in ((first.write_d, first.reg_d), (first.write_u, first.reg_u)):
        for newer, newer_reg in ((other.write_d, other.reg_d), (other.write_u, other.reg_u)):
            same |= older & newer & (older_reg == newer_reg)
    return same
