"""The same testbenches on Amaranth's simulator and on ours see the same things."""

import io

import pytest
from amaranth.hdl import ClockDomain, Module, Signal, unsigned
from amaranth.lib import data, enum, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator as AmaranthSimulator

import pteg
from pteg.engine import Simulator
from pteg.errors import UserError


class State(enum.Enum, shape=2):
    IDLE = 0
    BUSY = 1
    DONE = 2


class Worker(wiring.Component):
    start: In(1)
    amount: In(8)
    state: Out(State)
    total: Out(16)
    pair: Out(data.StructLayout({"low": unsigned(4), "high": unsigned(4)}))

    def elaborate(self, platform):
        m = Module()
        left = Signal(8)
        with m.Switch(self.state):
            with m.Case(State.IDLE):
                with m.If(self.start):
                    m.d.sync += [left.eq(self.amount), self.state.eq(State.BUSY)]
            with m.Case(State.BUSY):
                m.d.sync += [self.total.eq(self.total + left), left.eq(left - 1)]
                with m.If(left == 0):
                    m.d.sync += self.state.eq(State.DONE)
            with m.Case(State.DONE):
                m.d.sync += self.state.eq(State.IDLE)
        m.d.comb += [self.pair.low.eq(left[:4]), self.pair.high.eq(self.total[:4])]
        return m


def both(make, *benches, processes=(), clock=True, until=None):
    """Run testbenches on both simulators; return the two logs."""
    return [log_of(kind, make, benches, processes, clock, until)
            for kind in (AmaranthSimulator, Simulator)]


def log_of(kind, make, benches, processes, clock, until):
    log, dut = [], make()
    sim = kind(dut)
    if clock:
        sim.add_clock(1e-6)

    def bind(function):
        async def run(ctx):
            await function(ctx, dut, log)
        return run

    for process in processes:
        sim.add_process(bind(process))
    for bench in benches:
        sim.add_testbench(bind(bench))
    sim.run_until(until) if until else sim.run()
    return log


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

    first, second = both(make, bench, clock=False)
    assert first == second == [0, 765, 65025]


def test_reset_restarts_the_simulation():
    dut, seen = Worker(), []

    async def bench(ctx):
        seen.append(ctx.get(dut.total))
        ctx.set(dut.start, 1)
        ctx.set(dut.amount, 9)
        await ctx.tick().repeat(6)
        seen.append(ctx.get(dut.total))

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    sim.reset()
    sim.run()
    assert seen[0] == seen[2] == 0 and seen[1] == seen[3] > 0


def test_vcd_has_the_same_changes():
    texts = []
    for kind in (AmaranthSimulator, Simulator):
        dut = Worker()

        async def bench(ctx, dut=dut):
            ctx.set(dut.start, 1)
            ctx.set(dut.amount, 3)
            await ctx.tick().repeat(8)

        sim, file = kind(dut), io.StringIO()
        file.close = lambda: None
        sim.add_clock(1e-6)
        sim.add_testbench(bench)
        with sim.write_vcd(file):
            sim.run()
        texts.append(changes(file.getvalue()))
    assert texts[0] == texts[1]


def changes(text):
    """Return {(time, signal name): value}, whatever the identifiers."""
    names, result, time = {}, {}, 0
    for line in text.splitlines():
        words = line.split()
        if line.startswith("$var"):
            names[words[3]] = words[4]
        elif line.startswith("#"):
            time = int(line[1:])
        elif words and words[-1] in names and len(words) == 2:
            result[time, names[words[-1]]] = words[0]
        elif line[:1] in "01" and line[1:] in names:
            result[time, names[line[1:]]] = line[0]
    return result


def xx():
    assert pteg.Simulator is Simulator
    m = Module()
    a, b = Signal(), Signal()
    m.d.sync += a.eq(~a)
    m.d.other += b.eq(~b)
    with pytest.raises(UserError, match="second clock domain"):
        Simulator(m)
