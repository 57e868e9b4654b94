"""The same testbenches on Amaranth's simulator and on ours see the same things."""

import random

import pytest
from amaranth.hdl import (
    Cat,
    ClockDomain,
    Module,
    ResetSignal,
    Signal,
)
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.memory import Memory
from engine.testbenches import OURS, State, Worker, both

import pteg
from pteg.engine import Simulator


def test_tick_until_and_repeat_see_the_same_values():
    async def bench(ctx, dut, log):
        ctx.set(dut.start, 1)
        ctx.set(dut.amount, 5)
        await ctx.tick()
        ctx.set(dut.start, 0)
        log.append((ctx.get(dut.state), ctx.get(dut.pair.low)))
        log.append(await ctx.tick().sample(dut.total, dut.state).until(dut.state == State.DONE))
        log.append(await ctx.tick().sample(dut.state).repeat(3))
        log.append((ctx.get(dut.total), ctx.get(dut.pair.high), ctx.get(dut.state)))

    first, second = both(Worker, bench)
    assert first == second
    assert (State.BUSY, 5) in first


def test_async_for_samples_values_before_the_edge():
    async def bench(ctx, dut, log):
        ctx.set(dut.start, 1)
        ctx.set(dut.amount, 3)
        count = 0
        async for clock, reset, state, total in ctx.tick().sample(dut.state, dut.total):
            log.append((clock, reset, state, total))
            count += 1
            if count == 12:
                break

    first, second = both(Worker, bench)
    assert first == second and len(first) == 12


def test_changed_edge_and_delay_triggers():
    async def watch(ctx, dut, log):
        async for state, in ctx.changed(dut.state):
            log.append(("changed", state))
            if state == State.DONE:
                break

    async def drive(ctx, dut, log):
        await ctx.delay(2.2e-6)
        ctx.set(dut.start, 1)
        ctx.set(dut.amount, 2)
        log.append(await ctx.posedge(dut.state.as_value()[0]).sample(dut.total))
        ctx.set(dut.start, 0)
        log.append(await ctx.edge(dut.state.as_value()[1], 1))
        log.append(await ctx.delay(1.5e-6).sample(dut.state))

    first, second = both(Worker, watch, drive)
    assert first == second and first


def test_processes_replace_circuits():
    def make():
        m = Module()
        m.a, m.b, m.sum, m.held = Signal(8), Signal(8), Signal(8), Signal(8)
        m.d.sync += m.held.eq(m.sum)
        return m

    async def adder(ctx, dut, log):
        async for a, b in ctx.changed(dut.a, dut.b):
            ctx.set(dut.sum, a + b)

    async def bench(ctx, dut, log):
        for a, b in ((1, 2), (200, 100), (5, 5)):
            ctx.set(dut.a, a)
            ctx.set(dut.b, b)
            log.append(ctx.get(dut.sum))
            await ctx.tick()
            log.append(ctx.get(dut.held))

    first, second = both(make, bench, processes=[adder])
    assert first == second == [3, 3, 44, 44, 10, 10]


def test_stream_through_a_fifo():
    async def writer(ctx, dut, log):
        for value in range(40):
            ctx.set(dut.w_data, value)
            ctx.set(dut.w_en, 1)
            await ctx.tick().until(dut.w_rdy)
        ctx.set(dut.w_en, 0)

    async def reader(ctx, dut, log):
        for number in range(40):
            if number % 7 == 0:
                await ctx.tick().repeat(5)
            ctx.set(dut.r_en, 1)
            log.append(await ctx.tick().sample(dut.r_data, dut.level).until(dut.r_rdy))
            ctx.set(dut.r_en, 0)

    first, second = both(lambda: SyncFIFOBuffered(width=8, depth=5), writer, reader)
    assert first == second
    assert [value for value, _ in second] == list(range(40))


def test_memory_rows_are_read_and_written():
    def make():
        m = Module()
        m.submodules.memory = memory = Memory(shape=12, depth=6, init=[1, 2, 3])
        m.memory, m.port, m.write = memory, memory.read_port(domain="comb"), memory.write_port()
        return m

    async def bench(ctx, dut, log):
        log.append([ctx.get(dut.memory.data[row]) for row in range(6)])
        ctx.set(dut.port.addr, 4)
        log.append(ctx.get(dut.port.data))
        ctx.set(dut.memory.data[4], 99)
        log.append(ctx.get(dut.port.data))
        ctx.set(dut.write.en, 1)
        ctx.set(dut.write.addr, 4)
        ctx.set(dut.write.data, 0x123)
        await ctx.tick()
        log.append((ctx.get(dut.port.data), ctx.get(dut.memory.data[4])))

    first, second = both(make, bench)
    assert first == second


def test_registers_can_be_overridden_and_wires_not():
    async def bench(ctx, dut, log):
        ctx.set(dut.total, 0x1234)
        log.append((ctx.get(dut.total), ctx.get(dut.pair.high)))
        await ctx.tick()
        log.append(ctx.get(dut.total))
        with pytest.raises(Exception, match="overriden by testbenches"):
            ctx.set(dut.pair.low, 1)

    first, second = both(Worker, bench)
    assert first == second == [(0x1234, 4), 0x1234]


def test_synchronous_reset():
    def make():
        m = Module()
        m.domains.sync = m.cd = ClockDomain()
        m.count = Signal(8, init=5)
        m.kept = Signal(8, init=1, reset_less=True)
        m.d.sync += [m.count.eq(m.count + 1), m.kept.eq(m.kept + 1)]
        return m

    async def bench(ctx, dut, log):
        for reset in (0, 0, 1, 1, 0, 1, 0):
            ctx.set(dut.cd.rst, reset)
            log.append(await ctx.tick().sample(dut.count, dut.kept))
        log.append((ctx.get(dut.count), ctx.get(dut.kept)))

    first, second = both(make, bench)
    assert first == second


@pytest.mark.parametrize("what", ["reset", "reset_less", "read", "write"])
@pytest.mark.parametrize("source", ["input", "inverted", "register", "memory"])
def test_the_rise_of_an_asynchronous_reset_is_a_clock_edge_for_what_it_does_not_reset(what, source):
    def make():
        m = Module()
        m.domains.sync = ClockDomain(async_reset=True)
        m.domains.still = ClockDomain()
        m.reset, m.count, m.last = Signal(), Signal(4, reset_less=what == "reset_less"), Signal(4)
        m.d.sync += [m.count.eq(m.count + 1), m.last.eq(m.count)]
        m.submodules.memory = memory = Memory(shape=4, depth=16, init=range(16))
        m.seen = memory.read_port(domain="sync" if what == "read" else "comb")
        m.d.comb += m.seen.addr.eq(m.last)
        if what == "read":
            m.d.comb += m.seen.en.eq(m.count[1])
        if what == "write":
            write = memory.write_port(domain="sync")
            m.d.comb += [write.addr.eq(m.last), write.data.eq(~m.count), write.en.eq(m.count[0])]
        held = Signal()
        m.d.still += held.eq(m.reset)
        m.submodules.held = kept = Memory(shape=1, depth=1, init=[])
        port = kept.write_port(domain="still")
        m.d.comb += [port.en.eq(1), port.data.eq(m.reset)]
        m.d.comb += ResetSignal().eq({"input": m.reset, "inverted": ~m.reset, "register": held,
                                      "memory": kept.read_port(domain="comb").data}[source])
        return m

    async def bench(ctx, dut, log):
        rng = random.Random(3)
        for _ in range(120):
            ctx.set(dut.reset, rng.random() < 0.3)
            await ctx.delay(rng.randrange(1, 12) * 1e-7)
            log.append([ctx.get(signal) for signal in (dut.count, dut.last, dut.seen.data)])

    first, second = both(make, bench, clocks={"sync": 1e-6, "still": 0.7e-6})
    assert first == second
    assert len(set(map(tuple, first))) > 3


def test_combinational_design_without_a_clock():
    def make():
        m = Module()
        m.a, m.b, m.product = Signal(8), Signal(8), Signal(16)
        m.d.comb += m.product.eq(m.a * m.b)
        return m

    async def bench(ctx, dut, log):
        for a in (0, 3, 255):
            ctx.set(dut.a, a)
            ctx.set(dut.b, 255)
            log.append(ctx.get(dut.product))
            await ctx.delay(1e-6)

    first, second = both(make, bench, clocks={})
    assert first == second == [0, 765, 65025]


@OURS
def test_reset_restarts_the_simulation(ours):
    dut, seen = Worker(), []

    async def bench(ctx):
        seen.append(ctx.get(dut.total))
        ctx.set(dut.start, 1)
        ctx.set(dut.amount, 9)
        await ctx.tick().repeat(6)
        seen.append(ctx.get(dut.total))

    sim = ours(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    sim.reset()
    sim.run()
    assert seen[0] == seen[2] == 0 and seen[1] == seen[3] > 0


def test_simulator_is_exported():
    assert pteg.Simulator is Simulator


def test_an_input_set_in_the_delta_cycle_of_the_edge():
    def make():
        m = Module()
        m.a, m.through, m.direct, m.indirect = (Signal(8, name=name) for name in "atdi")
        m.d.comb += m.through.eq(m.a + 1)
        m.d.sync += [m.direct.eq(m.a), m.indirect.eq(m.through)]
        return m

    async def drive(ctx, dut, log):
        for value in range(5, 40):
            await ctx.delay(0.5e-6)
            ctx.set(dut.a, value)

    async def follow(ctx, dut, log):
        async for values in ctx.tick().sample(dut.a, dut.through, dut.direct, dut.indirect):
            log.append(values)

    first, second = both(make, processes=[drive, follow], until=30e-6)
    assert first == second
    assert any(a != through - 1 for _, _, a, through, _, _ in first)


def test_a_clock_that_a_process_drives_together_with_an_input():
    def make():
        m = Module()
        m.domains.sync = m.cd = ClockDomain(reset_less=True)
        m.a, m.through, m.direct, m.indirect = (Signal(8, name=name) for name in "atdi")
        m.d.comb += m.through.eq(m.a + 1)
        m.d.sync += [m.direct.eq(m.a), m.indirect.eq(m.through)]
        return m

    async def drive(ctx, dut, log):
        for value in range(5, 40):
            await ctx.delay(0.5e-6)
            ctx.set(Cat(dut.cd.clk, dut.a), 3 * value)

    async def follow(ctx, dut, log):
        for _ in range(100):
            await ctx.delay(0.3e-6)
            log.append([ctx.get(signal) for signal in (dut.a, dut.direct, dut.indirect)])

    first, second = both(make, follow, processes=[drive], clocks={})
    assert first == second
    assert any(direct != indirect - 1 for _, direct, indirect in first[10:])
