"""Compiled designs with several clocks or asynchronous resets."""

import random

import pytest
from amaranth.hdl import (
    ClockDomain,
    Module,
    Signal,
)

from pteg.engine import (
    compile_design,
)
from pteg.engine.clocks import MOST_EDGES
from pteg.errors import UserError


def test_a_step_is_one_period_of_all_clocks():
    m, a, b, c = Module(), Signal(8, name="a"), Signal(8, name="b"), Signal(8, name="c")
    m.domains.late = ClockDomain(clk_edge="neg", local=False)
    m.d.sync += a.eq(a + 1)
    m.d.video += b.eq(a)
    m.d.late += c.eq(a)
    native = compile_design(m, ports=[a, b, c], cache=False)
    assert {"clk", "video_clk", "late_clk"} < native.inputs.keys()
    state = native.new_state()
    for cycle in range(1, 6):
        native.step(state)
        # Rising edges together, each with the values before; then the falling one.
        assert [native.read(state, name) for name in "abc"] == [cycle, cycle - 1, cycle]


def test_each_clock_ticks_when_its_input_changes():
    m, a, b = Module(), Signal(8, name="a"), Signal(8, name="b")
    m.d.sync += a.eq(a + 1)
    m.d.video += b.eq(b + a)
    native = compile_design(m, ports=[a, b], cache=False)
    state, expected = native.new_state(), [0, 0]
    rng, levels = random.Random(5), {"clk": 0, "video_clk": 0}
    for _ in range(200):
        rose = []
        for name in levels:
            level = rng.getrandbits(1)
            rose.append(level > levels[name])
            levels[name] = level
            native.write(state, name, level)
        native.advance(state)
        old = list(expected)
        expected = [(old[0] + rose[0]) & 255, (old[1] + old[0] * rose[1]) & 255]
        assert [native.read(state, name) for name in "ab"] == expected


def test_registers_clock_others_which_see_their_new_values():
    m, a, b, half = Module(), Signal(8, name="a"), Signal(8, name="b"), Signal()
    m.domains.half = cd = ClockDomain(reset_less=True)
    m.d.comb += cd.clk.eq(half)
    m.d.sync += [half.eq(~half), a.eq(a + 1)]
    m.d.half += b.eq(a)
    native = compile_design(m, ports=[a, b], cycle=True, cache=False)
    state, record = native.new_state(), native.new_record()
    for cycle in range(1, 7):
        native.cycle(state, record)
        assert native.read(state, "b") == (cycle if cycle % 2 else cycle - 1)


def test_the_resets_of_all_domains_are_active_in_reset():
    m, a, b = Module(), Signal(8, name="a", init=3), Signal(8, name="b", init=4)
    m.d.sync += a.eq(a + 1)
    m.d.video += b.eq(b + 1)
    native = compile_design(m, ports=[a, b], cache=False)
    state = native.new_state()
    native.step(state)
    native.reset(state)
    assert (native.read(state, "a"), native.read(state, "b")) == (3, 4)
    native.step(state)
    assert (native.read(state, "a"), native.read(state, "b")) == (4, 5)


def test_a_clock_that_never_rests_is_left_after_many_edges():
    m, a, ring = Module(), Signal(32, name="a"), Signal()
    m.domains.ring = cd = ClockDomain(reset_less=True)
    m.domains.gnir = dc = ClockDomain(reset_less=True, clk_edge="neg")
    other = Signal()
    m.d.comb += [cd.clk.eq(ring ^ other), dc.clk.eq(ring ^ other)]
    m.d.ring += [ring.eq(~ring), a.eq(a + 1)]
    m.d.gnir += other.eq(~other)
    native = compile_design(m, ports=[ring, a], cache=False)
    state = native.new_state()
    native.write(state, "ring", 1)
    native.advance(state)
    assert native.read(state, "a") == MOST_EDGES // 2


def test_a_clock_behind_logic_is_named_by_the_user():
    def gated():
        m, a = Module(), Signal(8, name="a")
        m.domains.sync = cd = ClockDomain(reset_less=True)
        tick, enable = Signal(name="tick"), Signal(name="enable")
        m.d.comb += cd.clk.eq(tick & enable)
        m.d.sync += a.eq(a + 1)
        return m, [tick, enable, a]

    m, ports = gated()
    with pytest.raises(UserError, match="from enable, tick: say which of these inputs is a clock"):
        compile_design(m, ports=ports, cache=False)
    m, ports = gated()
    with pytest.raises(UserError, match="no input 'none' of one bit"):
        compile_design(m, ports=ports, clocks=["none"], cache=False)
    m, ports = gated()
    native = compile_design(m, ports=ports, clocks=["tick"], cache=False)
    state = native.new_state()
    native.step(state)
    native.write(state, "enable", 1)
    native.step(state)
    native.step(state)
    assert native.read(state, "a") == 2


def test_an_asynchronous_reset_acts_between_edges_and_lasts_to_the_next():
    m = Module()
    a = Signal(8, init=7)
    b = Signal(8)
    arst = Signal()
    m.domains.sync = cd = ClockDomain(async_reset=True)
    m.d.comb += [cd.rst.eq(arst), b.eq(a + 1)]
    m.d.sync += a.eq(a + 16)
    native = compile_design(m, ports=[arst, b, cd.clk])
    state = native.new_state()

    def values():
        native.settle(state)
        return native.read(state, "a"), native.tracer("b").read(trace(native, state, "b"))["b"]

    def trace(native, state, path):
        tracer = native.tracer(path)
        buffer = tracer.new_buffer()
        tracer.trace(state, buffer)
        return buffer

    native.step(state)
    assert values() == (23, 24)
    native.write(state, "arst", 1)
    assert values() == (7, 8)
    native.step(state)
    assert values() == (7, 8)
    native.write(state, "arst", 0)
    assert values() == (7, 8)
    native.step(state)
    assert values() == (23, 24)
