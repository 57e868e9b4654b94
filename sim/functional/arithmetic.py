"""Floating-point instructions: operands, special cases, results (PEM 4.2.2, 3.3)."""

import numpy as np

from pteg.compiled import compiled
from pteg.functional import constants as isa
from pteg.functional.estimates import reciprocal, reciprocal_root
from pteg.functional.fpscr import INVALID, finish, move_fpscr, record_status
from pteg.functional.operands import MASK32, first, second, third
from pteg.functional.softfloat import (
    INFINITY,
    ONE,
    QUIET_NAN,
    SIGN,
    TOWARD_ZERO,
    add,
    classify,
    divide,
    is_infinite,
    is_less,
    is_nan,
    is_signalling,
    is_zero,
    multiply,
    pack,
    shorten,
    to_integer,
    unpack,
)
from pteg.hw.isa.instructions import INSTRUCTIONS, Op

__all__ = ["FORM", "SUBTRACT", "NEGATE", "SINGLE", "NO_PRODUCT", "NO_SUM", "CLASS",
           "integer_result", "execute_floating"]

#: What distinguishes instructions of the form +-(frA * frC +- frB), and the precision of others.
SUBTRACT, NEGATE, SINGLE, NO_PRODUCT, NO_SUM = 1, 2, 4, 8, 16
FORM = np.zeros(len(Op), np.int64)
for _row in INSTRUCTIONS:
    _name = _row.name
    FORM[_row.op] = (SUBTRACT * ("sub" in _name) + NEGATE * _name.startswith("fnm")
                     + SINGLE * (_row.opcode == 59 or _name == "frsp")
                     + NO_PRODUCT * ("frC" not in _row.syntax)
                     + NO_SUM * ("frB" not in _row.syntax))

#: FPRF.
CLASS = isa.FPSCR_C | isa.FPSCR_FL | isa.FPSCR_FG | isa.FPSCR_FE | isa.FPSCR_FU


@compiled
def operand(s, number):
    """A register. Non-IEEE mode leaves denormalised operands alone, as recorded on hardware."""
    return np.int64(s.fpr[number])


@compiled
def quiet(a, b, c):
    """The first NaN of frA, frB and frC, made quiet, or else the default one; and VXSNAN."""
    status = 0
    if is_signalling(a) or is_signalling(b) or is_signalling(c):
        status = isa.FPSCR_VXSNAN
    if is_nan(a):
        return a | QUIET_NAN, status
    if is_nan(b):
        return b | QUIET_NAN, status
    if is_nan(c):
        return c | QUIET_NAN, status
    return QUIET_NAN, status


@compiled
def multiply_add(a, b, c, form, fpscr):
    """fadd to fnmsubs: result and status. fadd multiplies by one, fmul adds nothing."""
    undefined = (is_infinite(a) and is_zero(c)) or (is_zero(a) and is_infinite(c))
    if is_nan(a) or is_nan(b) or is_nan(c) or undefined:
        result, status = quiet(a, b, c)
        return result, status | (isa.FPSCR_VXIMZ if undefined else 0)
    if form & SUBTRACT:
        b ^= SIGN
    status = 0
    if is_infinite(a) or is_infinite(c):
        result = (a ^ c) & SIGN | INFINITY
        if is_infinite(b) and b != result:
            return QUIET_NAN, isa.FPSCR_VXISI
    elif is_infinite(b):
        result = b
    else:
        number = unpack(a)
        if not form & NO_PRODUCT:
            factor = unpack(c)
            if form & SINGLE:
                factor = shorten(factor)
            number = multiply(number, factor)
        if not form & NO_SUM:
            number = add(number, unpack(b), fpscr & 3)
        result, status = pack(number, form & SINGLE, fpscr)
    if form & NEGATE:
        result ^= SIGN
    return result, status


@compiled
def quotient(a, b, form, fpscr):
    """fdiv and fdivs: result and status."""
    if is_nan(a) or is_nan(b):
        return quiet(a, b, isa.NONE)
    sign = (a ^ b) & SIGN
    if is_infinite(a):
        return (QUIET_NAN, isa.FPSCR_VXIDI) if is_infinite(b) else (sign | INFINITY, 0)
    if is_infinite(b):
        return sign, 0
    if is_zero(b):
        return (QUIET_NAN, isa.FPSCR_VXZDZ) if is_zero(a) else (sign | INFINITY, isa.FPSCR_ZX)
    if is_zero(a):
        return sign, 0
    return pack(divide(unpack(a), unpack(b)), form & SINGLE, fpscr)


@compiled
def estimate(b, op, form, fpscr):
    """fres and frsqrte: result and status."""
    if is_nan(b):
        return quiet(isa.NONE, b, isa.NONE)
    if is_zero(b):
        return b | INFINITY, isa.FPSCR_ZX
    if op == isa.FRSQRTE and b < 0:
        return QUIET_NAN, isa.FPSCR_VXSQRT
    if is_infinite(b):
        return b & SIGN, 0
    return reciprocal(b, form & SINGLE, fpscr) if op == isa.FRES else (reciprocal_root(b), 0)


@compiled
def rounded_to_single(b, form, fpscr):
    """frsp: result and status."""
    if is_nan(b):
        return quiet(isa.NONE, b, isa.NONE)
    if is_infinite(b):
        return b, 0
    return pack(unpack(b), form & SINGLE, fpscr)


@compiled
def integer_result(value, b):
    """What fctiw writes. The upper half is undefined; the 750 marks a zero from a negative b."""
    minus_zero = 1 << 32 if value == 0 and b < 0 else 0
    return -1 << 51 | minus_zero | value & MASK32


@compiled
def converted(b, op, fpscr):
    """fctiw and fctiwz: result and status."""
    rounding = TOWARD_ZERO if op == isa.FCTIWZ else fpscr & 3
    value, status = 0, isa.FPSCR_VXCVI
    if is_nan(b):
        _, signalling = quiet(isa.NONE, b, isa.NONE)
        status |= signalling
    elif not is_infinite(b):
        value, status = to_integer(unpack(b), rounding)
    if status & isa.FPSCR_VXCVI:
        largest = b > 0 and not is_nan(b) and not fpscr & isa.FPSCR_NI
        value = 0x7FFFFFFF if largest else 0x80000000
    return integer_result(value, b), status


@compiled
def compare_floats(s, m, op, word):
    """fcmpu and fcmpo. FR, FI and the class bit stay as they are."""
    a, b = operand(s, second(word)), operand(s, third(word))
    status, flags = 0, isa.FPSCR_FU
    if is_nan(a) or is_nan(b):
        _, status = quiet(a, b, isa.NONE)
        # An invalid comparison too, unless the signalling NaN has caused an exception already.
        if op == isa.FCMPO and not (status and s.fpscr & isa.FPSCR_VE):
            status |= isa.FPSCR_VXVC
    elif is_less(a, b):
        flags = isa.FPSCR_FL
    else:
        flags = isa.FPSCR_FG if is_less(b, a) else isa.FPSCR_FE
    record_status(s, status | flags,
                  isa.FPSCR_FL | isa.FPSCR_FG | isa.FPSCR_FE | isa.FPSCR_FU)
    shift = 28 - 4 * (word >> 23 & 7)
    s.cr = (0 | s.cr) & ~(15 << shift) | flags >> 12 << shift
    return finish(s, m, isa.NONE)


@compiled
def move_register(s, op, word):
    """fsel, fneg, fmr, fnabs, fabs: no arithmetic, no exceptions, no FPRF."""
    bits = np.int64(s.fpr[third(word)])
    if op == isa.FSEL:
        tested = np.int64(s.fpr[second(word)])
        if not is_nan(tested) and (tested >= 0 or is_zero(tested)):
            bits = np.int64(s.fpr[word >> 6 & 31])
    elif op == isa.FNEG:
        bits ^= SIGN
    elif op == isa.FNABS:
        bits |= SIGN
    elif op == isa.FABS:
        bits &= ~SIGN
    s.fpr[first(word)] = bits
    if word & 1:
        s.cr = (0 | s.cr) & ~0x0F000000 | (0 | s.fpscr) >> 28 << 24
    return isa.OUT_NEXT


@compiled
def execute_floating(s, m, op, word):
    """fadd to mtfsf."""
    if op >= isa.MCRFS:
        return move_fpscr(s, m, op, word)
    if op >= isa.FCMPU:
        return compare_floats(s, m, op, word)
    if op >= isa.FNEG or op == isa.FSEL:
        return move_register(s, op, word)

    fpscr, form = 0 | s.fpscr, FORM[op]
    b = operand(s, third(word))
    if op == isa.FRSQRTE or op == isa.FRES:
        result, status = estimate(b, op, form, fpscr)
    elif op == isa.FRSP:
        result, status = rounded_to_single(b, form, fpscr)
    elif op == isa.FCTIW or op == isa.FCTIWZ:
        result, status = converted(b, op, fpscr)
    elif op == isa.FDIV or op == isa.FDIVS:
        result, status = quotient(operand(s, second(word)), b, form, fpscr)
    else:
        c = ONE if form & NO_PRODUCT else operand(s, word >> 6 & 31)
        b = 0 if form & NO_SUM else b
        result, status = multiply_add(operand(s, second(word)), b, c, form, fpscr)

    changed = isa.FPSCR_FR | isa.FPSCR_FI
    # An enabled invalid operation or zero divide leaves no result (PEM tables 3-12, 3-13).
    invalid = status & INVALID and fpscr & isa.FPSCR_VE
    if not invalid and not (status & isa.FPSCR_ZX and fpscr & isa.FPSCR_ZE):
        if form & SINGLE and is_nan(result):  # it loses what a single has no room for
            result &= -1 << 29
        s.fpr[first(word)] = result
        if op != isa.FCTIW and op != isa.FCTIWZ:  # an integer has no class
            changed |= CLASS
            status |= classify(result, form & SINGLE)
    record_status(s, status, changed)
    return finish(s, m, word)
