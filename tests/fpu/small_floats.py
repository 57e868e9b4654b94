"""Floating-point arithmetic of a small format by its definition: look up the neighbours of a value.

Everything is an integer number of `UNIT`ths. The values of a format are listed; the exact result
lies between two neighbours of the list, and the rounding mode chooses one of them. Nothing here has
significands, shifts or sticky bits. Works on whole arrays, so that all operands can be tried.
"""

import numpy as np

NEAREST, ZERO, UP, DOWN = range(4)
OX, UX, ZX, XX = (1 << 31 - bit for bit in (3, 4, 5, 6))
VXSNAN, VXISI, VXIDI, VXZDZ, VXIMZ = (1 << 31 - bit for bit in range(7, 12))
FR, FI, VXCVI = 1 << 18, 1 << 17, 1 << 8
#: Room for the smallest product, and for halves of its last bit.
SHIFT = 24
UNIT = 1 << SHIFT
#: Enables in FPSCR.
OE, UE = 1 << 6, 1 << 5


class Small:
    """The arithmetic of a pair of formats.

    Parameters
    ----------
    formats : pteg.hw.fpu.formats.Formats
    """

    def __init__(self, formats):
        self.formats = formats
        wide = formats.wide
        self.sign = 1 << wide.width - 1
        self.inf, self.nan = formats.infinity, formats.quiet_nan
        self.magnitudes = np.array([self._value(bits) for bits in range(self.inf)])

    def _value(self, bits):
        wide = self.formats.wide
        exponent, fraction = bits >> wide.fraction, bits & (1 << wide.fraction) - 1
        significand = fraction | (1 << wide.fraction if exponent else 0)
        return significand << SHIFT - wide.fraction + max(exponent, 1) - wide.bias

    def value(self, bits):
        """Exact value of finite numbers; whatever, for others."""
        magnitude = self.magnitudes[np.minimum(bits & self.sign - 1, self.inf - 1)]
        return np.where(bits & self.sign, -magnitude, magnitude)

    def is_nan(self, bits):
        return bits & self.sign - 1 > self.inf

    def is_inf(self, bits):
        return bits & self.sign - 1 == self.inf

    def is_zero(self, bits):
        return bits & self.sign - 1 == 0

    def grid(self, format, denormals):
        """The magnitudes of a format, with any exponent upwards: zero and the denormalised ones,
        or else any exponent downwards too. Even and odd ones take turns; the first is even."""
        def binade(exponent, first):
            return [fraction << SHIFT - format.fraction + exponent
                    for fraction in range(first, 2 << format.fraction)]

        hidden = 1 << format.fraction
        values = binade(format.least, 0) if denormals else []
        for exponent in range(format.least + 1 if denormals else -16, 16):
            values += binade(exponent, hidden)
        return np.array(values)

    def encode(self, values, moved=0):
        """Bits of representable magnitudes times 2**moved; an exponent too large wraps."""
        wide, bits = self.formats.wide, []
        for value in map(int, values):
            exponent = value.bit_length() - 1 - SHIFT
            if value == 0 or not moved and exponent < wide.least:
                bits.append(value >> SHIFT - wide.fraction + wide.least)
            else:
                fraction = (value << wide.fraction >> exponent + SHIFT) - (1 << wide.fraction)
                field = exponent + moved + wide.bias & (1 << wide.exponent) - 1
                bits.append(field << wide.fraction | fraction)
        return np.array(bits)

    def rounded(self, exact, sticky, zero_sign, narrow, control):
        """Bits and flags of `exact`, a number of units, and a bit more where `sticky`."""
        format = self.formats.narrow if narrow else self.formats.wide
        ni, ue = control & 4, control & UE
        negative = exact < 0
        x = 2 * np.abs(exact) + sticky
        tiny = (x > 0) & (x < 2 << SHIFT + format.least)
        bits, flags = self._nearby(x, tiny, negative, format, control, adjusted=False)
        if ue:
            moved, status = self._nearby(x, tiny, negative, format, control, adjusted=True)
            bits, flags = np.where(tiny, moved, bits), np.where(tiny, status | UX, flags)
        elif ni:
            bits, flags = np.where(tiny, 0, bits), np.where(tiny, UX | XX | FI, flags)
        return bits | np.where(np.where(x == 0, zero_sign, negative), self.sign, 0), flags

    def _nearby(self, x, tiny, negative, format, control, adjusted):
        """Magnitude and flags for twice a magnitude `x`, odd if there is more behind it."""
        mode = control & 3
        values = self.grid(format, denormals=not adjusted)
        below = np.searchsorted(2 * values, x, side="right") - 1
        inexact = 2 * values[below] != x
        middle = values[below] + values[below + inexact]
        if mode == NEAREST:
            up = (x > middle) | (x == middle) & (below % 2 == 1)
        else:
            up = np.where(negative, mode == DOWN, mode == UP)
        up &= inexact
        chosen = below + up
        bits = self.encode(values, format.adjustment if adjusted else 0)[chosen]
        flags = np.where(inexact, XX | FI, 0) | np.where(up, FR, 0)
        flags |= np.where(inexact & tiny, UX, 0)

        largest = values[np.searchsorted(values, 1 << SHIFT + format.greatest + 1) - 1]
        over = values[chosen] > largest
        if control & OE:
            bits = np.where(over, self.encode(values, -format.adjustment)[chosen], bits)
            return bits, flags | np.where(over, OX, 0)
        outward = np.where(negative, mode in (NEAREST, DOWN), mode in (NEAREST, UP))
        (most,) = self.encode([largest])
        bits = np.where(over, np.where(outward, self.inf, most), bits)
        return bits, flags | np.where(over, OX | XX | FI, 0)

    # Operations -----------------------------------------------------------------------------------

    def first_nan(self, *operands, narrow=False):
        result = np.full_like(operands[0], self.nan)
        flags = np.zeros_like(operands[0])
        quiet = 1 << self.formats.wide.fraction - 1
        for x in reversed(operands):
            result = np.where(self.is_nan(x), x | quiet, result)
            flags |= np.where(self.is_nan(x) & (x & quiet == 0), VXSNAN, 0)
        cut = self.formats.wide.fraction - self.formats.narrow.fraction if narrow else 0
        return result >> cut << cut, flags

    def shortened(self, c):
        """frC as narrow products use it: so many digits and one more, halves rounded up."""
        magnitude = np.abs(c)
        keep = self.formats.narrow.precision + 1
        last = np.ones_like(magnitude)
        for exponent in range(-16, 16):
            last = np.where(magnitude >= 1 << SHIFT + exponent, 1 << SHIFT + exponent - keep + 1,
                            last)
        short = (magnitude + last // 2) // last * last
        return np.where(c < 0, -short, short)

    def multiply_add(self, a, c, b, narrow, negate, control):
        """+-(a * c + b). Without an addend, b is None; without a factor, c is None."""
        wide = self.formats.wide
        factor = c if c is not None else np.full_like(
            a, wide.bias << wide.fraction)
        addend = b if b is not None else np.zeros_like(a)
        exact_c = self.value(factor)
        if narrow and c is not None:
            exact_c = self.shortened(exact_c)
        product = self.value(a) * (exact_c >> SHIFT // 2) >> SHIFT // 2
        total = product + self.value(addend)
        sign = (a ^ factor) & self.sign
        zero_sign = np.full_like(a, control & 3 == DOWN)
        if b is None:
            zero_sign = sign != 0
        else:
            both = (product == 0) & self.is_zero(addend) & (sign == addend & self.sign)
            zero_sign = np.where(both, sign != 0, zero_sign)
        result, flags = self.rounded(total, 0, zero_sign, narrow, control)
        inf_product = self.is_inf(a) | self.is_inf(factor)
        result = np.where(self.is_inf(addend), addend, result)
        result = np.where(inf_product, sign | self.inf, result)
        flags = np.where(self.is_inf(addend) | inf_product, 0, flags)
        if negate:
            result ^= self.sign
        clash = inf_product & self.is_inf(addend) & (addend != sign | self.inf)
        result, flags = np.where(clash, self.nan, result), np.where(clash, VXISI, flags)
        undefined = (self.is_inf(a) & self.is_zero(factor)) | (
            self.is_inf(factor) & self.is_zero(a))
        nan, signalling = self.first_nan(a, addend, factor, narrow=narrow)
        special = undefined | self.is_nan(a) | self.is_nan(addend) | self.is_nan(factor)
        signalling |= np.where(undefined, VXIMZ, 0)
        return np.where(special, nan, result), np.where(special, signalling, flags)

    def quotient(self, a, b, narrow, control):
        sign = (a ^ b) & self.sign
        top, bottom = np.abs(self.value(a)), np.abs(self.value(b))
        bottom = np.where(bottom == 0, UNIT, bottom)
        whole, rest = (top << SHIFT) // bottom, (top << SHIFT) % bottom != 0
        result, flags = self.rounded(np.where(sign, -whole, whole), rest, sign != 0, narrow,
                                     control)
        for where, bits, status in (
                (self.is_zero(a), sign, 0),
                (self.is_zero(b), sign | self.inf, ZX),
                (self.is_inf(b), sign, 0),
                (self.is_inf(a), sign | self.inf, 0),
                (self.is_zero(a) & self.is_zero(b), self.nan, VXZDZ),
                (self.is_inf(a) & self.is_inf(b), self.nan, VXIDI)):
            result, flags = np.where(where, bits, result), np.where(where, status, flags)
        nan, signalling = self.first_nan(a, b, narrow=narrow)
        special = self.is_nan(a) | self.is_nan(b)
        return np.where(special, nan, result), np.where(special, signalling, flags)

    def to_integer(self, b, control, mode):
        """Integer (two's complement) and flags."""
        exact = self.value(b)
        below = exact >> SHIFT
        rest = exact & UNIT - 1
        if mode == NEAREST:
            up = (2 * rest > UNIT) | (2 * rest == UNIT) & (below & 1 == 1)
        else:
            up = (rest > 0) & np.where(exact < 0, mode in (UP, ZERO), mode == UP)
        integer = below + up
        limit = 1 << self.formats.integer - 1
        away = np.where(exact < 0, ~up, up) & (rest > 0)
        flags = np.where(rest > 0, XX | FI, 0) | np.where(away, FR, 0)
        invalid = self.is_nan(b) | self.is_inf(b) | (integer >= limit) | (integer < -limit)
        positive = (b & self.sign == 0) & ~self.is_nan(b) & (not control & 4)
        integer = np.where(invalid, np.where(positive, limit - 1, -limit), integer)
        _, signalling = self.first_nan(b)
        return integer & 2 * limit - 1, np.where(invalid, VXCVI | signalling, flags)
