"""TLB against a list of the last two pages of each set."""

import random

import pytest
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from pteg.hw.mmu.tlb import Tlb


def simulate(tlb, testbench):
    simulator = Simulator(tlb)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()


def entry_of(rng, ea, vsid):
    return {"pp": rng.getrandbits(2), "wimg": rng.getrandbits(4), "c": rng.getrandbits(1),
            "rpn": rng.getrandbits(20), "page": ea >> 18 & 0x3FF, "vsid": vsid}


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


@pytest.mark.parametrize("seed", range(2))
def test_random_lookups_refills_and_invalidations(seed):
    tlb, rng = Tlb(), random.Random(seed)
    model = [[] for _ in range(64)]     # of (tag, entry), the one used longest ago first

    async def testbench(ctx):
        hits = 0
        for _ in range(1500):
            ea = rng.choice((0, 5, 63)) << 12 | rng.randrange(3) << 18 | rng.randrange(2) << 28
            vsid = rng.randrange(2)
            chosen = model[ea >> 12 & 63]
            tag = vsid, ea >> 18 & 0x3FF
            known = next((item for item in chosen if item[0] == tag), None)
            set_lookup(ctx, tlb, ea, vsid)
            used = rng.random() < 0.5
            ctx.set(tlb.used, used)
            assert ctx.get(tlb.hit) == (known is not None)
            if known:
                hits += 1
                assert ctx.get(tlb.entry).as_bits() == ctx.get(tlb.entry).shape().const(
                    known[1]).as_bits()
                if used:
                    chosen.remove(known)
                    chosen.append(known)
            await ctx.tick()
            ctx.set(tlb.used, 0)
            if rng.random() < 0.4:      # fill, or write the same page again
                entry = entry_of(rng, ea, vsid)
                if known:
                    chosen.remove(known)
                elif len(chosen) == 2:
                    chosen.pop(0)
                chosen.append((tag, entry))
                await refill(ctx, tlb, entry)
            if rng.random() < 0.03:
                ctx.set(tlb.invalidate.valid, 1)
                ctx.set(tlb.invalidate.ea, ea ^ rng.getrandbits(32) & 0xFFFC0FFF)
                model[ea >> 12 & 63].clear()
                await ctx.tick()
                ctx.set(tlb.invalidate.valid, 0)
        assert hits > 300

    simulate(tlb, testbench)


def test_invalidation_clears_both_ways_of_one_set_only():
    tlb, rng = Tlb(), random.Random(0)

    async def testbench(ctx):
        addresses = [page << 18 | index << 12 for index in range(64) for page in range(2)]
        for ea in addresses:
            set_lookup(ctx, tlb, ea, 7)
            await refill(ctx, tlb, entry_of(rng, ea, 7))
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


class AlwaysWayOne(wiring.Component):
    """A replacement policy of the simplest kind."""

    index: In(6)
    victim: Out(1, init=1)
    used: In(1)
    used_index: In(6)
    used_way: In(1)

    def elaborate(self, platform):
        from amaranth.hdl import Module
        m = Module()
        m.d.comb += self.victim.eq(1)
        return m


def test_replacement_can_be_exchanged():
    tlb, rng = Tlb(AlwaysWayOne()), random.Random(0)

    async def testbench(ctx):
        for page in range(4):
            set_lookup(ctx, tlb, page << 18, 7)
            assert not ctx.get(tlb.hit) and ctx.get(tlb.way) == 1
            await refill(ctx, tlb, entry_of(rng, page << 18, 7))
            assert ctx.get(tlb.hit) and ctx.get(tlb.way) == 1
        set_lookup(ctx, tlb, 2 << 18, 7)
        assert not ctx.get(tlb.hit)

    simulate(tlb, testbench)
