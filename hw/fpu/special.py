"""Results that need no arithmetic: those of NaNs, infinities and zero divisors, and moves.

PEM 3.3.6.1, 4.2.2.6 and appendix D; where they leave a choice, docs/floating-point.md says what the
750 does. A NaN among the operands is the result, made quiet: the first of frA, frB and frC. In a
single, what has no room is cut off.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.fpu.convert import integer_result, saturated
from pteg.hw.fpu.operation import Kind, Operation
from pteg.hw.fpu.status import Control
from pteg.hw.isa.instructions import Op
from pteg.hw.isa.registers import Fpscr

__all__ = ["Special"]


class Special(wiring.Component):
    """First stage, beside the arithmetic.

    Parameters
    ----------
    formats : Formats
    """

    def __init__(self, formats):
        self.formats = formats
        width = formats.wide.width
        super().__init__({
            "op": In(Op), "operation": In(Operation), "control": In(Control),
            #: As the operation uses them; what it does not use is no NaN and not infinite.
            "a": In(formats.operand), "b": In(formats.operand), "c": In(formats.operand),
            #: The registers, for moves.
            "raw_a": In(width), "raw_b": In(width), "raw_c": In(width),
            #: There is such a result: `bits`.
            "given": Out(1), "bits": Out(width),
            #: FPSCR bits to set.
            "status": Out(32),
        })

    def elaborate(self, platform):
        m = Module()
        with m.Switch(self.operation.kind):
            for kind, rules in ((Kind.ARITHMETIC, self._arithmetic), (Kind.DIVIDE, self._divide),
                                (Kind.RECIPROCAL, self._estimate), (Kind.ROOT, self._estimate),
                                (Kind.CONVERT, self._convert), (Kind.COMPARE, self._compare),
                                (Kind.MOVE, self._move)):
                with m.Case(kind):
                    rules(m)
        return m

    def _result(self, m, bits, status=0):
        m.d.comb += [self.given.eq(1), self.bits.eq(bits), self.status.eq(int(status))]

    def _infinity(self, sign):
        return Cat(Const(self.formats.infinity, self.formats.wide.width - 1), sign)

    def _zero(self, sign):
        return Cat(Const(0, self.formats.wide.width - 1), sign)

    def _nan(self, m, undefined=0):
        """A NaN among the operands; or `undefined`, the product of infinity and zero."""
        a, b, c = self.a, self.b, self.c
        quiet = self.formats.quiet_nan
        bits = Mux(a.nan, a.bits | quiet, Mux(b.nan, b.bits | quiet,
                                              Mux(c.nan, c.bits | quiet, quiet)))
        wide, narrow = self.formats.wide, self.formats.narrow
        signalling = a.signalling | b.signalling | c.signalling
        m.d.comb += [
            self.given.eq(1), self.bits.eq(bits),
            self.status.eq(Mux(signalling, int(Fpscr.VXSNAN), 0)
                           | Mux(undefined, int(Fpscr.VXIMZ), 0)),
        ]
        with m.If(self.operation.narrow):
            m.d.comb += self.bits[:wide.fraction - narrow.fraction].eq(0)

    def _arithmetic(self, m):
        a, b, c = self.a, self.b, self.c
        undefined = a.infinite & c.zero | a.zero & c.infinite
        sign = a.sign ^ c.sign
        addend_sign = b.sign ^ self.operation.subtract
        with m.If(a.nan | b.nan | c.nan | undefined):
            self._nan(m, undefined)
        with m.Elif((a.infinite | c.infinite) & b.infinite & (sign != addend_sign)):
            self._result(m, self.formats.quiet_nan, Fpscr.VXISI)
        with m.Elif(a.infinite | c.infinite):
            self._result(m, self._infinity(sign ^ self.operation.negate))
        with m.Elif(b.infinite):
            self._result(m, self._infinity(addend_sign ^ self.operation.negate))

    def _divide(self, m):
        a, b = self.a, self.b
        sign = a.sign ^ b.sign
        with m.If(a.nan | b.nan):
            self._nan(m)
        with m.Elif(a.infinite & b.infinite):
            self._result(m, self.formats.quiet_nan, Fpscr.VXIDI)
        with m.Elif(a.zero & b.zero):
            self._result(m, self.formats.quiet_nan, Fpscr.VXZDZ)
        with m.Elif(a.infinite):
            self._result(m, self._infinity(sign))
        with m.Elif(b.infinite | a.zero):
            self._result(m, self._zero(sign))
        with m.Elif(b.zero):
            self._result(m, self._infinity(sign), Fpscr.ZX)

    def _estimate(self, m):
        a = self.a
        with m.If(a.nan):
            self._nan(m)
        with m.Elif(a.zero):
            self._result(m, self._infinity(a.sign), Fpscr.ZX)
        with m.Elif(a.sign & (self.operation.kind == Kind.ROOT)):
            self._result(m, self.formats.quiet_nan, Fpscr.VXSQRT)
        with m.Elif(a.infinite):
            self._result(m, self._zero(a.sign))

    def _convert(self, m):
        a = self.a
        with m.If(a.nan | a.infinite):
            integer = saturated(self.formats, a.nan | a.sign, self.control)
            m.d.comb += [
                self.given.eq(1), self.bits.eq(integer_result(self.formats, integer, 0)),
                self.status.eq(int(Fpscr.VXCVI) | Mux(a.signalling, int(Fpscr.VXSNAN), 0)),
            ]

    def _compare(self, m):
        """fcmpo: any NaN is invalid, unless a signalling one has been reported already."""
        signalling = self.a.signalling | self.b.signalling
        ordered = (self.op == Op.FCMPO) & (self.a.nan | self.b.nan)
        m.d.comb += [
            self.given.eq(1),
            self.status.eq(Mux(signalling, int(Fpscr.VXSNAN), 0)
                           | Mux(ordered & ~(signalling & self.control.ve), int(Fpscr.VXVC), 0)),
        ]

    def _move(self, m):
        b = self.raw_b
        self._result(m, b)
        with m.Switch(self.op):
            with m.Case(Op.FNEG):
                m.d.comb += self.bits[-1].eq(~b[-1])
            with m.Case(Op.FABS):
                m.d.comb += self.bits[-1].eq(0)
            with m.Case(Op.FNABS):
                m.d.comb += self.bits[-1].eq(1)
            with m.Case(Op.FSEL):
                tested = Signal(len(b))
                positive = ~tested[-1] | ~tested[:-1].any()
                nan = tested[:-1] > self.formats.infinity
                m.d.comb += tested.eq(self.raw_a)
                with m.If(positive & ~nan):
                    m.d.comb += self.bits.eq(self.raw_c)
