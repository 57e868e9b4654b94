"""Clocks, resets, and messages, on Amaranth's simulator and on ours."""


import pytest
from amaranth.hdl import (
    Assert,
    ClockDomain,
    ClockSignal,
    Cover,
    DriverConflict,
    Format,
    Instance,
    Module,
    Print,
    ResetSignal,
    Signal,
)
from amaranth.sim import Simulator as AmaranthSimulator
from engine.simulators import interpreted, native
from engine.testbenches import OURS, counting

from pteg.engine import Simulator
from pteg.engine.kernel import engine
from pteg.errors import UserError


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
    with pytest.raises(UserError, match="test_simulator_messages.py:.*Print"):
        _ = sim.native


def test_instances_are_refused_by_name():
    m = Module()
    m.submodules.thing = Instance("foreign", i_a=Signal())
    with pytest.raises(UserError, match=r"simulator_messages.py:\d+: the instance 'top.thing'"):
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
