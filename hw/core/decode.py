"""Instruction decoder: made from the table in hw/isa/instructions.py.

Combinational. Reserved bits of an instruction are ignored (MPC750 UM 2.3.1.4 leaves invalid forms
undefined). SPR numbers that do not exist are illegal; those with spr[0] = 1 are privileged, whether
they exist or not (PEM 8.2, mfspr).
"""

from amaranth.hdl import C, Cat, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import Decoded
from pteg.hw.isa.instructions import FIELDS, INSTRUCTIONS, Form, Unit
from pteg.hw.isa.registers import SPRS, TIME_BASE_LOWER, TIME_BASE_UPPER, Access

__all__ = ["Decoder", "field", "spr_number", "switch_instruction", "condition_fields"]


def field(insn, name):
    """Bits of the operand field `name` of the instruction word `insn`, an Amaranth value."""
    return insn[FIELDS[name].slice]


def spr_number(insn):
    """SPR number of mfspr, mtspr and mftb: the halves of the field are swapped in the word."""
    swapped = field(insn, "spr")
    return Cat(swapped[5:], swapped[:5])


def switch_instruction(m, insn, action):
    """Call `action(row)` inside the case of each instruction that the 750 has."""
    by_opcode = {}
    for row in INSTRUCTIONS:
        if row.implemented:
            by_opcode.setdefault(row.opcode, []).append(row)
    with m.Switch(field(insn, "OPCD")):
        for opcode, rows in by_opcode.items():
            with m.Case(opcode):
                if len(rows) == 1 and rows[0].extended is None:
                    action(rows[0])
                else:
                    # Second level: the extended opcode, whose width depends on the form.
                    with m.Switch(field(insn, "XO")):
                        for row in rows:
                            with m.Case(*_extended(row)):
                                action(row)


def _extended(row):
    """Patterns of the extended opcode, as the field XO of ten bits shows it."""
    if row.extended is None:
        return ["-" * 10]
    extended = f"{row.extended:010b}"
    if row.form is Form.XO:
        return ["0" + extended[1:], "1" + extended[1:]]
    if row.form is Form.A:
        return ["-----" + extended[5:]]
    return [extended]


def condition_fields(row, insn):
    """CR fields that an instruction writes, field 0 in bit 7; None if it never writes any."""
    if "CR0" in row.writes:
        return C(0x80, 8)
    if "Rc" in row.options:
        # Floating-point instructions record in CR1.
        recorded = field(insn, "Rc")
        return Cat(C(0, 6), recorded) if row.unit is Unit.FPU else Cat(C(0, 7), recorded)
    if "crfD" in row.writes:
        return (C(0x80, 8) >> field(insn, "crfD"))
    if "crbD" in row.writes:
        return (C(0x80, 8) >> field(insn, "crbD")[2:])
    if "CR" in row.writes:
        return field(insn, "CRM")
    return None


class Decoder(wiring.Component):
    """Decodes one instruction.

    Members
    -------
    insn : In(32)
    decoded : Out(Decoded)
    """

    insn: In(32)
    decoded: Out(Decoded)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.decoded.illegal.eq(1)
        switch_instruction(m, self.insn, lambda row: self._row(m, row))
        return m

    def _row(self, m, row):
        """Assigns everything that follows from one row of the table."""
        insn, out = self.insn, self.decoded
        names = row.operands
        m.d.comb += [
            out.op.eq(row.op),
            out.unit.eq(row.unit),
            out.serialize.eq(row.serialize),
            # Opcodes aside, only sc and stwcx. have bits that must be one.
            out.illegal.eq((insn & row.fixed) != row.fixed),
            out.privileged.eq(row.privileged),
            out.fp.eq(row.unit is Unit.FPU or any(name.startswith("fr") for name in names)),
        ]
        self._sources(m, row)
        self._destinations(m, row)
        if "spr" in row.syntax:
            self._check_spr(m, write=row.name == "mtspr")
        if "tbr" in row.syntax:
            m.d.comb += out.illegal.eq(~self._is_time_base(insn))

    def _sources(self, m, row):
        """Operand A is the first source, B the second or an immediate, C what a store stores."""
        insn, out, reads = self.insn, self.decoded, row.reads
        stores = row.unit is Unit.LSU and "rS" in reads
        if "frS" in reads:
            m.d.comb += [out.use_f.eq(1), out.reg_c.eq(field(insn, "frS"))]
        if row.unit is Unit.FPU:
            for operand in "abc":
                name = f"fr{operand.upper()}"
                if name in reads:
                    m.d.comb += [out[f"use_{operand}"].eq(1),
                                 out[f"reg_{operand}"].eq(field(insn, name))]
            return

        def use(operand, name, enable=1):
            m.d.comb += [out[f"use_{operand}"].eq(enable),
                         out[f"reg_{operand}"].eq(field(insn, name))]

        if "rS" in reads:
            use("c" if stores else "a", "rS")
        if "rA0" in reads:
            use("a", "rA", field(insn, "rA").any())
        elif "rA" in reads:
            # rlwimi inserts into rA: its third operand.
            use("c" if "rS" in reads and not stores else "a", "rA")
        if "rB" in reads:
            use("b", "rB")
        else:
            m.d.comb += out.imm.eq(self._immediate(row))

    def _immediate(self, row):
        insn, names = self.insn, row.operands
        if row.name in ("addis", "oris", "xoris", "andis."):
            return Cat(C(0, 16), insn[:16])
        if "SIMM" in names or "d" in names:
            return insn[:16].as_signed()
        if "UIMM" in names:
            return insn[:16]
        if "SH" in names:
            return field(insn, "SH")
        return C(0)

    def _destinations(self, m, row):
        insn, out = self.insn, self.decoded
        multiple = row.name in ("lmw", "lswi", "lswx")  # these write the register file themselves
        if "rD" in row.writes and not multiple:
            m.d.comb += [out.write_d.eq(1), out.reg_d.eq(field(insn, "rD"))]
        if "rA" in row.writes and not row.update:
            m.d.comb += [out.write_d.eq(1), out.reg_d.eq(field(insn, "rA"))]
        if "frD" in row.writes:
            m.d.comb += [out.write_f.eq(1), out.reg_d.eq(field(insn, "frD"))]
        if row.unit is Unit.FPU and "Rc" in row.options:
            m.d.comb += out.record.eq(field(insn, "Rc"))
        if row.update:
            m.d.comb += [out.write_u.eq(1), out.reg_u.eq(field(insn, "rA"))]
        written = condition_fields(row, insn)
        if written is not None:
            m.d.comb += out.write_cr.eq(written)
        if row.name == "mtspr":
            spr = spr_number(insn)
            m.d.comb += out.link.eq((spr == 8) | (spr == 9))

    def _check_spr(self, m, write):
        spr, out = spr_number(self.insn), self.decoded
        user = ("USER",) if write else ("USER", "USER_READ")
        m.d.comb += [
            out.privileged.eq(spr[4]),
            out.illegal.eq(1),
        ]
        with m.Switch(spr):
            for row in SPRS:
                if row.writable if write else row.readable:
                    with m.Case(row.number):
                        m.d.comb += out.illegal.eq(0)
                        if row.access in (Access[name] for name in user):
                            m.d.comb += out.privileged.eq(0)
            if not write:
                # Some compilers read the time base with mfspr.
                with m.Case(TIME_BASE_LOWER, TIME_BASE_UPPER):
                    m.d.comb += [out.illegal.eq(0), out.privileged.eq(0)]

    @staticmethod
    def _is_time_base(insn):
        spr = spr_number(insn)
        return (spr == TIME_BASE_LOWER) | (spr == TIME_BASE_UPPER)
