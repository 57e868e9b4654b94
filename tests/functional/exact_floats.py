"""What a floating-point operation must give, in exact arithmetic: rationals, then one rounding.

Written from the manual (PEM 3.3) and IEEE 754 alone, and shares nothing with the models. Operands
are bits of doubles. The result is the bits and the FPSCR bits set by the instruction, FPRF apart;
only the exceptions of the operation itself, not their enables.
"""

import struct
from fractions import Fraction

NEAREST, ZERO, UP, DOWN = range(4)
OX, UX, ZX, XX = (1 << 31 - bit for bit in (3, 4, 5, 6))
VXSNAN, VXISI, VXIDI, VXZDZ, VXIMZ, VXVC = (1 << 31 - bit for bit in range(7, 13))
FR, FI = 1 << 18, 1 << 17
VXCVI = 1 << 8
OE, UE = 1 << 6, 1 << 5
DEFAULT_NAN = 0x7FF8000000000000
INF = 0x7FF0000000000000
SIGN = 1 << 63


def is_nan(bits):
    return bits & ~SIGN > INF


def is_inf(bits):
    return bits & ~SIGN == INF


def value(bits):
    (number,) = struct.unpack(">d", bits.to_bytes(8, "big"))
    return Fraction(number)


def first_nan(*operands, single=False):
    flags = VXSNAN if any(is_nan(x) and not x >> 51 & 1 for x in operands) else 0
    cut = 29 if single else 0
    for x in operands:
        if is_nan(x):
            return (x | 1 << 51) >> cut << cut, flags
    return DEFAULT_NAN, flags


def floor_log2(x):
    estimate = x.numerator.bit_length() - x.denominator.bit_length()
    while Fraction(2) ** estimate > x:
        estimate -= 1
    while Fraction(2) ** (estimate + 1) <= x:
        estimate += 1
    return estimate


def integer_near(x, mode, negative):
    """The non-negative x rounded to an integer, as part of a number of this sign."""
    whole = x.numerator // x.denominator
    rest = x - whole
    if mode == NEAREST:
        up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole & 1)
    else:
        up = rest > 0 and mode == (DOWN if negative else UP)
    return whole + bool(up), bool(rest), bool(up)


def encode(negative, magnitude):
    """Bits of a number that a double can hold."""
    number = float(magnitude)
    assert Fraction(number) == magnitude
    return int.from_bytes(struct.pack(">d", number), "big") | (SIGN if negative else 0)


def rounded(x, mode, single, negative_zero=False, enables=0):
    """Round a rational. The sign of zero is the caller's."""
    if x == 0:
        return (SIGN if negative_zero else 0), 0
    digits, least, greatest, moved = (24, -126, 127, 192) if single else (53, -1022, 1023, 1536)
    negative, x = x < 0, abs(x)
    flags = 0
    exponent = floor_log2(x)
    tiny = exponent < least
    if tiny and enables & UE:
        flags |= UX
        x *= Fraction(2) ** moved
        exponent += moved
    unit = Fraction(2) ** (max(exponent, least) - digits + 1)
    if tiny and enables & UE:
        unit = Fraction(2) ** (exponent - digits + 1)
    whole, inexact, up = integer_near(x / unit, mode, negative)
    result = whole * unit
    if inexact:
        flags |= XX | FI | (FR if up else 0) | (UX if tiny else 0)
    if result >= Fraction(2) ** (greatest + 1):
        flags |= OX
        if enables & OE:
            return encode(negative, result / Fraction(2) ** moved), flags
        flags |= XX | FI
        largest = (2 - Fraction(2) ** (1 - digits)) * Fraction(2) ** greatest
        if mode == NEAREST or mode == (DOWN if negative else UP):
            return INF | (SIGN if negative else 0), flags
        return encode(negative, largest), flags
    return encode(negative, result), flags


def multiply_add(a, c, b, mode, single=False, negate=False, enables=0):
    """+-(a * c + b). Without an addend, b is None."""
    undefined = (is_inf(a) and not c & ~SIGN) or (is_inf(c) and not a & ~SIGN)
    operands = [x for x in (a, b, c) if x is not None]
    if undefined or any(map(is_nan, operands)):
        result, flags = first_nan(*operands, single=single)
        return result, flags | (VXIMZ if undefined else 0)
    sign = (a ^ c) & SIGN
    flip = SIGN if negate else 0
    if is_inf(a) or is_inf(c):
        if b is not None and is_inf(b) and b != sign | INF:
            return DEFAULT_NAN, VXISI
        return (sign | INF) ^ flip, 0
    if b is not None and is_inf(b):
        return b ^ flip, 0
    total = value(a) * value(c)
    negative_zero = bool(sign)
    if b is not None:
        both_zero = total == 0 and value(b) == 0
        total += value(b)
        if not (both_zero and sign == b & SIGN):
            negative_zero = mode == DOWN
    result, flags = rounded(total, mode, single, negative_zero, enables)
    return result ^ flip, flags


def quotient(a, b, mode, single=False, enables=0):
    if is_nan(a) or is_nan(b):
        return first_nan(a, b, single=single)
    sign = (a ^ b) & SIGN
    if is_inf(a):
        return (DEFAULT_NAN, VXIDI) if is_inf(b) else (sign | INF, 0)
    if is_inf(b):
        return sign, 0
    if not b & ~SIGN:
        return (sign | INF, ZX) if a & ~SIGN else (DEFAULT_NAN, VXZDZ)
    return rounded(value(a) / value(b), mode, single, bool(sign), enables)


def to_single(b, mode, enables=0):
    if is_nan(b):
        return first_nan(b, single=True)
    if is_inf(b):
        return b, 0
    return rounded(value(b), mode, True, bool(b & SIGN), enables)


def to_integer(b, mode):
    """The low word of the result."""
    if is_nan(b):
        return 0x80000000, VXCVI | first_nan(b)[1]
    if is_inf(b):
        return 0x80000000 if b & SIGN else 0x7FFFFFFF, VXCVI
    negative = bool(b & SIGN)
    whole, inexact, up = integer_near(abs(value(b)), mode, negative)
    if whole > 0x7FFFFFFF + negative:
        return 0x80000000 if negative else 0x7FFFFFFF, VXCVI
    flags = (XX | FI | (FR if up else 0)) if inexact else 0
    return (-whole if negative else whole) & 0xFFFFFFFF, flags


def fprf(bits, single=False):
    """Class and sign of a result, in the place that FPSCR has for them."""
    negative, exponent = bits >> 63, bits >> 52 & 0x7FF
    if is_nan(bits):
        code = 0b10001
    elif is_inf(bits):
        code = 0b01001 if negative else 0b00101
    elif not bits & ~SIGN:
        code = 0b10010 if negative else 0b00010
    else:
        denormalised = exponent < (897 if single else 1)
        code = (0b01000 if negative else 0b00100) | denormalised << 4
    return code << 12
