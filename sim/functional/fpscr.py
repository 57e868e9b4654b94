"""The floating-point status and control register (PEM 2.1.4, 3.3.6, 4.2.2.6)."""

import numpy as np

from pteg.compiled import compiled
from pteg.functional import constants as isa
from pteg.functional.exceptions import program
from pteg.functional.operands import first, third

__all__ = ["INVALID", "EXCEPTIONS", "set_fpscr", "record_status", "finish", "move_fpscr"]

#: Kinds of invalid operation, of which VX is the summary.
INVALID = (isa.FPSCR_VXSNAN | isa.FPSCR_VXISI | isa.FPSCR_VXIDI | isa.FPSCR_VXZDZ
           | isa.FPSCR_VXIMZ | isa.FPSCR_VXVC | isa.FPSCR_VXSOFT | isa.FPSCR_VXSQRT
           | isa.FPSCR_VXCVI)
#: The exceptions, of which FX remembers that one was new.
EXCEPTIONS = INVALID | isa.FPSCR_OX | isa.FPSCR_UX | isa.FPSCR_ZX | isa.FPSCR_XX
SUMMARIES = isa.FPSCR_FEX | isa.FPSCR_VX
#: VX, OX, UX, ZX, XX are as far above their enables VE, OE, UE, ZE, XE.
ENABLE_DISTANCE, ENABLES = 22, 0xF8
assert isa.FPSCR_VX >> ENABLE_DISTANCE == isa.FPSCR_VE
assert isa.FPSCR_XX >> ENABLE_DISTANCE == isa.FPSCR_XE


@compiled
def set_fpscr(s, value):
    """Write FPSCR: VX and FEX follow from the other bits."""
    value &= isa.FPSCR_IMPLEMENTED & ~SUMMARIES
    if value & INVALID:
        value |= isa.FPSCR_VX
    if value >> ENABLE_DISTANCE & value & ENABLES:
        value |= isa.FPSCR_FEX
    s.fpscr = value


@compiled
def record_status(s, status, changed):
    """Add to FPSCR what an instruction has found. The bits `changed` are not sticky."""
    before = 0 | s.fpscr
    if status & ~before & EXCEPTIONS:
        status |= isa.FPSCR_FX
    set_fpscr(s, before & ~changed | status)


@compiled
def finish(s, m, word):
    """Rc = 1: copy FX, FEX, VX and OX to CR1. Take an enabled exception, unless FE0 = FE1 = 0.

    All modes but the first are precise on the 750 (MPC750 UM 4.5.7).
    """
    if word & 1:
        s.cr = (0 | s.cr) & ~0x0F000000 | (0 | s.fpscr) >> 28 << 24
    if s.fpscr & isa.FPSCR_FEX and s.msr & (isa.MSR_FE0 | isa.MSR_FE1):
        return program(m, isa.SRR1_FP_ENABLED)
    return isa.OUT_NEXT


@compiled
def move_fpscr(s, m, op, word):
    """mcrfs to mtfsf. VX and FEX cannot be written."""
    before = 0 | s.fpscr
    if op == isa.MFFS:  # the upper half is undefined; this is what the processor gives
        s.fpr[first(word)] = -1 << 51 | before
        if word & 1:
            s.cr = (0 | s.cr) & ~0x0F000000 | before >> 28 << 24
        return isa.OUT_NEXT
    if op == isa.MCRFS:
        shift = 28 - 4 * (word >> 18 & 7)
        target = 28 - 4 * (word >> 23 & 7)
        s.cr = (0 | s.cr) & ~(15 << target) | (before >> shift & 15) << target
        set_fpscr(s, before & ~(15 << shift & (EXCEPTIONS | isa.FPSCR_FX)))
        return finish(s, m, isa.NONE)
    if op == isa.MTFSB0:
        set_fpscr(s, before & ~(0x80000000 >> first(word)))
    elif op == isa.MTFSB1:
        record_status(s, (0x80000000 >> first(word)) & ~SUMMARIES, isa.NONE)
    elif op == isa.MTFSFI:
        shift = 28 - 4 * (word >> 23 & 7)
        set_fpscr(s, before & ~(15 << shift) | (word >> 12 & 15) << shift)
    else:
        written = 0
        for field in range(8):
            if word >> 17 & 128 >> field:
                written |= 0xF0000000 >> 4 * field
        set_fpscr(s, before & ~written | np.int64(s.fpr[third(word)]) & written)
    return finish(s, m, word)
