"""One translation lookaside buffer: 64 sets of two ways (MPC750 UM 5.4.3).

EA[14-19] selects the set; VSID and EA[4-13] are the tag. Both ways are read and compared at once.
The entries are in two memories, one a way; valid bits are flip-flops, so that tlbie clears both
ways of a set in one cycle. Another component selects the way to replace: the 750's
is `Lru`; any component with the same ports can replace it.

The 750's TLBs are undefined after a hard reset, and software must invalidate them. Here they are
empty.
"""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.mmu.interfaces import InvalidatePort, TlbEntry
from pteg.hw.sizes import TLB_SETS, TLB_WAYS

__all__ = ["Lru", "Tlb"]


def one_bit(index):
    """A word with a bit for each set, in which only the bit of set `index` is set.

    Words are changed as a whole: the simulator keeps such a word in one piece.
    """
    return (Const(1, TLB_SETS) << index)[:TLB_SETS]


class Lru(wiring.Component):
    """Replaces the way that was used longest ago: one bit a set (MPC750 UM 5.4.3.1)."""

    #: Set that is looked up, and the way to replace in it.
    index: In(range(TLB_SETS))
    victim: Out(range(TLB_WAYS))
    #: `used_way` of set `used_index` is used, or has just been filled.
    used: In(1)
    used_index: In(range(TLB_SETS))
    used_way: In(range(TLB_WAYS))

    def elaborate(self, platform):
        m = Module()
        oldest = Signal(TLB_SETS)
        m.d.comb += self.victim.eq(oldest.bit_select(self.index, 1))
        one = one_bit(self.used_index)
        with m.If(self.used):
            m.d.sync += oldest.eq(Mux(self.used_way, oldest & ~one, oldest | one))
        return m


class Tlb(wiring.Component):
    """Instruction or data TLB.

    Parameters
    ----------
    replacement : Component
        Chooses the way to replace; has the ports of `Lru`.
    """

    #: Look up this page: `hit` and `entry` follow in the same cycle.
    valid: In(1)
    ea: In(32)
    vsid: In(24)
    hit: Out(1)
    entry: Out(TlbEntry)
    #: Way that hit, or else the one to be replaced.
    way: Out(range(TLB_WAYS))
    #: The entry that hits is used in this cycle.
    used: In(1)
    #: `refill_entry` is written at the end of the cycle.
    refill: In(1)
    refill_ea: In(32)
    refill_way: In(range(TLB_WAYS))
    refill_entry: In(TlbEntry)
    #: tlbie.
    invalidate: In(InvalidatePort())

    def __init__(self, replacement=None):
        self.replacement = Lru() if replacement is None else replacement
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.replacement = replacement = self.replacement

        def index(ea):
            return ea[12:18]

        valid = [Signal(TLB_SETS, name=f"valid{way}") for way in range(TLB_WAYS)]
        hits, entries = [], []
        for way in range(TLB_WAYS):
            m.submodules[f"way{way}"] = rows = memory.Memory(
                shape=TlbEntry, depth=TLB_SETS, init=[])
            read, write = rows.read_port(domain="comb"), rows.write_port()
            entries.append(read.data)
            hits.append(valid[way].bit_select(index(self.ea), 1)
                        & (read.data.vsid == self.vsid) & (read.data.page == self.ea[18:28]))
            refill = self.refill & (self.refill_way == way)
            m.d.comb += [
                read.addr.eq(index(self.ea)),
                write.en.eq(refill),
                write.addr.eq(index(self.refill_ea)), write.data.eq(self.refill_entry),
            ]
            # An invalidation wins over a refill: at worst the page is searched for again.
            with m.If(self.invalidate.valid):
                m.d.sync += valid[way].eq(valid[way] & ~one_bit(index(self.invalidate.ea)))
            with m.Elif(refill):
                m.d.sync += valid[way].eq(valid[way] | one_bit(index(self.refill_ea)))

        matches = Signal(TLB_WAYS)
        hit_way = matches[1]
        with m.If(self.valid):
            m.d.comb += matches.eq(Cat(hits))
        m.d.comb += [
            self.hit.eq(matches.any()),
            self.entry.eq(data.View(TlbEntry, Array(
                entry.as_value() for entry in entries)[hit_way])),
            replacement.index.eq(index(self.ea)),
            replacement.used.eq(self.refill | (self.used & self.hit)),
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
