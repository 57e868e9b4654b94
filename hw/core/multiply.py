"""Multiplier of integer unit 1 (MPC750 UM 6.4.1 and table 6-6).

The 750 multiplies 8 bits of rB a cycle and stops when the rest of rB is only sign. The manuals give
the range, 2 to 5 cycles (2 to 3 for mulli, up to 6 for mulhwu), not the operand ranges: here each
further significant byte of rB costs a cycle.
"""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.isa.instructions import Op

__all__ = ["Multiplier"]


class Multiplier(wiring.Component):
    """mulli, mullw, mulhw, mulhwu.

    Members
    -------
    valid : In(1)
        Held, with the operands, until `done`.
    op, a, b : In
    flush : In(1)
        Start over: the instruction is dropped.
    done : Out(1)
        Last cycle; `result` and `overflow` are valid.
    result : Out(32)
    overflow : Out(1)
        mullw: the product does not fit in 32 bits.
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

        unsigned = Signal()
        product = Signal(signed(66))
        elapsed = Signal(3)
        cycles = Signal(3)
        spread = Signal(32)  # b, its sign made zero: what is left are significant bits

        m.d.comb += [
            unsigned.eq(self.op == Op.MULHWU),
            product.eq(self._extend(self.a, unsigned) * self._extend(self.b, unsigned)),
            self.result.eq(Mux((self.op == Op.MULHW) | unsigned, product[32:64], product[:32])),
            self.overflow.eq(product[31:64].any() & ~product[31:64].all()),
            spread.eq(Mux(self.b[31] & ~unsigned, ~self.b, self.b)),
            cycles.eq(2 + spread[8:].any() + spread[16:].any() + spread[24:].any()
                      + (unsigned & self.b[31])),
            self.done.eq(self.valid & (elapsed + 1 == cycles)),
        ]
        with m.If(self.valid):
            m.d.sync += elapsed.eq(elapsed + 1)
        with m.If(self.done | self.flush):
            m.d.sync += elapsed.eq(0)
        return m

    @staticmethod
    def _extend(value, unsigned):
        """33-bit signed number of a 32-bit operand."""
        return Cat(value, value[31] & ~unsigned).as_signed()
