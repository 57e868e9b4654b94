"""The usual case of floating-point instructions, by the host's arithmetic; the rest is left.

In the usual case, rounding is to nearest, numbers are well inside the range of normal numbers,
inexact exceptions are disabled, and none is pending. Then only XX can be newly set, and FX with it.
"""

import numpy as np

from pteg.compiled import inlined
from pteg.functional import constants as isa
from pteg.functional.arithmetic import (
    CLASS,
    FORM,
    NEGATE,
    NO_PRODUCT,
    NO_SUM,
    SINGLE,
    SUBTRACT,
    execute_floating,
    integer_result,
)
from pteg.functional.host_floats import (
    bits_of,
    double_of,
    is_usual,
    multiplied_and_added,
    nearest_integer,
    nearest_single,
    product,
    quotient_of,
    total,
)
from pteg.functional.operands import first, second, third
from pteg.functional.softfloat import SIGN

__all__ = ["execute_usually"]

#: FPSCR bits with which nothing is usual: RN, NI, XE, FEX.
UNUSUAL = 3 | isa.FPSCR_NI | isa.FPSCR_XE | isa.FPSCR_FEX
#: What an operation without exceptions changes besides FPRF.
ROUNDED = isa.FPSCR_FR | isa.FPSCR_FI
#: Bits of frC that make it longer than a single-precision multiplication takes, see `shorten`.
LONG_FACTOR = (1 << 28) - 1


@inlined
def rounding(fpscr, result, error):
    """FR, FI, XX and FX after an operation whose result was `error` too small."""
    if error == 0.0:
        return 0
    status = isa.FPSCR_FI | isa.FPSCR_XX | (0 if fpscr & isa.FPSCR_XX else isa.FPSCR_FX)
    return status | (isa.FPSCR_FR if (error < 0.0) != (result < 0.0) else 0)


@inlined
def compute(s, op, form, word):
    """fadd to fnmsubs, and frsp. Returns whether it is the usual case, and done."""
    b = double_of(np.int64(s.fpr[third(word)]) ^ (SIGN if form & SUBTRACT else 0))
    a, c = double_of(np.int64(s.fpr[second(word)])), np.int64(s.fpr[word >> 6 & 31])
    if op == isa.FRSP:
        result, error = b, 0.0
    elif op == isa.FDIV or op == isa.FDIVS:
        result, error = quotient_of(a, b)
    elif form & NO_PRODUCT:
        result, error = total(a, b)
    elif form & SINGLE and c & LONG_FACTOR:
        return False
    elif form & NO_SUM:
        result, error = product(a, double_of(c))
    else:
        result, error = multiplied_and_added(a, double_of(c), b)
    if form & SINGLE:
        result, error = nearest_single(result, error)
    if not is_usual(result, error, form & SINGLE):
        return False

    bits = bits_of(result) ^ (SIGN if form & NEGATE else 0)
    s.fpr[first(word)] = bits
    status = isa.FPSCR_FL if bits < 0 else isa.FPSCR_FG
    if result == 0.0:
        status = isa.FPSCR_FE | (isa.FPSCR_C if bits < 0 else 0)
    before = 0 | s.fpscr
    s.fpscr = before & ~(ROUNDED | CLASS) | status | rounding(before, result, error)
    return True


@inlined
def convert(s, op, word):
    """fctiw and fctiwz. Returns whether it is the usual case, and done."""
    number = double_of(np.int64(s.fpr[third(word)]))
    if not abs(number) <= 0x7FFFFFFF:
        return False
    result, error = nearest_integer(number, op == isa.FCTIWZ)
    s.fpr[first(word)] = integer_result(np.int64(result), bits_of(number))
    before = 0 | s.fpscr
    s.fpscr = before & ~ROUNDED | rounding(before, number, error)
    return True


@inlined
def execute_usually(s, m, op, word):
    """fadd to mtfsf."""
    done = False
    if not s.fpscr & UNUSUAL:
        if op <= isa.FNMSUBS or op == isa.FRSP:
            done = compute(s, op, FORM[op], word)
        elif op == isa.FCTIW or op == isa.FCTIWZ:
            done = convert(s, op, word)
    if not done:
        return execute_floating(s, m, op, word)
    if word & 1:
        s.cr = (0 | s.cr) & ~0x0F000000 | (0 | s.fpscr) >> 28 << 24
    return isa.OUT_NEXT
