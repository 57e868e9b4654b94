"""What the floating-point unit does for an instruction, decoded from the instruction table."""

import enum

from amaranth.hdl import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.isa.instructions import INSTRUCTIONS, Op, Unit
from pteg.hw.named import Named

__all__ = ["Changes", "Kind", "Operation", "OperationDecoder"]


class Kind(enum.IntEnum):
    """Families of instructions."""

    ARITHMETIC = 0   # +-(frA * frC +- frB), with or without product and sum; frsp
    DIVIDE = 1
    RECIPROCAL = 2   # fres
    ROOT = 3         # frsqrte
    CONVERT = 4      # fctiw, fctiwz
    COMPARE = 5
    MOVE = 6         # fmr, fneg, fabs, fnabs, fsel
    STATUS = 7       # moves from and to FPSCR


class Changes(enum.IntEnum):
    """Which of the bits of FPSCR that are not sticky an instruction replaces."""

    NOTHING = 0
    ROUNDING = 1     # FR and FI
    ALL = 2          # FR, FI and FPRF
    CONDITION = 3    # FPCC, the lower four bits of FPRF


class Operation(data.Struct):
    """What to do."""

    kind: Named(Kind)
    narrow: 1        # round to single precision
    multiply: 1      # frC is a factor; otherwise it is one
    add: 1           # frB is a term; otherwise there is none
    alone: 1         # frB is the only operand, and takes the place of frA
    subtract: 1      # frB with the opposite sign
    negate: 1        # the result with the opposite sign
    truncate: 1      # toward zero, whatever the rounding mode


_KINDS = {
    "fdiv": Kind.DIVIDE, "fdivs": Kind.DIVIDE, "fres": Kind.RECIPROCAL, "frsqrte": Kind.ROOT,
    "fctiw": Kind.CONVERT, "fctiwz": Kind.CONVERT, "fcmpu": Kind.COMPARE, "fcmpo": Kind.COMPARE,
    **dict.fromkeys(("fmr", "fneg", "fabs", "fnabs", "fsel"), Kind.MOVE),
}


def _fields(row):
    """The fields of `Operation` for a row of the table."""
    kind = Kind.STATUS if "FPSCR" in row.reads else _KINDS.get(row.name, Kind.ARITHMETIC)
    alone = kind != Kind.STATUS and "frA" not in row.syntax
    return {
        "kind": kind,
        "narrow": row.opcode == 59 or row.name == "frsp",
        "multiply": "frC" in row.syntax,
        "add": "frA" in row.syntax and "frB" in row.syntax,
        "alone": alone,
        "subtract": "sub" in row.name,
        "negate": row.name.startswith("fnm"),
        "truncate": row.name in ("fctiwz", "fres"),
    }


class OperationDecoder(wiring.Component):
    """Decoder in front of the floating-point unit."""

    op: In(Op)
    operation: Out(Operation)

    def elaborate(self, platform):
        m = Module()
        same = {}
        for row in INSTRUCTIONS:
            if row.unit is Unit.FPU:
                same.setdefault(tuple(_fields(row).items()), []).append(row.op)
        with m.Switch(self.op):
            for fields, ops in same.items():
                with m.Case(*ops):
                    m.d.comb += self.operation.eq(Operation.const(dict(fields)))
        return m
