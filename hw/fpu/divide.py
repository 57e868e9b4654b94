"""Divider: the quotient of two significands, two bits a cycle by restoring division.

The quotient has two bits more than the precision, and one more still because its first bit may be
zero: 28 cycles for a double, 14 for a single. With a cycle before, and the two stages after it,
this is the documented 31 and 17 cycles (MPC750 UM table 6-7).
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Divider"]


class Divider(wiring.Component):
    """Divides normalised significands.

    Parameters
    ----------
    formats : Formats
    """

    def __init__(self, formats):
        precision = formats.wide.precision
        self._steps, self._narrow_steps = (
            (format.precision + 4) // 2 for format in (formats.wide, formats.narrow))
        super().__init__({
            #: Take the operands; the steps follow.
            "load": In(1), "step": In(1), "narrow": In(1), "a": In(precision), "b": In(precision),
            #: Of the step that is made in this cycle: valid in the last one. Its highest bit has
            #: the weight of a's; the last one is set if there is a remainder.
            "quotient": Out(2 * self._steps + 1),
        })

    def steps(self, narrow):
        """How many there are, for an operation of this precision (an Amaranth value)."""
        return Mux(narrow, self._narrow_steps, self._steps)

    def elaborate(self, platform):
        m = Module()
        remainder = Signal(len(self.a) + 1)
        quotient = Signal(2 * self._steps)

        rest, bits = remainder, []
        for number in range(2):
            fits = Signal(name=f"fits{number}")
            after = Signal(len(self.b), name=f"after{number}")
            m.d.comb += [fits.eq(rest >= self.b), after.eq(Mux(fits, rest - self.b, rest))]
            bits.append(fits)
            rest = Cat(0, after)
        longer = Cat(bits[1], bits[0], quotient[:-2])
        missing = 2 * (self._steps - self._narrow_steps)
        m.d.comb += self.quotient.eq(Cat(
            rest.any(), Mux(self.narrow, Cat(Const(0, missing), longer), longer)[:len(quotient)]))

        with m.If(self.load):
            m.d.sync += [remainder.eq(self.a), quotient.eq(0)]
        with m.Elif(self.step):
            m.d.sync += [remainder.eq(rest), quotient.eq(longer)]
        return m
