"""Integer instructions: arithmetic, logic, rotate and shift, compare, trap (PEM 4.2.1, 4.2.4.6)."""

from pteg.compiled import compiled, inlined
from pteg.functional import constants as isa
from pteg.functional.exceptions import program
from pteg.functional.operands import (
    MASK32,
    first,
    gpr,
    immediate,
    record,
    second,
    signed,
    third,
    unsigned,
)

__all__ = ["arithmetic", "logic", "compare"]


@compiled
def set_carry(s, carry):
    s.xer = (0 | s.xer) & ~isa.XER_CA | (isa.XER_CA if carry else 0)


@compiled
def set_overflow(s, overflow):
    """OV tells of this instruction, SO remembers."""
    xer = (0 | s.xer) & ~isa.XER_OV
    s.xer = xer | isa.XER_OV | isa.XER_SO if overflow else xer


@compiled
def divide(op, a, b):
    """Quotient and overflow. Without a quotient the 750 gives 0, or -1 for a negative dividend."""
    if op == isa.DIVWU:
        return (a // b, False) if b else (0, True)
    a, b = signed(a), signed(b)
    if b == 0 or (b == -1 and a == -0x80000000):
        return (-1 if a < 0 else 0), True
    quotient = abs(a) // abs(b)
    return (quotient if (a < 0) == (b < 0) else -quotient), False


@inlined
def arithmetic(s, op, word):
    """addi to mulhwu. Sums are formed as a + b + carry-in, subtraction as ~a + b + 1."""
    d, a, b = first(word), second(word), gpr(s, third(word))
    # The most frequent ones: no flags at all.
    if op == isa.ADDI:
        s.gpr[d] = (gpr(s, a) if a else 0) + immediate(word)
        return isa.OUT_NEXT
    if op == isa.ADDIS:
        s.gpr[d] = (gpr(s, a) if a else 0) + (immediate(word) << 16)
        return isa.OUT_NEXT
    a = gpr(s, a)
    if op == isa.MULLI:
        s.gpr[d] = signed(a) * immediate(word)
        return isa.OUT_NEXT
    if op == isa.ADDIC or op == isa.ADDIC_DOT or op == isa.SUBFIC:
        b = immediate(word) & MASK32
        total = (a ^ MASK32) + b + 1 if op == isa.SUBFIC else a + b
        s.gpr[d] = total
        set_carry(s, total >> 32)
        if op == isa.ADDIC_DOT:
            record(s, total & MASK32)
        return isa.OUT_NEXT

    overflow = False
    if op == isa.MULHW:
        result = signed(a) * signed(b) >> 32
    elif op == isa.MULHWU:
        # The product of two 32-bit numbers needs 64 bits, one more than int64 has for it.
        low = (a & 0xFFFF) * b
        result = ((a >> 16) * b + (low >> 16)) >> 16
    elif op == isa.MULLW:
        product = signed(a) * signed(b)
        result, overflow = product, product != signed(product & MASK32)
    elif op == isa.DIVW or op == isa.DIVWU:
        result, overflow = divide(op, a, b)
    else:
        carry_in = 0 | s.xer >> 29 & 1
        carries = True
        if op == isa.ADD:
            carry_in, carries = 0, False
        elif op == isa.ADDC:
            carry_in = 0
        elif op == isa.SUBF:
            a, carry_in, carries = a ^ MASK32, 1, False
        elif op == isa.SUBFC:
            a, carry_in = a ^ MASK32, 1
        elif op == isa.NEG:
            a, b, carry_in, carries = a ^ MASK32, 0, 1, False
        elif op == isa.SUBFE:
            a ^= MASK32
        elif op == isa.ADDME:
            b = MASK32
        elif op == isa.SUBFME:
            a, b = a ^ MASK32, MASK32
        elif op == isa.ADDZE:
            b = 0
        elif op == isa.SUBFZE:
            a, b = a ^ MASK32, 0
        result = a + b + carry_in
        # Operands of one sign, and a result of the other.
        overflow = ((a ^ result) & (b ^ result) & 0x80000000) != 0
        if carries:
            set_carry(s, result >> 32)
    result &= MASK32
    s.gpr[d] = result
    if word & 0x400 and op != isa.MULHW and op != isa.MULHWU:
        set_overflow(s, overflow)
    if word & 1:
        record(s, result)
    return isa.OUT_NEXT


@compiled
def rotate(value, count):
    return (value << count | value >> (32 - count)) & MASK32


@compiled
def mask(begin, end):
    """Ones from bit `begin` to bit `end`, wrapping around (PEM 4.2.1.4)."""
    inside = (MASK32 >> begin) ^ (MASK32 >> end >> 1)
    return inside if begin <= end else inside ^ MASK32


@inlined
def logic(s, op, word):
    """ori to rlwnm: the source is rS, the destination rA."""
    value, a = gpr(s, first(word)), second(word)
    if op <= isa.ANDIS_DOT:
        if op == isa.ORI:
            result = value | unsigned(word)
        elif op == isa.ORIS:
            result = value | unsigned(word) << 16
        elif op == isa.XORI:
            result = value ^ unsigned(word)
        elif op == isa.XORIS:
            result = value ^ unsigned(word) << 16
        else:
            result = value & (unsigned(word) << (16 if op == isa.ANDIS_DOT else 0))
            record(s, result)
        s.gpr[a] = result
        return isa.OUT_NEXT

    if op == isa.RLWINM:
        result = rotate(value, third(word)) & mask(word >> 6 & 31, word >> 1 & 31)
    elif op == isa.RLWIMI:
        inserted = mask(word >> 6 & 31, word >> 1 & 31)
        result = rotate(value, third(word)) & inserted | gpr(s, a) & ~inserted
    elif op == isa.SRAWI:
        count = third(word)
        result = signed(value) >> count
        set_carry(s, result < 0 and value & ((1 << count) - 1))
    elif op == isa.EXTSB:
        result = ((value & 0xFF) ^ 0x80) - 0x80
    elif op == isa.EXTSH:
        result = ((value & 0xFFFF) ^ 0x8000) - 0x8000
    elif op == isa.CNTLZW:
        result = 32
        while value:
            value >>= 1
            result -= 1
    else:
        b = gpr(s, third(word))
        if op == isa.OR:
            result = value | b
        elif op == isa.AND:
            result = value & b
        elif op == isa.XOR:
            result = value ^ b
        elif op == isa.NOR:
            result = ~(value | b)
        elif op == isa.ANDC:
            result = value & ~b
        elif op == isa.ORC:
            result = value | ~b
        elif op == isa.NAND:
            result = ~(value & b)
        elif op == isa.EQV:
            result = ~(value ^ b)
        elif op == isa.SLW:
            result = 0 if b & 32 else value << (b & 31)
        elif op == isa.SRW:
            result = 0 if b & 32 else value >> (b & 31)
        elif op == isa.RLWNM:
            result = rotate(value, b & 31) & mask(word >> 6 & 31, word >> 1 & 31)
        else:  # sraw: a count of 32 to 63 leaves only the sign
            count = b & 63
            result = signed(value) >> (count if count < 32 else 31)
            lost = value if count > 31 else value & ((1 << count) - 1)
            set_carry(s, result < 0 and lost)
    result &= MASK32
    s.gpr[a] = result
    if word & 1:
        record(s, result)
    return isa.OUT_NEXT


@inlined
def compare(s, m, op, word):
    """cmpi, cmpli, cmp, cmpl: set a CR field. twi, tw: trap. L is ignored, as on the 750."""
    a = gpr(s, second(word))
    if op == isa.CMPI or op == isa.TWI:
        b = immediate(word) & MASK32
    elif op == isa.CMPLI:
        b = unsigned(word)
    else:
        b = gpr(s, third(word))

    if op == isa.TWI or op == isa.TW:
        conditions = first(word)
        less, greater = signed(a) < signed(b), signed(a) > signed(b)
        if ((conditions & 16 and less) or (conditions & 8 and greater)
                or (conditions & 4 and a == b)
                or (conditions & 2 and a < b) or (conditions & 1 and a > b)):
            return program(m, isa.SRR1_TRAP)
        return isa.OUT_NEXT

    if op == isa.CMPI or op == isa.CMP:
        a, b = signed(a), signed(b)
    flags = 8 if a < b else 4 if a > b else 2
    shift = 28 - 4 * (word >> 23 & 7)
    s.cr = (0 | s.cr) & ~(15 << shift) | (flags | (0 | s.xer) >> 31) << shift
    return isa.OUT_NEXT
