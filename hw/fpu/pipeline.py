"""The floating-point pipeline: three stages (MPC750 UM 1.2.2.1, 6.4.2).

    1  operands: unpack, multiply and align   | divide   | estimate   | special cases, compare
    2  sum: add and normalise
    3  result: round and pack, or convert to an integer

An instruction stays in stage 1, its reservation station, as long as that takes: two cycles for the
product of two doubles, longer for a division. Those documented as not pipelined keep the others out
until they have left stage 3.

| instruction                                    | cycles | next one after |
|------------------------------------------------|--------|----------------|
| single-precision multiply, add; moves; compare | 3      | 1              |
| double-precision multiply and multiply-add     | 4      | 2              |
| fdivs, fdiv                                    | 17, 31 | 17, 31         |
| fres                                           | 10     | 10             |
| frsqrte                                        | 3      | 1              |
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.fpu.add import Add
from pteg.hw.fpu.align import Align
from pteg.hw.fpu.compare import Compare
from pteg.hw.fpu.convert import Convert
from pteg.hw.fpu.divide import Divider
from pteg.hw.fpu.estimate import Estimate
from pteg.hw.fpu.formats import POWERPC
from pteg.hw.fpu.multiply import Multiplier
from pteg.hw.fpu.operation import Changes, Kind, Operation, OperationDecoder
from pteg.hw.fpu.round import Round
from pteg.hw.fpu.special import Special
from pteg.hw.fpu.status import INVALID, Control, Rounding
from pteg.hw.fpu.unpack import Unpack
from pteg.hw.isa.instructions import Op
from pteg.hw.isa.registers import Fpscr

__all__ = ["FloatPipeline"]

#: Cycles of fres in stage 1. What the hardware does in them is not documented.
_ESTIMATE_CYCLES = 8


def _registers(name, members):
    """A stage: a register for each member."""
    signature = wiring.Signature({member: Out(shape) for member, shape in members.items()})
    return signature.create(path=(name,))


class FloatPipeline(wiring.Component):
    """Everything but FPSCR and the moves to and from it.

    Parameters
    ----------
    formats : Formats
        Estimates are only there for those of the PowerPC.
    label : shape
        What travels with an instruction.
    """

    def __init__(self, formats=POWERPC, label=1):
        self.formats = formats
        self.label_shape = label
        width = formats.wide.width
        super().__init__({
            #: An instruction is in stage 1, with its operands. All of this is held until `done`.
            "valid": In(1), "op": In(Op), "a": In(width), "b": In(width), "c": In(width),
            "label": In(label),
            #: Does not change while instructions are in the pipeline.
            "control": In(Control),
            #: It leaves stage 1.
            "done": Out(1),
            #: The instructions in stages 2 and 3; those in 1, 2 and 3 are dropped.
            "labels": Out(label).array(2), "drop": In(3),
            #: An instruction is in stage 3; all that follows is about it.
            "finished": Out(1),
            #: There is a result for its destination.
            "write": Out(1),
            "result": Out(width),
            #: FPSCR bits that it sets.
            "status": Out(32),
            #: FPSCR bits that it replaces.
            "changes": Out(Changes),
        })

    def elaborate(self, platform):
        m = Module()
        formats = self.formats
        common = {
            "valid": 1, "label": self.label_shape, "operation": Operation, "op": Op,
            "given": 1, "bits": formats.wide.width, "status": 32, "condition": 4,
        }
        sum_stage = _registers("sum_stage", common | {"terms": formats.aligned})
        result_stage = _registers("result_stage", common | {"number": formats.number})

        self._operands(m, sum_stage, result_stage)

        m.submodules.add = add = Add(formats)
        m.d.comb += [add.terms.eq(sum_stage.terms),
                     add.downward.eq(self.control.rounding == Rounding.DOWNWARD)]
        m.d.comb += self.labels[0].eq(sum_stage.label)
        m.d.sync += result_stage.valid.eq(sum_stage.valid & ~self.drop[1])
        with m.If(sum_stage.valid):
            m.d.sync += [getattr(result_stage, name).eq(getattr(sum_stage, name))
                         for name in common if name != "valid"]
            m.d.sync += result_stage.number.eq(add.number)

        self._result(m, result_stage)
        return m

    # First stage ---------------------------------------------------------------------------------

    def _operands(self, m, sum_stage, result_stage):
        formats, wide = self.formats, self.formats.wide
        m.submodules.decoder = decoder = OperationDecoder()
        operation = decoder.operation
        m.d.comb += decoder.op.eq(self.op)
        arithmetic = operation.kind == Kind.ARITHMETIC
        dividing = operation.kind == Kind.DIVIDE

        # Operands: a factor that is missing is one, a term that is missing a zero.
        m.submodules.unpack_a = a = Unpack(formats)
        m.submodules.unpack_b = b = Unpack(formats)
        m.submodules.unpack_c = c = Unpack(formats)
        m.d.comb += [
            a.bits.eq(Mux(operation.alone, self.b, self.a)),
            b.bits.eq(Mux(operation.add | dividing | (operation.kind == Kind.COMPARE), self.b, 0)),
            c.bits.eq(Mux(operation.multiply, self.c, wide.bias << wide.fraction)),
        ]
        a, b, c = a.operand, b.operand, c.operand

        m.submodules.special = special = Special(formats)
        m.submodules.compare = compare = Compare(formats)
        m.d.comb += [
            special.op.eq(self.op), special.operation.eq(operation),
            special.control.eq(self.control),
            special.a.eq(a), special.b.eq(b), special.c.eq(c),
            special.raw_a.eq(self.a), special.raw_b.eq(self.b), special.raw_c.eq(self.c),
            compare.a.eq(a), compare.b.eq(b),
        ]

        # Multiply and align.
        m.submodules.multiplier = multiplier = Multiplier(formats)
        m.submodules.align = align = Align(formats)
        elapsed = Signal(range(40))
        two_passes = arithmetic & operation.multiply & ~operation.narrow
        product_sign = a.sign ^ c.sign
        m.d.comb += [
            multiplier.a.eq(a.significand), multiplier.c.eq(c.significand),
            multiplier.narrow.eq(operation.narrow),
            multiplier.low_pass.eq(self.valid & two_passes & (elapsed == 0)),
            multiplier.accumulate.eq(two_passes),
            align.product.eq(multiplier.product),
            align.sign.eq(product_sign), align.zero.eq(a.zero | c.zero),
            align.exponent.eq(a.exponent + c.exponent + 1),
            align.addend.eq(b),
            align.addend.sign.eq(Mux(operation.add, b.sign ^ operation.subtract, product_sign)),
        ]

        # Divide and estimate: a single term.
        m.submodules.divider = divider = Divider(formats)
        terms = Signal(formats.aligned)
        m.d.comb += [
            divider.load.eq(self.valid & dividing & (elapsed == 0)),
            divider.step.eq(self.valid & dividing),
            divider.narrow.eq(operation.narrow),
            divider.a.eq(a.significand), divider.b.eq(b.significand),
            terms.eq(align.terms),
        ]
        with m.If(dividing):
            self._term(m, terms, a.sign ^ b.sign, a.exponent - b.exponent,
                       divider.quotient)
        if formats == POWERPC:
            m.submodules.estimate = estimate = Estimate(formats)
            m.d.comb += [
                estimate.root.eq(operation.kind == Kind.ROOT),
                estimate.exponent.eq(a.exponent), estimate.significand.eq(a.significand),
            ]
            with m.If((operation.kind == Kind.RECIPROCAL) | estimate.root):
                self._term(m, terms, a.sign, estimate.estimate_exponent, estimate.estimate)

        # Cycles.
        last = Signal(len(elapsed))
        blocked = Signal()
        with m.If(self.valid):
            for stage in (sum_stage, result_stage):
                kind = stage.operation.kind
                with m.If(stage.valid & ((kind == Kind.DIVIDE) | (kind == Kind.RECIPROCAL))):
                    m.d.comb += blocked.eq(1)
            with m.Switch(operation.kind):
                with m.Case(Kind.ARITHMETIC):
                    m.d.comb += last.eq(two_passes)
                with m.Case(Kind.DIVIDE):
                    m.d.comb += last.eq(divider.steps(operation.narrow))
                with m.Case(Kind.RECIPROCAL):
                    m.d.comb += last.eq(_ESTIMATE_CYCLES - 1)
            m.d.comb += self.done.eq((elapsed == last) & ~blocked)
        with m.If(self.done | self.drop[0]):
            m.d.sync += elapsed.eq(0)
        with m.Elif(self.valid & ~blocked):
            m.d.sync += elapsed.eq(elapsed + 1)

        m.d.sync += sum_stage.valid.eq(self.done & ~self.drop[0])
        with m.If(self.done):
            m.d.sync += [
                sum_stage.label.eq(self.label), sum_stage.operation.eq(operation),
                sum_stage.op.eq(self.op), sum_stage.given.eq(special.given),
                sum_stage.bits.eq(special.bits), sum_stage.status.eq(special.status),
                sum_stage.condition.eq(compare.condition), sum_stage.terms.eq(terms),
            ]

    def _term(self, m, terms, sign, exponent, significand):
        """The adder gets this alone."""
        missing = self.formats.window - len(significand)
        m.d.comb += [
            terms.sign.eq(sign), terms.subtract.eq(0), terms.exponent.eq(exponent),
            terms.larger.eq(Cat(Const(0, missing), significand)), terms.smaller.eq(0),
        ]

    # Third stage ---------------------------------------------------------------------------------

    def _result(self, m, stage):
        formats = self.formats
        kind = stage.operation.kind
        m.submodules.round = rounder = Round(formats)
        m.submodules.convert = convert = Convert(formats)
        control = Signal(Control)
        m.d.comb += control.eq(self.control)
        with m.If(stage.operation.truncate):
            m.d.comb += control.rounding.eq(Rounding.TOWARD_ZERO)

        exceptions = Signal(32)
        rounded = Signal(formats.wide.width)
        negate = stage.operation.negate
        m.d.comb += [
            rounder.number.eq(stage.number), rounder.narrow.eq(stage.operation.narrow),
            rounder.control.eq(control),
            convert.number.eq(stage.number), convert.control.eq(control),
            rounded.eq(Cat(rounder.bits[:-1], rounder.bits[-1] ^ negate)),
            self.finished.eq(stage.valid & ~self.drop[2]),
            self.labels[1].eq(stage.label),
            exceptions.eq(stage.status), self.result.eq(stage.bits),
        ]
        with m.If(~stage.given):
            with m.If(kind == Kind.CONVERT):
                m.d.comb += [self.result.eq(convert.bits), exceptions.eq(self._flags(
                    VXCVI=convert.invalid, XX=convert.inexact, FI=convert.inexact,
                    FR=convert.incremented))]
            with m.Else():
                exact = kind == Kind.RECIPROCAL  # as far as XX is concerned
                m.d.comb += [self.result.eq(rounded), exceptions.eq(self._flags(
                    OX=rounder.overflow, UX=rounder.underflow, XX=rounder.inexact & ~exact,
                    FI=rounder.inexact, FR=rounder.incremented))]

        # An enabled invalid operation or zero divide leaves no result (PEM tables 3-12, 3-13).
        refused = ((exceptions & INVALID).any() & self.control.ve
                   | (exceptions & int(Fpscr.ZX)).any() & self.control.ze)
        m.d.comb += [self.write.eq((kind != Kind.COMPARE) & ~refused),
                     self.status.eq(exceptions)]
        with m.Switch(kind):
            with m.Case(Kind.MOVE):
                pass
            with m.Case(Kind.COMPARE):
                m.d.comb += [self.changes.eq(Changes.CONDITION),
                             self.status[12:16].eq(stage.condition)]
            with m.Case(Kind.CONVERT):
                m.d.comb += self.changes.eq(Changes.ROUNDING)
            with m.Default():
                m.d.comb += self.changes.eq(Changes.ROUNDING)
                with m.If(self.write):
                    m.d.comb += [self.changes.eq(Changes.ALL), self.status[12:17].eq(
                        self._class(self.result, stage.operation.narrow))]

    @staticmethod
    def _flags(**flags):
        """A word with bits of FPSCR."""
        word = 0
        for name, value in flags.items():
            word = word | value << Fpscr[name].bit_length() - 1
        return word

    def _class(self, bits, narrow):
        """FPRF: class descriptor, then less, greater, equal, unordered (PEM table 3-3)."""
        wide, single = self.formats.wide, self.formats.narrow
        sign, biased, fraction = bits[-1], bits[wide.fraction:-1], bits[:wide.fraction]
        special = biased.all()
        nan = special & fraction.any()
        zero = ~bits[:-1].any()
        denormalised = ~zero & (biased < Mux(narrow, single.least + wide.bias, 1))
        numeric = ~nan & ~zero
        return Cat(special, zero, numeric & ~sign, numeric & sign,
                   nan | denormalised | zero & sign)
