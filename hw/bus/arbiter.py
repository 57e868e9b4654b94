"""Arbitration: several masters share one bus (MPC750 UM 8.1, 8.3.1).

    clock     0    1    2    3    4    5    6    7
    br        ---- ----
    bg             ----                     ----      the master whose turn it is, of those that ask
    ts                  ----                     ----
    aack                     ----
    window                        ----                ARTRY counts
                                       ####           after ARTRY: not the master that was retried

An address tenure ends with AACK and the clock after it, in which a snooper may cancel it (ARTRY).
Then the next one can be granted; it overlaps the data tenure of an earlier transaction, while the
queue of data tenures has room. After a retry each of the others that ask comes first, once: the
snooper must be able to push the block that it has modified (the window of opportunity, MPC750 UM
8.3.3), whatever else the processors ask for, such as the loads of a loop that waits for a device.

Processors take turns: the one that was granted the bus last has the lowest priority. Within a
processor, and before all processors, the order is that of the list.
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
    groups : sequence of int
        Numbers of masters, the last ones of all, that belong to one processor each. Without it, no
        masters take turns.
    """

    def __init__(self, masters, groups=()):
        if not isinstance(masters, int) or masters < 1:
            raise ValueError(f"masters must be a positive integer, not {masters!r}")
        if sum(groups) > masters:
            raise ValueError(f"groups must not have more than {masters} masters")
        self.count, self.groups = masters, tuple(groups)
        super().__init__({
            "masters": In(MasterPort()).array(masters),
            #: What they share. All targets together behave as one.
            "bus": Out(TargetPort()),
            #: What snoopers see, and what they say; whose address tenure it is, one bit or none.
            "snoop": Out(AddressSnoop()),
            "owner": Out(masters),
            #: Whose data tenure it is, one bit or none.
            "data_owner": Out(masters),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.tenures = tenures = TenureQueue(self.count)
        masters, bus, snoop = self.masters, self.bus, self.snoop

        # Address bus.
        owner = self.owner
        request = Signal(self.count)
        wanted = Signal(self.count)     # requests that may be granted
        first = Signal(self.count)      # the one of them that comes first
        granted = Signal(self.count)
        yields = Signal(self.count)     # since a retry: those that have had their turn
        passing = Signal(self.count)    # the same, when a tenure passes
        yielding = Signal(self.count)   # the same, for the next grant
        others = Signal()               # ask, and have not had their turn
        window = Signal()
        retry = Signal()
        free = Signal()
        m.d.comb += [
            request.eq(Cat(master.br for master in masters)),
            others.eq((request & ~yields & ~owner).any()),
            passing.eq(Mux((yields != 0) & others, yields | owner, 0)),
            yielding.eq(Mux(window & ~retry, passing, yields)),
            wanted.eq(Mux((request & ~yielding).any(), request & ~yielding, request)),
            retry.eq(window & snoop.artry),
            free.eq((owner == 0) | window & ~retry),
        ]
        m.d.sync += window.eq(bus.aack)
        with m.If(free):
            m.d.sync += owner.eq(granted)
            m.d.sync += granted.eq(0)
            with m.If((granted == 0) & (request != 0) & ~tenures.full):
                m.d.sync += granted.eq(first)
        self._choose(m, wanted, first, granted)
        with m.If(window):
            m.d.sync += yields.eq(yielding)
        with m.If(retry):
            # When all have had their turn, it begins anew, or else the order would be the same for
            # ever.
            m.d.sync += [yields.eq(Mux(others, yields | owner, owner)), owner.eq(0)]
        with m.Switch(owner):
            for n, master in enumerate(masters):
                with m.Case(1 << n):
                    m.d.comb += [bus.ts.eq(master.ts), bus.a.eq(master.a), bus.tt.eq(master.tt),
                                 bus.tsiz.eq(master.tsiz), bus.tbst.eq(master.tbst),
                                 snoop.wimg.eq(master.wimg)]
        m.d.comb += [
            snoop.ts.eq(bus.ts), snoop.a.eq(bus.a), snoop.tt.eq(bus.tt), snoop.window.eq(window),
            snoop.retried.eq(retry),
            bus.artry.eq(retry),
        ]

        # Data bus.
        m.d.comb += [
            tenures.start.eq(bus.ts & ~address_only(bus.tt)), tenures.who.eq(owner),
            tenures.burst.eq(bus.tbst), tenures.ta.eq(bus.ta), tenures.tea.eq(bus.tea),
            tenures.cancel.eq(retry & ~address_only(bus.tt)),
            bus.dbb.eq(tenures.current != 0), self.data_owner.eq(tenures.current),
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

    def _choose(self, m, wanted, first, granted):
        """The lowest bit that is set; of the processors, first the one after the last."""
        if len(self.groups) < 2:
            m.d.comb += first.eq(lowest(wanted))
            return
        members, end = [], self.count - sum(self.groups)
        outside = (1 << end) - 1        # masters that belong to no processor
        for size in self.groups:
            members.append((1 << size) - 1 << end)
            end += size
        last = Signal(range(len(members)))
        with m.Switch(last):
            for turn in range(len(members)):
                with m.Case(turn):
                    order = [outside, *members[turn + 1:], *members[:turn + 1]]
                    chosen = 0
                    for mask in reversed(order):
                        chosen = Mux((wanted & mask).any(), lowest(wanted & mask), chosen)
                    m.d.comb += first.eq(chosen)
        for number, mask in enumerate(members):
            with m.If((granted & mask).any()):
                m.d.sync += last.eq(number)


def lowest(bits):
    """Amaranth value: the lowest bit that is set, alone."""
    return bits & (~bits + 1)
