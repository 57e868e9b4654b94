"""Link and count register (PEM 2.1.5, 2.1.6).

The branch unit executes branches before they complete. LR as the next branch sees it is then in the
shadow LR, until the branch that has set it completes; there is one (IBM 750GX UM 6.6.1.1). CTR
exists twice: as completed instructions left it, and as the next branch sees it. Both are saved with
each prediction, and are restored when it was wrong.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.branch import LinkPort
from pteg.hw.core.interfaces import BranchRetire
from pteg.hw.core.predictions import LEVELS

__all__ = ["LinkRegisters"]


class Seen(data.Struct):
    """What the next branch sees, beside LR and the value of the shadow LR."""

    ctr: 32
    shadow: 1       # the shadow LR has the newest value


class LinkRegisters(wiring.Component):
    """LR and CTR."""

    branch: In(LinkPort())
    retire: In(BranchRetire())
    #: mtspr waits in its unit; it executes.
    lr_waits: In(1)
    ctr_waits: In(1)
    write_lr: In(1)
    write_ctr: In(1)
    wdata: In(32)
    #: Architectural values.
    lr: Out(32)
    ctr: Out(32)
    #: Everything in flight is dropped.
    flush: In(1)

    def elaborate(self, platform):
        m = Module()
        branch, retire = self.branch, self.retire
        lr = Signal(32)
        ctr = Signal(32)
        new_ctr = Signal(32)
        shadow = Signal(32)
        seen = Signal(Seen)
        after = Signal(Seen)
        saved = [Signal(Seen, name=f"saved{number}") for number in range(LEVELS)]
        m.d.comb += [
            self.lr.eq(lr), self.ctr.eq(ctr),
            branch.lr.eq(Mux(seen.shadow, shadow, lr)), branch.ctr.eq(seen.ctr),
            branch.lr_waits.eq(self.lr_waits), branch.ctr_waits.eq(self.ctr_waits),
            branch.shadow_used.eq(seen.shadow),
            after.eq(seen), new_ctr.eq(ctr),
        ]
        # As branches are executed.
        with m.If(branch.link):
            m.d.comb += after.shadow.eq(1)
            m.d.sync += shadow.eq(branch.pc)
        with m.If(branch.count):
            m.d.comb += after.ctr.eq(seen.ctr - 1)
        with m.If(branch.wrong):
            m.d.comb += after.eq(saved[0])
        with m.If(branch.link | branch.count | branch.wrong):
            m.d.sync += seen.eq(after)
        with m.If(branch.accept):
            m.d.sync += saved[0].eq(saved[1])
        for number, place in enumerate(saved):
            with m.If(branch.predict & (branch.number == number)):
                m.d.sync += place.eq(after)

        # As instructions complete: none of them follows an unresolved prediction.
        with m.If(retire.count):
            m.d.comb += new_ctr.eq(ctr - 1)
        with m.If(retire.link):
            m.d.sync += [lr.eq(retire.pc + 4),
                         *(place.shadow.eq(0) for place in (seen, *saved))]
        with m.If(self.write_lr):
            m.d.sync += lr.eq(self.wdata)
        with m.If(self.write_ctr):
            m.d.comb += new_ctr.eq(self.wdata)
            m.d.sync += [place.ctr.eq(self.wdata) for place in (seen, *saved)]
        m.d.sync += ctr.eq(new_ctr)
        with m.If(self.flush):
            m.d.sync += [seen.ctr.eq(new_ctr), seen.shadow.eq(0)]
        return m
