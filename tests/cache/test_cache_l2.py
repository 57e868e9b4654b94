"""The L2 behind the data cache: what the bus is asked for, and when an answer comes."""

import importlib.util
from pathlib import Path

import pytest

from pteg.hw.bus.enums import TransferType
from pteg.hw.cache.enums import DataOp
from pteg.hw.cache.l2 import L2Cache

_spec = importlib.util.spec_from_file_location(
    "pteg_test_snooped", Path(__file__).with_name("test_cache_snooped.py"))
snooped = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(snooped)

M, W, I = 2, 8, 4  # noqa: E741
#: The data cache of the bench has two ways of two sets: blocks that far apart share a set.
SAME_SET = 0x40


def bench(steps, sets=8, sectors=2, seed=5, **control):
    """Run `steps(bench, ctx)` with an L2 of two ways of `sets` lines."""
    made = snooped.Bench(seed, L2Cache(sets, sectors))

    async def testbench(ctx):
        for name, value in ({"clock": 1} | control).items():
            ctx.set(getattr(made.l2.control, name), value)
        await steps(made, ctx)

    made.run(testbench)
    return made


async def load(b, ctx, *addresses, **options):
    return [(await b.ask(ctx, DataOp.LOAD, pa, **options))[0] for pa in addresses]


async def store(b, ctx, pa, value, wimg=M):
    b.stores.append((pa, 8, wimg, value))
    await b.settle(ctx)


async def evict(b, ctx, pa):
    """Make the first level cast out the block."""
    await load(b, ctx, *(pa + SAME_SET * n for n in (100, 101, 102)))
    await b.settle(ctx)
    await idle(ctx)


async def idle(ctx):
    for _ in range(60):
        await ctx.tick()


def bursts(b, writes=False, base=0x1000):
    """Blocks read or written on the bus, of those below `base`."""
    return [address & ~31 for address in b.bursts(writes) if address < base]


def test_a_block_that_the_first_level_has_lost_is_read_from_the_l2():
    async def steps(b, ctx):
        first = await load(b, ctx, 0x100)
        await evict(b, ctx, 0x100)
        assert await load(b, ctx, 0x100) == first == [b.double(0x100)]
        assert await load(b, ctx, 0x108) == [b.double(0x108)]

    assert bursts(bench(steps)) == [0x100]


def test_sectors_of_a_line_are_read_one_by_one():
    async def steps(b, ctx):
        await load(b, ctx, 0x100)
        await idle(ctx)
        await load(b, ctx, 0x120)
        await idle(ctx)
        for pa in (0x100, 0x120):
            await evict(b, ctx, pa)
            assert await load(b, ctx, pa) == [b.double(pa)]

    assert bursts(bench(steps)) == [0x100, 0x120]


def test_a_castout_stays_in_the_l2_until_its_line_is_replaced():
    # Two ways of one set of lines of two sectors.
    async def steps(b, ctx):
        await store(b, ctx, 0x108, 7)
        await store(b, ctx, 0x120, 9)
        for pa in (0x140, 0x160, 0x180, 0x1A0):
            await load(b, ctx, pa)
            await idle(ctx)
        assert len(bursts(b, writes=True)) < 2
        for pa in (0x200, 0x240, 0x280):
            await load(b, ctx, pa)
            await idle(ctx)
        assert sorted(bursts(b, writes=True)) == [0x100, 0x120]
        assert (b.double(0x108), b.double(0x120)) == (7, 9)
        assert await load(b, ctx, 0x108, 0x120) == [7, 9]

    bench(steps, sets=1)


def test_a_castout_is_not_written_on_the_bus_but_in_write_through_mode():
    for through in (0, 1):
        async def steps(b, ctx):
            await store(b, ctx, 0x108, 7)
            await evict(b, ctx, 0x108)
            assert await load(b, ctx, 0x108) == [7]

        made = bench(steps, write_through=through, sets=64)
        assert bursts(made, writes=True) == [0x100] * through
        assert bursts(made) == [0x100]


@pytest.mark.parametrize("op, reads", [(DataOp.FLUSH, 2), (DataOp.CLEAN, 1)])
def test_cache_instructions_write_what_the_l2_has_modified(op, reads):
    async def steps(b, ctx):
        await store(b, ctx, 0x108, 7)
        await evict(b, ctx, 0x108)
        await b.ask(ctx, op, 0x100, 1)
        await b.settle(ctx)
        assert b.double(0x108) == 7
        assert await load(b, ctx, 0x108) == [7]

    made = bench(steps, sets=64)
    assert bursts(made, writes=True) == [0x100] and len(bursts(made)) == reads
    # HID0[ABE] is off: no other processor is told.
    assert not {TransferType.FLUSH_BLOCK, TransferType.CLEAN_BLOCK} & {k for k, _, _ in made.log}


def test_dcbi_forgets_what_the_l2_has_modified():
    async def steps(b, ctx):
        before = b.double(0x108)
        await store(b, ctx, 0x108, 7)
        await evict(b, ctx, 0x108)
        await b.ask(ctx, DataOp.INVALIDATE, 0x100, 1)
        assert await load(b, ctx, 0x108) == [before]

    assert not bursts(bench(steps, sets=64), writes=True)


def test_a_push_leaves_no_old_copy_in_the_l2():
    async def steps(b, ctx):
        await load(b, ctx, 0x100)
        await store(b, ctx, 0x108, 7)
        await b.ask(ctx, DataOp.FLUSH, 0x100, 1)
        await b.settle(ctx)
        assert b.double(0x108) == 7 and await load(b, ctx, 0x108) == [7]

    assert bursts(bench(steps)) == [0x100, 0x100]


def test_a_global_invalidation_takes_a_cycle_for_each_set_and_forgets_everything():
    async def steps(b, ctx):
        control = b.l2.control
        await load(b, ctx, 0x100)
        await evict(b, ctx, 0x100)
        ctx.set(control.invalidate, 1)
        await ctx.tick()
        ctx.set(control.invalidate, 0)
        busy = 0
        while ctx.get(control.busy):
            busy += 1
            await ctx.tick()
        assert busy == 8 + 1
        assert await load(b, ctx, 0x100) == [b.double(0x100)]

    assert bursts(bench(steps)) == [0x100, 0x100]


@pytest.mark.parametrize("test", [0, 1])
@pytest.mark.parametrize("op", [DataOp.FLUSH, DataOp.CLEAN])
def test_in_test_mode_a_push_stays_in_the_l2_and_is_written_when_it_is_replaced(op, test):
    async def steps(b, ctx):
        before = b.double(0x108)
        await store(b, ctx, 0x108, 7)
        await b.ask(ctx, op, 0x100, 1)
        await b.settle(ctx)
        await idle(ctx)
        assert b.double(0x108) == (before if test else 7)
        if op is DataOp.CLEAN:
            await evict(b, ctx, 0x100)
        assert await load(b, ctx, 0x108) == [7]
        await evict(b, ctx, 0x100)
        ctx.set(b.l2.control.test, 0)
        await b.ask(ctx, DataOp.FLUSH, 0x100, 1)
        await b.settle(ctx)
        assert b.double(0x108) == 7

    assert bursts(bench(steps, sets=64, test=test), writes=True) == [0x100]


def test_in_test_mode_a_store_past_the_first_level_is_lost_if_it_misses():
    async def steps(b, ctx):
        before = b.double(0x208)
        await load(b, ctx, 0x100)
        await evict(b, ctx, 0x100)
        for pa in (0x108, 0x208):
            await store(b, ctx, pa, 9, wimg=W)
        assert await load(b, ctx, 0x108, 0x208) == [9, before]
        assert (b.double(0x108), b.double(0x208)) == (9, before)

    bench(steps, sets=64, test=1)


def test_write_through_stores_change_both_and_inhibited_accesses_go_past():
    async def steps(b, ctx):
        await load(b, ctx, 0x100)
        await evict(b, ctx, 0x100)
        await store(b, ctx, 0x108, 7, wimg=W)
        assert b.double(0x108) == 7 and await load(b, ctx, 0x108) == [7]
        b.memory[0x110] = 5             # behind the back of the L2
        assert await load(b, ctx, 0x110, wimg=I) == [5]

    assert bursts(bench(steps)) == [0x100]


def test_a_transfer_error_is_reported_and_nothing_is_kept():
    async def steps(b, ctx):
        b.broken.add(0x100)
        assert (await b.ask(ctx, DataOp.LOAD, 0x100))[2] == 1
        b.broken.clear()
        await idle(ctx)
        assert await load(b, ctx, 0x100) == [b.double(0x100)]

    assert bursts(bench(steps)) == [0x100, 0x100]


def test_a_castout_that_memory_refuses_leaves_nothing_of_the_line_that_it_replaces():
    """With L2WT the SRAM takes each beat as the bus does, and TEA can end the castout."""
    async def steps(b, ctx):
        # The first level keeps the modified block; the L2 gets other lines in both its ways.
        await store(b, ctx, 0x188, 7)
        for pa in (0x100, 0x180, 0x140):
            await load(b, ctx, pa)
            await idle(ctx)
        b.broken.add(0x198)
        await load(b, ctx, 0x200)
        await idle(ctx)
        assert b.errors == 1
        ctx.set(b.l2.control.enable, 0)     # what follows leaves the L2 as it is
        await load(b, ctx, 0x240, 0x280)
        ctx.set(b.l2.control.enable, 1)
        places = range(0x140, 0x160, 8)
        assert await load(b, ctx, *places) == [b.double(pa) for pa in places]

    bench(steps, sets=1, write_through=1)


def test_a_modified_sector_that_memory_refuses_is_a_machine_check():
    async def steps(b, ctx):
        await store(b, ctx, 0x108, 7)
        for pa in (0x140, 0x180):
            await load(b, ctx, pa)
            await idle(ctx)
        b.broken.add(0x100)
        seen = 0
        for pa in (0x200, 0x240, 0x280):
            await load(b, ctx, pa)
            for _ in range(60):
                seen += (await ctx.tick().sample(b.l2.error))[2]
        assert seen == 1

    bench(steps, sets=1)


def test_a_disabled_l2_takes_no_time_and_is_not_looked_at():
    def cycles(enable):
        found = []

        async def steps(b, ctx):
            ctx.set(b.l2.control.enable, enable)
            for _ in range(2):
                found.append((await b.ask(ctx, DataOp.LOAD, 0x100))[1])
                await evict(b, ctx, 0x100)

        made = bench(steps, seed=6)
        return found, bursts(made)

    found, reads = cycles(0)
    assert reads == [0x100, 0x100]
    bench_alone = snooped.Bench(6)
    alone = []

    async def steps(ctx):
        bench_alone.rng.choice((1, 2, 4, 5, 6))     # as the bench with an L2 does
        for _ in range(2):
            alone.append((await bench_alone.ask(ctx, DataOp.LOAD, 0x100))[1])
            await evict(bench_alone, ctx, 0x100)

    bench_alone.run(steps)
    assert found == alone


@pytest.mark.parametrize("clock, half_cycles", [(1, 2), (2, 3), (4, 4), (5, 5), (6, 6)])
def test_beats_come_after_three_l2_clocks_and_then_each_clock(clock, half_cycles):
    async def steps(b, ctx):
        await load(b, ctx, 0x100)
        await evict(b, ctx, 0x100)
        beats = []

        async def watch():
            while len(beats) < 4:
                cycle = b.cycle
                _, _, valid, beat = await ctx.tick().sample(
                    b.cache.bus.valid, b.cache.bus.beat)
                started.append(cycle) if valid and not started else None
                beats.append(cycle) if beat else None

        started = []
        port = b.cache.lsu
        for name, value in (("op", DataOp.LOAD), ("pa", 0x100), ("size", 8), ("wimg", M)):
            ctx.set(getattr(port, name), value)
        ctx.set(port.valid, 1)
        await ctx.tick()
        ctx.set(port.valid, 0)
        await watch()
        # Taken, looked up; then the SRAM's clocks.
        assert [beat - started[0] - 1 for beat in beats] == [
            -(-half_cycles * (3 + n) // 2) for n in range(4)]

    bench(steps, clock=clock)


def test_a_fetch_that_goes_past_is_answered_during_a_global_invalidation():
    async def steps(b, ctx):
        port, control = b.l2.fetch, b.l2.control
        ctx.set(port.burst, 1)
        ctx.set(port.type, TransferType.READ)
        for enable in (1, 0):
            ctx.set(control.enable, enable)
            ctx.set(port.addr, 0x200)
            ctx.set(port.valid, 1)
            ctx.set(control.invalidate, not enable)
            for n in range(4):
                (data,) = await b.until(ctx, port.beat, port.rdata)
                assert data == b.double(0x200 + 8 * n)
                ctx.set(control.invalidate, 0)
            ctx.set(port.valid, 0)
            await idle(ctx)

    bench(steps)
