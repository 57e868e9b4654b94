"""Counters of what the MMU did: 64 bits each, for statistics; software cannot see them.

They count accesses, not cycles: an access is counted when its answer is used, a search when it
ends. The performance monitor, which software does see, is another component.
"""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Counters", "EVENTS"]

#: Event, and the counter that counts it.
EVENTS = {
    "fetch_bat_hit": "fetch_bat_hits", "fetch_tlb_hit": "fetch_tlb_hits",
    "fetch_tlb_miss": "fetch_tlb_misses",
    "data_bat_hit": "data_bat_hits", "data_tlb_hit": "data_tlb_hits",
    "data_tlb_miss": "data_tlb_misses",
    "walk": "walks", "walk_cycle": "walk_cycles",
    "update_r": "r_updates", "update_c": "c_updates",
}


class Counters(wiring.Component):
    """Event counters: one-bit inputs named as the keys of `EVENTS`, outputs as its values."""

    def __init__(self):
        super().__init__({
            **{event: In(1) for event in EVENTS},
            #: PTEs that a search examined, with `walk`.
            "walk_ptes": In(5),
            **{count: Out(64) for count in EVENTS.values()},
            #: Their sum.
            "ptes_examined": Out(64),
        })

    def elaborate(self, platform):
        m = Module()
        for event, count in EVENTS.items():
            with m.If(getattr(self, event)):
                register = getattr(self, count)
                m.d.sync += register.eq(register + 1)
        with m.If(self.walk):
            m.d.sync += self.ptes_examined.eq(self.ptes_examined + self.walk_ptes)
        return m
