"""Decodes a branch: what it depends on, what it changes, and its target (PEM 4.2.4)."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.words import field

__all__ = ["BranchDecoder"]

# Primary opcodes, and the extended opcode of the form that is not bclr (PEM A.4).
_BC, _B, _BCCTR_XO = 16, 18, 528


class BranchDecoder(wiring.Component):
    """Combinational."""

    insn: In(32)
    pc: In(32)
    #: As the branch sees them.
    lr: In(32)
    ctr: In(32)
    #: The target is in LR, in CTR; else it is computed.
    to_link: Out(1)
    to_count: Out(1)
    target: Out(32)
    #: It sets LR; it decrements CTR.
    links: Out(1)
    counts: Out(1)
    #: CTR lets it be taken. It also depends on CR bit `bi`, which must be `wanted`.
    admitted: Out(1)
    conditional: Out(1)
    bi: Out(5)
    wanted: Out(1)
    #: Static prediction.
    hint: Out(1)

    def elaborate(self, platform):
        m = Module()
        insn = self.insn
        opcode = field(insn, "OPCD")
        direct = Signal()       # b
        relative = Signal()     # b or bc
        # BO is, from its most significant bit, "ignore CR", the wanted CR bit, "leave CTR alone",
        # the wanted CTR = 0, and the prediction hint (PEM table 4-20).
        bo = field(insn, "BO")
        ignore_cr, want_cr, leave_ctr, want_zero, hint = bo[4], bo[3], bo[2], bo[1], bo[0]
        m.d.comb += [
            direct.eq(opcode == _B), relative.eq(direct | (opcode == _BC)),
            self.to_count.eq(~relative & (field(insn, "XO") == _BCCTR_XO)),
            self.to_link.eq(~relative & ~self.to_count),
            self.links.eq(field(insn, "LK")),
            # bcctr that counts, an invalid form, goes to what CTR was before
            # (docs/instructions.md).
            self.counts.eq(~direct & ~leave_ctr),
            self.conditional.eq(~direct & ~ignore_cr),
            self.admitted.eq(~self.counts | ((self.ctr == 1) == want_zero)),
            self.bi.eq(field(insn, "BI")), self.wanted.eq(want_cr),
            self.hint.eq((relative & field(insn, "BD")[-1]) ^ hint),
        ]
        base = Mux(field(insn, "AA"), 0, self.pc)
        with m.If(direct):
            m.d.comb += self.target.eq(base + Cat(0, 0, field(insn, "LI")).as_signed())
        with m.Elif(relative):
            m.d.comb += self.target.eq(base + Cat(0, 0, field(insn, "BD")).as_signed())
        with m.Else():
            m.d.comb += self.target.eq(Cat(0, 0, Mux(self.to_count, self.ctr, self.lr)[2:]))
        return m
