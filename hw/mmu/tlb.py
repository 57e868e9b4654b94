"""One translation lookaside buffer: 64 sets of two ways (MPC750 UM 5.4.3).

EA[14-19] selects the set; VSID and EA[4-13] are the tag. With other numbers of sets, as many bits
up to EA[19] select the set, and those before them are the tag. All ways are read and compared at
once. The entries are in memories, one a way; valid bits are flip-flops, so that tlbie clears all
ways of a set in one cycle. Another component selects the way to replace (replacement.py).

The 750's TLBs are undefined after a hard reset, and software must invalidate them. Here they are
empty.
"""

from amaranth.hdl import Array, Cat, Module, Signal
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.mmu.interfaces import InvalidatePort, TlbEntry
from pteg.hw.mmu.replacement import Lru, one_bit

__all__ = ["Tlb"]


class Tlb(wiring.Component):
    """Instruction or data TLB.

    Parameters
    ----------
    sets, ways : int
        Powers of two.
    replacement : type
        Chooses the way to replace: made of `sets` and `ways`, it has the ports of `Lru`.
    """

    def __init__(self, sets=64, ways=2, replacement=Lru):
        self.sets, self.ways = sets, ways
        self.replacement = replacement(sets, ways)
        way = range(ways)
        super().__init__({
            #: Look up this page: `hit` and `entry` follow in the same cycle.
            "valid": In(1), "ea": In(32), "vsid": In(24), "hit": Out(1), "entry": Out(TlbEntry),
            #: Way that hit, or else the one to be replaced.
            "way": Out(way),
            #: The entry that hits is used in this cycle.
            "used": In(1),
            #: `refill_entry` is written at the end of the cycle.
            "refill": In(1), "refill_ea": In(32), "refill_way": In(way),
            "refill_entry": In(TlbEntry),
            #: tlbie.
            "invalidate": In(InvalidatePort()),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.replacement = replacement = self.replacement
        sets, ways = self.sets, self.ways
        page_from = 12 + sets.bit_length() - 1      # bits of an address below the tag
        row = data.StructLayout({"entry": TlbEntry, "page": 28 - page_from})

        def index(ea):
            return ea[12:page_from]

        valid = [Signal(sets, name=f"valid{way}") for way in range(ways)]
        hits, entries = [], []
        for way in range(ways):
            m.submodules[f"way{way}"] = rows = memory.Memory(shape=row, depth=sets, init=[])
            read = rows.read_port(domain="comb")
            write = rows.write_port()
            entries.append(read.data.entry)
            hits.append(valid[way].bit_select(index(self.ea), 1)
                        & (read.data.entry.vsid == self.vsid)
                        & (read.data.page == self.ea[page_from:28]))
            refill = self.refill & (self.refill_way == way)
            m.d.comb += [
                read.addr.eq(index(self.ea)),
                write.en.eq(refill), write.addr.eq(index(self.refill_ea)),
                write.data.entry.eq(self.refill_entry),
                write.data.page.eq(self.refill_ea[page_from:28]),
            ]
            # An invalidation wins over a refill: at worst the page is searched for again.
            with m.If(self.invalidate.valid):
                m.d.sync += valid[way].eq(valid[way] & ~one_bit(index(self.invalidate.ea), sets))
            with m.Elif(refill):
                m.d.sync += valid[way].eq(valid[way] | one_bit(index(self.refill_ea), sets))

        matches = Signal(ways)
        hit_way = Signal(range(ways))
        with m.If(self.valid):
            m.d.comb += matches.eq(Cat(hits))
        m.d.comb += [
            hit_way.eq(Cat(Cat(matches[n] for n in range(ways) if n >> bit & 1).any()
                           for bit in range(ways.bit_length() - 1))),
            self.hit.eq(matches.any()),
            self.entry.eq(data.View(TlbEntry, Array(
                entry.as_value() for entry in entries)[hit_way])),
            replacement.index.eq(index(self.ea)),
            replacement.used.eq(self.refill | (self.used & self.hit)),
            replacement.filled.eq(self.refill),
        ]
        with m.If(self.hit):
            m.d.comb += self.way.eq(hit_way)
        with m.Else():
            m.d.comb += self.way.eq(replacement.victim)
        with m.If(self.refill):
            m.d.comb += [replacement.used_index.eq(index(self.refill_ea)),
                         replacement.used_way.eq(self.refill_way)]
        with m.Else():
            m.d.comb += [replacement.used_index.eq(index(self.ea)),
                         replacement.used_way.eq(hit_way)]
        return m
