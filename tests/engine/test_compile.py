"""Compiled designs: state access, cycle semantics, tracers, the cache and errors."""

import json
import os
import random
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from amaranth.hdl import (
    Array,
    Assert,
    ClockDomain,
    Instance,
    IOPort,
    Module,
    Print,
    Signal,
    signed,
    unsigned,
)
from amaranth.lib import data, enum, io, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from numba import njit
from numba.core.errors import TypingError

from pteg.engine import (
    Kind,
    MemoryInfo,
    Native,
    Part,
    Probe,
    cache,
    compile_design,
    compiled,
    load_design,
)
from pteg.engine.clocks import MOST_EDGES
from pteg.engine.compiled import plan_function
from pteg.engine.frontend.netlist import LATCH
from pteg.engine.native import load_object
from pteg.errors import UserError


@pytest.fixture(autouse=True)
def latest(monkeypatch):
    """The designs that stay in memory; none is there at first, so that the cache is asked."""
    kept = {}
    monkeypatch.setattr(compiled, "_latest", kept)
    return kept


class Mode(enum.Enum, shape=2):
    OFF = 0
    UP = 1
    DOWN = 2


class Inner(wiring.Component):
    mode: In(Mode)
    count: Out(signed(12), init=-5)

    def elaborate(self, platform):
        m = Module()
        with m.Switch(self.mode):
            with m.Case(Mode.UP):
                m.d.sync += self.count.eq(self.count + 1)
            with m.Case(Mode.DOWN):
                m.d.sync += self.count.eq(self.count - 1)
        return m


class Top(wiring.Component):
    """A counter, a wide register, a struct, a memory."""

    bus: In(wiring.Signature({"mode": Out(Mode), "data": Out(100), "count": In(signed(12))}))
    row: In(2)
    word: Out(70)

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = inner = Inner()
        m.submodules.store = store = Memory(shape=70, depth=3, init=[1 << 69, 5])
        read, write = store.read_port(domain="comb"), store.write_port()
        wide = Signal(100, init=(1 << 99) | 3)
        pair = Signal(data.StructLayout({"mode": Mode, "value": unsigned(7)}))
        negative = Signal()
        m.d.sync += [wide.eq(self.bus.data), pair.mode.eq(self.bus.mode)]
        m.d.comb += [inner.mode.eq(self.bus.mode), self.bus.count.eq(inner.count),
                     read.addr.eq(self.row), self.word.eq(read.data), write.addr.eq(self.row),
                     write.data.eq(wide), write.en.eq(self.bus.mode == Mode.DOWN),
                     negative.eq(inner.count < 0)]
        return m


@pytest.fixture(scope="module")
def native():
    return compile_design(Top(), cache=False)


def test_ports_and_signals_are_described(native):
    assert list(native.inputs) == ["bus.mode", "bus.data", "row"]
    assert list(native.outputs) == ["bus.count", "word"]
    mode = native.inputs["bus.mode"]
    assert (mode.kind, mode.width, mode.enum) == (Kind.INPUT, 2, {0: "OFF", 1: "UP", 2: "DOWN"})
    count = native.signals["inner.count"]
    assert (count.kind, count.signed, count.width) == (Kind.REGISTER, True, 12)
    assert count.source.startswith(__file__)
    assert native.signals["negative"].kind is Kind.WIRE
    assert native.signals["pair.mode"].enum == {0: "OFF", 1: "UP", 2: "DOWN"}
    assert [part.width for part in native.outputs["word"].parts] == [64, 6]
    assert sum(part.width for part in native.signals["wide"].parts) == 100


class Wrapped(wiring.Component):
    """A part, and a port of the same name."""

    part: In(wiring.Signature({"row": Out(2), "word": In(70)}))

    def elaborate(self, platform):
        m = Module()
        m.submodules.part = part = Top()
        m.d.comb += [part.row.eq(self.part.row), self.part.word.eq(part.word)]
        return m


def test_paths_leave_out_the_names_of_unnamed_parts_and_ports():
    native = compile_design(Wrapped(), unnamed=["part"])
    assert list(native.inputs) == ["row"] and list(native.outputs) == ["word"]
    assert native.signals["inner.count"].kind is Kind.REGISTER
    assert native.signals["row"].kind is Kind.INPUT
    assert list(native.memories) == ["store"]
    assert not [path for path in native.signals if path.startswith("part")]
    named = compile_design(Wrapped())
    assert list(named.inputs) == ["part.row"] and list(named.memories) == ["part.store"]
    assert "part.inner.count" in named.signals


def test_inputs_have_their_initial_values():
    class Threshold(wiring.Component):
        limit: In(data.StructLayout({"low": 40, "high": signed(40)}), init={"low": 5, "high": -1})
        low: Out(40)
        negative: Out(1)

        def elaborate(self, platform):
            m = Module()
            m.d.comb += [self.low.eq(self.limit.low + 1), self.negative.eq(self.limit.high < 0)]
            return m

    native = compile_design(Threshold())
    state = native.new_state()
    native.settle(state)
    assert native.read(state, "limit") == 5 | ((1 << 40) - 1) << 40
    assert native.read(state, "low") == 6 and native.read(state, "negative") == 1


def test_initial_values_and_access(native):
    state = native.new_state()
    assert state.dtype == np.uint64 and state.ndim == 1
    assert native.read(state, "inner.count") == -5
    assert native.read(state, "wide") == (1 << 99) | 3
    native.write(state, "wide", 7 << 60)
    assert native.read(state, "wide") == 7 << 60
    native.write(state, "inner.count", -1)
    assert native.read(state, "inner.count") == -1
    with pytest.raises(UserError, match=r"^'negative' is a wire, which the state does not hold"):
        native.read(state, "negative")
    with pytest.raises(UserError, match=r"^design 'top' has no signal 'nothing'$"):
        native.read(state, "nothing")
    with pytest.raises(UserError, match="only inputs and registers can be set"):
        native.write(state, "word", 1)


def test_step_computes_outputs_before_the_edge(native):
    state = native.new_state()
    native.write(state, "bus.mode", Mode.UP.value)
    native.step(state)
    assert native.read(state, "inner.count") == -4
    low, = native.outputs["bus.count"].parts
    assert int(state[low.word]) == -5 & 0xFFF
    native.settle(state)
    assert int(state[low.word]) == -4 & 0xFFF
    assert native.read(state, "inner.count") == -4


def test_reset_is_a_step_with_the_reset_active(native):
    state = native.new_state()
    native.write(state, "bus.mode", Mode.UP.value)
    for _ in range(3):
        native.step(state)
    native.reset(state)
    assert native.read(state, "inner.count") == -5


def test_memories_are_read_and_written(native):
    state, memory = native.new_state(), native.memories["store"]
    assert (memory.depth, memory.width, memory.stride) == (3, 70, 2)
    assert [memory.read(state, row) for row in range(3)] == [1 << 69, 5, 0]
    memory.write(state, 2, (1 << 70) - 2)
    assert int(state[memory.base + 5]) == 0x3F
    native.write(state, "row", 2)
    native.step(state)
    assert native.read(state, "word") == (1 << 70) - 2
    native.write(state, "bus.mode", Mode.DOWN.value)
    native.step(state)
    assert memory.read(state, 2) == 0  # `wide` took the data input of the step before
    native.write(state, "row", 3)  # no such row: reads zero, writes nothing
    before = state.copy()
    native.step(state)
    assert native.read(state, "word") == 0
    span = slice(memory.base, memory.base + 6)
    assert (state[span] == before[span]).all()
    with pytest.raises(IndexError, match=r"^row of store must be in 0\.\.2, not 3$"):
        memory.read(state, 3)


def test_tracer_computes_wires_from_the_state(native):
    tracer = native.tracer(["negative", "w*", "inner.count", "bus.count"])
    assert tracer.paths[0] == "negative" and "word" in tracer.paths and "wide" in tracer.paths
    state, buffer = native.new_state(), tracer.new_buffer()
    tracer.trace(state, buffer)
    values = tracer.read(buffer)
    assert values["negative"] == 1 and values["inner.count"] == -5 and values["bus.count"] == -5
    assert values["wide"] == (1 << 99) | 3
    native.write(state, "inner.count", 4)
    tracer.trace(state, buffer)
    assert tracer.read(buffer)["negative"] == 0
    with pytest.raises(UserError, match=r"^no signal of design 'top' matches 'x\*'$"):
        native.tracer("x*")


def test_descriptions_survive_json():
    probe = Probe("a.b", 70, True, Kind.REGISTER, {0: "A", 3: "B"},
                  (Part(1, 0, 64), Part(2, 3, 6)), "file.py:3")
    assert Probe.from_json(json.loads(json.dumps(probe.to_json()))) == probe
    memory = MemoryInfo("m", 10, 5, 70, 2, "file.py:4")
    assert MemoryInfo.from_json(json.loads(json.dumps(memory.to_json()))) == memory


def test_numba_code_takes_functions_as_arguments(native):
    @njit
    def run(step, state, cycles):
        for _ in range(cycles):
            step(state)

    state = native.new_state()
    native.write(state, "bus.mode", Mode.UP.value)
    run(native.step, state, 1000)
    assert native.read(state, "inner.count") == 995

    step = native.step

    @njit
    def frozen(state):
        step(state)

    with pytest.raises(TypingError, match="pass a NativeFunction to @njit code as an argument"):
        frozen(state)
    with pytest.raises(TypingError, match="a native function takes 1 C-contiguous 1-D uint64"):
        run(native.step, np.zeros(5), 1)
    with pytest.raises(TypeError, match="takes C-contiguous 1-D uint64 arrays, not float64"):
        native.step(np.zeros(5))


def test_numba_code_raises_the_error_of_code_that_cannot_be_loaded():
    @njit
    def run(step, state):
        step(state)

    def code():
        raise UserError("no room")

    functions = load_object(code, {"step": 1})
    for _ in range(2):
        with pytest.raises(UserError, match="^no room$"):
            run(functions["step"], np.zeros(5, np.uint64))


class Alike(wiring.Component):
    """Modules that share code, a latch, and perhaps a second clock."""

    shown: Out(32)

    def __init__(self, second):
        self.second = second
        super().__init__()

    def elaborate(self, platform):
        m, values = Module(), []
        if self.second:
            m.domains.other = ClockDomain(clk_edge="neg", async_reset=True)
        for number in range(3):
            m.submodules[f"unit{number}"] = unit = Module()
            registers = Array(Signal(32, name=f"r{n}", init=n) for n in range(8))
            for n, register in enumerate(registers):
                unit.d.sync += register.eq(registers[n - 1] * 3 + registers[n - 7] + number)
            values.append(registers[5])
        latch, slow = Signal(32, attrs={LATCH: "1"}), Signal(32)
        m.d["other" if self.second else "sync"] += slow.eq(slow + latch)
        with m.If(values[0][3]):
            m.d.comb += latch.eq(values[1] ^ values[2])
        with m.Else():
            m.d.comb += latch.eq(latch)
        m.d.comb += self.shown.eq(slow)
        return m


@pytest.mark.parametrize("second", [False, True])
def test_a_stored_design_whose_code_is_gone_compiles_it_again(second, share_always):
    native = compile_design(Alike(second), cache=False)     # its code is not in the cache
    again = Native.from_blobs(native.to_blobs())
    assert second or plan_function(again.design, "step")[0].parts
    states = native.new_state(), again.new_state()
    for cycle in range(40):
        for each, state in zip((native, again), states, strict=True):
            (each.reset if cycle == 20 else each.step)(state)
        assert (states[0] == states[1]).all()
    assert native.read(states[0], "shown")


DRIVER = """
import sys
from pathlib import Path
from numba import njit
sys.path.insert(0, str(Path(__file__).parent))
from pteg.engine import load_design


def build():
    print("elaborated")
    from counter import Counter
    return Counter(int(sys.argv[1]))


@njit(cache=True)
def run(step, state, cycles):
    for _ in range(cycles):
        step(state)


native = load_design(build, sources=[Path(__file__).parent / "counter.py"],
                     parameters={"step": int(sys.argv[1])}, name="counter")
state = native.new_state()
run(native.step, state, 100)
print(native.read(state, "count"), sum(run.stats.cache_hits.values()), "amaranth" in sys.modules)
tracer = native.tracer("double")
buffer = tracer.new_buffer()
tracer.trace(state, buffer)
print(tracer.read(buffer)["double"])
native.reset(state)
print(native.read(state, "count"))
"""

COUNTER = """
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out


class Counter(wiring.Component):
    count: Out(32)

    def __init__(self, by):
        self.by = by
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        double = Signal(32)
        m.d.sync += self.count.eq(self.count + self.by)
        m.d.comb += double.eq(self.count << 1)
        return m
"""


@pytest.fixture
def driver(tmp_path):
    """Runs the driver script in a process of its own; returns its output lines."""
    (tmp_path / "driver.py").write_text(DRIVER)
    (tmp_path / "counter.py").write_text(COUNTER)

    def run(by):
        result = subprocess.run(
            [sys.executable, str(tmp_path / "driver.py"), str(by)], capture_output=True, text=True,
            env={**os.environ, "PTEG_CACHE": str(tmp_path / "cache")}, check=True)
        return result.stdout.split("\n")[:-1]

    run.folder = tmp_path
    return run


def test_cached_designs_and_cached_drivers_work_in_other_processes(driver):
    assert driver(3) == ["elaborated", "300 0 True", "600", "0"]
    # Nothing is elaborated, Amaranth isn't imported, numba takes its driver from its cache.
    assert driver(3) == ["300 1 False", "600", "0"]
    # Another design, the same driver.
    assert driver(5) == ["elaborated", "500 1 True", "1000", "0"]
    source = driver.folder / "counter.py"
    source.write_text(source.read_text().replace("count + self.by", "count - self.by"))
    assert driver(5)[:2] == ["elaborated", f"{2**32 - 500} 1 True"]


def test_damaged_cache_entries_are_rebuilt(driver):
    assert driver(3)[0] == "elaborated"
    entries = [file for file in (driver.folder / "cache").iterdir() if file.is_file()]
    assert entries
    for number, file in enumerate(entries):
        content = file.read_bytes()
        file.write_bytes(content[:len(content) // 2] if number % 2 else content[:-1] + b"x")
    assert driver(3) == ["elaborated", "300 1 True", "600", "0"]
    assert driver(3)[0] == "300 1 False"


def test_cache_entries_may_be_gone_one_by_one(driver):
    driver(3)
    entries = [file for file in (driver.folder / "cache").iterdir() if file.is_file()]
    assert len(entries) > 2  # design, its functions, reset, tracer
    for file in entries:
        file.unlink()
        assert driver(3)[-2:] == ["600", "0"]
        assert file.exists()


def test_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("PTEG_CACHE", str(blocked / "cache"))
    native = load_design(Inner, sources=[__file__], parameters=1, name="inner")
    assert native.read(native.new_state(), "count") == -5
    assert cache.get("anything") is None


def test_ports_of_the_same_name_are_apart():
    m = Module()
    (a, b), (c, d) = ([Signal(8, name=name) for _ in range(2)] for name in ("i", "o"))
    m.d.comb += c.eq(a + 1)
    m.d.sync += d.eq(b + 2)
    native = compile_design(m, ports=[a, b, c, d], cache=False)
    state = native.new_state()
    for path, value in zip(native.inputs, (3, 5), strict=True):
        native.write(state, path, value)
    for _ in range(2):
        native.step(state)
    assert [native.read(state, path) for path in native.outputs] == [4, 7]
    assert list(native.inputs)[0] == "i" and set(native.inputs) <= set(native.signals)


def test_a_read_port_begins_as_its_own_signal():
    """Another signal that is the same nets has an initial value that means nothing."""
    m, copy, bit = Module(), Signal(8, init=0x55), Signal(init=1)
    m.submodules.memory = memory = Memory(shape=8, depth=4, init=[0xFF] * 4)
    port = memory.read_port()
    outputs = Signal(8, name="a"), Signal(name="b")
    m.d.comb += [port.en.eq(0), copy.eq(port.data), bit.eq(port.data[3]),
                 outputs[0].eq(copy), outputs[1].eq(bit)]
    native = compile_design(m, ports=outputs, cache=False)
    state = native.new_state()
    native.step(state)
    assert [native.read(state, path) for path in "ab"] == [0, 0]


def test_what_copies_an_input_says_nothing_of_its_first_value():
    m = Module()
    free = Signal(8, init=3)
    for number in range(4):
        copy, sum_ = Signal(8, init=50 + number), Signal(8, name=f"sum{number}")
        m.submodules[f"m{number}"] = inner = Module()
        inner.d.comb += copy.eq(free)
        inner.d.sync += sum_.eq(sum_ + copy)
    native = compile_design(m, cache=False)
    state = native.new_state()
    native.step(state)
    assert [native.read(state, f"m{n}.sum{n}") for n in range(4)] == [3] * 4


# Errors ------------------------------------------------------------------------------------------

def test_combinational_loop_names_signals_and_lines():
    m = Module()
    first, second, outside = (Signal(8, name=name) for name in ("first", "second", "outside"))
    m.d.comb += [first.eq(second + outside), second.eq(first ^ outside)]
    with pytest.raises(UserError) as error:
        compile_design(m, cache=False)
    text = str(error.value)
    assert text.startswith("combinational loop: ") and "\n" not in text
    line = test_combinational_loop_names_signals_and_lines.__code__.co_firstlineno + 2
    for name in ("first", "second"):
        assert f"{name} ({__file__}:{line})" in text
    assert "outside" not in text


def test_wires_that_are_only_loops_of_words_are_no_loops():
    m = Module()
    swap = Signal(8)
    x = Signal(4)
    m.d.comb += [swap[:4].eq(x), swap[4:].eq(~swap[:4])]
    native = compile_design(m, ports=[swap, x], cache=False)
    state = native.new_state()
    native.write(state, "x", 3)
    native.settle(state)
    assert native.read(state, "swap") == 0xC3


def instance():
    m, a = Module(), Signal()
    m.submodules.pll = Instance("PLL", o_q=a)
    return m


def buffer():
    m = Module()
    m.submodules.pad = io.Buffer("i", io.SingleEndedPort(IOPort(1, name="pin"), direction="i"))
    return m


def asserts():
    m, a = Module(), Signal()
    m.d.sync += [a.eq(~a), Assert(a)]
    return m


def prints():
    m, a = Module(), Signal()
    m.d.sync += [a.eq(~a), Print("a")]
    return m


@pytest.mark.parametrize("make, words", [
    (instance, "the instance 'pll' of 'PLL'"),
    (buffer, "IOBuffer"),
    (prints, "Print"),
    (asserts, "Assert"),
])
def test_unsupported_constructs_name_the_source_line(make, words):
    with pytest.raises(UserError, match=rf"^\S+:\d+: {words} \(in top(\.pad)?\) is not supported$"):
        compile_design(make(), cache=False)


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


def test_not_a_design():
    with pytest.raises(UserError, match=r"must be an Amaranth Elaboratable or Fragment, not 5$"):
        compile_design(5)


def test_driver_conflicts_are_user_errors():
    m, a = Module(), Signal()
    sub = Module()
    sub.d.comb += a.eq(1)
    m.submodules.sub = sub
    m.d.comb += a.eq(0)
    with pytest.raises(UserError, match="driven from module"):
        compile_design(m, cache=False)


def test_docstring_example_of_the_driver_runs(native):
    text = sys.modules["pteg.engine.native"].__doc__
    code = textwrap.dedent(text.split("as an argument*:\n")[1].split("\nOnly")[0])
    state = native.new_state()
    native.write(state, "bus.mode", Mode.UP.value)
    exec(code.replace("(cache=True)", ""), {"njit": njit, "native": native, "state": state})
    assert native.read(state, "inner.count") == 995


def test_long_chains_of_conditions_compile():
    m, count = Module(), 250
    select, a, out = Signal(count, name="select"), Signal(16, name="a"), Signal(16, name="out")
    kept = Signal(16, name="kept")
    for number in range(count):
        with m.If(select[number]) if number == 0 else m.Elif(select[number]):
            m.d.comb += out.eq((a * (number + 3)) ^ (a * a + number) ^ (a >> 1))
            m.d.sync += kept.eq(kept + (a * number))
    native = compile_design(m, ports=[select, a, out], cache=False)
    state, expected = native.new_state(), 0
    for number, noise in ((0, 5), (7, 200), (130, 140), (249, 249)):
        native.write(state, "select", 1 << number | 1 << noise)
        native.write(state, "a", 1000 + number)
        native.step(state)
        a_value, first = 1000 + number, min(number, noise)
        assert native.read(state, "out") == (
            (a_value * (first + 3)) ^ (a_value * a_value + first) ^ (a_value >> 1)) & 0xFFFF
        expected = (expected + a_value * first) & 0xFFFF
        assert native.read(state, "kept") == expected


# Several clocks ----------------------------------------------------------------------------------

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


def test_a_design_with_several_clocks_is_kept(tmp_path, monkeypatch, latest):
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path))
    source = tmp_path / "source.py"
    source.write_text("")

    def build():
        m, a, b = Module(), Signal(8, name="a"), Signal(8, name="b")
        m.d.sync += a.eq(a + 1)
        m.d.video += b.eq(b + 2)
        m.ports = [a, b]
        return m

    values = []
    for _ in range(2):
        latest.clear()
        native = load_design(build, sources=[source], parameters={}, name="two")
        state = native.new_state()
        native.step(state)
        native.reset(state)
        native.advance(state)
        native.step(state)
        values.append([int(value) for value in state])
    assert values[0] == values[1] and any(values[0])


def test_the_latest_designs_stay_in_memory(latest):
    def load(number):
        return load_design(Inner, sources=[__file__], parameters=number, name="inner")

    load(1)     # compiles
    first = load(1)
    assert load(1) is first
    others = [(load(number), load(number))[1] for number in range(2, 2 + compiled.LATEST)]
    assert first not in latest.values() and load(1) is not first
    assert load(1 + compiled.LATEST) is others[-1]
