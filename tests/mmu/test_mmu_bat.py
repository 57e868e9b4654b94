# amaranth: UnusedElaboratable=no
"""BAT array against the specification."""

import random

import pytest
from amaranth.sim import Simulator

from pteg.hw.isa.registers import SPR_BY_NAME, BatLower, BatUpper
from pteg.hw.mmu.bat import ENTRIES, BatArray

FIRST = SPR_BY_NAME["DBAT0U"].number


def simulate(testbench):
    array = BatArray(FIRST)
    simulator = Simulator(array)
    simulator.add_clock(1e-6)

    async def run(ctx):
        await testbench(ctx, array)

    simulator.add_testbench(run)
    simulator.run()


async def write(ctx, array, spr, value):
    ctx.set(array.registers.spr, spr)
    ctx.set(array.registers.wdata, value)
    ctx.set(array.registers.write, 1)
    await ctx.tick()
    ctx.set(array.registers.write, 0)


async def look_up(ctx, array, ea, pr):
    ctx.set(array.valid, 1)
    ctx.set(array.ea, ea)
    ctx.set(array.pr, pr)
    await ctx.delay(1e-9)
    if not ctx.get(array.hit):
        return None
    return ctx.get(array.pa), ctx.get(array.wimg), ctx.get(array.pp)


@pytest.mark.parametrize("seed", range(3))
def test_every_block_length_matches_exactly_its_block(spec, seed):
    async def testbench(ctx, array):
        scenario = spec.Scenario(seed)
        hits = 0
        for log in range(12):
            pairs = [scenario.bat() for _ in range(ENTRIES)]
            length = (1 << log) - 1
            base = random.Random(seed + log).getrandbits(32) & ~(length << 17 | 0x1FFFF)
            pairs[log % ENTRIES] = base & 0xFFFE0000 | length << 2 | 3, pairs[0][1]
            for n, (upper, lower) in enumerate(pairs):
                await write(ctx, array, FIRST + 2 * n, upper)
                await write(ctx, array, FIRST + 2 * n + 1, lower)
            size = (length + 1) << 17
            edges = [base - 1, base, base + size - 1, base + size, base + 0x1FFFF]
            for ea in edges + [scenario.rng.getrandbits(32) for _ in range(20)]:
                for pr in (0, 1):
                    # BRPN bits under the mask are ORed: the specification adds, so keep them 0.
                    plain = [(u, lo & ~((spec.bits(u, 19, 29)) << 17)) for u, lo in pairs]
                    for n, (_, lower) in enumerate(plain):
                        await write(ctx, array, FIRST + 2 * n + 1, lower)
                    expected = spec.bat_lookup(plain, ea & 0xFFFFFFFF, pr)
                    assert await look_up(ctx, array, ea & 0xFFFFFFFF, pr) == expected
                    hits += expected is not None
        assert hits > 50

    simulate(testbench)


def test_lowest_numbered_entry_wins():
    async def testbench(ctx, array):
        for n in range(ENTRIES):
            await write(ctx, array, FIRST + 2 * n, 0x10000003)
            await write(ctx, array, FIRST + 2 * n + 1, n << 28 | 2)
        for n in range(ENTRIES):
            assert (await look_up(ctx, array, 0x10001234, 0))[0] == n << 28 | 0x1234
            await write(ctx, array, FIRST + 2 * n, 0)
        assert await look_up(ctx, array, 0x10001234, 0) is None

    simulate(testbench)


def test_registers_keep_the_implemented_bits():
    async def testbench(ctx, array):
        for n in range(2 * ENTRIES):
            await write(ctx, array, FIRST + n, 0xFFFFFFFF)
        for n in range(2 * ENTRIES):
            ctx.set(array.registers.spr, FIRST + n)
            await ctx.delay(1e-9)
            expected = (BatUpper, BatLower)[n % 2].IMPLEMENTED
            assert ctx.get(array.registers.rdata) == expected
        ctx.set(array.registers.spr, FIRST - 8)
        await ctx.delay(1e-9)
        assert ctx.get(array.registers.rdata) == 0
        ctx.set(array.registers.spr, FIRST)
        ctx.set(array.registers.segment, 1)
        await ctx.delay(1e-9)
        assert ctx.get(array.registers.rdata) == 0

    simulate(testbench)


def test_first_spr_is_checked():
    with pytest.raises(ValueError, match=r"^first_spr must be a multiple of 8, not 530$"):
        BatArray(530)
