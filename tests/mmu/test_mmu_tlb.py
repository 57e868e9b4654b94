"""TLB against a list of the ways of each set, for several sizes and policies of replacement."""

import random

import pytest
from amaranth.sim import Simulator

from pteg.hw.mmu.replacement import Fifo, Lru, Random, Replacement
from pteg.hw.mmu.tlb import Tlb


def simulate(tlb, testbench):
    simulator = Simulator(tlb)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()


def entry_of(rng, vsid):
    return {"pp": rng.getrandbits(2), "wimg": rng.getrandbits(4), "c": rng.getrandbits(1),
            "rpn": rng.getrandbits(20), "vsid": vsid}


def set_lookup(ctx, tlb, ea, vsid):
    ctx.set(tlb.valid, 1)
    ctx.set(tlb.ea, ea)
    ctx.set(tlb.vsid, vsid)


async def refill(ctx, tlb, entry):
    """As the walker does it: into the way that the lookup of the same address names."""
    ctx.set(tlb.refill, 1)
    ctx.set(tlb.refill_ea, ctx.get(tlb.ea))
    ctx.set(tlb.refill_way, ctx.get(tlb.way))
    ctx.set(tlb.refill_entry, entry)
    await ctx.tick()
    ctx.set(tlb.refill, 0)


class Ways:
    """One set of a TLB: a list of ways, and which is replaced next by a policy."""

    def __init__(self, policy, ways):
        self.policy, self.ways, self.held, self.turn = policy, ways, {}, 0
        self.older = {}     # pseudo-LRU: for a range of ways, the half that was used less recently

    def use(self, way):
        low, high = 0, self.ways
        while high - low > 1:
            middle = (low + high) // 2
            self.older[low, high] = 0 if way >= middle else 1
            low, high = (middle, high) if way >= middle else (low, middle)

    def victim(self, register):
        if self.policy is Random:
            return register % self.ways
        if self.policy is Fifo:
            return self.turn
        low, high = 0, self.ways
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.older.get((low, high)) else (low, middle)
        return low

    def fill(self, way, tag, entry):
        self.held[way] = tag, entry
        self.turn = (self.turn + (way == self.turn)) % self.ways
        self.use(way)

    def find(self, tag):
        return next((way for way, (held, _) in self.held.items() if held == tag), None)


def step(register):
    """The shift register of `random`: x^16 + x^14 + x^13 + x^11 + 1."""
    bit = (register ^ register >> 2 ^ register >> 3 ^ register >> 5) & 1
    return register >> 1 | bit << 15


@pytest.mark.parametrize("sets, ways, policy", [
    (64, 2, Lru), (1, 1, Lru), (16, 4, Lru), (8, 8, Lru), (64, 2, Fifo), (2, 4, Fifo),
    (64, 2, Random), (256, 4, Random)])
def test_random_lookups_refills_and_invalidations(sets, ways, policy):
    tlb, rng = Tlb(sets, ways, policy), random.Random(sets * ways)
    model = [Ways(policy, ways) for _ in range(sets)]

    async def testbench(ctx):
        hits, register, pages = 0, 0xACE1, [rng.getrandbits(16) for _ in range(3 * ways)]
        near = [0, 5 % sets, sets - 1]
        for _ in range(1200):
            page = (rng.choice(pages) * sets | rng.choice(near)) & 0xFFFF
            ea, vsid = page << 12 | rng.randrange(2) << 28, rng.randrange(2)
            chosen, tag = model[page % sets], (vsid, page)
            known = chosen.find(tag)
            set_lookup(ctx, tlb, ea, vsid)
            used = rng.random() < 0.5
            ctx.set(tlb.used, used)
            assert ctx.get(tlb.hit) == (known is not None)
            way = chosen.victim(register) if known is None else known
            assert ctx.get(tlb.way) == way
            if known is not None:
                hits += 1
                assert ctx.get(tlb.entry).as_bits() == ctx.get(tlb.entry).shape().const(
                    chosen.held[known][1]).as_bits()
                if used:
                    chosen.use(known)
            await ctx.tick()
            ctx.set(tlb.used, 0)
            if rng.random() < 0.4:      # fill, or write the same page again
                entry = entry_of(rng, vsid)
                way = chosen.victim(register) if known is None else known
                chosen.fill(way, tag, entry)
                register = step(register)
                await refill(ctx, tlb, entry)
            if rng.random() < 0.03:
                ctx.set(tlb.invalidate.valid, 1)
                ctx.set(tlb.invalidate.ea, ea ^ rng.getrandbits(32) & ~((sets - 1) << 12))
                chosen.held.clear()
                await ctx.tick()
                ctx.set(tlb.invalidate.valid, 0)
        assert hits > 100

    simulate(tlb, testbench)


def test_invalidation_clears_both_ways_of_one_set_only():
    tlb, rng = Tlb(), random.Random(0)

    async def testbench(ctx):
        addresses = [page << 18 | index << 12 for index in range(64) for page in range(2)]
        for ea in addresses:
            set_lookup(ctx, tlb, ea, 7)
            await refill(ctx, tlb, entry_of(rng, 7))
        for cleared in (0, 31, 63):
            ctx.set(tlb.invalidate.valid, 1)
            ctx.set(tlb.invalidate.ea, 0xFFFC0FFF | cleared << 12)
            await ctx.tick()
            ctx.set(tlb.invalidate.valid, 0)
            addresses = [ea for ea in addresses if ea >> 12 & 63 != cleared]
            for ea in (page << 18 | index << 12 for index in range(64) for page in range(2)):
                set_lookup(ctx, tlb, ea, 7)
                assert ctx.get(tlb.hit) == (ea in addresses)

    simulate(tlb, testbench)


class AlwaysWayOne(Replacement):
    """A replacement policy of the simplest kind."""

    def elaborate(self, platform):
        from amaranth.hdl import Module
        m = Module()
        m.d.comb += self.victim.eq(1)
        return m


def test_replacement_can_be_exchanged():
    tlb, rng = Tlb(replacement=AlwaysWayOne), random.Random(0)

    async def testbench(ctx):
        for page in range(4):
            set_lookup(ctx, tlb, page << 18, 7)
            assert not ctx.get(tlb.hit) and ctx.get(tlb.way) == 1
            await refill(ctx, tlb, entry_of(rng, 7))
            assert ctx.get(tlb.hit) and ctx.get(tlb.way) == 1
        set_lookup(ctx, tlb, 2 << 18, 7)
        assert not ctx.get(tlb.hit)

    simulate(tlb, testbench)
