"""Rounds a number to its format and packs it (PEM 3.3.5, 3.3.6.2).

Tininess is detected before rounding. A tiny number is denormalised first and then rounded like any
other; a denormalised single is a normalised double, so it is normalised again. An overflow or
underflow whose exception is enabled moves the exponent into the middle of the range instead. In
non-IEEE mode a tiny result is zero.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.fpu.formats import normalise, sticky_shift
from pteg.hw.fpu.status import Control, Rounding

__all__ = ["Round", "round_up"]


def round_up(rounding, sign, odd, guard, sticky):
    """Whether a magnitude is incremented whose rest is `guard`, half a unit, and `sticky`."""
    away = (rounding == Rounding.UPWARD) & ~sign | (rounding == Rounding.DOWNWARD) & sign
    return Mux(rounding == Rounding.NEAREST, guard & (sticky | odd), away & (guard | sticky))


class Round(wiring.Component):
    """Third stage.

    Parameters
    ----------
    formats : Formats
    """

    def __init__(self, formats):
        self.formats = formats
        super().__init__({
            "number": In(formats.number), "narrow": In(1), "control": In(Control),
            "bits": Out(formats.wide.width),
            #: OX, UX, FI and FR.
            "overflow": Out(1), "underflow": Out(1),
            "inexact": Out(1), "incremented": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        wide, narrow = self.formats.wide, self.formats.narrow
        number, control = self.number, self.control

        def of_format(wide_value, narrow_value):
            return Mux(self.narrow, narrow_value, wide_value)

        # Tiny numbers: denormalise, or adjust the exponent.
        zero = Signal()
        tiny = Signal()
        denormalise = Signal()
        exponent = Signal(self.formats.exponent)
        deficit = Signal(len(exponent))
        places = Signal(range(len(number.significand) + 1))
        significand = Signal.like(number.significand)
        least = of_format(wide.least, narrow.least)
        adjustment = of_format(wide.adjustment, narrow.adjustment)
        m.d.comb += [
            zero.eq(~number.significand[-1]),
            tiny.eq(~zero & (number.exponent < least)),
            denormalise.eq(tiny & ~control.ue & ~control.ni),
            exponent.eq(number.exponent),
            significand.eq(number.significand),
            deficit.eq(least - number.exponent),
        ]
        with m.If(tiny & control.ue):
            m.d.comb += exponent.eq(number.exponent + adjustment)
        with m.Elif(denormalise):
            m.d.comb += [
                places.eq(Mux(deficit > len(significand), len(significand), deficit)),
                exponent.eq(least),
                significand.eq(sticky_shift(number.significand, places)),
            ]

        # Round: the last bit that is kept is at the same place for all numbers of a format.
        cut = wide.precision - narrow.precision
        odd = Signal()
        guard = Signal()
        sticky = Signal()
        up = Signal()
        kept = Signal(wide.precision)
        rounded = Signal(wide.precision + 1)
        m.d.comb += [
            odd.eq(of_format(significand[2], significand[2 + cut])),
            guard.eq(of_format(significand[1], significand[1 + cut])),
            sticky.eq(of_format(significand[0], significand[:1 + cut].any())),
            up.eq(round_up(control.rounding, number.sign, odd, guard, sticky)),
            kept.eq(of_format(significand[2:], Cat(Const(0, cut), significand[2 + cut:]))),
            rounded.eq(kept + of_format(up, Cat(Const(0, cut), up))),
            self.inexact.eq(guard | sticky),
            self.incremented.eq(up),
            self.underflow.eq(tiny & (control.ue | guard | sticky)),
        ]

        # A carry out of the significand leaves zeros behind.
        hidden = rounded[wide.fraction:].any()
        normal = Signal()
        final = Signal(self.formats.exponent)
        fraction = Signal(wide.fraction)
        m.d.comb += [normal.eq(hidden), final.eq(exponent + rounded[-1]), fraction.eq(rounded)]
        with m.If(self.narrow & ~hidden):
            shifted, zeros = normalise(m, rounded[:wide.precision], "narrow")
            m.d.comb += [normal.eq(shifted[-1]), final.eq(exponent - zeros), fraction.eq(shifted)]

        # Pack: without a leading bit the exponent field is zero.
        largest = Mux(self.narrow, self._largest(narrow), self._largest(wide))
        m.d.comb += [
            self.overflow.eq(~zero & ~tiny & (final > of_format(wide.greatest, narrow.greatest))),
            self.bits.eq(Cat(fraction, Mux(normal, final + wide.bias, 0)[:wide.exponent],
                             number.sign)),
        ]
        with m.If(zero | tiny & control.ni & ~control.ue):
            m.d.comb += [self.bits[:-1].eq(0), self.inexact.eq(tiny), self.underflow.eq(tiny),
                         self.incremented.eq(0)]
        with m.Elif(self.overflow & control.oe):
            m.d.comb += self.bits[wide.fraction:-1].eq(final - adjustment + wide.bias)
        with m.Elif(self.overflow):
            outward = round_up(control.rounding, number.sign, 1, 1, 1)
            m.d.comb += [self.bits[:-1].eq(Mux(outward, self.formats.infinity, largest)),
                         self.inexact.eq(1)]
        return m

    def _largest(self, format):
        """Magnitude of the largest finite number, in the wide format."""
        wide = self.formats.wide
        ones = (1 << format.fraction) - 1 << wide.fraction - format.fraction
        return format.greatest + wide.bias << wide.fraction | ones
