"""Divider of integer unit 1: 19 cycles, whatever the operands (MPC750 UM table 6-6).

Restoring division of the magnitudes, two quotient bits a cycle: one cycle to set up, sixteen to
divide, two to set the sign and to detect overflow. Division by zero and the most negative number
by -1 are undefined in the architecture; the 750 gives 0, or -1 if divw's rA is negative.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.isa.instructions import Op

__all__ = ["Divider"]

_CYCLES = 19


class Divider(wiring.Component):
    """divw, divwu.

    Members
    -------
    valid : In(1)
        Held, with the operands, until `done`.
    op, a, b : In
        Dividend and divisor.
    flush : In(1)
        Start over: the instruction is dropped.
    done : Out(1)
        Last cycle; `result` and `overflow` are valid.
    result : Out(32)
    overflow : Out(1)
        The quotient is undefined.
    """

    valid: In(1)
    op: In(Op)
    a: In(32)
    b: In(32)
    flush: In(1)
    done: Out(1)
    result: Out(32)
    overflow: Out(1)

    def elaborate(self, platform):
        m = Module()

        is_signed = Signal()
        step = Signal(range(_CYCLES))
        quotient = Signal(32)   # dividend bits leave at the top, quotient bits enter below
        remainder = Signal(32)
        divisor = Signal(32)

        m.d.comb += is_signed.eq(self.op == Op.DIVW)

        # Two restoring steps.
        rest, bits = remainder, []
        for taken in range(2):
            shifted = Cat(quotient[31 - taken], rest)
            fits = Signal(name=f"fits{taken}")
            m.d.comb += fits.eq(shifted >= divisor)
            rest = Mux(fits, shifted - divisor, shifted)[:32]
            bits.append(fits)

        with m.If(self.valid):
            m.d.sync += step.eq(step + 1)
            with m.If(step == 0):
                m.d.sync += [
                    quotient.eq(self._magnitude(self.a, is_signed)),
                    divisor.eq(self._magnitude(self.b, is_signed)),
                    remainder.eq(0),
                ]
            with m.Elif(step <= 16):
                m.d.sync += [quotient.eq(Cat(bits[1], bits[0], quotient)), remainder.eq(rest)]
        with m.If(self.done | self.flush):
            m.d.sync += step.eq(0)

        negative = is_signed & (self.a[31] ^ self.b[31])
        most_negative = self.a == 0x80000000
        m.d.comb += [
            self.done.eq(self.valid & (step == _CYCLES - 1)),
            self.overflow.eq((self.b == 0) | is_signed & most_negative & self.b.all()),
            self.result.eq(Mux(negative, -quotient, quotient)),
        ]
        with m.If(self.overflow):
            m.d.comb += self.result.eq(Mux(is_signed & self.a[31], 0xFFFFFFFF, 0))
        return m

    @staticmethod
    def _magnitude(value, is_signed):
        return Mux(is_signed & value[31], -value, value)
