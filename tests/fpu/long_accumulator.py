"""Exact arithmetic on finite doubles, fast enough for tens of millions: a long accumulator.

A sum or product of doubles is an integer of 4,300 bits, in units of the smallest product. That
integer is computed, and its bits around the point of rounding are looked at (PEM 3.3.5, 3.3.6.2).
Nothing is ever normalised, aligned or approximated.
"""

import numpy as np
from numba import njit

U = np.uint64
LIMBS = 70
#: Bit of the accumulator that stands for one.
ONE = 2240
NEAREST, ZERO, UP, DOWN = range(4)
OX, UX, XX, FR, FI, VXCVI = 1 << 28, 1 << 27, 1 << 25, 1 << 18, 1 << 17, 1 << 8
OE, UE = 1 << 6, 1 << 5
#: Operations: +-(a * c + b); a / b; a as an integer.
MULTIPLY_ADD, DIVIDE, CONVERT = range(3)
MASK27 = (1 << 27) - 1


@njit
def split(bits):
    """Sign, integer significand and its weight as a power of two."""
    bits = np.int64(bits)
    exponent, fraction = bits >> 52 & 0x7FF, bits & (1 << 52) - 1
    if exponent:
        return bits < 0, fraction | 1 << 52, exponent - 1075
    return bits < 0, fraction, -1074


@njit
def add_at(limbs, value, position, sign):
    """Add or subtract `value` times 2**position."""
    at, offset = position >> 6, U(position & 63)
    low = U(value) << offset
    high = U(value) >> U(64) - offset if offset else U(0)
    carry = U(0)
    while at < LIMBS:
        before = limbs[at]
        if sign > 0:
            after = before + low
            over = U(after < before)
            limbs[at] = after + carry
            over += U(limbs[at] < after)
        else:
            after = before - low
            over = U(after > before)
            limbs[at] = after - carry
            over += U(limbs[at] > after)
        carry, low, high, at = over, high, U(0), at + 1
        if carry == 0 and low == 0:
            break


@njit
def bit(limbs, position):
    return np.int64(limbs[position >> 6] >> U(position & 63) & U(1))


@njit
def above(limbs, position):
    """The accumulator without its lowest bits; what is left must fit."""
    at, offset = position >> 6, U(position & 63)
    value = limbs[at] >> offset
    if offset and at + 1 < LIMBS:
        value |= limbs[at + 1] << U(64) - offset
    return np.int64(value)


@njit
def any_below(limbs, position):
    at, offset = position >> 6, U(position & 63)
    for i in range(at):
        if limbs[i]:
            return True
    return limbs[at] & (U(1) << offset) - U(1) != 0


@njit
def increments(limbs, unit, mode, negative):
    """Whether the magnitude is rounded up to a multiple of 2**unit, and whether it is inexact."""
    half, rest = bit(limbs, unit - 1), any_below(limbs, unit - 1)
    if mode == NEAREST:
        up = half and (rest or bit(limbs, unit))
    else:
        up = (half or rest) and mode == (DOWN if negative else UP)
    return bool(up), bool(half or rest)


@njit
def pack(limbs, negative, zero_negative, single, control):
    top = LIMBS - 1
    while top >= 0 and limbs[top] == 0:
        top -= 1
    if top < 0:
        return np.int64(-1 << 63 if zero_negative else 0), 0
    highest = 64 * top + 63
    while not bit(limbs, highest):
        highest -= 1
    sign = np.int64(-1 << 63 if negative else 0)
    digits, least, greatest, moved = (24, -126, 127, 192) if single else (53, -1022, 1023, 1536)
    mode, exponent, flags, shift = control & 3, highest - ONE, 0, 0
    tiny = exponent < least
    if tiny and control & UE:
        flags, shift = UX, moved
        unit = exponent - digits + 1
    else:
        unit = max(exponent, least) - digits + 1
    up, inexact = increments(limbs, unit + ONE, mode, negative)
    whole = above(limbs, unit + ONE) + up if exponent >= unit else np.int64(up)
    if inexact:
        flags |= XX | FI | (FR if up else 0) | (UX if tiny else 0)
    if whole == 0:
        return sign, flags
    size = 0
    while whole >> size:
        size += 1
    exponent = unit + size - 1
    if exponent > greatest:
        flags |= OX
        if not control & OE:
            flags |= XX | FI
            largest = 1150 << 52 | 0x7FFFFF << 29 if single else (0x7FF << 52) - 1
            outward = mode == NEAREST or mode == (DOWN if negative else UP)
            return sign | (0x7FF << 52 if outward else largest), flags
        shift = -moved
    field = exponent + shift + 1023
    if field > 0 or shift:
        fraction = whole << 53 - size if size <= 53 else whole >> 1
        return sign | (field & 0x7FF) << 52 | fraction & (1 << 52) - 1, flags
    return sign | whole, flags


@njit
def to_integer(limbs, negative, mode):
    for i in range((ONE >> 6) + 1, LIMBS):
        if limbs[i]:
            return np.int64(0x80000000 if negative else 0x7FFFFFFF), VXCVI
    up, inexact = increments(limbs, ONE, mode, negative)
    whole = above(limbs, ONE) + up
    if whole < 0 or whole > 0x7FFFFFFF + negative:
        return np.int64(0x80000000 if negative else 0x7FFFFFFF), VXCVI
    flags = XX | FI | (FR if up else 0) if inexact else 0
    return (-whole if negative else whole) & 0xFFFFFFFF, flags


@njit
def exactly(operation, operands, controls, single, add, negate, results, flags):
    """Result and flags of each row of operands (a, b, c). Without `add` there is no b."""
    limbs = np.zeros(LIMBS, np.uint64)
    for row in range(len(operands)):
        limbs[:] = 0
        control = controls[row]
        sign, a, a_weight = split(operands[row, 0])
        b_sign, b, b_weight = split(operands[row, 1])
        c_sign, c, c_weight = split(operands[row, 2])
        if operation == CONVERT:
            add_at(limbs, a, a_weight + ONE, 1)
            results[row], flags[row] = to_integer(limbs, sign, control & 3)
            continue
        zero_negative = sign != (b_sign if operation == DIVIDE else c_sign)
        negative = zero_negative
        if operation == DIVIDE and a:
            while a < b:
                a, a_weight = a << 1, a_weight - 1
            while b << 1 <= a:
                b, b_weight = b << 1, b_weight - 1
            quotient = np.int64(0)
            for _ in range(60):
                quotient <<= 1
                if a >= b:
                    a, quotient = a - b, quotient | 1
                a <<= 1
            weight = a_weight - b_weight - 59 + ONE
            add_at(limbs, quotient, weight, 1)
            if a:
                add_at(limbs, 1, weight - 1, 1)
        elif operation == MULTIPLY_ADD:
            weight = a_weight + c_weight + ONE
            for i in range(2):
                for j in range(2):
                    part = (a >> 27 * i & MASK27) * (c >> 27 * j & MASK27)
                    add_at(limbs, part, weight + 27 * (i + j), 1)
            if add:
                product_zero = a == 0 or c == 0
                if not (product_zero and b == 0 and b_sign == negative):
                    zero_negative = control & 3 == DOWN
                add_at(limbs, b, b_weight + ONE, 1 if b_sign == negative else -1)
                if bit(limbs, 64 * LIMBS - 1):
                    negative = not negative
                    limbs[:] = ~limbs
                    add_at(limbs, 1, 0, 1)
        results[row], flags[row] = pack(limbs, negative, zero_negative, single, control)
        if negate:
            results[row] ^= np.int64(-1 << 63)
