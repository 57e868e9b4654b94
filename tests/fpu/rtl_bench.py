"""Drives the floating-point pipeline natively: a stream of one operation on many operands."""

import numpy as np
from numba import njit

from pteg.engine import compile_design
from pteg.hw.fpu.formats import POWERPC
from pteg.hw.fpu.pipeline import FloatPipeline
from pteg.hw.isa.instructions import decode

INVALID = 0x01F80700
UNTOUCHED = 0x3FF123456789ABCD
#: FPSCR bits that an instruction replaces, by `Changes`.
REPLACED = np.array([0, 0x00060000, 0x0007F000, 0x0000F000], np.uint64)
INPUTS = ("valid", "op", "a", "b", "c", "control")
OUTPUTS = ("done", "finished", "write", "result", "status", "changes")


@njit
def stream(step, state, inputs, outputs, op, operands, control, results, statuses, changes):
    """Feeds the rows as fast as the pipeline takes them. Returns the cycles that this takes."""
    count, sent, received, cycles = len(operands), 0, 0, 0
    state[inputs[1]], state[inputs[5]] = op, control
    while received < count:
        state[inputs[0]] = sent < count
        if sent < count:
            for i in range(3):
                state[inputs[2 + i]] = operands[sent, i]
        step(state)
        cycles += 1
        if state[outputs[0]]:
            sent += 1
        if state[outputs[1]]:
            results[received] = state[outputs[3]] if state[outputs[2]] else np.uint64(UNTOUCHED)
            statuses[received] = state[outputs[4]]
            changes[received] = state[outputs[5]]
            received += 1
        elif cycles > 64 * (received + 2):
            return -1
    state[inputs[0]] = 0
    return cycles


class RtlBench:
    """A compiled pipeline.

    Rows are doubles for frA, frB, frC. Where there is no result it is `untouched`.
    """

    untouched = UNTOUCHED

    def __init__(self, formats=POWERPC, build=FloatPipeline):
        self.native = compile_design(build(formats), name="fpu")
        self.state = self.native.new_state()

        def place(table, name):
            (part,) = table[name].parts
            assert part.shift == 0
            return part.word

        self.inputs = np.array([place(self.native.inputs, name) for name in INPUTS])
        self.outputs = np.array([place(self.native.outputs, name) for name in OUTPUTS])

    def raw(self, op, operands, control):
        """Results, FPSCR bits set, and `Changes`, under one setting of the control bits."""
        count = len(operands)
        results, statuses = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
        changes = np.zeros(count, np.uint8)
        self.cycles = stream(self.native.step, self.state, self.inputs, self.outputs, int(op),
                             np.ascontiguousarray(operands, np.uint64), int(control), results,
                             statuses, changes)
        assert self.cycles > 0, "an operation never finishes"
        return results, statuses, changes

    def run(self, word, operands, fpscr):
        """Results and FPSCRs of the instruction `word`, as `FloatBench` of the functional model."""
        op = decode(word).op
        fpscr = np.broadcast_to(np.asarray(fpscr, np.uint64), len(operands))
        results, statuses = np.zeros(len(operands), np.uint64), np.zeros(len(operands), np.uint64)
        for control in np.unique(fpscr):
            rows = np.flatnonzero(fpscr == control)
            found, status, changes = self.raw(op, operands[rows], control & np.uint64(0xFF))
            results[rows] = found
            statuses[rows] = updated(fpscr[rows], status, changes)
        return [int(x) for x in results], [int(x) for x in statuses]


def updated(before, status, changes):
    """FPSCR after an instruction (PEM 2.1.4): VX and FEX follow from the other bits."""
    def bit(number):
        return np.uint64(1 << 31 - number)

    exceptions = np.uint64(INVALID | 0x1E000000)
    new = (status & ~before & exceptions) != 0
    after = before & ~REPLACED[changes] | status | np.where(new, bit(0), 0).astype(np.uint64)
    after |= np.where(after & np.uint64(INVALID), bit(2), 0).astype(np.uint64)
    enabled = (after >> np.uint64(22)) & after & np.uint64(0xF8)
    return after | np.where(enabled, bit(1), 0).astype(np.uint64)
