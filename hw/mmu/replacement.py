"""Replacement in a TLB: the way of a set that a new entry goes to (MPC750 UM 5.4.3.1).

The 750 replaces the entry that was used longest ago: one bit a set. The other policies are for
experiments; any component with the same ports can be the replacement of a TLB.
"""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.cache.replacement import used, victim

__all__ = ["POLICIES", "Fifo", "Lru", "Random", "Replacement", "one_bit"]


def one_bit(index, sets):
    """A word with a bit for each set, in which only the bit of set `index` is set.

    Words are changed as a whole: the simulator keeps such a word in one piece.
    """
    return (Const(1, sets) << index)[:sets]


class Replacement(wiring.Component):
    """The ports of a policy.

    Parameters
    ----------
    sets, ways : int
        Of the TLB: powers of two.
    """

    def __init__(self, sets=64, ways=2):
        self.sets, self.ways = sets, ways
        super().__init__({
            #: Set that is looked up, and the way to replace in it.
            "index": In(range(sets)), "victim": Out(range(ways)),
            #: `used_way` of set `used_index` is used, or has just been filled.
            "used": In(1), "used_index": In(range(sets)), "used_way": In(range(ways)),
            #: With `used`: it has just been filled.
            "filled": In(1),
        })


class Lru(Replacement):
    """Replaces the way that was used longest ago: one bit for two ways, a tree of bits for more.

    The tree is that of the caches (hw/cache/replacement.py): pseudo-LRU.
    """

    def elaborate(self, platform):
        m = Module()
        # A word for each bit of the tree, with a bit for each set.
        oldest = [Signal(self.sets, name=f"oldest{node}") for node in range(self.ways - 1)]
        one = one_bit(self.used_index, self.sets)

        def bits(index):
            return Cat(word.bit_select(index, 1) for word in oldest)

        m.d.comb += self.victim.eq(victim(bits(self.index)))
        after = used(bits(self.used_index), self.used_way)
        with m.If(self.used):
            for node, word in enumerate(oldest):
                m.d.sync += word.eq(Mux(after[node], word | one, word & ~one))
        return m


class Fifo(Replacement):
    """Fills the ways of a set in turn."""

    def elaborate(self, platform):
        m = Module()
        turn = Array(Signal(range(self.ways), name=f"turn{index}") for index in range(self.sets))
        m.d.comb += self.victim.eq(turn[self.index])
        with m.If(self.used & self.filled & (self.used_way == turn[self.used_index])):
            m.d.sync += turn[self.used_index].eq(self.used_way + 1)
        return m


class Random(Replacement):
    """Any way: as a shift register of 16 bits says, which takes a step at each refill."""

    #: Its first contents; the bits whose sum enters it (x^16 + x^14 + x^13 + x^11 + 1).
    SEED, TAPS = 0xACE1, (0, 2, 3, 5)

    def elaborate(self, platform):
        m = Module()
        register = Signal(16, init=self.SEED)
        m.d.comb += self.victim.eq(register)
        with m.If(self.used & self.filled):
            m.d.sync += register.eq(Cat(register[1:], Cat(register[n] for n in self.TAPS).xor()))
        return m


#: By the value of the parameter `tlb_replacement`.
POLICIES = {"lru": Lru, "fifo": Fifo, "random": Random}
