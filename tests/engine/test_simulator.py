"""The same testbenches on Amaranth's simulator and on ours see the same things."""

import io
import random

import pytest
from amaranth.hdl import (
    Assert,
    Cat,
    ClockDomain,
    ClockSignal,
    Cover,
    DriverConflict,
    Format,
    Instance,
    Module,
    Mux,
    Print,
    ResetSignal,
    Signal,
    signed,
    unsigned,
)
from amaranth.lib import data, enum, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.sim import DomainReset
from amaranth.sim import Simulator as AmaranthSimulator
from engine.simulators import interpreted, native

import pteg
from pteg.engine import Simulator
from pteg.engine.kernel import edges, engine
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


OURS = pytest.mark.parametrize("ours", [interpreted, native])
#: The periods of the clocks, by domain.
CLOCKS = {"sync": 1e-6}


def both(make, *benches, processes=(), clocks=CLOCKS, until=None):
    """Run testbenches on all simulators; return Amaranth's log and ours."""
    first, second, third = [log_of(kind, make, benches, processes, clocks, until)
                            for kind in (AmaranthSimulator, interpreted, native)]
    assert second == third
    return first, second


def log_of(kind, make, benches, processes, clocks, until):
    log, dut = [], make()
    sim = kind(dut)
    for domain, period in clocks.items():
        sim.add_clock(period, domain=domain)

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


def test_vcd_and_save_file_are_those_of_amaranth():
    texts = []
    for kind in (AmaranthSimulator, interpreted, native):
        dut, extra = Worker(), Signal(3, name="extra")

        async def bench(ctx, dut=dut, extra=extra):
            ctx.set(dut.start, 1)
            ctx.set(extra, 5)
            ctx.set(dut.amount, 3)
            await ctx.tick().repeat(8)

        sim, file, save = kind(dut), io.StringIO(), io.StringIO()
        file.close, file.name = lambda: None, "some.vcd"
        save.close = lambda: None
        sim.add_clock(1e-6)
        sim.add_testbench(bench)
        with sim.write_vcd(file, save, traces=[dut.pair, {"more": [extra, dut]}]):
            sim.run()
        lines = save.getvalue().splitlines()
        texts.append((changes(file.getvalue()),
                      [line for line in lines if not line.startswith("[")]))
    assert texts[0] == texts[1] == texts[2]
    assert "bench.extra[2:0]" in texts[0][1]


def test_vcd_of_the_native_circuit_has_the_values_of_amaranth(monkeypatch):
    monkeypatch.setattr(engine, "PATIENCE", 1)

    def make():
        m = Module()
        m.submodules.fifo = m.fifo = SyncFIFOBuffered(width=70, depth=4)
        m.submodules.worker = m.worker = Worker()
        m.low = Signal(data.StructLayout({"a": State, "b": 5}), name="low")
        m.extra, lsb = Signal(4, name="extra"), Signal(signed(3), name="lsb")
        m.d.comb += [m.low.b.eq(m.worker.total), lsb.eq(m.worker.total + m.extra)]
        return m

    async def bench(ctx, dut, log):
        for value in range(60):
            ctx.set(dut.fifo.w_data, value << 60 | value)
            ctx.set(dut.fifo.w_en, value % 3 != 0)
            ctx.set(dut.fifo.r_en, value % 5 != 0)
            ctx.set(dut.worker.amount, 3)
            ctx.set(dut.worker.start, 1)
            ctx.set(dut.extra, value)
            await ctx.tick()
            if value == 30:
                await ctx.changed(dut.worker.total)  # interpreted for a while

    texts = []
    for kind in (AmaranthSimulator, interpreted, native):
        dut, file = make(), io.StringIO()
        sim = kind(dut)
        file.close = lambda: None
        sim.add_clock(1e-6)

        async def run(ctx, dut=dut):
            await bench(ctx, dut, None)

        sim.add_testbench(run)
        with sim.write_vcd(file):
            sim.run()
        texts.append(changes(file.getvalue()))
        used = sim._engine
    assert texts[0] == texts[1] == texts[2]
    assert used.circuit is used.native and len(texts[0]) > 500


def changes(text):
    """Return {(time, signal name): value} at the ends of times, whatever the identifiers."""
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
    before, kept = {}, {}
    for (time, name), value in result.items():  # in the order of time
        if before.get(name) != value:  # not there and back within a time
            kept[time, name] = before[name] = value
    return kept


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


# Many ticks in one call --------------------------------------------------------------------------


def counting():
    """Return a module with a counter that an input enables."""
    m = Module()
    m.enable, m.count, m.gray = Signal(init=1), Signal(32), Signal(32)
    with m.If(m.enable):
        m.d.sync += m.count.eq(m.count + 1)
    m.d.comb += m.gray.eq(m.count ^ (m.count >> 1))
    return m


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


# Clocks, resets, messages ------------------------------------------------------------------------


def follow(make, domains, length=60e-6):
    """Compare what all simulators say of every signal, at odd times, with several clocks.

    Return whether the native circuit was there at the end.
    """
    logs = []
    for kind in (AmaranthSimulator, interpreted, native):
        dut, log = make(), []
        sim = kind(dut)
        for domain, period, phase in domains:
            sim.add_clock(period, phase=phase, domain=domain)

        async def bench(ctx, dut=dut, log=log):
            for step in range(150):
                await ctx.delay(0.3e-6)
                if hasattr(dut, "reset"):
                    ctx.set(dut.reset, step % 50 in (20, 21, 22))
                log.append([ctx.get(signal) for signal in dut.watched])

        sim.add_testbench(bench)
        sim.run_until(length)
        logs.append(log)
    assert logs[0] == logs[1] == logs[2]
    assert len({tuple(row) for row in logs[0]}) > 10
    return sim._engine.circuit is sim._engine.native


def test_clocks_of_any_phase_and_both_edges():
    def make():
        m = Module()
        m.domains.slow = ClockDomain(clk_edge="neg")
        a, b, c = Signal(8), Signal(8), Signal(8)
        m.d.sync += a.eq(a + 1)
        m.d.slow += b.eq(a)
        m.d.fast += c.eq(c + b)
        m.watched = [a, b, c]
        return m

    assert follow(make, [("sync", 1e-6, None), ("slow", 3e-6, 0.25e-6), ("fast", 0.7e-6, 0)])


def test_asynchronous_reset():
    def make():
        m = Module()
        m.domains.sync = ClockDomain(async_reset=True)
        m.reset, a, kept = Signal(), Signal(8, init=7), Signal(8, init=1)
        m.d.comb += ResetSignal().eq(m.reset)
        m.d.sync += [a.eq(a + kept), kept.eq(kept)]     # a register, not a latch
        m.watched = [a, kept]
        return m

    assert follow(make, [("sync", 1e-6, None)])


def test_clocks_that_logic_drives():
    def make():
        m = Module()
        m.domains.half = ClockDomain()
        m.domains.same = ClockDomain()
        a, b, c, divider = Signal(8), Signal(8), Signal(8), Signal()
        m.d.sync += [a.eq(a + 1), divider.eq(~divider)]
        m.d.comb += [ClockSignal("half").eq(divider), ClockSignal("same").eq(ClockSignal())]
        m.d.half += b.eq(a)
        m.d.same += c.eq(a)  # one delta cycle later: the new value
        m.watched = [a, b, c]
        return m

    assert not follow(make, [("sync", 1e-6, None)])


@OURS
def test_print_and_properties_are_carried_out(ours, capsys):
    def make():
        m = counting()
        with m.If(m.count[:2] == 2):
            m.d.sync += Print(Format("count {:3d}", m.count))
        m.d.sync += Cover(m.count == 5, "five")
        m.d.sync += Assert(m.count < 9, Format("too many: {}", m.count))
        return m

    texts = []
    for kind in (AmaranthSimulator, ours):
        sim = kind(make())
        sim.add_clock(1e-6)
        with pytest.raises(AssertionError, match="Assertion violated: too many: 9"):
            sim.run_until(20e-6)
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != ""


def test_why_a_design_is_not_compiled():
    m = Module()
    a = Signal()
    m.d.sync += [a.eq(~a), Print(a)]
    sim = Simulator(m)
    with pytest.raises(UserError, match="test_simulator.py:.*Print"):
        _ = sim.native


def test_instances_are_refused_by_name():
    m = Module()
    m.submodules.thing = Instance("foreign", i_a=Signal())
    with pytest.raises(UserError, match=r"test_simulator.py:\d+: the instance 'top.thing'"):
        Simulator(m)


def test_inputs_inside_are_named_by_their_path():
    m = Module()
    m.submodules.inner = inner = Module()
    free, result = Signal(4, name="free"), Signal(4)
    inner.d.sync += result.eq(free)
    sim = Simulator(m)
    assert list(sim.native.inputs) == ["inner.free"]


@OURS
def test_errors_are_those_of_amaranth(ours):
    m = Module()
    m.domains.half = ClockDomain()
    a = Signal()
    m.d.sync += a.eq(~a)
    m.d.comb += ClockSignal("half").eq(a)
    m.d.half += Signal(name="b").eq(1)
    sim = ours(m)
    with pytest.raises(DriverConflict, match="already driven by combinational logic"):
        sim.add_clock(1e-6, domain="half")
    with pytest.raises(NameError, match="'none' is not present"):
        sim.add_clock(1e-6, domain="none")
    sim.add_clock(1e-6)
    with pytest.raises(DriverConflict, match="already has a clock"):
        sim.add_clock(1e-6)

    async def bench(ctx):
        with pytest.raises(ValueError, match="positive integer"):
            await ctx.tick().repeat(0)
        with pytest.raises(TypeError, match="must be a value-like"):
            await ctx.tick().until("x")
        with pytest.raises(NameError, match="'none' does not exist"):
            await ctx.tick("none")

    sim.add_testbench(bench)
    sim.run()
    with pytest.raises(RuntimeError, match="running simulation"):
        sim.add_testbench(bench)


@pytest.fixture
def impatient(monkeypatch):
    """Take less time to find that nothing settles."""
    monkeypatch.setattr(engine, "ENDLESS", 500)


def test_a_loop_that_never_settles_is_an_error_that_names_it(impatient):
    m = Module()
    start, a, b = Signal(), Signal(name="here"), Signal(name="there")
    m.d.comb += [a.eq(b & start), b.eq(~a)]
    sim = Simulator(m)

    async def bench(ctx):
        ctx.set(start, 1)

    sim.add_testbench(bench)
    with pytest.raises(UserError, match="combinational loop: .*here.* -> "):
        sim.run()


def test_processes_that_never_settle_are_an_error_that_names_what_changes(impatient):
    m = Module()
    ping, pong = Signal(name="ping"), Signal(name="pong")
    m.d.comb += Signal(name="copy").eq(ping)
    sim = Simulator(m)

    async def back(ctx):
        async for value, in ctx.changed(ping):
            ctx.set(pong, value)

    async def forth(ctx):
        async for value, in ctx.changed(pong):
            ctx.set(ping, 1 - value)

    sim.add_process(back)
    sim.add_process(forth)
    with pytest.raises(UserError, match="does not settle at 0 fs: .*(ping|pong)"):
        sim.run_until(1e-6)
