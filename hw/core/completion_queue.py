"""Completion queue: instructions in program order, from dispatch to retirement (MPC750 UM 6.3.3).

The entries, six on the 750, are a ring. An entry is filled when its instruction is dispatched, and
finishes when the unit signals it. The two oldest can leave in one cycle.
"""

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.hw.core.enums import Cause, NextPc
from pteg.hw.core.interfaces import Flags, UnitToCompletion
from pteg.hw.core.rename import after
from pteg.hw.named import Named
from pteg.hw.sizes import CQ_MOST, RENAMES_MOST, WIDTH

__all__ = ["CompletionDispatch", "CompletionHead", "CompletionQueue", "Entry"]


class Entry(data.Struct):
    """What dispatch writes into the completion queue."""

    pc: 32
    insn: 32
    target: 32
    next: Named(NextPc)
    write_d: 1
    write_f: 1   # reg_d is a floating-point register
    reg_d: 5
    tag_d: range(RENAMES_MOST)
    write_u: 1
    reg_u: 5
    tag_u: range(RENAMES_MOST)
    write_cr: 8
    link: 1
    count: 1
    floating: 1  # executed by the floating-point unit
    record: 1    # CR1 becomes a copy of FPSCR
    refetch: 1   # everything younger is fetched again
    context: 1   # MSR changes: a floating-point exception may wait for that
    trace: 1     # a trace exception follows (MSR[SE], MSR[BE])
    credit: 3    # folded branches that complete with it


class CompletionDispatch(wiring.Signature):
    """An instruction enters the completion queue."""

    def __init__(self):
        super().__init__({
            "valid": Out(1),
            #: The entry that it gets: the next one, or the one after that.
            "cq": Out(range(CQ_MOST)),
            "entry": Out(Entry),
            #: Not NONE: it has raised an exception before execution.
            "cause": Out(Cause),
            #: It needs no unit.
            "finished": Out(1),
            #: It follows an unresolved prediction; or it is the branch that is predicted.
            "speculative": Out(1), "predicted": Out(1),
        })


class CompletionHead(wiring.Signature):
    """One of the oldest instructions."""

    def __init__(self):
        super().__init__({
            "there": Out(1),
            "cq": Out(range(CQ_MOST)),
            "entry": Out(Entry),
            #: It finishes in this cycle, completes normally, and may retire.
            "finishes": Out(1),
            #: It has finished before this cycle; before the one before.
            "finished": Out(1), "settled": Out(1),
            #: Of an instruction that has finished, or finishes.
            "flags": Out(Flags),
            #: Why it does not complete normally.
            "cause": Out(Cause),
            #: What follows it is fetched again.
            "refetch": Out(1),
            #: It follows an unresolved prediction, or is the branch that is predicted.
            "speculative": Out(1),
            #: It is a branch that was predicted wrongly.
            "reversed": Out(1),
        })


class CompletionQueue(wiring.Component):
    """The ring.

    Parameters
    ----------
    units : int
    entries : int
        At least 2.
    """

    def __init__(self, units, entries=6):
        self.entries = entries
        super().__init__({
            #: In program order; how many entries are free, and the first of them.
            "dispatch": In(CompletionDispatch()).array(WIDTH),
            "room": Out(range(CQ_MOST + 1)), "tail": Out(range(CQ_MOST)),
            "finishes": In(UnitToCompletion()).array(units),
            #: Entries that have finished, and the flags of all.
            "finished": Out(CQ_MOST), "flags": Out(Flags).array(entries),
            #: How many entries are used, and the oldest of them.
            "count": Out(range(CQ_MOST + 1)), "heads": Out(CompletionHead()).array(WIDTH),
            #: So many of them leave.
            "retired": In(range(WIDTH + 1)),
            #: There are instructions that follow an unresolved prediction; it was right, was wrong.
            "sent": Out(1), "accept": In(1), "wrong": In(1),
            #: All entries become free.
            "flush": In(1),
            #: Entries whose instructions are dropped.
            "drop": Out(CQ_MOST),
        })

    def elaborate(self, platform):
        m = Module()
        ring = self.entries
        m.submodules.entries = entries = Memory(shape=Entry, depth=ring, init=[])
        head, tail = self.heads[0].cq, self.tail
        settled = Signal(ring)
        refetch = Signal(ring)
        # Entries that follow an unresolved prediction, and the first of them: the branch itself if
        # that was not folded.
        speculative = Signal(ring)
        barrier = Signal(range(CQ_MOST))
        branch = Signal()
        reversed_ = Signal(ring, name="reversed")
        causes = Array(Signal(Cause, name=f"cause{i}") for i in range(ring))
        flags = Array(Signal(Flags, name=f"flags{i}") for i in range(ring))
        finished = self.finished

        # ---- Dispatch ---------------------------------------------------------------------------
        m.d.comb += [
            self.room.eq(ring - self.count),
            *(port.eq(held) for port, held in zip(self.flags, flags, strict=True)),
            self.sent.eq(speculative.any()),
        ]
        with m.If(self.accept):
            m.d.sync += speculative.eq(0)
        for dispatch in reversed(self.dispatch):
            write = entries.write_port()
            m.d.comb += [write.en.eq(dispatch.valid), write.addr.eq(dispatch.cq),
                         write.data.eq(dispatch.entry)]
            with m.If(dispatch.valid):
                m.d.sync += [
                    finished.bit_select(dispatch.cq, 1).eq(dispatch.finished),
                    refetch.bit_select(dispatch.cq, 1).eq(dispatch.entry.refetch),
                    causes[dispatch.cq].eq(dispatch.cause),
                    flags[dispatch.cq].eq(0), reversed_.bit_select(dispatch.cq, 1).eq(0),
                ]
                with m.If(dispatch.speculative):
                    m.d.sync += speculative.bit_select(dispatch.cq, 1).eq(1)
                    with m.If(~self.sent | self.accept):
                        m.d.sync += [barrier.eq(dispatch.cq), branch.eq(dispatch.predicted)]

        # ---- Finish -----------------------------------------------------------------------------
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

        # ---- The oldest instructions, and how they leave ----------------------------------------
        second = self.heads[1].cq
        m.d.comb += second.eq(after(head, 1, ring))
        for number, port in enumerate(self.heads):
            read = entries.read_port(domain="comb")
            m.d.comb += [
                read.addr.eq(port.cq), port.entry.eq(read.data), port.there.eq(self.count > number),
                port.finished.eq(finished.bit_select(port.cq, 1)),
                port.settled.eq(settled.bit_select(port.cq, 1)), port.cause.eq(causes[port.cq]),
                port.refetch.eq(refetch.bit_select(port.cq, 1)),
                port.speculative.eq(speculative.bit_select(port.cq, 1)),
                port.reversed.eq(reversed_.bit_select(port.cq, 1)), port.flags.eq(flags[port.cq]),
            ]
            for finish in self.finishes:
                with m.If(finish.valid & finish.retires & (finish.cq == port.cq)):
                    # What sets XER[SO] ends what was fetched.
                    m.d.comb += [
                        port.flags.eq(finish.flags),
                        port.finishes.eq((finish.cause == Cause.NONE) & ~finish.refetch
                                         & ~finish.flags.write_ov & ~port.refetch),
                    ]
        with m.If(self.retired != 0):
            m.d.sync += head.eq(Mux(self.retired == 2, after(head, 2, ring), second))
        entered = sum(dispatch.valid for dispatch in self.dispatch)
        m.d.sync += [
            tail.eq(Mux(entered == 2, after(tail, 2, ring),
                        Mux(entered == 1, after(tail, 1, ring), tail))),
            self.count.eq(self.count + entered - self.retired),
        ]
        # ---- What is dropped --------------------------------------------------------------------
        with m.If(self.wrong & self.sent):
            m.d.comb += self.drop.eq(speculative & ~(branch << barrier))
            m.d.sync += [
                tail.eq(Mux(branch, after(barrier, 1, ring), barrier)),
                self.count.eq(self.count - self.retired - sum(self.drop[:ring])),
                speculative.eq(0), reversed_.bit_select(barrier, 1).eq(branch),
            ]
        with m.If(self.flush):
            m.d.comb += self.drop.eq(~0)
            m.d.sync += [head.eq(0), tail.eq(0), self.count.eq(0), finished.eq(0),
                         speculative.eq(0)]
        return m
