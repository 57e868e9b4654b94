"""Branch processing unit: resolves branches at IQ0, owns LR and CTR (MPC750 UM 6.4.1, PEM 4.2.4).

A branch waits at IQ0 until its condition is known; there is no prediction yet, and every branch
takes a completion queue entry. LR and CTR exist twice: as branches at dispatch see them, and as
completed instructions left them. A flush makes the former the latter.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.decode import field
from pteg.hw.core.interfaces import BranchRetire
from pteg.hw.isa.instructions import Op

__all__ = ["BranchUnit", "ConditionPort", "BranchOutcome"]


class ConditionPort(wiring.Signature):
    """Looks up one CR field as the next instruction to dispatch sees it.

    Members
    -------
    field : Out(3)
    value : In(4)
    ready : In(1)
        No older instruction still has to compute it.
    """

    def __init__(self):
        super().__init__({"field": Out(3), "value": In(4), "ready": In(1)})


class BranchOutcome(wiring.Signature):
    """What a branch does.

    Members
    -------
    ready : Out(1)
        The rest is valid: all that the branch depends on is known.
    taken : Out(1)
    target : Out(32)
        Address of the next instruction if taken.
    link, count : Out(1)
        LR is written; CTR is decremented.
    """

    def __init__(self):
        super().__init__({"ready": Out(1), "taken": Out(1), "target": Out(32), "link": Out(1),
                          "count": Out(1)})


class BranchUnit(wiring.Component):
    """Branch unit.

    Members
    -------
    valid : In(1)
        IQ0 holds a branch.
    op, insn, pc : In
    link_busy : In(1)
        A mtspr to LR or CTR has not completed.
    condition : Out(ConditionPort)
    outcome : Out(BranchOutcome)
    dispatched : In(1)
        The branch leaves IQ0 at the end of this cycle.
    retire : In(BranchRetire)
    write_lr, write_ctr, wdata : In
        mtspr.
    lr, ctr : Out(32)
        Architectural values.
    flush : In(1)
    """

    valid: In(1)
    op: In(Op)
    insn: In(32)
    pc: In(32)
    link_busy: In(1)
    condition: Out(ConditionPort())
    outcome: Out(BranchOutcome())
    dispatched: In(1)
    retire: In(BranchRetire())
    write_lr: In(1)
    write_ctr: In(1)
    wdata: In(32)
    lr: Out(32)
    ctr: Out(32)
    flush: In(1)

    def elaborate(self, platform):
        m = Module()

        lr = Signal(32)  # architectural
        ctr = Signal(32)
        new_lr = Signal(32)  # the same after this cycle
        new_ctr = Signal(32)
        next_lr = Signal(32)  # as the branch at IQ0 sees them
        next_ctr = Signal(32)
        insn, outcome = self.insn, self.outcome

        # Architectural state, and its copy at dispatch.
        m.d.comb += [self.lr.eq(lr), self.ctr.eq(ctr), new_lr.eq(lr), new_ctr.eq(ctr)]
        with m.If(self.retire.link):
            m.d.comb += new_lr.eq(self.retire.pc + 4)
        with m.If(self.retire.count):
            m.d.comb += new_ctr.eq(ctr - 1)
        with m.If(self.write_lr):
            m.d.comb += new_lr.eq(self.wdata)
            m.d.sync += next_lr.eq(self.wdata)
        with m.If(self.write_ctr):
            m.d.comb += new_ctr.eq(self.wdata)
            m.d.sync += next_ctr.eq(self.wdata)
        m.d.sync += [lr.eq(new_lr), ctr.eq(new_ctr)]
        with m.If(self.dispatched & outcome.link):
            m.d.sync += next_lr.eq(self.pc + 4)
        with m.If(self.dispatched & outcome.count):
            m.d.sync += next_ctr.eq(next_ctr - 1)
        with m.If(self.flush):
            m.d.sync += [next_lr.eq(new_lr), next_ctr.eq(new_ctr)]

        # Condition: BO is, from its most significant bit, "ignore CR", the wanted CR bit, "leave
        # CTR alone", the wanted CTR = 0, and the prediction hint (PEM table 4-20).
        bo, bi = field(insn, "BO"), field(insn, "BI")
        ignore_cr, want_cr, leave_ctr, want_zero = bo[4], bo[3], bo[2], bo[1]
        conditional = Signal()
        counts = Signal()
        bit = self.condition.value.bit_select(~bi[:2], 1)
        m.d.comb += [
            self.condition.field.eq(bi[2:]),
            conditional.eq((self.op != Op.B) & ~ignore_cr),
            # bcctr that decrements CTR is an invalid form: it leaves CTR alone here.
            counts.eq((self.op != Op.B) & (self.op != Op.BCCTR) & ~leave_ctr),
            outcome.count.eq(self.valid & counts),
            outcome.link.eq(self.valid & field(insn, "LK")),
            outcome.ready.eq(self.valid & ~self.link_busy
                             & (~conditional | self.condition.ready)),
            outcome.taken.eq((~conditional | (bit == want_cr))
                             & (~counts | ((next_ctr == 1) == want_zero))),
        ]

        # Target.
        base = Mux(field(insn, "AA"), 0, self.pc)
        with m.Switch(self.op):
            with m.Case(Op.B):
                offset = Cat(0, 0, field(insn, "LI")).as_signed()
                m.d.comb += outcome.target.eq(base + offset)
            with m.Case(Op.BC):
                offset = Cat(0, 0, field(insn, "BD")).as_signed()
                m.d.comb += outcome.target.eq(base + offset)
            with m.Case(Op.BCLR):
                m.d.comb += outcome.target.eq(Cat(0, 0, next_lr[2:]))
            with m.Case(Op.BCCTR):
                m.d.comb += outcome.target.eq(Cat(0, 0, next_ctr[2:]))
        return m
