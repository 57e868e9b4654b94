"""Dispatch: sends the instructions at IQ0 and IQ1 to their units (MPC750 UM 6.3.2, 6.6.1).

An instruction needs a free reservation station, rename buffers for its destinations and a
completion queue entry, and nothing that is completion or refetch serialised in flight. IQ1 goes
only together with IQ0, to another unit, with what IQ0 leaves of buffers and entries. Instructions
that cannot execute (fetch fault, breakpoint, illegal, privileged, no floating point, system call)
go straight to the completion queue with their cause. Branches have been executed when they come
here: folded ones just leave, the others get a completion queue entry and no unit.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.completion_queue import CompletionDispatch
from pteg.hw.core.condition import ConditionDispatch
from pteg.hw.core.decode import Decoder
from pteg.hw.core.enums import Cause, FetchFault, NextPc
from pteg.hw.core.interfaces import FLOATING, MIXED, Decoded, DispatchToUnit, Fetched, Progress
from pteg.hw.core.rename import AllocatePort, SourcePort, after
from pteg.hw.isa.instructions import Op, Serialize, Unit
from pteg.hw.isa.registers import Msr
from pteg.hw.named import Named
from pteg.hw.sizes import CQ_MOST, CREDITS, IQ_ENTRIES, RENAMES_MOST, WIDTH
from pteg.hw.words import flag

__all__ = ["Dispatch", "UNITS"]

#: Units with a reservation station, as attributes of `Dispatch`.
UNITS = ("iu1", "iu2", "sru", "lsu", "fpu")

#: No trace exception follows these (MPC750 UM 4.5.11).
_UNTRACED = (Op.ISYNC, Op.RFI)


class Slot(data.Struct):
    """What becomes of one of the instructions at the head of the queue."""

    there: 1      # there is one, and it is not too speculative
    cause: Named(Cause)  # why it cannot execute
    branch: 1
    to_unit: 1    # it needs a unit
    enters: 1     # it needs a completion queue entry
    alone: 1      # nothing may follow it before it has completed
    goes: 1       # it leaves the queue in this cycle
    credit: 3     # folded branches that complete with it


class Dispatch(wiring.Component):
    """Dispatch unit.

    Parameters
    ----------
    entries : int
        Of the completion queue.
    """

    #: The instruction queue, IQ0 and IQ1.
    count: In(range(IQ_ENTRIES + 1))
    entries: In(Fetched).array(WIDTH)
    progress: In(Progress).array(WIDTH)
    targets: In(32).array(WIDTH)
    #: Instructions that leave it.
    pop: Out(range(WIDTH + 1))
    msr: In(32)
    #: Dispatch nothing: an interrupt waits, or the processor has stopped.
    stop: In(1)
    flush: In(1)
    #: The oldest prediction was right, was wrong; instructions in flight follow it.
    accept: In(1)
    wrong: In(1)
    sent: In(1)
    sources: Out(SourcePort()).array(3 * WIDTH)
    float_sources: Out(SourcePort(64)).array(3 * WIDTH)
    #: Rename buffers left.
    free: In(range(RENAMES_MOST + 1))
    float_free: In(range(RENAMES_MOST + 1))
    allocate: Out(AllocatePort()).array(2 * WIDTH)
    float_allocate: Out(AllocatePort()).array(WIDTH)
    iu1: Out(DispatchToUnit())
    iu2: Out(DispatchToUnit())
    sru: Out(DispatchToUnit())
    lsu: Out(DispatchToUnit(MIXED))
    fpu: Out(DispatchToUnit(FLOATING))
    #: The completion queue.
    room: In(range(CQ_MOST + 1))
    tail: In(range(CQ_MOST))
    empty: In(1)
    empties: In(1)
    completion: Out(CompletionDispatch()).array(WIDTH)
    condition: Out(ConditionDispatch()).array(WIDTH)

    def __init__(self, entries=6):
        self._entries = entries
        super().__init__()

    def elaborate(self, platform):
        m = Module()

        alone = Signal()  # what must run alone waits for nothing, but lets nothing follow
        with m.If(self.empties):
            m.d.sync += alone.eq(0)

        slots, rows = [], []
        for number in range(WIDTH):
            m.submodules[f"decoder{number}"] = decoder = Decoder()
            entry, progress = self.entries[number], self.progress[number]
            slot = Signal(Slot, name=f"slot{number}")
            decoded = Signal(Decoded, name=f"decoded{number}")
            m.d.comb += [
                decoder.insn.eq(entry.insn), decoded.eq(decoder.decoded),
                slot.there.eq((self.count > number) & (progress.level <= 1)
                              & (~slot.branch | progress.done)
                              & (~alone | self.empties) & ~self.stop & ~self.flush),
                slot.branch.eq(decoded.unit == Unit.BPU),
                slot.to_unit.eq((slot.cause == Cause.NONE) & ~slot.branch),
                slot.alone.eq((decoded.serialize >= Serialize.COMPLETION)
                              | (slot.cause != Cause.NONE)),
            ]
            self._cause(m, slot, decoded, entry)
            slots.append(slot)
            rows.append(decoded)
        first, second = slots
        self._folded_branches(m, slots)
        ready = self._stations(m, slots, rows)

        # Resources, and what goes.
        needed = [Mux(slot.to_unit, row.write_d + row.write_u, 0)
                  for slot, row in zip(slots, rows, strict=True)]
        float_needed = [slot.to_unit & row.write_f for slot, row in zip(slots, rows, strict=True)]
        enough = [
            (self.free >= needed[0]) & (self.float_free >= float_needed[0]),
            (self.free >= needed[0] + needed[1])
            & (self.float_free >= float_needed[0] + float_needed[1]),
        ]
        m.d.comb += [
            first.goes.eq(first.there & (~first.enters | (self.room != 0))
                          & (~first.to_unit | ready[0] & enough[0])),
            second.goes.eq(second.there & first.goes & ~first.alone
                           & (~second.enters | (self.room > first.enters))
                           & (~second.to_unit | ready[1] & enough[1])),
            self.pop.eq(first.goes + second.goes),
        ]
        for slot in slots:
            with m.If(slot.goes & slot.alone):
                m.d.sync += alone.eq(1)
        with m.If(self.flush | self.wrong & self.sent):
            m.d.sync += alone.eq(0)

        for number, (slot, row) in enumerate(zip(slots, rows, strict=True)):
            self._enter(m, number, slot, row, first)
        return m

    def _cause(self, m, slot, decoded, entry):
        """Exceptions that are known before execution, the one that wins last."""
        with m.If(decoded.fp & ~flag(self.msr, Msr.FP)):
            m.d.comb += slot.cause.eq(Cause.FP_UNAVAILABLE)
        with m.If(decoded.op == Op.SC):
            m.d.comb += slot.cause.eq(Cause.SYSTEM_CALL)
        with m.If(decoded.illegal):
            m.d.comb += slot.cause.eq(Cause.ILLEGAL)
        with m.If(decoded.privileged & flag(self.msr, Msr.PR)):
            m.d.comb += slot.cause.eq(Cause.PRIVILEGED)
        with m.If(entry.fault != FetchFault.NONE):
            m.d.comb += [slot.cause.eq(entry.fault), slot.branch.eq(0)]

    def _folded_branches(self, m, slots):
        """Counts the folded branches that leave, for the next instruction that enters."""
        credit = Signal(range(CREDITS + 1))
        kept = Signal.like(credit)  # as it was before speculative instructions left
        left = Signal()             # some have
        values = [credit, Signal.like(credit, name="between"), Signal.like(credit, name="then")]
        for number, slot in enumerate(slots):
            before, new = values[number], values[number + 1]
            progress = self.progress[number]
            total = before + progress.credit
            folds = slot.branch & progress.folded & (total < CREDITS)
            m.d.comb += [slot.enters.eq(~folds), slot.credit.eq(total), new.eq(before)]
            with m.If(slot.goes):
                m.d.comb += new.eq(Mux(folds, total + 1, 0))
        m.d.sync += credit.eq(values[-1])
        with m.If(self.accept):
            m.d.sync += left.eq(0)
        with m.If(~left | self.accept):
            for before, progress, slot in reversed(list(zip(values, self.progress, slots,
                                                            strict=False))):
                with m.If(slot.goes & (progress.level != 0)):
                    # A branch that waits for its own resolution takes them with it.
                    m.d.sync += [kept.eq(Mux(progress.predicted, 0, before)), left.eq(1)]
        with m.If(self.wrong):
            m.d.sync += left.eq(0)
            with m.If(left):
                m.d.sync += credit.eq(kept)
        with m.If(self.flush):
            m.d.sync += [credit.eq(0), left.eq(0)]

    def _stations(self, m, slots, rows):
        """Choose a station for each; returns whether it is free."""
        ready = []
        taken = {name: 0 for name in UNITS}  # by the older instruction
        for number, (slot, row) in enumerate(zip(slots, rows, strict=True)):
            free = {name: getattr(self, name).ready & ~taken[name] for name in UNITS}
            either = row.unit == Unit.IU
            # IU2 is preferred: only IU1 can multiply and divide.
            chosen = {
                "iu1": (row.unit == Unit.IU1) | either & ~free["iu2"],
                "iu2": either & free["iu2"],
                "sru": row.unit == Unit.SRU,
                "lsu": row.unit == Unit.LSU,
                "fpu": row.unit == Unit.FPU,
            }
            is_free = Signal(name=f"ready{number}")
            for name in UNITS:
                choice = Signal(name=f"{name}_takes{number}")
                m.d.comb += choice.eq(chosen[name] & slot.to_unit)
                with m.If(choice):
                    m.d.comb += is_free.eq(free[name])
                with m.If(choice & slot.goes):
                    self._send(m, name, number, row)
                taken[name] = choice & slot.there
            ready.append(is_free)
        return ready

    def _send(self, m, unit, number, row):
        port = getattr(self, unit)
        sources = (self.float_sources if unit == "fpu" else self.sources)[3 * number:3 * number + 3]
        rd, ra = self.allocate[2 * number:2 * number + 2]
        frd = self.float_allocate[number]
        m.d.comb += [
            port.valid.eq(1), port.op.eq(row.op), port.insn.eq(self.entries[number].insn),
            port.cq.eq(self.completion[number].cq),
            port.serialize.eq(row.serialize != Serialize.NONE),
            port.write_d.eq(row.write_d | row.write_f),
            port.tag_d.eq(Mux(row.write_f, frd.tag, rd.tag)),
            port.write_u.eq(row.write_u), port.tag_u.eq(ra.tag),
        ]
        for name, source in zip("abc", sources, strict=True):
            operand = getattr(port, name)
            with m.If(row[f"use_{name}"]):
                m.d.comb += operand.eq(source.operand)
            if name == "b":
                with m.Else():
                    m.d.comb += operand.value.eq(row.imm)
        if unit == "lsu":
            with m.If(row.use_f):
                m.d.comb += port.f.eq(self.float_sources[3 * number + 2].operand)

    def _enter(self, m, number, slot, row, first):
        """Rename buffers, and the entry in the completion queue."""
        fetched, progress = self.entries[number], self.progress[number]
        rd, ra = self.allocate[2 * number:2 * number + 2]
        frd = self.float_allocate[number]
        renames = slot.goes & slot.to_unit
        m.d.comb += [
            rd.valid.eq(renames & row.write_d), rd.reg.eq(row.reg_d),
            ra.valid.eq(renames & row.write_u), ra.reg.eq(row.reg_u),
            frd.valid.eq(renames & row.write_f), frd.reg.eq(row.reg_d),
            *(port.speculative.eq(progress.level != 0) for port in (rd, ra, frd)),
            *(source.reg.eq(row[f"reg_{name}"])
              for sources in (self.sources, self.float_sources)
              for name, source in zip("abc", sources[3 * number:3 * number + 3], strict=True)),
        ]

        enters = Signal(name=f"enters{number}")
        completion, condition = self.completion[number], self.condition[number]
        cq = self.tail
        if number:
            cq = Mux(first.enters, after(self.tail, 1, self._entries), self.tail)
        m.d.comb += [
            enters.eq(slot.goes & slot.enters),
            completion.valid.eq(enters), completion.cq.eq(cq),
            completion.cause.eq(slot.cause), completion.finished.eq(~slot.to_unit),
            completion.speculative.eq(progress.level != 0),
            completion.predicted.eq(progress.predicted),
            condition.valid.eq(enters), condition.cq.eq(cq),
            condition.writes.eq(Mux(slot.to_unit, row.write_cr, 0)),
            condition.forward.eq((row.unit != Unit.SRU) & ~row.record),
            condition.speculative.eq(progress.level != 0),
        ]

        entry = completion.entry
        traced = Signal(name=f"traced{number}")
        m.d.comb += traced.eq(flag(self.msr, Msr.SE)
                              | flag(self.msr, Msr.BE) & slot.branch)
        with m.Switch(row.op):
            with m.Case(*_UNTRACED):
                m.d.comb += traced.eq(0)
        m.d.comb += [
            entry.pc.eq(fetched.pc),
            entry.insn.eq(fetched.insn),
            entry.target.eq(self.targets[number]),
            entry.write_d.eq(row.write_d), entry.write_f.eq(row.write_f),
            entry.reg_d.eq(row.reg_d), entry.tag_d.eq(Mux(row.write_f, frd.tag, rd.tag)),
            entry.write_u.eq(row.write_u), entry.reg_u.eq(row.reg_u), entry.tag_u.eq(ra.tag),
            entry.write_cr.eq(row.write_cr),
            entry.floating.eq(row.unit == Unit.FPU), entry.record.eq(row.record),
            entry.refetch.eq(row.serialize == Serialize.REFETCH),
            entry.context.eq((row.op == Op.MTMSR) | (row.op == Op.RFI)),
            entry.trace.eq(traced),
            entry.credit.eq(slot.credit),
        ]
        with m.If(slot.branch):
            # As the branch unit has executed them.
            m.d.comb += [
                entry.link.eq(fetched.insn[0]),
                entry.count.eq((row.op != Op.B) & ~fetched.insn[23]),
            ]
            with m.If(progress.taken):
                m.d.comb += entry.next.eq(NextPc.TARGET)
        with m.Elif(row.op == Op.RFI):
            m.d.comb += entry.next.eq(NextPc.SRR0)
