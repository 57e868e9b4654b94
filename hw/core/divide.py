"""Divider of integer unit 1: 19 cycles, whatever the operands (MPC750 UM table 6-6).

Restoring division of the magnitudes, two quotient bits a cycle: one cycle to set up, sixteen to
divide, two to set the sign and to detect overflow. Division by zero and the most negative number
by -1 are undefined in the architecture; the 750 gives 0, or -1 if divw's rA is negative.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from pteg.hw.core.interfaces import OperationPort
from pteg.hw.isa.instructions import Op

__all__ = ["Divider"]

_CYCLES = 19


class Divider(wiring.Component):
    """divw, divwu."""

    port: In(OperationPort())

    def elaborate(self, platform):
        m = Module()
        port = self.port

        is_signed = Signal()
        step = Signal(range(_CYCLES))
        quotient = Signal(32)   # dividend bits leave at the top, quotient bits enter below
        remainder = Signal(32)
        divisor = Signal(32)

        m.d.comb += is_signed.eq(port.op == Op.DIVW)

        # Two restoring steps.
        rest, bits = remainder, []
        for taken in range(2):
            shifted = Cat(quotient[31 - taken], rest)
            fits = Signal(name=f"fits{taken}")
            m.d.comb += fits.eq(shifted >= divisor)
            rest = Mux(fits, shifted - divisor, shifted)[:32]
            bits.append(fits)

        with m.If(port.valid):
            m.d.sync += step.eq(step + 1)
            with m.If(step == 0):
                m.d.sync += [
                    quotient.eq(self._magnitude(port.a, is_signed)),
                    divisor.eq(self._magnitude(port.b, is_signed)),
                    remainder.eq(0),
                ]
            with m.Elif(step <= 16):
                m.d.sync += [quotient.eq(Cat(bits[1], bits[0], quotient)), remainder.eq(rest)]
        with m.If(port.done | port.flush):
            m.d.sync += step.eq(0)

        negative = is_signed & (port.a[31] ^ port.b[31])
        most_negative = port.a == 0x80000000
        m.d.comb += [
            port.done.eq(port.valid & (step == _CYCLES - 1)),
            port.overflow.eq((port.b == 0) | is_signed & most_negative & port.b.all()),
            port.result.eq(Mux(negative, -quotient, quotient)),
        ]
        with m.If(port.overflow):
            m.d.comb += port.result.eq(Mux(is_signed & port.a[31], 0xFFFFFFFF, 0))
        return m

    @staticmethod
    def _magnitude(value, is_signed):
        return Mux(is_signed & value[31], -value, value)
