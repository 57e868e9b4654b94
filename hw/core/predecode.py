"""Predecoder: what the branch unit must know of an instruction before it is dispatched.

Combinational, one for each instruction that a fetch brings; made from the instruction table.
"""

import functools

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.decode import (
    CrFields,
    choose_fields,
    look_up,
    written_fields,
)
from pteg.hw.core.interfaces import Predecoded
from pteg.hw.isa.instructions import Unit
from pteg.hw.isa.registers import SPR_BY_NAME
from pteg.hw.words import spr_number

__all__ = ["Predecoder"]


class Control(data.Struct):
    """What follows from the opcodes alone."""

    branch: 1
    move: 1  # mtspr
    fields: CrFields


@functools.cache
def _control_word(row):
    return Control.const({"branch": row.unit is Unit.BPU, "move": row.name == "mtspr",
                          "fields": written_fields(row)}).as_bits()


class Predecoder(wiring.Component):
    """Predecodes one instruction."""

    insn: In(32)
    known: Out(Predecoded)

    def elaborate(self, platform):
        m = Module()
        insn, known = self.insn, self.known

        control = Signal(Control)
        look_up(m, insn, control, _control_word)

        m.d.comb += [
            known.branch.eq(control.branch),
            *(known[name].eq(control.move & (spr_number(insn) == SPR_BY_NAME[spr].number))
              for name, spr in (("move_lr", "LR"), ("move_ctr", "CTR"))),
        ]
        choose_fields(m, insn, control.fields, known.write_cr)
        return m
