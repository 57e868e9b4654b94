"""Many ticks in one call, on Amaranth's simulator and on ours."""


import pytest
from amaranth.hdl import (
    Cat,
    ClockDomain,
    Module,
    Mux,
    Signal,
)
from amaranth.lib.memory import Memory
from amaranth.sim import DomainReset
from amaranth.sim import Simulator as AmaranthSimulator
from engine.simulators import interpreted, native
from engine.testbenches import both, counting

from pteg.engine.kernel import edges


def test_ticks_while_nobody_looks_are_one_call_and_time_is_right():
    dut, log = counting(), []
    sim = native(dut)
    sim.add_clock(1e-6)
    advance, calls = sim._engine.advance, []
    sim._engine.advance = lambda until=None: calls.append(until) or advance(until)

    async def bench(ctx):
        await ctx.tick().repeat(1_000_000)
        log.append((ctx.get(dut.count), ctx.get(dut.gray), sim._engine.now))
        log.append((await ctx.tick().sample(dut.count).until(dut.gray == 3 << 20), sim._engine.now))

    async def other(ctx):
        for _ in range(4):
            await ctx.delay(0.2)
            log.append((ctx.get(dut.count), sim._engine.now))

    sim.add_testbench(bench)
    sim.add_testbench(other)
    sim.run()
    micro = 10**9
    assert log[:4] == [(n * 200_000, n * 200_000 * micro) for n in (1, 2, 3, 4)]
    assert log[4] == (1_000_000, 1_000_000 ^ 500_000, 1_000_000 * micro - micro // 2)
    reached = 1 << 21  # 3 << 20 is the Gray code of 2 ** 21
    assert log[5] == ((reached,), (reached + 1) * micro - micro // 2)
    assert len(calls) < 500


@pytest.mark.parametrize("condition", [
    lambda d: d.count == 500, lambda d: d.count[3:] >= 70, lambda d: ~d.enable | (d.count > 600),
    lambda d: d.gray[:10].as_signed() < -3, lambda d: (d.gray & 0x1ff) == 0x1f0,
    lambda d: d.count[9],
    lambda d: Mux(d.count[0], d.count, d.gray) == 777, lambda d: (d.count + d.gray)[4:] > 0x41,
    lambda d: Cat(d.count[5:10].all(), d.gray.xor()) == 3, lambda d: d.count - 700 == 1,
    lambda d: d.count.bit_select(d.gray[:2] + 7, 3) == 5, lambda d: d.count * 2 == 1000,
    lambda d: -d.count < -900])
def test_conditions_end_a_wait_at_the_same_tick(condition):
    async def bench(ctx, dut, log):
        log.append(await ctx.tick().sample(dut.count).until(condition(dut)))
        log.append(ctx.get(dut.gray))

    first, second = both(counting, bench, until=1500e-6)
    assert first == second and len(first) == 2


def test_a_design_that_rests_wakes_at_the_same_tick(monkeypatch):
    """Nothing but a counter moves, until it meets a limit. The testbench changes an input, a
    register and a memory in between."""
    called = []
    monkeypatch.setattr(edges, "WORTHWHILE", 4)
    monkeypatch.setattr(edges, "_run", lambda *arguments, run=edges._run: called.append(
        run(*arguments)) or called[-1])

    def seen(simulate):
        m, count, limit = Module(), Signal(12), Signal(12, init=900)
        rung, total, amount, left = Signal(4), Signal(16), Signal(8, init=3), Signal(4)
        m.submodules.memory = memory = Memory(shape=8, depth=16, init=range(16))
        port = memory.read_port(domain="comb")
        m.d.comb += port.addr.eq(rung)
        m.d.sync += count.eq(count + 1)
        with m.If(count == limit):
            m.d.sync += [rung.eq(rung + 1), total.eq(total + amount + port.data)]
        with m.If(left != 0):
            m.d.sync += [left.eq(left - 1), total.eq(total + 1)]
        values = []

        async def testbench(ctx):
            def look():
                values.append([ctx.get(signal) for signal in (count, rung, total)])

            for number in range(6):
                await ctx.tick().repeat(300)
                look()
                await ctx.tick().until(count == limit)
                look()
                await ctx.tick().repeat(2)
                look()
                ctx.set(limit, 200 * number)
                ctx.set(amount, 10 + number)
                ctx.set(memory.data[ctx.get(rung)], 100 + number)
                await ctx.tick().repeat(100)
                ctx.set(left, number)

        simulator = simulate(m)
        simulator.add_clock(1e-6)
        simulator.add_testbench(testbench)
        simulator.run()
        return values

    expected = seen(AmaranthSimulator)
    assert seen(native) == expected
    assert sum(called) > 15_000 and len({total for _, _, total in expected}) > 6


def test_run_until_stops_at_its_time():
    for deadline in (0.4e-6, 0.5e-6, 1e-6, 1234.5e-6, 1235e-6):
        ends = []
        for kind in (AmaranthSimulator, interpreted, native):
            dut = counting()
            sim = kind(dut)
            sim.add_clock(1e-6)
            sim.run_until(3e-6)
            sim.run_until(3e-6 + deadline)
            seen = []

            async def bench(ctx, dut=dut, seen=seen):
                seen.append(ctx.get(dut.count))

            sim._running = False
            sim.add_testbench(bench)
            end = sim._engine.now
            sim.advance()
            ends.append((end, seen))
        assert ends[0] == ends[1] == ends[2]


def test_an_interrupted_wait_for_ticks_ends_with_a_reset():
    def make():
        m = counting()
        m.domains.sync = m.cd = ClockDomain()
        return m

    async def bench(ctx, dut, log):
        try:
            await ctx.tick().repeat(1000)
        except DomainReset:
            log.append(("reset", ctx.get(dut.count)))
        log.append(await ctx.tick().sample(dut.count))

    async def other(ctx, dut, log):
        await ctx.tick().repeat(300)
        ctx.set(dut.cd.rst, 1)
        await ctx.delay(3e-6)
        log.append(ctx.get(dut.count))
        ctx.set(dut.cd.rst, 0)

    first, second = both(make, bench, other)
    assert first == second and len(first) == 3
