"""Binary floating-point arithmetic on integers: IEEE 754 as PEM chapter 3 and appendix D define it.

A register holds a double as 64 bits; here they are an int64. Inside, a finite number is a tuple

    (sign, exponent, high, low):  (-1)**sign * (high + low / 2**60) / 2**59 * 2**exponent

with `high` from 2**59 to 2**60 - 1, or both limbs 0 for zero. These 120 bits hold the product of
two significands exactly. Bits that are shifted out at the right are or-ed into the last bit, which
is far enough behind the point of rounding to represent all of them.

An operation is: `unpack` its operands, `multiply`, `add` or `divide`, then `pack`, which rounds
once. It answers with the bits of the result and with the FPSCR bits of what happened: exceptions,
FR and FI. Infinities and NaNs are the callers' (`pteg.functional.arithmetic`).
"""

from pteg.compiled import compiled
from pteg.functional import constants as isa

__all__ = ["TOWARD_ZERO", "SIGN", "INFINITY", "QUIET_NAN", "ONE", "is_nan", "is_signalling",
           "is_infinite", "is_zero", "is_less", "classify", "unpack", "multiply", "shorten", "add",
           "divide", "pack", "to_integer"]

SIGN = -1 << 63
MAGNITUDE = (1 << 63) - 1
INFINITY = 0x7FF << 52
QUIET_NAN = 0xFFF << 51
ONE = 1023 << 52

#: Bits of a limb, its leading one, all of it.
LIMB, TOP, MASK = 60, 1 << 59, (1 << 60) - 1

NEAREST, TOWARD_ZERO, UPWARD, DOWNWARD = range(4)

#: Bits of fraction when rounding to an integer: more than rounding needs.
INTEGER_FRACTION = 27


# -- Classes --------------------------------------------------------------------------------------

@compiled
def is_nan(bits):
    return bits & MAGNITUDE > INFINITY


@compiled
def is_signalling(bits):
    return is_nan(bits) and not bits >> 51 & 1


@compiled
def is_infinite(bits):
    return bits & MAGNITUDE == INFINITY


@compiled
def is_zero(bits):
    return bits & MAGNITUDE == 0


@compiled
def is_less(a, b):
    """Whether a < b. Neither is a NaN."""
    # Magnitudes are ordered as integers.
    a = -(a & MAGNITUDE) if a < 0 else a
    b = -(b & MAGNITUDE) if b < 0 else b
    return a < b


@compiled
def classify(bits, single):
    """FPRF: class and sign of a result (PEM table 3-3)."""
    sign = bits < 0
    exponent = bits >> 52 & 0x7FF
    if is_nan(bits):
        return isa.FPSCR_C | isa.FPSCR_FU
    if is_zero(bits):
        return isa.FPSCR_FE | (isa.FPSCR_C if sign else 0)
    side = isa.FPSCR_FL if sign else isa.FPSCR_FG
    if exponent == 0x7FF:
        return side | isa.FPSCR_FU
    return side | (isa.FPSCR_C if exponent < (897 if single else 1) else 0)


# -- Operands -------------------------------------------------------------------------------------

@compiled
def unpack(bits):
    """A finite number, normalised."""
    sign, exponent, fraction = bits >> 63 & 1, bits >> 52 & 0x7FF, bits & ((1 << 52) - 1)
    if exponent:
        return sign, exponent - 1023, (fraction | 1 << 52) << 7, isa.NONE
    if fraction == 0:
        return sign, isa.NONE, isa.NONE, isa.NONE
    return normalise(sign, exponent - 1022, fraction << 7, isa.NONE)


@compiled
def normalise(sign, exponent, high, low):
    """Shift the leading one, which there is, to the top."""
    if high == 0:
        high, low, exponent = low, 0, exponent - LIMB
    step = 0 if high >= TOP else 32
    while step:
        if high < 1 << LIMB - step:
            high = high << step | low >> LIMB - step
            low = low << step & MASK
            exponent -= step
        step >>= 1
    return sign, exponent, high, low


@compiled
def shift_right(significand, places):
    """One limb to the right; a lost bit sets the last one."""
    if places > LIMB:
        return 1 if significand else 0
    lost = significand & ((1 << places) - 1)
    return significand >> places | (1 if lost else 0)


@compiled
def shift_right_both(high, low, places):
    """Both limbs to the right; a lost bit sets the last one."""
    if places >= LIMB:
        return 0, shift_right(high, places - LIMB) | (1 if low else 0)
    crossing = (high & ((1 << places) - 1)) << LIMB - places
    return high >> places, crossing | shift_right(low, places)


# -- Operations -----------------------------------------------------------------------------------

@compiled
def multiply(x, y):
    """The exact product, from four products of half limbs."""
    (sign, exponent, a, _), (y_sign, y_exponent, b, _) = x, y
    sign ^= y_sign
    if a == 0 or b == 0:
        return sign, isa.NONE, isa.NONE, isa.NONE
    half, half_mask = LIMB // 2, (1 << LIMB // 2) - 1
    a_high, a_low, b_high, b_low = a >> half, a & half_mask, b >> half, b & half_mask
    middle = a_high * b_low + a_low * b_high
    low = a_low * b_low + ((middle & half_mask) << half)
    high = a_high * b_high + (middle >> half) + (low >> LIMB)
    low &= MASK
    exponent += y_exponent + 1
    if high < TOP:
        high, low, exponent = high << 1 | low >> LIMB - 1, low << 1 & MASK, exponent - 1
    return sign, exponent, high, low


@compiled
def shorten(x):
    """An operand as the second factor of a single-precision multiplication: 25 bits.

    The 750 makes such a product in one pass through its multiplier, which takes no more of frC.
    Operands that are single-precision numbers, as the architecture demands, are not changed.
    """
    sign, exponent, high, low = x
    last = 1 << LIMB - 26
    high = (high & -last) + (high & last)
    if high >> LIMB:
        high, exponent = high >> 1, exponent + 1
    return sign, exponent, high, low


@compiled
def add(x, y, rounding):
    """The sum, exact but for the last bit. The rounding mode chooses the sign of x - x."""
    if x[2] == 0 and y[2] == 0:
        if x[0] == y[0]:
            return x
        return (1 if rounding == DOWNWARD else 0), isa.NONE, isa.NONE, isa.NONE
    if x[2] == 0:
        return y
    if y[2] == 0:
        return x
    if y[1] > x[1] or (y[1] == x[1] and (y[2] > x[2] or (y[2] == x[2] and y[3] > x[3]))):
        x, y = y, x
    sign, exponent, high, low = x
    y_high, y_low = shift_right_both(y[2], y[3], min(exponent - y[1], 2 * LIMB))
    if sign == y[0]:
        low += y_low
        high += y_high + (low >> LIMB)
        low &= MASK
        if high >> LIMB:
            low = low >> 1 | low & 1 | (high & 1) << LIMB - 1
            high, exponent = high >> 1, exponent + 1
        return sign, exponent, high, low
    low -= y_low
    high -= y_high + (1 if low < 0 else 0)
    low &= MASK
    if high == 0 and low == 0:
        return (1 if rounding == DOWNWARD else 0), isa.NONE, isa.NONE, isa.NONE
    return normalise(sign, exponent, high, low)


@compiled
def divide(x, y):
    """The quotient of two numbers that are not zero: 55 bits by long division, and the rest."""
    (sign, exponent, a, _), (y_sign, y_exponent, b, _) = x, y
    exponent -= y_exponent
    if a < b:
        a, exponent = a << 1, exponent - 1
    a, b = a >> 7, b >> 7
    quotient, rest = 1, a - b
    for _ in range(6):  # nine bits at a time, so that the dividend fits
        rest <<= 9
        digit = rest // b
        quotient, rest = quotient << 9 | digit, rest - digit * b
    return sign ^ y_sign, exponent, quotient << 5 | (1 if rest else 0), isa.NONE


# -- Results --------------------------------------------------------------------------------------

@compiled
def round_up(rounding, sign, kept, rest, half):
    """Whether a magnitude is incremented, `rest` of which is cut off (PEM 3.3.5)."""
    if rounding == NEAREST:
        return 1 if rest > half or (rest == half and kept & 1) else 0
    away = rounding == (DOWNWARD if sign else UPWARD)
    return 1 if rest and away else 0


@compiled
def pack(number, single, fpscr):
    """Round to the bits of a result. A single is a double with 24 bits and a small exponent.

    Tininess is detected before rounding (PEM 3.3.6.2.2). If the exception is enabled, an overflow
    or underflow gives a result whose exponent has been moved into range.
    """
    sign, exponent, high, low = number
    if high == 0:
        return sign << 63, 0
    least, greatest, moved, cut = (-126, 127, 192, 36) if single else (-1022, 1023, 1536, 7)
    significand = high | (1 if low else 0)
    status = 0
    tiny = exponent < least
    if tiny and fpscr & isa.FPSCR_UE:
        status, exponent = isa.FPSCR_UX, exponent + moved
    elif tiny and fpscr & isa.FPSCR_NI:
        return sign << 63, isa.FPSCR_UX | isa.FPSCR_XX | isa.FPSCR_FI
    elif tiny:
        significand, exponent = shift_right(significand, least - exponent), least

    rounding = fpscr & 3
    kept, rest = significand >> cut, significand & ((1 << cut) - 1)
    up = round_up(rounding, sign, kept, rest, 1 << cut - 1)
    kept += up
    if kept >> LIMB - cut:
        kept, exponent = kept >> 1, exponent + 1
    if rest:
        status |= isa.FPSCR_XX | isa.FPSCR_FI | (isa.FPSCR_FR if up else 0)
        if tiny:
            status |= isa.FPSCR_UX

    if exponent > greatest:
        status |= isa.FPSCR_OX
        if fpscr & isa.FPSCR_OE:
            exponent -= moved
        else:
            status |= isa.FPSCR_XX | isa.FPSCR_FI
            return sign << 63 | overflowed(rounding, sign, single), status

    kept <<= cut - 7
    if single and kept:  # a denormalised single is a normalised double
        while kept < 1 << 52:
            kept, exponent = kept << 1, exponent - 1
    elif kept < 1 << 52:
        return sign << 63 | kept, status
    return sign << 63 | (exponent + 1023 & 0x7FF) << 52 | kept & ((1 << 52) - 1), status


@compiled
def overflowed(rounding, sign, single):
    """Magnitude of a result that is too large: infinity, or the largest number."""
    if rounding == NEAREST or rounding == (DOWNWARD if sign else UPWARD):
        return INFINITY
    return 1150 << 52 | 0x7FFFFF << 29 if single else INFINITY - 1


@compiled
def to_integer(number, rounding):
    """Round to an integer of 32 bits and sign. Returns it, FR and FI; or VXCVI, if it is none."""
    sign, exponent, high, _ = number
    if exponent > 31:
        return 0, isa.FPSCR_VXCVI
    fixed = shift_right(high, LIMB - 1 - INTEGER_FRACTION - exponent)
    kept, rest = fixed >> INTEGER_FRACTION, fixed & ((1 << INTEGER_FRACTION) - 1)
    up = round_up(rounding, sign, kept, rest, 1 << INTEGER_FRACTION - 1)
    kept += up
    if kept > (1 << 31) - (0 if sign else 1):
        return 0, isa.FPSCR_VXCVI
    status = 0
    if rest:
        status = isa.FPSCR_XX | isa.FPSCR_FI | (isa.FPSCR_FR if up else 0)
    return (-kept if sign else kept), status
