"""The usual case of floating-point arithmetic, on the host's doubles.

Rounding to nearest is what the host does too. What it does not tell is FR and FI; they follow from
the error of the rounding, exact minus rounded, which the host can compute without another error:

* of a sum by 2Sum (Knuth, The Art of Computer Programming 2, 4.2.2, theorems A and B);
* of a product by one fused multiply-add (from halves: Dekker, "A floating-point technique for
  extending the available precision", 1971);
* of a fused multiply-add by ErrFma (Boldo and Muller, "Exact and approximated error of the FMA",
  2011), whose last sum is rounded here, which keeps its sign;
* of a quotient by its remainder, which has the sign of the error times the divisor (Bohlender,
  Walter, Kornerup, Matula, "Semantics for exact floating point operations", 1991).

These theorems suppose unbounded exponents. Sums of doubles are multiples of 2**-1074 and lose
nothing at the lower end. A product a * c, a = A * 2**i and c = C * 2**j with A, C < 2**53, is a
multiple of 2**(i+j); if it is zero, or at least 2**-959, then 2**(i+j) > 2**-1066, and its error
loses nothing either, nor does the remainder of a division whose dividend is that large. Overflow of
any step makes an infinity and then, because each is subtracted again, an infinite error or none (a
NaN). The host's arithmetic must be IEEE 754's, with denormalised numbers: nothing is contracted or
reordered by the compiler, since numba does so only when asked.

Round to single: the last bit of the rounded double is made odd if there was an error, which makes
it a number on the same side of all singles and of all points between two, as the exact result is
(Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008); that is rounded.

What is not well inside the range of normal numbers is left to `softfloat`, and so is everything
with an infinity or a NaN; zeros that are exact are not.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from pteg.compiled import inlined

__all__ = ["double_of", "bits_of", "total", "product", "multiplied_and_added", "quotient_of",
           "is_usual", "nearest_single", "nearest_integer"]

#: In place of an error.
UNKNOWN = np.nan

#: The least product of which the error is surely a double; and the least results, too large to come
#: from something tiny.
LEAST = 2.0 ** -959
LEAST_SINGLE = 2.0 ** -125
#: Adding and subtracting it rounds doubles below 2**51 to integers.
INTEGERS = 1.5 * 2.0 ** 52


@intrinsic
def double_of(typingctx, bits):
    """The double with these bits."""
    def generate(context, builder, signature, args):
        return builder.bitcast(args[0], ir.DoubleType())
    return types.float64(types.int64), generate


@intrinsic
def bits_of(typingctx, value):
    """The bits of a double."""
    def generate(context, builder, signature, args):
        return builder.bitcast(args[0], ir.IntType(64))
    return types.int64(types.float64), generate


@intrinsic
def fused(typingctx, a, c, b):
    """a * c + b, rounded once."""
    def generate(context, builder, signature, args):
        return builder.fma(*args)
    return types.float64(types.float64, types.float64, types.float64), generate


@inlined
def total(a, b):
    """a + b and its error: 2Sum."""
    result = a + b
    rest = result - a
    return result, (a - (result - rest)) + (b - rest)


@inlined
def product(a, c):
    """a * c and its error."""
    result = a * c
    if abs(result) >= LEAST or a == 0.0 or c == 0.0:
        return result, fused(a, c, -result)
    return result, UNKNOWN


@inlined
def multiplied_and_added(a, c, b):
    """a * c + b, and its error rounded to a double: ErrFma."""
    result = fused(a, c, b)
    high, low = product(a, c)
    low, lowest = total(b, low)
    high, rest = total(high, low)
    return result, (high - result + rest) + lowest


@inlined
def quotient_of(a, b):
    """a / b, and a number with the sign of its error, zero if that is."""
    result = a / b
    if abs(a) >= LEAST or a == 0.0:
        rest = fused(-result, b, a)
        return result, -rest if b < 0.0 else rest
    return result, UNKNOWN


@inlined
def is_usual(result, error, single):
    """Whether the result of one of the above is right, and the error known."""
    magnitude = abs(result)
    if magnitude == 0.0:
        return error == 0.0
    # An infinite result has no finite error.
    return error - error == 0.0 and magnitude >= (LEAST_SINGLE if single else LEAST)


@inlined
def nearest_single(number, error):
    """The single next to number + error, and the error of taking it."""
    bits = bits_of(number)
    if error != 0.0 and not bits & 1:
        bits += 1 if (error < 0.0) == (bits < 0) else -1
    odd = double_of(bits)
    result = np.float64(np.float32(odd))
    return result, odd - result if error - error == 0.0 else UNKNOWN


@inlined
def nearest_integer(number, chopped):
    """A number that fits into 32 bits, rounded or chopped, and the error."""
    result = np.float64(np.int64(number)) if chopped else number + INTEGERS - INTEGERS
    return result, number - result
