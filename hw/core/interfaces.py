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
    CQ_MOST,
    FETCH_WIDTH,
    IQ_ENTRIES,
    RENAMES_MOST,
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
NOBODY = CQ_MOST


class Predecoded(data.Struct):
    """What the branch unit must know of the instructions in the queue."""

    branch: 1
    move_lr: 1       # mtspr to LR, to CTR
    move_ctr: 1
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
    predicted: 1     # not folded, and its own prediction is not resolved: `level` counts that too
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


def operand(width):
    """A source operand in a reservation station: a value, or the rename buffer to wait for."""
    return data.StructLayout({"value": width, "tag": range(RENAMES_MOST), "pending": 1})


class Flags(data.Struct):
    """Results beside the GPR: held in the completion queue until write-back."""

    cr: 4            # for the CR field that dispatch recorded
    write_ca: 1
    ca: 1
    write_ov: 1
    ov: 1


class FetchToQueue(wiring.Signature):
    """Fetched instructions enter the queue, oldest first."""

    def __init__(self):
        super().__init__({
            #: Entries that were free in the clock before.
            "room": In(range(IQ_ENTRIES + 1)),
            #: How many there are in this cycle, at most `room`.
            "count": Out(range(FETCH_WIDTH + 1)),
            "entries": Out(Fetched).array(FETCH_WIDTH),
        })


class DispatchToUnit(wiring.Signature):
    """One instruction goes into the reservation station of a unit.

    Parameters
    ----------
    operands : dict of str to int
        Their bits, by name.
    """

    def __init__(self, operands=GENERAL):
        super().__init__({
            #: The station is, or becomes, free at the end of this cycle.
            "ready": In(1),
            "valid": Out(1),
            "op": Out(Op), "insn": Out(32),
            #: Operands, by their names.
            **{name: Out(operand(width)) for name, width in operands.items()},
            #: Its completion queue entry.
            "cq": Out(range(CQ_MOST)),
            #: It executes only as the oldest instruction.
            "serialize": Out(1),
            #: Rename buffers of its destinations. D may be a floating-point register.
            "write_d": Out(1), "tag_d": Out(range(RENAMES_MOST)),
            "write_u": Out(1), "tag_u": Out(range(RENAMES_MOST)),
        })


class UnitToCompletion(wiring.Signature):
    """An instruction finishes: its last execute cycle (MPC750 UM 6.1)."""

    def __init__(self):
        super().__init__({
            "valid": Out(1),
            "cq": Out(range(CQ_MOST)),
            #: Not NONE: it raises an exception instead of completing.
            "cause": Out(Cause),
            "flags": Out(Flags),
            #: It may retire in this cycle, if it completes normally.
            "retires": Out(1),
            #: What follows must be fetched again, because it may have used what this one changed.
            "refetch": Out(1),
        })


class UnitToRename(wiring.Signature):
    """A result on its way to a rename buffer, at the end of the cycle.

    Parameters
    ----------
    width : int
    """

    def __init__(self, width=32):
        super().__init__({
            "valid": Out(1), "tag": Out(range(RENAMES_MOST)), "value": Out(width),
        })


class OperationPort(wiring.Signature):
    """An operation of several cycles, seen from the unit that orders it."""

    def __init__(self):
        super().__init__({
            #: Held, with the operands, until `done`.
            "valid": Out(1),
            "op": Out(Op), "a": Out(32), "b": Out(32),
            #: Start over: the instruction is dropped.
            "flush": Out(1),
            #: Last cycle; `result` and `overflow` are valid.
            "done": In(1),
            "result": In(32),
            #: The result does not fit, or is undefined.
            "overflow": In(1),
        })


class Redirect(wiring.Signature):
    """Fetch continues at another address; what was fetched so far is dropped."""

    def __init__(self):
        super().__init__({"valid": Out(1), "pc": Out(32)})


class BranchRetire(wiring.Signature):
    """A branch leaves the completion queue: LR and CTR take their architectural values."""

    def __init__(self):
        super().__init__({
            #: LR becomes `pc` + 4.
            "link": Out(1),
            #: CTR is decremented.
            "count": Out(1),
            "pc": Out(32),
        })


class SystemToSpecial(wiring.Signature):
    """mfspr and mtspr reach one of the groups of special-purpose registers.

    Reads are combinational, writes take effect at the end of the cycle.
    """

    def __init__(self):
        super().__init__({
            "spr": Out(10),
            "write": Out(1),
            "wdata": Out(32),
            #: Zero if the register is in another group.
            "rdata": In(32),
        })


class PausePort(wiring.Signature):
    """Where a debugger wants to stop: what would pass that place in one cycle takes two."""

    def __init__(self):
        super().__init__({
            #: One instruction a cycle retires, and no branch is folded.
            "single": Out(1),
            "valid": Out(1),
            #: A cycle ends with this as the address of the next instruction to complete.
            "pc": Out(32),
        })
