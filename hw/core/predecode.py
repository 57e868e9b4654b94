"""Predecoder: what the branch unit must know of an instruction before it is dispatched.

Combinational, one for each instruction that a fetch brings; made from the instruction table.
"""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.decode import condition_fields, spr_number, switch_instruction
from pteg.hw.core.interfaces import Predecoded
from pteg.hw.isa.instructions import Unit
from pteg.hw.isa.registers import SPR_BY_NAME

__all__ = ["Predecoder"]


class Predecoder(wiring.Component):
    """Predecodes one instruction.

    Members
    -------
    insn : In(32)
    known : Out(Predecoded)
    """

    insn: In(32)
    known: Out(Predecoded)

    def elaborate(self, platform):
        m = Module()
        insn, known = self.insn, self.known

        def describe(row):
            if row.unit is Unit.BPU:
                m.d.comb += known.branch.eq(1)
            written = condition_fields(row, insn)
            if written is not None:
                m.d.comb += known.write_cr.eq(written)
            if row.name == "mtspr":
                spr = spr_number(insn)
                m.d.comb += known.link.eq((spr == SPR_BY_NAME["LR"].number)
                                          | (spr == SPR_BY_NAME["CTR"].number))

        switch_instruction(m, insn, describe)
        return m
