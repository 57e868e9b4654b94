"""Floating-point loads and stores, and moves of FPSCR (PEM 4.2.3.8, 4.2.3.9, 4.2.2.6).

With MSR[FP] = 1 these are enough for an operating system to save and restore floating-point
registers. Arithmetic is left out as yet: it raises floating-point unavailable in any case.
"""

import numpy as np

from pteg.functional import constants as isa
from pteg.functional.exceptions import alignment, raise_exception
from pteg.functional.kernel import kernel
from pteg.functional.memory import ADDRESSING, INDEXED, TRANSFER, UPDATE, load, store
from pteg.functional.operands import MASK32, first, gpr, immediate, second, third

__all__ = ["floating_access", "floating_point"]


@kernel
def to_double(word):
    """The double-precision form of a single (PEM appendix D.6)."""
    sign, exponent, fraction = word >> 31 << 63, word >> 23 & 0xFF, word & 0x7FFFFF
    if exponent == 0xFF:
        exponent = 0x7FF
    elif exponent:
        exponent += 896
    elif fraction:  # denormalised: shift the leading one out of the fraction
        exponent = 897
        while not fraction & 0x800000:
            fraction <<= 1
            exponent -= 1
    return sign | exponent << 52 | (fraction & 0x7FFFFF) << 29


@kernel
def to_single(number):
    """The 32 bits that stfs stores (PEM appendix D.7); the value is not rounded."""
    exponent = number >> 52 & 0x7FF
    if exponent > 896 or number << 1 == 0 or exponent < 874:
        return number >> 32 & 0xC0000000 | number >> 29 & 0x3FFFFFFF
    fraction = (number & 0xFFFFFFFFFFFFF | 1 << 52) >> (29 + 897 - exponent)
    return number >> 32 & 0x80000000 | fraction


@kernel
def floating_access(s, m, op, word):
    """lfs to stfiwx. The address must be a multiple of 4."""
    if not s.msr & isa.MSR_FP:
        return raise_exception(m, isa.VECTOR_FP_UNAVAILABLE, isa.NONE)
    addressing = ADDRESSING[op]
    d, base = first(word), second(word)
    ea = gpr(s, base) if base or addressing & UPDATE else 0
    ea = ea + (gpr(s, third(word)) if addressing & INDEXED else immediate(word)) & MASK32
    if ea & 3:
        return alignment(s, m, word, ea)
    what, number = TRANSFER[op], np.int64(s.fpr[d])
    if what == isa.LFD:
        number = load(s, m, ea, isa.DOUBLEWORD)
    elif what == isa.LFS:
        number = to_double(load(s, m, ea, isa.WORD))
    elif what == isa.STFD:
        store(s, m, ea, isa.DOUBLEWORD, number)
    elif what == isa.STFS:
        store(s, m, ea, isa.WORD, to_single(number))
    else:
        store(s, m, ea, isa.WORD, number & MASK32)
    if m.outcome:
        return m.outcome
    s.fpr[d] = number
    if addressing & UPDATE:
        s.gpr[base] = ea
    return isa.OUT_NEXT


@kernel
def floating_point(s, m, op, word):
    """fadd to mtfsf."""
    if not s.msr & isa.MSR_FP or (op != isa.MFFS and op != isa.MTFSF) or word & 1:
        return raise_exception(m, isa.VECTOR_FP_UNAVAILABLE, isa.NONE)
    if op == isa.MFFS:
        s.fpr[first(word)] = -0x8000000000000 | s.fpscr
        return isa.OUT_NEXT
    written = 0
    for place in range(8):
        if word >> 17 & 128 >> place:
            written |= 0xF0000000 >> 4 * place
    value = np.int64(s.fpr[third(word)]) & written | s.fpscr & ~written
    # FEX and VX are summaries of the bits below (PEM 2.1.4).
    invalid = value & 0x01F80700
    value = value & ~0x60000000 | (0x20000000 if invalid else 0)
    # Enables VE OE UE ZE XE are bits 24-28; VX OX UX ZX XX are bits 2-6.
    if value >> 25 & value >> 3 & 31:
        value |= 0x40000000
    s.fpscr = value
    return isa.OUT_NEXT
