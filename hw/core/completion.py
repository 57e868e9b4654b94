"""Completion unit: retires in program order (MPC750 UM 6.3.3).

    dispatch --+                      +-- commit, float_commit, branch, retire
               +-- queue -- retires --+
    finishes --+              |
    interrupts ---------- exceptions --- exception, redirect

The two oldest instructions retire together if both have finished: only then do registers, CR and
XER change. Loads, stores and integer instructions of one cycle retire in the cycle in which they
finish (MPC7400 UM p. 6-14; docs/real-machines.md), others in the next one at the earliest: what is
serialised, what the other units execute, and what may end what was fetched, since the flags which
say so must be in the queue. The second waits for a cycle of its own if one of the two ends what was
fetched or is traced, if both change LR or CTR, or if both write the same register, and if it is
executed by the floating-point unit: FPSCR changes for one instruction at a time. With
floating-point exceptions enabled, in MSR and FPSCR, these complete a cycle later (MPC7400 UM 6).
Nothing that follows an unresolved branch prediction retires, and no store whose data are not there.
Folded branches complete with the instruction that comes after them; if that one faults, they count
with the first of the handler. An exception drops everything younger.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.core.completion_queue import CompletionDispatch, CompletionQueue, Entry
from pteg.hw.core.condition import ConditionRetire
from pteg.hw.core.enums import Cause, NextPc
from pteg.hw.core.exceptions import ExceptionUnit
from pteg.hw.core.interfaces import (
    NOBODY,
    BranchRetire,
    Flags,
    PausePort,
    Redirect,
    UnitToCompletion,
)
from pteg.hw.core.rename import CommitPort
from pteg.hw.core.special import ExceptionPort
from pteg.hw.isa.registers import RESET_VECTOR, Msr
from pteg.hw.sizes import CQ_MOST, WIDTH
from pteg.hw.words import flag

__all__ = ["Completion", "FloatRetire"]


class FloatRetire(wiring.Signature):
    """The oldest instruction, if the floating-point unit has executed it, changes FPSCR."""

    def __init__(self):
        super().__init__({
            #: It is one.
            "floating": Out(1),
            #: It does so at the end of this cycle.
            "valid": Out(1),
            #: Its entry, whether it completes or not.
            "cq": Out(range(CQ_MOST)),
            #: CR1 changes too.
            "record": Out(1),
            #: It has a result.
            "written": In(1),
            #: FPSCR[FEX] is set when it has changed FPSCR.
            "enabled": In(1),
            #: FPSCR[FEX] as it is.
            "pending": In(1),
            #: FPSCR enables an exception.
            "enables": In(1),
        })


class Completion(wiring.Component):
    """Completion queue, retirement and exceptions.

    Parameters
    ----------
    units : int
    entries : int
        Of the completion queue.
    held : bool
        See `ExceptionUnit`.
    """

    def __init__(self, units, entries=6, held=False):
        self._entries = entries
        self._held = held
        super().__init__({
            #: In program order; entries that are free, and the first of them.
            "dispatch": In(CompletionDispatch()).array(WIDTH),
            "room": Out(range(CQ_MOST + 1)), "tail": Out(range(CQ_MOST)),
            #: Nothing is in the queue now; at the end of this cycle, unless more is dispatched.
            "empty": Out(1), "empties": Out(1),
            #: Entry of the oldest instruction; NOBODY if it must not act, because it follows an
            #: unresolved prediction.
            "oldest": Out(range(NOBODY + 1)),
            "finishes": In(UnitToCompletion()).array(units),
            #: Entries whose stores have no data yet.
            "incomplete": In(CQ_MOST),
            #: Entries whose flags are valid.
            "finished": Out(CQ_MOST), "flags": Out(Flags).array(entries),
            #: Write-back: D and U of each instruction that retires.
            "commit": Out(CommitPort()).array(2 * WIDTH),
            "float_commit": Out(CommitPort()).array(WIDTH), "float": Out(FloatRetire()),
            "branch": Out(BranchRetire()),
            #: CR and XER of the two oldest entries; each overflow sets XER[SO] if it retires.
            "retire": Out(ConditionRetire()).array(WIDTH), "overflows": In(WIDTH),
            #: The oldest prediction was right, was wrong; there are instructions that follow it.
            "accept": In(1), "wrong": In(1), "sent": Out(1),
            #: Entries whose instructions are dropped.
            "drop": Out(CQ_MOST),
            "msr": In(32), "srr0": In(32),
            #: Of a data access that has failed.
            "dar": In(32), "dsisr": In(32),
            #: See `ExceptionUnit`.
            "soft_reset": In(1), "held": Out(1),
            "external": In(1), "monitor": In(1), "decrementer": In(1), "thermal": In(1),
            "machine_check": In(1),
            "asleep": In(1), "fetch_search": In(1), "drain": Out(1), "stopped": Out(1),
            "exception": Out(ExceptionPort()),
            #: Everything in flight is dropped; fetch continues there.
            "redirect": Out(Redirect()),
            #: Address of the last instruction that retires in this cycle, if one does.
            "last_pc": Out(32),
            "pause": In(PausePort()),
            #: Drop everything in flight; continue at the register `pc`, which a debugger has set.
            "restart": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = CompletionQueue(
            len(self.finishes), self._entries)
        m.submodules.exceptions = exceptions = ExceptionUnit(self._held)
        # Architectural: address of the next instruction to complete, completed instructions.
        pc = Signal(32, init=RESET_VECTOR)
        instructions = Signal(64)
        owed = Signal(4)  # folded branches before a fault: they count with the next instruction

        for ours, theirs in ((self.dispatch, queue.dispatch), (self.finishes, queue.finishes)):
            for port, inside in zip(ours, theirs, strict=True):
                connect(m, flipped(port), inside)
        count = Signal(range(CQ_MOST + 1))
        head = Signal(range(CQ_MOST))
        m.d.comb += [
            count.eq(queue.count), head.eq(queue.heads[0].cq), self.float.cq.eq(head),
            *(getattr(port, name).eq(getattr(inside, name)) for name in ("cq", "flags")
              for port, inside in zip(self.retire, queue.heads, strict=True)),
            self.room.eq(queue.room), self.tail.eq(queue.tail), self.empty.eq(count == 0),
            self.finished.eq(queue.finished), self.sent.eq(queue.sent),
            *(ours.eq(theirs) for ours, theirs in zip(self.flags, queue.flags, strict=True)),
            queue.accept.eq(self.accept), queue.wrong.eq(self.wrong),
            queue.flush.eq(self.redirect.valid), self.drop.eq(queue.drop),
        ]

        # ---- What becomes of the two oldest instructions ----------------------------------------
        oldest, second = queue.heads
        first, other = (Signal(Entry, name=name) for name in ("oldest", "next_oldest"))
        cause = Signal(Cause)
        heeded = flag(self.msr, Msr.FE0) | flag(self.msr, Msr.FE1)
        waits = Signal()     # the oldest must have been finished for a cycle
        whole = Signal(WIDTH)    # nothing of them is missing
        ready = Signal()     # the oldest has finished before this cycle
        settled = Signal()   # and retires
        traps = Signal()     # with an enabled floating-point exception
        fault = Signal()
        complete = Signal()  # it retires
        both = Signal()      # and so does the second
        m.d.comb += [
            first.eq(oldest.entry), other.eq(second.entry), cause.eq(oldest.cause),
            self.oldest.eq(Mux(oldest.speculative, NOBODY, head)),
            # An exception that comes with a result: FPSCR, CR1 and frD are written.
            traps.eq(ready & first.floating & (cause == Cause.NONE) & self.float.enabled & heeded),
            waits.eq(first.floating & heeded & self.float.enables),
            whole.eq(Cat(port.there & ~port.speculative & ~self.incomplete.bit_select(port.cq, 1)
                         for port in queue.heads)),
            ready.eq(whole[0] & oldest.finished & ~self.restart & (~waits | oldest.settled)),
            settled.eq(ready & (cause == Cause.NONE) & ~traps),
            complete.eq(settled | whole[0] & oldest.finishes & ~first.trace & ~self.restart),
            fault.eq(ready & ((cause != Cause.NONE) | traps)),
        ]
        ends = [port.refetch | overflow
                for port, overflow in zip(queue.heads, self.overflows, strict=True)]
        next_pcs = [self._next_pc(m, port, number) for number, port in enumerate(queue.heads)]
        next_pc = Signal(32)
        m.d.comb += [
            both.eq(complete & whole[1] & ~Cat(ends).any() & ~first.trace & ~other.trace
                    & (second.finished & (second.cause == Cause.NONE) | second.finishes)
                    & ~_writes(first, other) & ~other.floating & ~self.pause.single
                    & ~(self.pause.valid & (next_pcs[0] == self.pause.pc))),
            next_pc.eq(Mux(both, next_pcs[1], next_pcs[0])),
            queue.retired.eq(complete + both), self.empties.eq(count == queue.retired),
            self.last_pc.eq(Mux(both, other.pc, first.pc)),
        ]
        self._commit(m, (first, other), (complete, both), traps)

        # ---- The program counter, and the number of instructions --------------------------------
        folded = owed + first.credit
        with m.If(complete):
            m.d.sync += [
                pc.eq(next_pc), owed.eq(0),
                instructions.eq(instructions + folded + 1 + Mux(both, other.credit + 1, 0)),
            ]
        with m.If(fault):
            m.d.sync += owed.eq(folded)
            with m.If(cause == Cause.SYSTEM_CALL):
                m.d.sync += [instructions.eq(instructions + folded + 1), owed.eq(0)]

        # ---- Exceptions, and the next address of fetch ------------------------------------------
        connect(m, exceptions.exception, flipped(self.exception))
        m.d.comb += [
            *(getattr(exceptions, name).eq(getattr(self, name)) for name in (
                "msr", "dar", "dsisr", "restart", "soft_reset", "external", "monitor",
                "decrementer", "thermal", "machine_check", "asleep", "fetch_search")),
            exceptions.fault.eq(fault), exceptions.reason.eq(Mux(traps, Cause.FP_ENABLED, cause)),
            exceptions.fault_pc.eq(first.pc), exceptions.complete.eq(complete),
            exceptions.settled.eq(settled), exceptions.trace.eq(first.trace),
            # The new MSR admits an exception that has waited for it (PEM 6.4.7).
            exceptions.waited.eq(first.context & self.float.pending & heeded),
            exceptions.idle.eq(count == 0), exceptions.pc.eq(pc), exceptions.next_pc.eq(next_pc),
            self.drain.eq(exceptions.drain), self.held.eq(exceptions.held),
            self.stopped.eq(exceptions.checkstop | exceptions.held),
        ]
        taken = exceptions.exception.valid
        with m.If(taken):
            m.d.comb += [self.redirect.valid.eq(1), self.redirect.pc.eq(exceptions.handler)]
            m.d.sync += pc.eq(exceptions.handler)
        with m.Elif(settled & ends[0]):
            m.d.comb += [self.redirect.valid.eq(1), self.redirect.pc.eq(next_pc)]
        with m.Elif(self.restart | fault):
            m.d.comb += [self.redirect.valid.eq(1), self.redirect.pc.eq(pc)]
        return m

    def _next_pc(self, m, port, number):
        """Where the instruction after this one is."""
        next_pc, entry = Signal(32, name=f"next_pc{number}"), port.entry
        other = Mux(entry.next == NextPc.TARGET, NextPc.SEQUENTIAL, NextPc.TARGET)
        with m.Switch(Mux(port.reversed, other, entry.next)):
            with m.Case(NextPc.SEQUENTIAL):
                m.d.comb += next_pc.eq(entry.pc + 4)
            with m.Case(NextPc.TARGET):
                m.d.comb += next_pc.eq(entry.target)
            with m.Case(NextPc.SRR0):
                m.d.comb += next_pc.eq(self.srr0)
        return next_pc

    def _commit(self, m, entries, retire, traps):
        """Write back what the instructions that retire have changed."""
        (first, other), (complete, both) = entries, retire
        branches = other.link | other.count
        records = complete | traps
        m.d.comb += [
            self.branch.pc.eq(Mux(both & branches, other.pc, first.pc)),
            self.branch.link.eq(complete & first.link | both & other.link),
            self.branch.count.eq(complete & first.count | both & other.count),
            self.float.floating.eq(first.floating),
            self.float.valid.eq(records & first.floating),
            self.float.record.eq(records & first.record),
        ]
        for number, (entry, retires) in enumerate(zip(entries, retire, strict=True)):
            port, rd, ra = self.retire[number], *self.commit[2 * number:2 * number + 2]
            frd = self.float_commit[number]
            m.d.comb += [
                # An enabled exception lets a comparison write its CR field (PEM table 3-12).
                port.valid.eq(retires if number else retires | traps),
                port.writes.eq(entry.write_cr),
                rd.reg.eq(entry.reg_d), rd.tag.eq(entry.tag_d),
                rd.valid.eq(retires & entry.write_d),
                ra.reg.eq(entry.reg_u), ra.tag.eq(entry.tag_u),
                ra.valid.eq(retires & entry.write_u),
                frd.reg.eq(entry.reg_d), frd.tag.eq(entry.tag_d),
                frd.valid.eq(retires & entry.write_f),
            ]
        with m.If(first.floating):
            m.d.comb += self.float_commit[0].valid.eq(records & first.write_f & self.float.written)


def _writes(first, other):
    """Whether two entries change LR or CTR both, or the same register."""
    same = (first.link | first.count) & (other.link | other.count)
    same |= first.record & other.write_cr.any()
    same |= first.write_f & other.write_f & (first.reg_d == other.reg_d)
    for older, older_reg in ((first.write_d, first.reg_d), (first.write_u, first.reg_u)):
        for newer, newer_reg in ((other.write_d, other.reg_d), (other.write_u, other.reg_u)):
            same |= older & newer & (older_reg == newer_reg)
    return same
