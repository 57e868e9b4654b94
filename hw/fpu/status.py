"""FPSCR: control bits, status bits and their summaries (PEM 2.1.4, 3.3.6, 4.2.2.6).

Arithmetic hands over the bits that it sets; they reach the register when the instruction completes.
The moves to FPSCR work on the register itself, as the oldest instruction. VX and FEX cannot be
written: they follow from the other bits.
"""

import enum

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.fpu.operation import Changes
from pteg.hw.isa.instructions import Op
from pteg.hw.isa.registers import FPSCR_IMPLEMENTED, Fpscr
from pteg.hw.named import Named
from pteg.hw.words import field

__all__ = ["INVALID", "Control", "Rounding", "StatusRegister", "summarised"]

#: Kinds of invalid operation, of which VX is the summary.
INVALID = int(Fpscr.VXSNAN | Fpscr.VXISI | Fpscr.VXIDI | Fpscr.VXZDZ | Fpscr.VXIMZ | Fpscr.VXVC
              | Fpscr.VXSOFT | Fpscr.VXSQRT | Fpscr.VXCVI)
#: The exceptions, of which FX remembers that one was new.
EXCEPTIONS = INVALID | int(Fpscr.OX | Fpscr.UX | Fpscr.ZX | Fpscr.XX)
_ROUNDING = int(Fpscr.FR | Fpscr.FI)
_CONDITION = int(Fpscr.FL | Fpscr.FG | Fpscr.FE | Fpscr.FU)
_REPLACED = {Changes.NOTHING: 0, Changes.ROUNDING: _ROUNDING, Changes.CONDITION: _CONDITION,
             Changes.ALL: _ROUNDING | _CONDITION | int(Fpscr.C)}
_STORED = FPSCR_IMPLEMENTED & ~int(Fpscr.FEX | Fpscr.VX)


class Rounding(enum.IntEnum):
    """Rounding modes: FPSCR[RN]."""

    NEAREST = 0
    TOWARD_ZERO = 1
    UPWARD = 2      # toward +infinity
    DOWNWARD = 3    # toward -infinity


class Control(data.Struct):
    """Bits 24 to 31 of FPSCR, which say how to calculate."""

    rounding: Named(Rounding)
    ni: 1    # non-IEEE mode
    xe: 1    # enables of the exceptions
    ze: 1
    ue: 1
    oe: 1
    ve: 1


def summarised(fpscr):
    """FPSCR, with VX and FEX as they follow from the other bits, and nothing in reserved ones."""
    stored = fpscr & _STORED
    bit = {flag: stored[flag.bit_length() - 1] for flag in Fpscr}
    invalid = (stored & INVALID).any()
    enabled = (invalid & bit[Fpscr.VE] | bit[Fpscr.OX] & bit[Fpscr.OE]
               | bit[Fpscr.UX] & bit[Fpscr.UE] | bit[Fpscr.ZX] & bit[Fpscr.ZE]
               | bit[Fpscr.XX] & bit[Fpscr.XE])
    return Cat(stored[:29], invalid, enabled, stored[31])


class StatusRegister(wiring.Component):
    """FPSCR."""

    #: An instruction completes that has set the bits `status` and replaces those of `changes`.
    record: In(1)
    status: In(32)
    changes: In(Changes)
    #: The instruction `insn`, a move to FPSCR or mcrfs, executes in this cycle.
    move: In(1)
    op: In(Op)
    insn: In(32)
    #: What mtfsf writes.
    source: In(32)
    fpscr: Out(32)
    #: FPSCR after the instruction that completes, if one does.
    next: Out(32)

    def elaborate(self, platform):
        m = Module()
        fpscr = self.fpscr
        replaced = Signal(32)
        with m.Switch(self.changes):
            for changes, bits in _REPLACED.items():
                with m.Case(changes):
                    m.d.comb += replaced.eq(bits)
        m.d.comb += self.next.eq(summarised(fpscr & ~replaced
                                            | self._with_fx(fpscr, self.status)))
        with m.If(self.record):
            m.d.sync += fpscr.eq(self.next)

        moved = Signal(32)
        m.d.comb += moved.eq(fpscr)
        self._move(m, fpscr, moved)
        with m.If(self.move):
            m.d.sync += fpscr.eq(summarised(moved))
        return m

    @staticmethod
    def _with_fx(stored, status):
        """Bits to set: an exception that was not there before sets FX too."""
        new = (status & ~stored & EXCEPTIONS).any()
        return status | Mux(new, int(Fpscr.FX), 0)

    def _move(self, m, stored, after):
        insn = self.insn
        chosen = Signal(32)
        one = Const(1, 32) << ~field(insn, "crbD")
        with m.Switch(self.op):
            with m.Case(Op.MCRFS):
                m.d.comb += [
                    chosen.word_select(~field(insn, "crfS"), 4).eq(0xF),
                    after.eq(stored & ~(chosen & (EXCEPTIONS | int(Fpscr.FX)))),
                ]
            with m.Case(Op.MTFSB0):
                m.d.comb += after.eq(stored & ~one)
            with m.Case(Op.MTFSB1):
                m.d.comb += after.eq(stored | self._with_fx(stored, one[:32]))
            with m.Case(Op.MTFSFI):
                m.d.comb += [
                    chosen.word_select(~field(insn, "crfD"), 4).eq(0xF),
                    after.eq(stored & ~chosen | field(insn, "IMM").replicate(8) & chosen),
                ]
            with m.Case(Op.MTFSF):
                m.d.comb += [
                    chosen.eq(Cat(*(bit.replicate(4) for bit in field(insn, "FM")))),
                    after.eq(stored & ~chosen | self.source & chosen),
                ]
