"""Conversion to an integer: fctiw and fctiwz (PEM appendix D.4).

What does not fit, rounded, is an invalid operation and gives the nearest integer there is. The
upper half of the result is undefined in the architecture; the 750 fills it with the exponent of a
NaN, and marks a zero that was a negative number.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.fpu.formats import sticky_shift
from pteg.hw.fpu.round import round_up
from pteg.hw.fpu.status import Control

__all__ = ["Convert", "integer_result", "saturated"]


def saturated(formats, negative, control):
    """The integer in place of one that does not fit; in non-IEEE mode always the least one."""
    least = 1 << formats.integer - 1
    return Mux(negative | control.ni, Const(least), Const(least - 1, formats.integer))


def integer_result(formats, integer, negative_zero):
    """The register with an integer in its lower half."""
    above = formats.wide.width - formats.integer - 1
    marks = formats.quiet_nan | 1 << formats.wide.width - 1
    return Cat(integer[:formats.integer], negative_zero,
               Const(marks >> formats.integer + 1, above))


class Convert(wiring.Component):
    """Rounds a finite number to an integer, in the third stage.

    Parameters
    ----------
    formats : Formats
    """

    def __init__(self, formats):
        self.formats = formats
        super().__init__({
            "number": In(formats.number), "control": In(Control),
            "bits": Out(formats.wide.width),
            #: VXCVI, FI and FR.
            "invalid": Out(1), "inexact": Out(1),
            "incremented": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        formats, number = self.formats, self.number
        width = formats.integer
        top = Signal(width + 2)            # the highest bits, guard and sticky among them
        too_large = Signal()
        up = Signal()
        inexact = Signal()
        places = Signal(range(width + 3))
        fixed = Signal(width + 2)          # integer, guard, sticky
        integer = Signal(width + 1)
        m.d.comb += [
            top.eq(self._top(number.significand, width + 2)),
            too_large.eq(number.significand[-1] & (number.exponent >= width)),
            places.eq(Mux(number.exponent < -2, width + 2, width - 1 - number.exponent)),
            fixed.eq(sticky_shift(top, places)),
            inexact.eq(fixed[:2] != 0),
            up.eq(round_up(self.control.rounding, number.sign, fixed[2], fixed[1], fixed[0])),
            integer.eq(fixed[2:] + up),
            self.invalid.eq(too_large | (integer > (1 << width - 1) - 1 + number.sign)),
            self.inexact.eq(inexact & ~self.invalid),
            self.incremented.eq(up & ~self.invalid),
        ]
        signed_integer = Mux(number.sign, -integer, integer)[:width]
        m.d.comb += self.bits.eq(integer_result(
            formats, Mux(self.invalid, saturated(formats, number.sign, self.control),
                         signed_integer),
            number.sign & ~self.invalid & ~integer.any()))
        return m

    @staticmethod
    def _top(significand, width):
        """The highest `width` bits, the last one sticky."""
        if len(significand) <= width:
            return significand << width - len(significand)
        cut = len(significand) - width + 1
        return Cat(significand[:cut].any(), significand[cut:])
