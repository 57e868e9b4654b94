"""Instruction decoder: made from the table in hw/isa/instructions.py.

Combinational, in two steps. The opcodes choose a constant for each row of the table, the control
word; that says which fields of the instruction word are registers, immediates and so on. Reserved
bits of an instruction are ignored (docs/instructions.md). SPR numbers that do not exist are illegal
in any state; registers of the supervisor are privileged (750GX UM p. 91).
"""

import functools

from amaranth.hdl import C, Cat, Module, Mux, Signal
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import Decoded
from pteg.hw.isa.instructions import INSTRUCTIONS, Form, Op, Serialize, Unit
from pteg.hw.isa.registers import SPRS, TIME_BASE_LOWER, TIME_BASE_UPPER
from pteg.hw.named import Named
from pteg.hw.words import field, spr_number

__all__ = ["Decoder", "CrFields", "look_up", "written_fields",
           "choose_fields"]


class Register(enum.Enum, shape=2):
    """Field of the instruction word that names a register."""

    NONE = 0
    D = 1  # bits 6 to 10: rD, rS, frD, frS
    A = 2  # bits 11 to 15: rA, frA
    C = 3  # bits 21 to 25: frC


class Immediate(enum.Enum, shape=3):
    """Field of the instruction word that is operand B."""

    NONE = 0
    SIGNED = 1    # SIMM, d
    UNSIGNED = 2  # UIMM
    UPPER = 3     # in the upper half word
    SH = 4


class CrFields(enum.Enum, shape=3):
    """How to find the CR fields that are written."""

    NONE = 0
    CR0 = 1
    RECORD = 2   # CR0 if Rc is one
    RECORD1 = 3  # CR1 if Rc is one
    CRFD = 4
    CRBD = 5     # that of the bit
    CRM = 6


class Check(enum.Enum, shape=2):
    """Which register table says whether the instruction is legal and privileged."""

    NONE = 0
    READ_SPR = 1
    WRITE_SPR = 2
    TIME_BASE = 3


class Control(data.Struct):
    """The control word: what follows from the opcodes alone."""

    op: Named(Op)
    unit: Named(Unit)
    serialize: Named(Serialize)
    legal: 1
    fixed: 2        # bits 30 and 31 of the word that must be one
    privileged: 1
    check: Check
    fp: 1
    a: Register
    a_or_zero: 1    # register 0 as operand A is the number zero
    b: 1            # operand B is bits 16 to 20: rB, frB
    c: Register
    f: 1            # operand C is a floating-point register that is stored
    immediate: Immediate
    d: Register
    float_d: 1
    update: 1
    fields: CrFields


@functools.cache
def control_word(row):
    """The bits of `Control` for a row of the instruction table."""
    sources = _float_sources(row) if row.unit is Unit.FPU else _sources(row)
    check = {"mfspr": Check.READ_SPR, "mtspr": Check.WRITE_SPR, "mftb": Check.TIME_BASE}
    return Control.const({
        "op": row.op, "unit": row.unit, "serialize": row.serialize, "legal": 1,
        "fixed": row.fixed, "privileged": row.privileged,
        "check": check.get(row.name, Check.NONE),
        "fp": row.unit is Unit.FPU or any(name.startswith("fr") for name in row.operands),
        **sources, "d": _destination(row), "float_d": "frD" in row.writes, "update": row.update,
        "fields": written_fields(row)}).as_bits()


def _float_sources(row):
    return {"a": Register.A if "frA" in row.reads else Register.NONE, "b": "frB" in row.reads,
            "c": Register.C if "frC" in row.reads else Register.NONE}


def _sources(row):
    """Operand A is the first source, B the second or an immediate, C what a store stores."""
    reads = row.reads
    stores = row.unit is Unit.LSU and "rS" in reads
    if "rS" in reads and not stores:
        a = Register.D
        # rlwimi inserts into rA: its third operand.
        c = Register.A if "rA" in reads else Register.NONE
    else:
        a = Register.A if {"rA", "rA0"} & reads else Register.NONE
        c = Register.D if stores or "frS" in reads else Register.NONE
    return {"a": a, "a_or_zero": "rA0" in reads, "b": "rB" in reads, "c": c, "f": "frS" in reads,
            "immediate": _immediate(row)}


def _immediate(row):
    names = row.operands
    if row.name in ("addis", "oris", "xoris", "andis."):
        return Immediate.UPPER
    if "SIMM" in names or "d" in names:
        return Immediate.SIGNED
    if "UIMM" in names:
        return Immediate.UNSIGNED
    return Immediate.SH if "SH" in names else Immediate.NONE


def _destination(row):
    if row.name in ("lmw", "lswi", "lswx"):  # these write the register file themselves
        return Register.NONE
    if {"rD", "frD"} & row.writes:
        return Register.D
    return Register.A if "rA" in row.writes and not row.update else Register.NONE


def written_fields(row):
    """The member of `CrFields` for a row of the instruction table."""
    if "CR0" in row.writes:
        return CrFields.CR0
    if "Rc" in row.options:
        # Floating-point instructions record in CR1.
        return CrFields.RECORD1 if row.unit is Unit.FPU else CrFields.RECORD
    wanted = {"crfD": CrFields.CRFD, "crbD": CrFields.CRBD, "CR": CrFields.CRM}
    return next((wanted[name] for name in wanted if name in row.writes), CrFields.NONE)


def look_up(m, insn, control, word):
    """Give the signal `control` the bits `word(row)` of the instruction that `insn` is, or zero."""
    by_opcode = {}
    for row in INSTRUCTIONS:
        if row.implemented:
            by_opcode.setdefault(row.opcode, []).append(row)

    def choose(row):
        m.d.comb += control.as_value().eq(word(row))

    with m.Switch(field(insn, "OPCD")):
        for opcode, rows in by_opcode.items():
            with m.Case(opcode):
                if len(rows) == 1 and rows[0].extended is None:
                    choose(rows[0])
                else:
                    # Second level: the extended opcode, whose width depends on the form.
                    with m.Switch(field(insn, "XO")):
                        for row in rows:
                            with m.Case(*_extended(row)):
                                choose(row)


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


def choose_fields(m, insn, fields, chosen):
    """Give `chosen` the CR fields that an instruction writes, field 0 in bit 7."""
    recorded = field(insn, "Rc")
    with m.Switch(fields):
        for member, value in ((CrFields.CR0, C(0x80, 8)),
                              (CrFields.RECORD, recorded << 7), (CrFields.RECORD1, recorded << 6),
                              (CrFields.CRFD, C(0x80, 8) >> field(insn, "crfD")),
                              (CrFields.CRBD, C(0x80, 8) >> field(insn, "crbD")[2:]),
                              (CrFields.CRM, field(insn, "CRM"))):
            with m.Case(member):
                m.d.comb += chosen.eq(value)


class Decoder(wiring.Component):
    """Decodes one instruction."""

    insn: In(32)
    decoded: Out(Decoded)

    def elaborate(self, platform):
        m = Module()
        insn, out = self.insn, self.decoded
        control = Signal(Control)
        look_up(m, insn, control, control_word)

        m.d.comb += [
            out.op.eq(control.op), out.unit.eq(control.unit), out.serialize.eq(control.serialize),
            out.fp.eq(control.fp),
            # Opcodes aside, only sc and stwcx. have bits that must be one.
            out.illegal.eq(~control.legal | ((insn & control.fixed) != control.fixed)),
            out.privileged.eq(control.privileged),
        ]
        self._check(m, control)

        rd, ra = field(insn, "rD"), field(insn, "rA")
        m.d.comb += [
            out.use_a.eq((control.a != Register.NONE) & ~(control.a_or_zero & (ra == 0))),
            out.reg_a.eq(Mux(control.a == Register.D, rd, ra)),
            out.use_b.eq(control.b), out.reg_b.eq(field(insn, "rB")),
            out.use_c.eq((control.c != Register.NONE) & ~control.f),
            out.use_f.eq(control.f),
            out.write_d.eq((control.d != Register.NONE) & ~control.float_d),
            out.write_f.eq(control.float_d),
            out.reg_d.eq(Mux(control.d == Register.A, ra, rd)),
            out.write_u.eq(control.update), out.reg_u.eq(ra),
            out.record.eq((control.fields == CrFields.RECORD1) & field(insn, "Rc")),
        ]
        with m.Switch(control.c):
            for register, name in ((Register.D, "rS"), (Register.A, "rA"), (Register.C, "frC")):
                with m.Case(register):
                    m.d.comb += out.reg_c.eq(field(insn, name))
        with m.Switch(control.immediate):
            for immediate, value in ((Immediate.SIGNED, insn[:16].as_signed()),
                                     (Immediate.UNSIGNED, insn[:16]),
                                     (Immediate.UPPER, Cat(C(0, 16), insn[:16])),
                                     (Immediate.SH, field(insn, "SH"))):
                with m.Case(immediate):
                    m.d.comb += out.imm.eq(value)
        choose_fields(m, insn, control.fields, out.write_cr)
        return m

    def _check(self, m, control):
        """Illegal and privileged register numbers."""
        spr, out = spr_number(self.insn), self.decoded
        with m.Switch(control.check):
            with m.Case(Check.READ_SPR):
                self._check_spr(m, spr, lambda row: row.readable)
                with m.If((spr == TIME_BASE_LOWER) | (spr == TIME_BASE_UPPER)):
                    # Some compilers read the time base with mfspr.
                    m.d.comb += out.illegal.eq(0)
            with m.Case(Check.WRITE_SPR):
                self._check_spr(m, spr, lambda row: row.writable or row.ignored)
            with m.Case(Check.TIME_BASE):
                m.d.comb += out.illegal.eq((spr != TIME_BASE_LOWER) & (spr != TIME_BASE_UPPER))

    def _check_spr(self, m, spr, allowed):
        out = self.decoded
        m.d.comb += out.illegal.eq(1)
        with m.Switch(spr):
            for row in SPRS:
                with m.Case(row.number):
                    m.d.comb += [out.illegal.eq(not allowed(row)), out.privileged.eq(not row.user)]
