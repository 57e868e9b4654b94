"""Multiplier of integer unit 1 (MPC750 UM 6.4.1 and table 6-6).

The 750 multiplies 8 bits of rB a cycle and stops when the rest of rB is only sign. The manuals give
the range, 2 to 5 cycles (2 to 3 for mulli, up to 6 for mulhwu), not the operand ranges: here each
further significant byte of rB costs a cycle.
"""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from pteg.hw.core.interfaces import OperationPort
from pteg.hw.isa.instructions import Op

__all__ = ["Multiplier"]


class Multiplier(wiring.Component):
    """mulli, mullw, mulhw, mulhwu."""

    port: In(OperationPort())

    def elaborate(self, platform):
        m = Module()
        port = self.port

        unsigned = Signal()
        product = Signal(signed(66))
        elapsed = Signal(3)
        cycles = Signal(3)
        spread = Signal(32)  # b, its sign made zero: what is left are significant bits

        m.d.comb += [
            unsigned.eq(port.op == Op.MULHWU),
            product.eq(self._extend(port.a, unsigned) * self._extend(port.b, unsigned)),
            port.result.eq(Mux((port.op == Op.MULHW) | unsigned, product[32:64], product[:32])),
            port.overflow.eq(product[31:64].any() & ~product[31:64].all()),
            spread.eq(Mux(port.b[31] & ~unsigned, ~port.b, port.b)),
            cycles.eq(2 + spread[8:].any() + spread[16:].any() + spread[24:].any()
                      + (unsigned & port.b[31])),
            port.done.eq(port.valid & (elapsed + 1 == cycles)),
        ]
        with m.If(port.valid):
            m.d.sync += elapsed.eq(elapsed + 1)
        with m.If(port.done | port.flush):
            m.d.sync += elapsed.eq(0)
        return m

    @staticmethod
    def _extend(value, unsigned):
        """33-bit signed number of a 32-bit operand."""
        return Cat(value, value[31] & ~unsigned).as_signed()
