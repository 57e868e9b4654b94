"""Operand fields of an instruction word, and the registers that they name, as int64."""

from pteg.compiled import compiled
from pteg.functional import constants as isa

__all__ = ["first", "second", "third", "gpr", "immediate", "unsigned", "signed", "record",
           "MASK32"]

MASK32 = 0xFFFFFFFF


@compiled
def first(word):
    """Field rD, rS, BO, crbD or TO: bits 6-10."""
    return word >> 21 & 31


@compiled
def second(word):
    """Field rA, BI or crbA: bits 11-15."""
    return word >> 16 & 31


@compiled
def third(word):
    """Field rB, SH, NB or crbB: bits 16-20."""
    return word >> 11 & 31


@compiled
def gpr(s, number):
    """General-purpose register, 0 to 2**32 - 1."""
    return 0 | s.gpr[number]


@compiled
def unsigned(word):
    """Field UIMM."""
    return word & 0xFFFF


@compiled
def immediate(word):
    """Field SIMM or d, sign-extended."""
    return ((word & 0xFFFF) ^ 0x8000) - 0x8000


@compiled
def signed(value):
    """The two's complement number that 32 bits hold."""
    return (value ^ 0x80000000) - 0x80000000


@compiled
def record(s, value):
    """Set CR0 from a 32-bit result: LT, GT, EQ, and a copy of XER[SO]."""
    number = signed(value)
    flags = 8 if number < 0 else 4 if number > 0 else 2
    s.cr = (0 | s.cr) & 0x0FFFFFFF | (flags | (0 | s.xer) >> 31) << 28


assert isa.XER_SO == 1 << 31
