"""Link and count register (PEM 2.1.5, 2.1.6).

Each exists twice: as completed instructions left it, and as the next branch to be executed sees it.
The branch unit executes branches before they complete; a flush makes the second the first again.
"""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import BranchRetire

__all__ = ["LinkRegisters"]


class LinkRegisters(wiring.Component):
    """LR and CTR."""

    retire: In(BranchRetire())
    #: mtspr.
    write_lr: In(1)
    write_ctr: In(1)
    wdata: In(32)
    #: Architectural values.
    lr: Out(32)
    ctr: Out(32)
    #: What the next branch sees.
    next_lr: Out(32)
    next_ctr: Out(32)
    #: The branch unit executes a branch that sets LR to `return_pc`.
    link: In(1)
    return_pc: In(32)
    #: It executes one that decrements CTR.
    count: In(1)
    flush: In(1)

    def elaborate(self, platform):
        m = Module()

        lr, ctr = Signal(32), Signal(32)          # architectural
        new_lr, new_ctr = Signal(32), Signal(32)  # the same after this cycle
        m.d.comb += [self.lr.eq(lr), self.ctr.eq(ctr), new_lr.eq(lr), new_ctr.eq(ctr)]
        with m.If(self.retire.link):
            m.d.comb += new_lr.eq(self.retire.pc + 4)
        with m.If(self.retire.count):
            m.d.comb += new_ctr.eq(ctr - 1)
        with m.If(self.write_lr):
            m.d.comb += new_lr.eq(self.wdata)
            m.d.sync += self.next_lr.eq(self.wdata)
        with m.If(self.write_ctr):
            m.d.comb += new_ctr.eq(self.wdata)
            m.d.sync += self.next_ctr.eq(self.wdata)
        m.d.sync += [lr.eq(new_lr), ctr.eq(new_ctr)]

        with m.If(self.link):
            m.d.sync += self.next_lr.eq(self.return_pc)
        with m.If(self.count):
            m.d.sync += self.next_ctr.eq(self.next_ctr - 1)
        with m.If(self.flush):
            m.d.sync += [self.next_lr.eq(new_lr), self.next_ctr.eq(new_ctr)]
        return m
