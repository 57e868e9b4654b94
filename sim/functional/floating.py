"""Floating-point loads and stores (PEM 4.2.3.8, 4.2.3.9). Arithmetic is in `arithmetic`."""

import numpy as np

from pteg.compiled import compiled
from pteg.functional import constants as isa
from pteg.functional.exceptions import alignment, raise_exception
from pteg.functional.memory import ADDRESSING, INDEXED, TRANSFER, UPDATE, load, store
from pteg.functional.operands import MASK32, first, gpr, immediate, second, third

__all__ = ["floating_access"]


@compiled
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


@compiled
def to_single(number):
    """The 32 bits that stfs stores (PEM appendix D.7); the value is not rounded."""
    exponent = number >> 52 & 0x7FF
    if exponent > 896 or number << 1 == 0 or exponent < 874:
        return number >> 32 & 0xC0000000 | number >> 29 & 0x3FFFFFFF
    fraction = (number & 0xFFFFFFFFFFFFF | 1 << 52) >> (29 + 897 - exponent)
    return number >> 32 & 0x80000000 | fraction


@compiled
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
