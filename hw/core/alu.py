"""Integer arithmetic, logic, rotate and compare: one cycle (PEM 4.2.1, MPC750 UM table 6-6).

Both integer units have one. Multiply and divide are in multiply.py and divide.py.
"""

from amaranth.hdl import C, Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import Flags
from pteg.hw.isa.instructions import Op
from pteg.hw.words import field

__all__ = ["Alu", "condition", "rotate_left", "rotate_mask"]

_ADD = (Op.ADD, Op.ADDI, Op.ADDIS)
_ADD_CARRYING = (Op.ADDC, Op.ADDIC, Op.ADDIC_DOT)
_ADD_EXTENDED = (Op.ADDE, Op.ADDME, Op.ADDZE)
_SUBTRACT_CARRYING = (Op.SUBFC, Op.SUBFIC)
_SUBTRACT_EXTENDED = (Op.SUBFE, Op.SUBFME, Op.SUBFZE)
_COMPARE_SIGNED = (Op.CMP, Op.CMPI)
_COMPARE_LOGICAL = (Op.CMPL, Op.CMPLI)


def condition(less, greater, overflow):
    """A CR field: LT GT EQ SO, LT the most significant."""
    return Cat(overflow, ~(less | greater), greater, less)


def rotate_left(value, amount):
    """`value` (32 bits) rotated left by `amount`."""
    return (Cat(value, value) << amount)[32:64]


def rotate_mask(begin, end):
    """MASK(MB, ME) of PEM 4.2.1.4: ones from bit `begin` to bit `end`, wrapping around."""
    from_begin = C(0xFFFFFFFF, 32) >> begin
    to_end = (C(0xFFFFFFFF, 32) << ~end)[:32]  # ~end is 31 - end
    return Mux(begin > end, from_begin | to_end, from_begin & to_end)


class Alu(wiring.Component):
    """Combinational integer unit."""

    #: Operands as the decoder assigns them: C is what rlwimi inserts into.
    op: In(Op)
    insn: In(32)
    a: In(32)
    b: In(32)
    c: In(32)
    #: XER[CA], XER[SO].
    ca: In(1)
    so: In(1)
    result: Out(32)
    #: `cr` is that of a compare, or of Rc = 1.
    flags: Out(Flags)
    #: The condition of tw or twi holds.
    trap: Out(1)

    def elaborate(self, platform):
        m = Module()
        self._adder(m)
        self._logic(m)
        self._shifts(m)
        self._compare(m)
        return m

    def _adder(self, m):
        """Everything additive is x + y + carry; subtract from complements A (PEM 4.2.1.1)."""
        x = Signal(32)
        y = Signal(32)
        carry = Signal()
        additive = Signal()
        carrying = Signal()
        m.d.comb += [x.eq(self.a), y.eq(self.b)]

        def case(*ops, invert=0, carry_in=0, writes_ca=0):
            with m.Case(*ops):
                m.d.comb += [additive.eq(1), carry.eq(carry_in), carrying.eq(writes_ca)]
                if invert:
                    m.d.comb += x.eq(~self.a)

        with m.Switch(self.op):
            case(*_ADD)
            case(*_ADD_CARRYING, writes_ca=1)
            case(*_ADD_EXTENDED, carry_in=self.ca, writes_ca=1)
            case(Op.SUBF, invert=1, carry_in=1)
            case(*_SUBTRACT_CARRYING, invert=1, carry_in=1, writes_ca=1)
            case(*_SUBTRACT_EXTENDED, invert=1, carry_in=self.ca, writes_ca=1)
            case(Op.NEG, invert=1, carry_in=1)
        with m.Switch(self.op):
            with m.Case(Op.ADDME, Op.SUBFME):
                m.d.comb += y.eq(0xFFFFFFFF)
            with m.Case(Op.ADDZE, Op.SUBFZE, Op.NEG):
                m.d.comb += y.eq(0)

        total = Signal(33)
        m.d.comb += total.eq(x + y + carry)
        with m.If(additive):
            m.d.comb += [
                self.result.eq(total),
                self.flags.write_ca.eq(carrying),
                self.flags.ca.eq(total[32]),
                # OE is an immediate's bit in the D form instructions.
                self.flags.write_ov.eq(field(self.insn, "OE") & (field(self.insn, "OPCD") == 31)),
                self.flags.ov.eq((x[31] == y[31]) & (total[31] != x[31])),
            ]

    def _logic(self, m):
        a, b, result = self.a, self.b, self.result
        with m.Switch(self.op):
            for ops, value in (
                    ((Op.AND, Op.ANDI_DOT, Op.ANDIS_DOT), a & b), ((Op.ANDC,), a & ~b),
                    ((Op.OR, Op.ORI, Op.ORIS), a | b), ((Op.ORC,), a | ~b),
                    ((Op.XOR, Op.XORI, Op.XORIS), a ^ b), ((Op.EQV,), ~(a ^ b)),
                    ((Op.NAND,), ~(a & b)), ((Op.NOR,), ~(a | b)),
                    ((Op.EXTSB,), a[:8].as_signed()), ((Op.EXTSH,), a[:16].as_signed())):
                with m.Case(*ops):
                    m.d.comb += result.eq(value)
            with m.Case(Op.CNTLZW):
                m.d.comb += result.eq(32)
                for position in range(32):
                    with m.If(a[position]):
                        m.d.comb += result.eq(31 - position)

    def _shifts(self, m):
        a, b, insn = self.a, self.b, self.insn
        mask = Signal(32)
        turned = Signal(32)
        amount = b[:6]
        m.d.comb += [mask.eq(rotate_mask(field(insn, "MB"), field(insn, "ME"))),
                     turned.eq(rotate_left(a, b[:5]))]
        with m.Switch(self.op):
            with m.Case(Op.RLWINM, Op.RLWNM):
                m.d.comb += self.result.eq(turned & mask)
            with m.Case(Op.RLWIMI):
                m.d.comb += self.result.eq(turned & mask | self.c & ~mask)
            with m.Case(Op.SLW):
                m.d.comb += self.result.eq((a << amount)[:32])
            with m.Case(Op.SRW):
                m.d.comb += self.result.eq(a >> amount)
            with m.Case(Op.SRAW, Op.SRAWI):
                # Carry: the number is negative and a one was shifted out.
                wide = Signal(signed(64))
                m.d.comb += [
                    wide.eq(Cat(C(0, 32), a).as_signed() >> amount),
                    self.result.eq(wide[32:]),
                    self.flags.write_ca.eq(1),
                    self.flags.ca.eq(a[31] & Mux(amount[5], a.any(), wide[:32].any())),
                ]

    def _compare(self, m):
        a, b, insn = self.a, self.b, self.insn
        signed_less = a.as_signed() < b.as_signed()
        below = a < b
        equal = a == b
        less = Signal()
        with m.Switch(self.op):
            with m.Case(*_COMPARE_SIGNED):
                m.d.comb += [less.eq(signed_less),
                             self.flags.cr.eq(condition(less, ~less & ~equal, self.so))]
            with m.Case(*_COMPARE_LOGICAL):
                m.d.comb += [less.eq(below),
                             self.flags.cr.eq(condition(less, ~less & ~equal, self.so))]
            with m.Default():
                # Rc = 1 compares the result with zero; SO includes this instruction's OV.
                result = self.result
                overflow = self.so | (self.flags.write_ov & self.flags.ov)
                m.d.comb += self.flags.cr.eq(
                    condition(result[31], ~result[31] & result.any(), overflow))

        # TO: signed less, signed greater, equal, below, above (PEM 8.2, tw).
        to = field(insn, "TO")
        with m.If((self.op == Op.TW) | (self.op == Op.TWI)):
            m.d.comb += self.trap.eq(
                to[4] & signed_less | to[3] & ~signed_less & ~equal | to[2] & equal
                | to[1] & below | to[0] & ~below & ~equal)
