"""Arbitration: several masters share one bus (MPC750 UM 8.1, 8.3.1).

    clock     0    1    2    3    4    5    6    7
    br        ---- ----
    bg             ----                     ----      the first master in the list that asks
    ts                  ----                     ----
    aack                     ----
    window                        ----                ARTRY counts
                                       ####           after ARTRY: not the master that was retried

An address tenure ends with AACK and the clock after it, in which a snooper may cancel it (ARTRY).
Then the next one can be granted; it overlaps the data tenure of an earlier transaction, while the
queue of data tenures has room. After a retry the others come first, once: the snooper must be able
to push the block that it has modified (the window of opportunity, MPC750 UM 8.3.3).
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.interfaces import AddressSnoop, MasterPort, TargetPort
from pteg.hw.bus.master import address_only
from pteg.hw.bus.tenures import TenureQueue

__all__ = ["Arbiter"]


class Arbiter(wiring.Component):
    """Makes one bus of several masters.

    Parameters
    ----------
    masters : int
        Number of masters; number 0 has the highest priority.
    foreign : int
        A bit for each: a master outside the processor, which the processor snoops.
    """

    def __init__(self, masters, foreign=0):
        if not isinstance(masters, int) or masters < 1:
            raise ValueError(f"masters must be a positive integer, not {masters!r}")
        self.count, self.foreign = masters, foreign
        super().__init__({
            "masters": In(MasterPort()).array(masters),
            #: What they share. All targets together behave as one.
            "bus": Out(TargetPort()),
            #: What snoopers see, and what they say.
            "snoop": Out(AddressSnoop()),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.tenures = tenures = TenureQueue(self.count)
        masters, bus, snoop = self.masters, self.bus, self.snoop

        # Address bus: `owner` is the master whose address tenure it is, one bit or none.
        owner = Signal(self.count)
        request = Signal(self.count)
        first = Signal(self.count)      # of the requests
        granted = Signal(self.count)
        yields = Signal(self.count)     # one that has been retried
        window = Signal()
        retry = Signal()
        free = Signal()
        m.d.comb += [
            request.eq(Cat(master.br for master in masters)),
            # One that has been retried comes last, once.
            first.eq(Mux((request & ~yields).any(), request & ~yields, request)),
            retry.eq(window & snoop.artry),
            free.eq((owner == 0) | window & ~retry),
        ]
        m.d.sync += window.eq(bus.aack)
        with m.If(free):
            m.d.sync += owner.eq(granted)
            m.d.sync += granted.eq(0)
            with m.If((granted == 0) & (request != 0) & ~tenures.full):
                m.d.sync += [granted.eq(first & (~first + 1)),      # the lowest bit that is set
                             yields.eq(0)]
        with m.If(retry):
            m.d.sync += [yields.eq(owner), owner.eq(0)]
        with m.Switch(owner):
            for n, master in enumerate(masters):
                with m.Case(1 << n):
                    m.d.comb += [bus.ts.eq(master.ts), bus.a.eq(master.a), bus.tt.eq(master.tt),
                                 bus.tsiz.eq(master.tsiz), bus.tbst.eq(master.tbst),
                                 snoop.wimg.eq(master.wimg)]
        m.d.comb += [
            snoop.ts.eq(bus.ts), snoop.a.eq(bus.a), snoop.tt.eq(bus.tt), snoop.window.eq(window),
            snoop.retried.eq(retry),
            snoop.foreign.eq((owner & self.foreign).any()), bus.artry.eq(retry),
        ]

        # Data bus.
        m.d.comb += [
            tenures.start.eq(bus.ts & ~address_only(bus.tt)), tenures.who.eq(owner),
            tenures.burst.eq(bus.tbst), tenures.ta.eq(bus.ta), tenures.tea.eq(bus.tea),
            tenures.cancel.eq(retry & ~address_only(bus.tt)),
            bus.dbb.eq(tenures.current != 0),
        ]
        with m.Switch(tenures.current):
            for n, master in enumerate(masters):
                with m.Case(1 << n):
                    m.d.comb += bus.d_w.eq(master.d_w)

        for n, master in enumerate(masters):
            m.d.comb += [
                master.bg.eq(granted[n]), master.aack.eq(bus.aack & owner[n]),
                master.artry.eq(retry & owner[n]),
                master.dbg.eq(tenures.current[n]), master.d_r.eq(bus.d_r),
                master.ta.eq(bus.ta & tenures.current[n]),
                master.tea.eq(bus.tea & tenures.current[n]),
            ]
        return m
