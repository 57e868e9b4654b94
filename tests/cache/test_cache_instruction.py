"""Instruction cache against a model of its contents, with a memory that changes behind it."""

import random

import pytest
from amaranth.sim import Simulator

from pteg.hw.cache.instruction import InstructionCache

WAYS = 8


class Bench:
    """Drives the fetch side; answers the bus side from `self.memory` after random delays."""

    def __init__(self, seed=0):
        self.rng = random.Random(seed)
        self.cache = InstructionCache()
        self.memory = {}
        self.bursts, self.singles, self.broken = 0, 0, set()

    def word(self, address):
        return self.memory.get(address, address * 0x9E3779B97F4A7C15 & (1 << 64) - 1)

    async def bus(self, ctx):
        bus = self.cache.bus
        while True:
            while not ctx.get(bus.valid):
                await ctx.tick()
            await ctx.tick()
            address, burst = ctx.get(bus.addr) & ~7, ctx.get(bus.burst)
            self.bursts, self.singles = self.bursts + burst, self.singles + (not burst)
            for n in range(4 if burst else 1):
                for _ in range(self.rng.randrange(3)):
                    await ctx.tick()
                place = address & ~31 | (address + 8 * n) & 31
                error = place in self.broken
                ctx.set(bus.rdata, self.word(place))
                ctx.set(bus.beat, not error)
                ctx.set(bus.done, error or n == 3 or not burst)
                ctx.set(bus.error, error)
                await ctx.tick()
                for name in ("beat", "done", "error"):
                    ctx.set(getattr(bus, name), 0)
                if error:
                    break

    def words(self, address, contents=None):
        """The instructions from `address` to the end of its quad word."""
        found = []
        for place in range(address, (address | 15) + 1, 4):
            double = self.word(place & ~7) if contents is None else contents[place & ~7]
            found.append(double >> (0 if place & 4 else 32) & 0xFFFFFFFF)
        return found

    async def fetch(self, ctx, address, inhibited=False):
        """Returns (instructions from there on, cycles, error)."""
        port = self.cache.fetch
        ctx.set(port.pa, address)
        ctx.set(port.wimg, 4 if inhibited else 0)
        ctx.set(port.valid, 1)
        cycles = 1
        while not ctx.get(port.ready):
            await ctx.tick()
            cycles += 1
            assert cycles < 400
        words = [ctx.get(port.data) >> 96 - 32 * n & 0xFFFFFFFF for n in range(4)]
        first, half = address >> 2 & 3, ctx.get(port.half)
        result = (words[first:(first | 1) + 1 if half else 4], cycles, ctx.get(port.error))
        await ctx.tick()
        ctx.set(port.valid, 0)
        return result

    async def invalidate(self, ctx, address):
        block = self.cache.block
        ctx.set(block.pa, address)
        ctx.set(block.valid, 1)
        while not ctx.get(block.done):
            await ctx.tick()
        await ctx.tick()
        ctx.set(block.valid, 0)

    def run(self, testbench):
        async def main(ctx):
            ctx.set(self.cache.control.enable, 1)
            await testbench(ctx)

        simulator = Simulator(self.cache)
        simulator.add_clock(1e-6)
        simulator.add_testbench(self.bus, background=True)
        simulator.add_testbench(main)
        simulator.run()


@pytest.mark.parametrize("seed", range(2))
def test_random_fetches_see_memory_as_it_was_when_the_block_was_read(seed):
    bench = Bench(seed)
    rng, sets = bench.rng, {}   # set -> {block: contents}

    async def testbench(ctx):
        hits = 0
        for _ in range(700):
            block = rng.randrange(12) << 12 | rng.randrange(2) << 5
            address = block | rng.randrange(8) << 2
            lines = sets.setdefault(block >> 5 & 127, {})
            action = rng.random()
            if action < 0.1:
                await bench.invalidate(ctx, address)
                lines.pop(block, None)
                continue
            if action < 0.3:
                bench.memory[address & ~7] = rng.getrandbits(64)
                continue
            data, cycles, error = await bench.fetch(ctx, address)
            assert not error
            if block in lines and cycles == 1:
                hits += 1
                assert data == bench.words(address, lines[block])
            else:
                # The double word that comes first.
                assert data == bench.words(address)[:2 - (address >> 2 & 1)]
                lines[block] = {block + 8 * n: bench.word(block + 8 * n) for n in range(4)}
            # Memory must not change until the rest of the block has been read.
            for _ in range(20):
                await ctx.tick()
        assert hits > 100

    bench.run(testbench)


def test_eight_blocks_of_a_set_stay_and_the_ninth_replaces_one():
    bench = Bench()

    async def testbench(ctx):
        blocks = [n << 12 for n in range(WAYS)]
        for address in blocks:
            await bench.fetch(ctx, address)
        for address in blocks:
            for _ in range(20):
                await ctx.tick()
            assert (await bench.fetch(ctx, address))[1] == 1
        await bench.fetch(ctx, WAYS << 12)
        assert bench.bursts == WAYS + 1 and bench.singles == 0
        assert ctx.get(bench.cache.hits) == WAYS and ctx.get(bench.cache.misses) == WAYS + 1

    bench.run(testbench)


def test_a_block_is_hit_while_another_is_awaited():
    bench = Bench()

    async def testbench(ctx):
        await bench.fetch(ctx, 0x1000)
        for _ in range(20):
            await ctx.tick()
        port = bench.cache.fetch
        ctx.set(port.pa, 0x2000)
        ctx.set(port.valid, 1)
        await ctx.tick()                    # the miss; whoever wanted it goes elsewhere
        assert await bench.fetch(ctx, 0x1004) == (bench.words(0x1004), 1, 0)
        for _ in range(40):
            await ctx.tick()
        assert await bench.fetch(ctx, 0x2008) == (bench.words(0x2008), 1, 0)
        assert bench.bursts == 2

    bench.run(testbench)


def test_disabled_locked_and_inhibited_fetches_are_single_beats():
    bench = Bench()

    async def testbench(ctx):
        control = bench.cache.control
        assert (await bench.fetch(ctx, 0x1000, inhibited=True))[0] == bench.words(0x1000)[:2]
        ctx.set(control.lock, 1)
        assert (await bench.fetch(ctx, 0x1000))[0] == bench.words(0x1000)[:2]
        ctx.set(control.lock, 0)
        ctx.set(control.enable, 0)
        assert (await bench.fetch(ctx, 0x1000))[0] == bench.words(0x1000)[:2]
        assert (bench.singles, bench.bursts) == (3, 0)

    bench.run(testbench)


def test_a_flash_invalidation_empties_every_set():
    bench = Bench()

    async def testbench(ctx):
        for address in (0, 0x1000, 0x20, 0xFE0):
            await bench.fetch(ctx, address)
        for _ in range(20):
            await ctx.tick()
        ctx.set(bench.cache.control.flash, 1)
        await ctx.tick()
        ctx.set(bench.cache.control.flash, 0)
        bench.memory[0xFE0] = 42
        data, cycles, _ = await bench.fetch(ctx, 0xFE0)
        assert data == [0, 42] and cycles == 3      # a miss, and nothing else to wait for
        assert bench.bursts == 5

    bench.run(testbench)


def test_a_bus_error_is_passed_on_and_not_kept():
    bench = Bench()
    bench.broken = {0x2000, 0x3018}

    async def testbench(ctx):
        assert (await bench.fetch(ctx, 0x2000))[2]
        # An error behind the critical double word only loses the block.
        assert not (await bench.fetch(ctx, 0x3000))[2]
        for _ in range(20):
            await ctx.tick()
        bench.broken = set()
        assert (await bench.fetch(ctx, 0x2000))[1] > 1
        for _ in range(20):
            await ctx.tick()
        assert (await bench.fetch(ctx, 0x3000))[1] > 1

    bench.run(testbench)


def test_engine_agrees(compare_with_amaranth):
    def stimulus(rng, cycle, values):
        for path in values:
            name = path.rpartition(".")[2].rpartition("__")[2]
            if name in ("addr", "pa"):
                values[path] = rng.randrange(3) << 12 | rng.randrange(8) << 3
            elif name in ("flash", "error"):
                values[path] = rng.random() < 0.01
            elif name == "enable":
                values[path] = rng.random() < 0.9

    compare_with_amaranth(InstructionCache(), cycles=2000, seed=3, stimulus=stimulus)


def test_a_block_that_is_being_read_does_not_outlive_a_flash_invalidation():
    bench = Bench()

    async def testbench(ctx):
        await bench.fetch(ctx, 0x1000)      # its first double word has arrived, no more
        ctx.set(bench.cache.control.flash, 1)
        await ctx.tick()
        ctx.set(bench.cache.control.flash, 0)
        for _ in range(20):
            await ctx.tick()
        bench.memory[0x1000] = 42
        assert (await bench.fetch(ctx, 0x1000))[0][1] == 42
        assert bench.bursts == 2

    bench.run(testbench)
