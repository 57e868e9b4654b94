"""Signals between the units of the core (MPC750 UM figure 1-1 and chapter 6).

Named `SourceToDestination`. The pipeline registers are the reservation stations and the queues;
these signatures are the wires between them.
"""

from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.enums import Cause, FetchFault
from pteg.hw.isa.instructions import Op, Serialize, Unit
from pteg.hw.named import Named
from pteg.hw.sizes import (
    CQ_ENTRIES,
    FETCH_WIDTH,
    GPR_RENAMES,
    IQ_ENTRIES,
)

__all__ = ["NOBODY", "GENERAL", "FLOATING", "MIXED", "Predecoded", "Fetched", "Progress", "Decoded",
           "operand", "Flags", "FetchToQueue", "DispatchToUnit", "UnitToCompletion", "UnitToRename",
           "OperationPort", "Redirect", "BranchRetire", "SystemToSpecial", "PausePort"]

#: Operands of a reservation station and their bits: 64 for floating-point registers. In the
#: load/store unit F is what a floating-point store stores.
GENERAL = {"a": 32, "b": 32, "c": 32}
FLOATING = {"a": 64, "b": 64, "c": 64}
MIXED = GENERAL | {"f": 64}
#: In place of the completion queue entry of the oldest instruction: it may not act yet.
NOBODY = 7


class Predecoded(data.Struct):
    """What the branch unit must know of the instructions in the queue."""

    branch: 1
    link: 1          # mtspr to LR or CTR
    write_cr: 8      # CR fields written, field 0 in bit 7


class Fetched(data.Struct):
    """One entry of the instruction queue: what fetch puts there."""

    insn: 32
    pc: 32
    fault: Named(FetchFault)
    known: Predecoded


class Progress(data.Struct):
    """The other part of a queue entry: what the branch unit makes of it."""

    level: 2         # unresolved predictions between this instruction and what has been resolved
    credit: 2        # folded branches before it, which complete with it
    done: 1          # a branch that the branch unit has executed
    folded: 1        # it goes no further than the queue
    taken: 1


class Decoded(data.Struct):
    """Fields of an instruction for dispatch; units decode the rest from the word."""

    op: Named(Op)
    unit: Named(Unit)
    serialize: Named(Serialize)
    illegal: 1
    privileged: 1
    fp: 1
    use_a: 1         # operand registers: `reg_x` is read if `use_x`, otherwise A and C are
    use_b: 1         # zero and B is `imm`; the FPU's are floating-point registers
    use_c: 1
    use_f: 1         # F is the floating-point register `reg_c`
    reg_a: 5
    reg_b: 5
    reg_c: 5
    imm: 32
    write_d: 1       # destination
    write_f: 1       # it is a floating-point register
    reg_d: 5
    write_u: 1       # rA, by the update forms
    reg_u: 5
    write_cr: 8      # CR fields written, field 0 in bit 7
    record: 1        # CR1 is a copy of FPSCR, when the instruction completes
    link: 1          # mtspr to LR or CTR: branches wait for it


def operand(width):
    """A source operand in a reservation station: a value, or the rename buffer to wait for."""
    return data.StructLayout({"value": width, "tag": range(GPR_RENAMES), "pending": 1})


class Flags(data.Struct):
    """Results beside the GPR: held in the completion queue until write-back."""

    cr: 4            # for the CR field that dispatch recorded
    write_ca: 1
    ca: 1
    write_ov: 1
    ov: 1


class FetchToQueue(wiring.Signature):
    """Fetched instructions enter the queue, oldest first.

    Members
    -------
    room : In
        Entries that were free in the clock before.
    count : Out
        How many there are in this cycle, at most `room`.
    entries : Out(Fetched) x FETCH_WIDTH
    """

    def __init__(self):
        super().__init__({
            "room": In(range(IQ_ENTRIES + 1)),
            "count": Out(range(FETCH_WIDTH + 1)),
            "entries": Out(Fetched).array(FETCH_WIDTH),
        })


class DispatchToUnit(wiring.Signature):
    """One instruction goes into the reservation station of a unit.

    Parameters
    ----------
    operands : dict of str to int
        Their bits, by name.

    Members
    -------
    ready : In(1)
        The station is, or becomes, free at the end of this cycle.
    valid : Out(1)
    op, insn : Out
    a, b, ... : Out(operand(width))
    cq : Out
        Its completion queue entry.
    serialize : Out(1)
        It executes only as the oldest instruction.
    write_d, tag_d, write_u, tag_u : Out
        Rename buffers of its destinations. D may be a floating-point register.
    """

    def __init__(self, operands=GENERAL):
        super().__init__({
            "ready": In(1), "valid": Out(1), "op": Out(Op), "insn": Out(32),
            **{name: Out(operand(width)) for name, width in operands.items()},
            "cq": Out(range(CQ_ENTRIES)), "serialize": Out(1),
            "write_d": Out(1), "tag_d": Out(range(GPR_RENAMES)),
            "write_u": Out(1), "tag_u": Out(range(GPR_RENAMES)),
        })


class UnitToCompletion(wiring.Signature):
    """An instruction finishes: its last execute cycle (MPC750 UM 6.1).

    Members
    -------
    valid : Out(1)
    cq : Out
    cause : Out(Cause)
        Not NONE: it raises an exception instead of completing.
    flags : Out(Flags)
    refetch : Out(1)
        What follows must be fetched again, because it may have used what this one changed.
    """

    def __init__(self):
        super().__init__({
            "valid": Out(1), "cq": Out(range(CQ_ENTRIES)), "cause": Out(Cause),
            "flags": Out(Flags), "refetch": Out(1),
        })


class UnitToRename(wiring.Signature):
    """A result on its way to a rename buffer, at the end of the cycle.

    Parameters
    ----------
    width : int

    Members
    -------
    valid : Out(1)
    tag : Out
    value : Out(width)
    """

    def __init__(self, width=32):
        super().__init__({
            "valid": Out(1), "tag": Out(range(GPR_RENAMES)), "value": Out(width),
        })


class OperationPort(wiring.Signature):
    """An operation of several cycles, seen from the unit that orders it.

    Members
    -------
    valid : Out(1)
        Held, with the operands, until `done`.
    op, a, b : Out
    flush : Out(1)
        Start over: the instruction is dropped.
    done : In(1)
        Last cycle; `result` and `overflow` are valid.
    result : In(32)
    overflow : In(1)
        The result does not fit, or is undefined.
    """

    def __init__(self):
        super().__init__({
            "valid": Out(1), "op": Out(Op), "a": Out(32), "b": Out(32), "flush": Out(1),
            "done": In(1), "result": In(32), "overflow": In(1),
        })


class Redirect(wiring.Signature):
    """Fetch continues at another address; what was fetched so far is dropped.

    Members
    -------
    valid : Out(1)
    pc : Out(32)
    """

    def __init__(self):
        super().__init__({"valid": Out(1), "pc": Out(32)})


class BranchRetire(wiring.Signature):
    """A branch leaves the completion queue: LR and CTR take their architectural values.

    Members
    -------
    link : Out(1)
        LR becomes `pc` + 4.
    count : Out(1)
        CTR is decremented.
    pc : Out(32)
    """

    def __init__(self):
        super().__init__({"link": Out(1), "count": Out(1), "pc": Out(32)})


class SystemToSpecial(wiring.Signature):
    """mfspr and mtspr reach one of the groups of special-purpose registers.

    Reads are combinational, writes take effect at the end of the cycle.

    Members
    -------
    spr : Out(10)
    write : Out(1)
    wdata : Out(32)
    rdata : In(32)
        Zero if the register is in another group.
    """

    def __init__(self):
        super().__init__({"spr": Out(10), "write": Out(1), "wdata": Out(32), "rdata": In(32)})


class PausePort(wiring.Signature):
    """Where a debugger wants to stop: what would pass that place in one cycle takes two.

    Members
    -------
    single : Out(1)
        One instruction a cycle retires, and no branch is folded.
    valid : Out(1)
    pc : Out(32)
        A cycle ends with this as the address of the next instruction to complete.
    """

    def __init__(self):
        super().__init__({"single": Out(1), "valid": Out(1), "pc": Out(32)})
