"""Compiled designs: state access, cycle semantics, tracers and errors."""

import json
import sys
import textwrap

import numpy as np
import pytest
from amaranth.hdl import (
    Assert,
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
    Part,
    Probe,
    compile_design,
)
from pteg.engine.native import load_object
from pteg.errors import UserError


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
