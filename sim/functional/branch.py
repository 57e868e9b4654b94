"""Branches and condition register instructions (PEM 4.2.4)."""

from pteg.compiled import compiled, inlined
from pteg.functional import constants as isa
from pteg.functional.operands import MASK32, first, gpr, second, third

__all__ = ["branch", "condition"]


@inlined
def condition_holds(s, word):
    """Decrement CTR if BO says so, and test what BO asks for (PEM table 4-20)."""
    bo = first(word)
    if not bo & 4:
        s.ctr = (0 | s.ctr) - 1
        if (s.ctr != 0) == (bo & 2 != 0):
            return False
    return bo & 16 != 0 or (0 | s.cr) >> (31 - second(word)) & 1 == bo >> 3 & 1


@inlined
def branch(s, op, word):
    """b, bc, bclr, bcctr."""
    pc = 0 | s.pc
    taken = True
    if op == isa.B:
        target = ((word & 0x03FFFFFC) ^ 0x02000000) - 0x02000000
    elif op == isa.BC:
        taken = condition_holds(s, word)
        target = ((word & 0xFFFC) ^ 0x8000) - 0x8000
    elif op == isa.BCLR:
        target = s.lr & 0xFFFFFFFC  # before LK changes it
        taken = condition_holds(s, word)
    else:
        target = s.ctr & 0xFFFFFFFC  # before BO, in an invalid form, decrements it
        taken = condition_holds(s, word)
    if not word & 2 and op <= isa.BC:  # AA = 0
        target += pc
    if word & 1:
        s.lr = pc + 4 & MASK32
    if not taken:
        return isa.OUT_NEXT
    s.pc = target & MASK32
    return isa.OUT_JUMP


@compiled
def condition(s, op, word):
    """crand to crxor, mcrf, mcrxr, mfcr, mtcrf."""
    cr = 0 | s.cr
    if op == isa.MFCR:
        s.gpr[first(word)] = cr
        return isa.OUT_NEXT
    if op == isa.MTCRF:
        written = 0
        for field in range(8):
            if word >> 12 & 128 >> field:
                written |= 0xF0000000 >> 4 * field
        s.cr = cr & ~written | gpr(s, first(word)) & written
        return isa.OUT_NEXT
    if op == isa.MCRF or op == isa.MCRXR:
        shift = 28 - 4 * (word >> 23 & 7)
        if op == isa.MCRF:
            flags = cr >> (28 - 4 * (word >> 18 & 7)) & 15
        else:
            flags = (0 | s.xer) >> 28
            s.xer = s.xer & 0x0FFFFFFF
        s.cr = cr & ~(15 << shift) | flags << shift
        return isa.OUT_NEXT

    a, b = cr >> (31 - second(word)) & 1, cr >> (31 - third(word)) & 1
    if op == isa.CRAND:
        result = a & b
    elif op == isa.CRANDC:
        result = a & ~b
    elif op == isa.CREQV:
        result = ~(a ^ b)
    elif op == isa.CRNAND:
        result = ~(a & b)
    elif op == isa.CRNOR:
        result = ~(a | b)
    elif op == isa.CROR:
        result = a | b
    elif op == isa.CRORC:
        result = a | ~b
    else:
        result = a ^ b
    shift = 31 - first(word)
    s.cr = cr & ~(1 << shift) | (result & 1) << shift
    return isa.OUT_NEXT
