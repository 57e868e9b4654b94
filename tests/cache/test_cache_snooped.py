"""A master beside the data cache, and an L2 behind it: they use the same blocks, and none ever sees
old data."""

import importlib.util
import random
from pathlib import Path

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg import Simulator
from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort, SnoopPort
from pteg.hw.cache.enums import DataOp
from pteg.hw.cache.l2 import L2Cache

_spec = importlib.util.spec_from_file_location(
    "pteg_test_data_cache", Path(__file__).with_name("test_cache_data.py"))
data_bench = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(data_bench)


class SnoopedMaster(wiring.Component):
    """A master whose transactions begin when the caches have done what they must."""

    request: In(MemoryPort())
    snoop: Out(SnoopPort())
    bus: Out(MemoryPort())

    def elaborate(self, platform):
        m = Module()
        request, snoop, bus = self.request, self.snoop, self.bus
        over = Signal()     # the cycle after a transaction, in which the snoop is withdrawn
        connect(m, flipped(request), flipped(bus))
        m.d.sync += over.eq(bus.done)
        m.d.comb += [
            snoop.valid.eq(request.valid & ~over), snoop.pa.eq(request.addr),
            snoop.clean.eq(request.type == TransferType.READ),
            bus.valid.eq(snoop.valid & snoop.done)]
        return m


class Both(wiring.Component):
    """The cache and the other master, and perhaps an L2."""

    request: In(MemoryPort())

    def __init__(self, cache, l2):
        self.cache, self.master, self.l2 = cache, SnoopedMaster(), l2
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.cache, m.submodules.master = self.cache, self.master
        connect(m, flipped(self.request), self.master.request)
        if self.l2 is None:
            connect(m, self.master.snoop, self.cache.snoop)
        # Here a cache that asks first is served first.
        m.d.comb += self.cache.snoop.passed.eq(self.cache.bus.valid)
        if self.l2 is None:
            return m
        m.submodules.l2 = l2 = self.l2
        connect(m, self.cache.bus, l2.data)
        connect(m, self.cache.castout, l2.castout)
        snoop = self.master.snoop
        m.d.comb += [
            self.cache.below.eq(l2.on), snoop.done.eq(l2.snoop.done),
            *(port.pa.eq(snoop.pa) for port in (self.cache.snoop, l2.snoop)),
            *(port.clean.eq(snoop.clean) for port in (self.cache.snoop, l2.snoop)),
            self.cache.snoop.valid.eq(snoop.valid),
            l2.snoop.valid.eq(snoop.valid & self.cache.snoop.done)]
        return m


class Bench(data_bench.Bench):
    def __init__(self, seed, l2=None):
        super().__init__(seed, sets=2, ways=2)
        self.l2 = l2
        self.both = Both(self.cache, l2)

    async def transfer(self, ctx, pa, values=None, burst=False):
        """A read, or with values a write, by the other master; the double words read."""
        port = self.both.request
        if values is None:
            kind = TransferType.READ
        else:
            kind = TransferType.WRITE_WITH_KILL if burst else TransferType.WRITE_WITH_FLUSH
        for name, value in (("type", kind), ("addr", pa), ("size", 8), ("burst", burst),
                            ("wimg", data_bench.M)):
            ctx.set(getattr(port, name), value)
        found, n = [], 0
        ctx.set(port.valid, 1)
        done = False
        while not done:
            if values is not None and n < len(values):
                ctx.set(port.wdata, values[n])
            _, _, beat, done, data = await ctx.tick().sample(port.beat, port.done, port.rdata)
            n += beat
            found += [data] if beat else []
        ctx.set(port.valid, 0)
        return found

    def run(self, *testbenches):
        async def start(ctx):
            ctx.set(self.cache.control.enable, 1)
            ctx.set(self.cache.drained, 1)
            if self.l2:
                ctx.set(self.l2.control.enable, 1)
                ctx.set(self.l2.control.clock, self.rng.choice((1, 2, 4, 5, 6)))

        simulator = Simulator(self.both)
        simulator.add_clock(1e-6)
        # Memory looks at the data of a cycle after the master has set them.
        for testbench in (start, *testbenches):
            simulator.add_testbench(testbench)
        ports = (self.cache.bus, self.cache.castout)
        if self.l2:
            ports = (self.l2.bus_data, self.l2.bus_castout, self.l2.bus_fetch)
        for process in (self.clock, *map(self.bus, ports), self.bus(self.both.master.bus),
                        self.drain):
            simulator.add_testbench(process, background=True)
        simulator.run()


@pytest.mark.parametrize("l2", [None, (2, 2), (1, 4)])
def test_neither_side_sees_data_older_than_what_the_other_has_finished_writing(l2):
    """Each double word has one writer, who counts it up: blocks 0 to 5 are shared by both writers,
    the others the other master writes, in bursts too. Instructions are fetched from those."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    bench = Bench(seed, l2 and L2Cache(*l2))
    rng, blocks = bench.rng, 16 if l2 else 8
    begun, ended = {}, {}       # number of the latest write of each double word
    for pa in range(0, 32 * blocks, 8):
        begun[pa] = ended[pa] = bench.memory[pa] = 0
    over = []

    def cpu_writes(pa):
        return pa < 6 * 32 and pa % 16 == 0

    async def processor(ctx):
        issued = []
        for _ in range(300):
            while issued and len(bench.stores) < len(issued):
                pa, number = issued.pop(0)
                ended[pa] = number
            pa = 8 * rng.randrange(4 * blocks)
            pick = rng.random()
            if cpu_writes(pa) and pick < 0.5:
                while len(bench.stores) >= 3:
                    await ctx.tick()
                begun[pa] += 1
                bench.stores.append((pa, 8, data_bench.M, begun[pa]))
                issued.append((pa, begun[pa]))
            elif pick < 0.9:
                while any(store[0] == pa for store in bench.stores):
                    await ctx.tick()
                least = begun[pa] if cpu_writes(pa) else ended[pa]
                data, _, error = await bench.ask(ctx, DataOp.LOAD, pa)
                assert not error and least <= data <= begun[pa], (pa, least, data, begun[pa])
            else:
                await bench.settle(ctx)
                await bench.ask(ctx, rng.choice((DataOp.CLEAN, DataOp.FLUSH, DataOp.TOUCH)), pa)
        await bench.settle(ctx)
        over.append(True)

    async def master(ctx):
        transfers = 0
        while not over:
            transfers += 1
            for _ in range(rng.randrange(12)):
                await ctx.tick()
            block = 32 * rng.randrange(blocks)
            writes, burst = rng.random() < 0.5, rng.random() < 0.5
            places = [block + (8 * rng.randrange(4))]
            if burst:
                places = [block + (places[0] + 8 * n) % 32 for n in range(4)]
            if writes and not any(map(cpu_writes, places)):
                if block < 6 * 32 and burst:
                    continue
                for pa in places:
                    begun[pa] += 1
                await bench.transfer(ctx, places[0], [begun[pa] for pa in places], burst)
                for pa in places:
                    ended[pa] = begun[pa]
            else:
                least = [ended[pa] for pa in places]
                found = await bench.transfer(ctx, places[0], None, burst)
                for pa, low, data in zip(places, least, found, strict=True):
                    assert low <= data <= begun[pa], (pa, low, data, begun[pa])
        assert transfers > 30

    async def fetches(ctx):
        port = bench.l2.fetch
        ctx.set(port.burst, 1)
        ctx.set(port.type, TransferType.READ)
        while not over:
            for _ in range(rng.randrange(20)):
                await ctx.tick()
            block = 32 * rng.randrange(6, blocks)
            places = [block + (8 * rng.randrange(4))]
            places = [block + (places[0] + 8 * n) % 32 for n in range(4)]
            least = [ended[pa] for pa in places]
            ctx.set(port.addr, places[0])
            ctx.set(port.valid, 1)
            for pa, low in zip(places, least, strict=True):
                data, done = await bench.until(ctx, port.beat, port.rdata, port.done)
                assert low <= data <= begun[pa], (pa, low, data, begun[pa])
            assert done
            ctx.set(port.valid, 0)

    async def l2_modes(ctx):
        while not over:
            ctx.set(bench.l2.control.write_through, rng.random() < 0.5)
            ctx.set(bench.l2.control.data_only, rng.random() < 0.3)
            ctx.set(bench.l2.control.test, rng.random() < 0.3)
            for _ in range(rng.randrange(800)):
                await ctx.tick()

    bench.run(processor, master, *([fetches, l2_modes] if l2 else []))
    assert not bench.errors and bench.bursts(write=True)


def test_what_another_master_reads_stays_in_the_cache_and_what_it_writes_does_not():
    bench = Bench(3)

    async def testbench(ctx):
        bench.stores.append((0x40, 8, data_bench.M, 7))
        await bench.settle(ctx)
        assert await bench.transfer(ctx, 0x40) == [7]
        _, cycles, _ = await bench.ask(ctx, DataOp.LOAD, 0x40)
        assert cycles == 1
        await bench.transfer(ctx, 0x48, [9])
        data, cycles, _ = await bench.ask(ctx, DataOp.LOAD, 0x48)
        assert data == 9 and cycles > 4
        assert (await bench.ask(ctx, DataOp.LOAD, 0x40))[0] == 7

    bench.run(testbench)


def test_a_snoop_waits_for_a_store_that_has_checked_its_reservation():
    bench = Bench(4)

    async def testbench(ctx):
        ctx.set(bench.cache.exclusive, 1)
        ctx.set(bench.both.request.type, TransferType.WRITE_WITH_FLUSH)
        ctx.set(bench.both.request.addr, 0x40)
        ctx.set(bench.both.request.size, 8)
        ctx.set(bench.both.request.valid, 1)
        for _ in range(5):
            await ctx.tick()
        bench.stores.append((0x40, 8, data_bench.M, 7))
        await bench.settle(ctx)
        assert TransferType.WRITE_WITH_FLUSH not in [kind for kind, *_ in bench.log]
        ctx.set(bench.cache.exclusive, 0)
        await bench.until(ctx, bench.both.request.done)
        kinds = [kind for kind, _, _ in bench.log]
        assert kinds[-2:] == [TransferType.WRITE_WITH_KILL, TransferType.WRITE_WITH_FLUSH]
        assert bench.double(0x40) == 0

    bench.run(testbench)
