"""Arbitration: several masters share one bus (MPC750 UM 8.1, 8.3.1).

The masters are parts of one processor and share its bus interface unit: the external grant is
parked on the processor, so that choosing among its own requests takes no cycle. The first master
in the list wins. An address tenure ends with AACK, and the next can be granted in that cycle; it
overlaps the data tenure of an earlier transaction, while the queue of data tenures has room.
"""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.interfaces import MasterPort, TargetPort
from pteg.hw.bus.master import address_only
from pteg.hw.bus.tenures import TenureQueue

__all__ = ["Arbiter"]


class Arbiter(wiring.Component):
    """Makes one bus of several masters.

    Parameters
    ----------
    masters : int
        Number of masters; number 0 has the highest priority.
    """

    def __init__(self, masters):
        if not isinstance(masters, int) or masters < 1:
            raise ValueError(f"masters must be a positive integer, not {masters!r}")
        self.count = masters
        super().__init__({
            "masters": In(MasterPort()).array(masters),
            #: What they share. All targets together behave as one.
            "bus": Out(TargetPort()),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.tenures = tenures = TenureQueue(self.count)
        masters, bus = self.masters, self.bus

        # Address bus: `owner` is the master whose address tenure it is, one bit or none.
        owner = Signal(self.count)
        request = Signal(self.count)
        grant = Signal(self.count)
        m.d.comb += request.eq(Cat(master.br for master in masters))
        with m.If((owner == 0) | bus.aack):
            with m.If(~tenures.full):
                m.d.comb += grant.eq(request & (~request + 1))   # the lowest bit that is set
            m.d.sync += owner.eq(grant)
        with m.Switch(owner):
            for n, master in enumerate(masters):
                with m.Case(1 << n):
                    m.d.comb += [bus.ts.eq(master.ts), bus.a.eq(master.a), bus.tt.eq(master.tt),
                                 bus.tsiz.eq(master.tsiz), bus.tbst.eq(master.tbst)]

        # Data bus.
        m.d.comb += [
            tenures.start.eq(bus.ts & ~address_only(bus.tt)), tenures.who.eq(owner),
            tenures.burst.eq(bus.tbst), tenures.ta.eq(bus.ta), tenures.tea.eq(bus.tea),
            bus.dbb.eq(tenures.current != 0),
        ]
        with m.Switch(tenures.current):
            for n, master in enumerate(masters):
                with m.Case(1 << n):
                    m.d.comb += bus.d_w.eq(master.d_w)

        for n, master in enumerate(masters):
            m.d.comb += [
                master.bg.eq(grant[n]), master.aack.eq(bus.aack & owner[n]),
                master.dbg.eq(tenures.current[n]), master.d_r.eq(bus.d_r),
                master.ta.eq(bus.ta & tenures.current[n]),
                master.tea.eq(bus.tea & tenures.current[n]),
            ]
        return m
