"""Formats of floating-point numbers and what they look like inside the unit (PEM 3.1, IEEE 754).

A register holds a number of the wide format; instructions for the narrow one round to its
precision and range, and leave the result in the wide format. The unit is written for any pair of
formats, so that it can be examined exhaustively with small ones.
"""

from dataclasses import dataclass

from amaranth.hdl import Mux, Shape, Signal, signed
from amaranth.lib import data

__all__ = ["Format", "Formats", "POWERPC", "normalise", "sticky_shift"]


@dataclass(frozen=True)
class Format:
    """A binary interchange format.

    Parameters
    ----------
    exponent, fraction : int
        Bits of the fields.
    """

    exponent: int
    fraction: int

    width = property(lambda self: 1 + self.exponent + self.fraction)
    #: Bits of a significand: the fraction and the hidden bit.
    precision = property(lambda self: self.fraction + 1)
    bias = property(lambda self: (1 << self.exponent - 1) - 1)
    #: Exponents of the smallest and the largest normalised numbers.
    least = property(lambda self: 1 - self.bias)
    greatest = property(lambda self: self.bias)
    #: How far an enabled overflow or underflow moves the exponent (PEM 3.3.6.2).
    adjustment = property(lambda self: 3 << self.exponent - 2)


@dataclass(frozen=True)
class Formats:
    """The wide format of the registers and the narrow one, with the layouts made of them.

    Parameters
    ----------
    wide, narrow : Format
    integer : int
        Bits of the integers that fctiw makes.
    """

    wide: Format
    narrow: Format
    integer: int

    @property
    def exponent(self):
        """Shape of an unbiased exponent: of any product, quotient or adjusted result."""
        return signed(self.wide.exponent + 2)

    @property
    def operand(self):
        """An operand, unpacked: (-1)**sign * significand / 2**fraction * 2**exponent."""
        return data.StructLayout({
            "bits": self.wide.width,              # as in the register, or a zero in its place
            "sign": 1,
            "exponent": self.exponent,
            "significand": self.wide.precision,   # the leading bit is one, but for zeros
            "zero": 1, "infinite": 1, "nan": 1, "signalling": 1,
        })

    @property
    def window(self):
        """Bits of the adder: a product, and two more for what is shifted out of it."""
        return 2 * self.wide.precision + 2

    @property
    def aligned(self):
        """Two terms on their way to the adder, the first one with the greater exponent."""
        return data.StructLayout({
            "sign": 1,                # of the first term
            "subtract": 1,            # the other one has the opposite sign
            "exponent": self.exponent,  # of the first term's highest bit
            "larger": self.window,
            "smaller": self.window,
        })

    @property
    def number(self):
        """A normalised result before rounding; zero if its leading bit is.

        The last of the two bits behind the precision is sticky: it represents all bits that follow.
        """
        return data.StructLayout({
            "sign": 1, "exponent": self.exponent, "significand": self.wide.precision + 2,
        })

    @property
    def quiet_nan(self):
        """The NaN of an invalid operation (PEM 3.3.6.1.1)."""
        return (1 << self.wide.exponent + 1) - 1 << self.wide.fraction - 1

    @property
    def infinity(self):
        return (1 << self.wide.exponent) - 1 << self.wide.fraction


POWERPC = Formats(Format(11, 52), Format(8, 23), 32)


def sticky_shift(value, places):
    """`value` to the right by `places`; bits that are lost set the last one."""
    shifted = value >> places
    lost = (shifted << places)[:len(value)] != value
    return (shifted | lost)[:len(value)]


def normalise(m, value, name):
    """Shift the leading one to the top. Returns the shifted value and the number of places.

    A tree of shifts by powers of two, each taken if so many bits at the top are zero.
    """
    width, zeros = len(value), []
    for power in reversed(range((width - 1).bit_length())):
        places = 1 << power
        skip = Signal(name=f"{name}_skip{places}")
        shifted = Signal(width, name=f"{name}_shifted{places}")
        m.d.comb += [skip.eq(value[width - places:] == 0),
                     shifted.eq(Mux(skip, value << places, value))]
        zeros.append((skip, places))
        value = shifted
    count = Signal(Shape.cast(range(width)), name=f"{name}_zeros")
    m.d.comb += count.eq(sum(Mux(skip, places, 0) for skip, places in zeros))
    return value, count
