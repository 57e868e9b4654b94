"""Data cache against a model of memory, with buses that answer after random delays."""

import random

import pytest

from pteg import Simulator
from pteg.hw.bus.enums import TransferType
from pteg.hw.cache.data import DataCache
from pteg.hw.cache.enums import DataOp

W, I, M, G = 8, 4, 2, 1  # noqa: E741
FIELDS = ("op", "pa", "size", "wimg", "wdata", "type", "speculative")


class Bench:
    """Drives the ports; memory answers both buses. `log` has (type, address, burst)."""

    def __init__(self, seed=0, delay=4, **sizes):
        self.rng = random.Random(seed)
        self.cache = DataCache(**sizes)
        self.memory, self.broken, self.log = {}, set(), []
        self.delay, self.cycle = delay, 0
        self.stores, self.errors = [], 0

    def double(self, pa):
        return self.memory.get(pa & ~7, (pa & ~7) * 0x9E3779B97F4A7C15 & (1 << 64) - 1)

    def put(self, memory, pa, size, value):
        shift = 8 * (8 - pa % 8 - size)
        mask = (1 << 8 * size) - 1 << shift
        memory[pa & ~7] = memory.get(pa & ~7, self.double(pa)) & ~mask | value << shift & mask

    async def clock(self, ctx):
        while True:
            _, _, error = await ctx.tick().sample(self.cache.error)
            self.cycle += 1
            self.errors += error

    def bus(self, port):
        async def process(ctx):
            while True:
                while not ctx.get(port.valid):
                    await ctx.tick()
                for _ in range(self.rng.randrange(2, 3 + self.delay)):
                    await ctx.tick()
                address, burst, size = (
                    ctx.get(getattr(port, name)) for name in ("addr", "burst", "size"))
                kind = TransferType(ctx.get(port.type))
                self.log.append((kind, address, burst))
                moves = kind & 2 or kind in (0b10100, 0b11100)
                for n in range((4 if burst else 1) if moves else 0):
                    place = (address & ~31 | address + 8 * n & 24) if burst else address
                    error = place & ~7 in self.broken
                    if not error and kind & 8:
                        ctx.set(port.rdata, self.double(place))
                    elif not error:
                        value, size = ctx.get(port.wdata), 8 if burst else size
                        value = value >> 8 * (8 - place % 8 - size) & (1 << 8 * size) - 1
                        self.put(self.memory, place, size, value)
                    ctx.set(port.beat, not error)
                    ctx.set(port.error, error)
                    ctx.set(port.done, error or n == 3 or not burst)
                    await ctx.tick()
                    for name in ("beat", "error", "done"):
                        ctx.set(getattr(port, name), 0)
                    if error:
                        break
                    for _ in range(self.rng.randrange(2)):
                        await ctx.tick()
                if not moves:
                    ctx.set(port.done, 1)
                    await ctx.tick()
                    ctx.set(port.done, 0)
        return process

    @staticmethod
    async def until(ctx, signal, *others):
        """Tick until `signal` is high at the clock edge; the values of the others at that edge."""
        while True:
            _, _, high, *values = await ctx.tick().sample(signal, *others)
            if high:
                return values

    async def drain(self, ctx):
        """The store queue."""
        port = self.cache.stores
        while True:
            ctx.set(self.cache.drained, not self.stores)
            if not self.stores:
                await ctx.tick()
                continue
            pa, size, wimg, value = self.stores[0]
            ctx.set(port.addr, pa)
            ctx.set(port.size, size)
            ctx.set(port.wimg, wimg)
            ctx.set(port.wdata, value << 8 * (8 - pa % 8 - size))
            ctx.set(port.type, TransferType.WRITE_WITH_FLUSH)
            ctx.set(port.valid, 1)
            await self.until(ctx, port.done)
            ctx.set(port.valid, 0)
            self.stores.pop(0)

    async def ask(self, ctx, op, pa, size=8, wimg=M, value=0, speculative=0):
        """An access of the load/store unit: (double word, cycles, error)."""
        port = self.cache.lsu
        type = TransferType.READ if op is DataOp.LOAD else TransferType.WRITE_WITH_FLUSH
        values = (op, pa, size, wimg, value << 8 * (8 - pa % 8 - size), type, speculative)
        for name, given in zip(FIELDS, values, strict=True):
            ctx.set(getattr(port, name), given)
        ctx.set(port.valid, 1)
        begin = self.cycle
        while True:
            _, _, hit, taken, data = await ctx.tick().sample(port.hit, port.taken, port.rdata)
            if hit or taken or op is DataOp.TOUCH:
                break
        ctx.set(port.valid, 0)
        error = 0
        if taken and op is not DataOp.TOUCH:
            data, error = await self.until(ctx, port.done, port.rdata, port.error)
        return data, self.cycle - begin, error

    async def walk(self, ctx, pa, value=None):
        """A read of a double word, or a write of a byte, by the table walker."""
        port = self.cache.walker
        ctx.set(port.addr, pa)
        ctx.set(port.size, 8 if value is None else 1)
        ctx.set(port.wimg, M)
        ctx.set(port.wdata, 0 if value is None else value << 8 * (7 - pa % 8))
        ctx.set(port.type, TransferType.READ if value is None else TransferType.WRITE_WITH_FLUSH)
        ctx.set(port.valid, 1)
        (result,) = await self.until(ctx, port.done, port.rdata)
        ctx.set(port.valid, 0)
        return result

    async def snoop(self, ctx, pa, clean, use):
        port = self.cache.snoop
        ctx.set(port.pa, pa)
        ctx.set(port.clean, clean)
        ctx.set(port.valid, 1)
        await self.until(ctx, port.done)
        await use()
        ctx.set(port.valid, 0)
        await ctx.tick()

    async def settle(self, ctx):
        while self.stores or not ctx.get(self.cache.quiet):
            await ctx.tick()

    def run(self, testbench):
        async def main(ctx):
            ctx.set(self.cache.control.enable, 1)
            ctx.set(self.cache.drained, 1)
            await testbench(ctx)

        simulator = Simulator(self.cache)
        simulator.add_clock(1e-6)
        for process in (self.clock, self.bus(self.cache.bus), self.bus(self.cache.castout),
                        self.drain):
            simulator.add_testbench(process, background=True)
        simulator.add_testbench(main)
        simulator.run()

    def bursts(self, write=False):
        return [address for kind, address, burst in self.log if burst and bool(kind & 8) != write]


@pytest.mark.parametrize("sets, ways", [(4, 2), (2, 8)])
def test_random_accesses_see_and_leave_what_was_written_last(sets, ways):
    bench = Bench(sets, sets=sets, ways=ways)
    rng, truth = bench.rng, {}
    lines = [n * 32 for n in range(4 * sets * ways)]

    def attributes(pa):
        return (M, G, M, W, W | M, I | G)[pa // 32 % 6] if pa // 32 % 2 else M

    def expected(pa):
        return truth.get(pa & ~7, bench.double(pa))

    async def testbench(ctx):
        for _ in range(1200):
            pa = rng.choice(lines) + rng.randrange(32)
            size = rng.randrange(1, 9 - pa % 8)
            wimg, pick, value = attributes(pa), rng.random(), rng.getrandbits(8 * size)
            if pick < 0.35 and not wimg & I:
                while len(bench.stores) >= 3:
                    await ctx.tick()
                bench.stores.append((pa, size, wimg, value))
                bench.put(truth, pa, size, value)
                continue
            while wimg & I and bench.stores or any(s[0] & ~7 == pa & ~7 for s in bench.stores):
                await ctx.tick()
            if pick < 0.35:
                await bench.ask(ctx, DataOp.STORE, pa, size, wimg, value)
                bench.put(truth, pa, size, value)
            elif pick < 0.75:
                data, _, error = await bench.ask(ctx, DataOp.LOAD, pa, size, wimg)
                shift = 8 * (8 - pa % 8 - size)
                mask = (1 << 8 * size) - 1
                assert not error and data >> shift & mask == expected(pa) >> shift & mask
            elif wimg & (I | W):
                await bench.ask(ctx, DataOp.TOUCH, pa, 0, wimg)
            else:
                await bench.settle(ctx)
                await manage(ctx, pa, wimg)
        await bench.settle(ctx)
        for line in lines:
            await bench.ask(ctx, DataOp.FLUSH, line, 1, attributes(line))
        await bench.settle(ctx)
        for pa, value in truth.items():
            assert bench.double(pa) == value

    async def manage(ctx, pa, wimg):
        op = rng.choice((DataOp.ZERO, DataOp.CLEAN, DataOp.FLUSH, DataOp.TOUCH, "walk", "set",
                         "snoop", "clean", "lock", "tell"))
        if op == "walk":
            assert await bench.walk(ctx, pa & ~7) == expected(pa)
        elif op == "set":
            value = rng.getrandbits(8)
            await bench.walk(ctx, pa, value)
            bench.put(truth, pa, 1, value)
        elif op in ("snoop", "clean"):
            async def use():
                for n in range(0, 32, 8):
                    assert bench.double((pa & ~31) + n) == expected((pa & ~31) + n)
                for _ in range(rng.randrange(9)):
                    await ctx.tick()
                if op == "snoop":
                    value = rng.getrandbits(64)
                    bench.put(bench.memory, pa & ~7, 8, value)
                    bench.put(truth, pa & ~7, 8, value)
            await bench.snoop(ctx, pa, op == "clean", use)
        elif op == "lock":
            ctx.set(bench.cache.control.lock, rng.random() < 0.3)
        elif op == "tell":
            ctx.set(bench.cache.broadcast, rng.random() < 0.5)
        else:
            await bench.ask(ctx, op, pa, 1, wimg)
            if op is DataOp.ZERO:
                for n in range(0, 32, 8):
                    truth[(pa & ~31) + n] = 0

    bench.run(testbench)
    assert moved(bench)


def moved(bench):
    """Castouts and reloads both happened, and no transfer failed."""
    return len(bench.bursts()) > 30 and len(bench.bursts(write=True)) > 30 and not bench.errors


def test_the_double_word_that_is_wanted_comes_first_and_others_are_hit_meanwhile():
    bench = Bench(delay=1)

    async def testbench(ctx):
        await bench.ask(ctx, DataOp.LOAD, 0x1000)
        await bench.settle(ctx)
        assert (await bench.ask(ctx, DataOp.LOAD, 0x1018))[1] == 1
        lsu = bench.cache.lsu
        ctx.set(lsu.pa, 0x2010)
        ctx.set(lsu.valid, 1)
        assert ctx.get(lsu.taken) and not ctx.get(lsu.hit)
        await ctx.tick()                            # allocate: the arrays are busy
        ctx.set(lsu.pa, 0x1008)
        assert not ctx.get(lsu.hit)
        await ctx.tick()
        assert ctx.get(lsu.hit) and ctx.get(lsu.rdata) == bench.double(0x1008)
        ctx.set(lsu.pa, 0x3000)                     # a second miss has to wait
        assert not ctx.get(lsu.hit) and not ctx.get(lsu.taken)
        ctx.set(lsu.valid, 0)
        while not ctx.get(lsu.done):
            await ctx.tick()
        assert ctx.get(lsu.rdata) == bench.double(0x2010)
        await bench.settle(ctx)
        assert bench.bursts() == [0x1000, 0x2010]

    bench.run(testbench)


def test_the_walker_gets_its_double_word_when_the_block_is_complete():
    bench = Bench()

    async def testbench(ctx):
        assert await bench.walk(ctx, 0x1008) == bench.double(0x1008)
        assert ctx.get(bench.cache.quiet)
        assert bench.bursts() == [0x1008]
        begin = bench.cycle
        assert await bench.walk(ctx, 0x1010) == bench.double(0x1010)
        assert bench.cycle - begin <= 2


@pytest.mark.parametrize("place", [0x1008, 0x1010, 0x1018, 0x1000])
def test_the_walker_is_told_of_a_transfer_error_in_any_beat_of_its_block(place):
    bench = Bench()
    bench.broken.add(place)

    async def testbench(ctx):
        port = bench.cache.walker
        for name, value in (("type", TransferType.READ), ("addr", 0x1008), ("size", 8),
                            ("wimg", M)):
            ctx.set(getattr(port, name), value)
        ctx.set(port.valid, 1)
        (error,) = await bench.until(ctx, port.done, port.error)
        ctx.set(port.valid, 0)
        assert error and not bench.errors
        bench.broken.clear()
        assert await bench.walk(ctx, 0x1008) == bench.double(0x1008)

    bench.run(testbench)


def test_a_modified_victim_is_written_after_the_reload_has_been_asked_for():
    bench = Bench(sets=2, ways=2)

    async def testbench(ctx):
        bench.stores.append((0x1000, 4, M, 0x12345678))
        await bench.settle(ctx)
        for pa in (0x2000, 0x3000):
            await bench.ask(ctx, DataOp.LOAD, pa)
            await bench.settle(ctx)
        assert ctx.get(bench.cache.castouts) == 1 and bench.double(0x1000) >> 32 == 0x12345678

    bench.run(testbench)
    kinds = [kind for kind, _, _ in bench.log]
    assert kinds == [*[TransferType.READ_WITH_INTENT_TO_MODIFY] * 3,
                     TransferType.WRITE_WITH_KILL] and bench.log[3][1] == 0x1000


@pytest.mark.parametrize("told, wimg", [(1, M), (0, M), (1, 0)])
def test_cache_instructions_tell_the_bus_if_hid0_says_so(told, wimg):
    bench = Bench()

    async def testbench(ctx):
        ctx.set(bench.cache.broadcast, told)
        for op in (DataOp.CLEAN, DataOp.FLUSH, DataOp.INVALIDATE):
            await bench.ask(ctx, op, 0x1000, 1, wimg)
        await bench.ask(ctx, DataOp.ZERO, 0x1000, 0, wimg)
        await bench.settle(ctx)

    bench.run(testbench)
    tells = [TransferType.CLEAN_BLOCK, TransferType.FLUSH_BLOCK, TransferType.KILL_BLOCK]
    assert [kind for kind, _, _ in bench.log] == (
        tells * (told and bool(wimg)) + [TransferType.KILL_BLOCK] * bool(wimg))


def test_transfer_errors_of_loads_are_answered_and_those_of_stores_are_reported():
    bench = Bench()
    bench.broken |= {0x1000, 0x2018}

    async def testbench(ctx):
        assert (await bench.ask(ctx, DataOp.LOAD, 0x1004, 4))[2] == 1
        assert bench.errors == 0
        assert (await bench.ask(ctx, DataOp.LOAD, 0x1008))[2] == 0   # a later beat fails
        await bench.settle(ctx)
        await ctx.tick()
        assert bench.errors == 1
        bench.stores.append((0x1000, 4, M, 0))
        await bench.settle(ctx)
        await ctx.tick()
        assert bench.errors == 2
        await bench.ask(ctx, DataOp.ZERO, 0x2000, 0)
        await bench.ask(ctx, DataOp.FLUSH, 0x2000, 1)
        await bench.settle(ctx)
        await ctx.tick()
        assert bench.errors == 3 and bench.double(0x2010) == 0

    bench.run(testbench)


def test_speculative_loads_leave_guarded_memory_alone_unless_it_is_in_the_cache():
    bench = Bench()

    async def testbench(ctx):
        lsu = bench.cache.lsu
        for wimg, allowed in ((M | G, 0), (I, 0), (M, 1)):
            for name, value in zip(FIELDS, (DataOp.LOAD, 0x1000, 8, wimg, 0, 10, 1), strict=True):
                ctx.set(getattr(lsu, name), value)
            ctx.set(lsu.valid, 1)
            assert ctx.get(lsu.taken) == allowed
            await ctx.tick()
        ctx.set(lsu.valid, 0)
        while not ctx.get(bench.cache.quiet):
            await ctx.tick()
        assert (await bench.ask(ctx, DataOp.LOAD, 0x1000, 8, M | G, speculative=1))[1] == 1

    bench.run(testbench)


def test_a_flash_invalidation_forgets_everything_in_one_cycle():
    bench = Bench()

    async def testbench(ctx):
        bench.stores += [(0x1000, 8, M, 1), (0x1020, 8, M, 2)]
        await bench.settle(ctx)
        ctx.set(bench.cache.control.flash, 1)
        await ctx.tick()
        ctx.set(bench.cache.control.flash, 0)
        for pa in (0x1000, 0x1020):
            data, cycles, _ = await bench.ask(ctx, DataOp.LOAD, pa)
            assert data == bench.double(pa) and cycles > 1
            await bench.settle(ctx)

    bench.run(testbench)
