"""Sweeps: the same table however it is run, and none lost."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from command import run_pteg

import pteg
from pteg.errors import UserError
from pteg.sweep import Table, sweep
from pteg.sweep.points import points_of

GRID = {"size": [16, 64], "rounds": [1, 2, 3]}


def walk(size, rounds):
    """Loads from so many words, so many times: instructions and TLB misses."""
    from pteg.firmware.asm import assemble

    machine = pteg.Machine("g3", cpu="functional", ram="1M", rom="none")
    machine.load(assemble(f"""
        _start: li r4, {rounds}
        1: li r3, {size}
           mtctr r3
           li r5, 0x2000
        2: lwzu r6, 4(r5)
           bdnz 2b
           addic. r4, r4, -1
           bne 1b
        3: b 3b
        """, sections={".text": 0x1000}).elf())
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    machine.run(until=0x1000 + 8 * 4, instructions=100_000)
    return {"machine": {"instructions": machine.instructions, "pc": machine.cpu.pc}}


@pytest.fixture(scope="module")
def expected():
    return sweep(walk, GRID, workers=1)


def test_the_table_has_parameters_then_measures_in_the_order_of_the_points(expected):
    assert expected.columns == ["size", "rounds", "machine.instructions", "machine.pc"]
    assert list(zip(expected["size"], expected["rounds"], strict=True)) == [
        (16, 1), (16, 2), (16, 3), (64, 1), (64, 2), (64, 3)]
    assert expected["machine.instructions"] == [
        1 + rounds * (3 + 2 * size + 2) for size in (16, 64) for rounds in (1, 2, 3)]


def test_processes_give_the_same_table(expected):
    reports = []
    assert sweep(walk, GRID, workers=2, progress=lambda *counts: reports.append(counts)) == expected
    assert reports == [(done, 6) for done in range(7)]
    points = [dict(zip(GRID, values, strict=True)) for values in [(64, 2), (16, 1)]]
    rows = [expected.rows[4], expected.rows[0]]
    assert sweep(walk, iter(points), workers=2).rows == rows


def fragile(n, folder):
    """Its process dies at first."""
    with open(os.path.join(folder, f"tries{n}"), "a+") as file:
        file.write("x")
        file.flush()
        file.seek(0)
        if n == 3 and len(file.read()) < 3:
            os.kill(os.getpid(), signal.SIGKILL)
    return {"square": n * n}


def hopeless(n):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_point_whose_worker_dies_is_run_again(tmp_path):
    points = [{"n": n, "folder": str(tmp_path)} for n in range(6)]
    table = sweep(fragile, points, workers=2)
    assert table["square"] == [n * n for n in range(6)]
    assert len((tmp_path / "tries3").read_text()) == 3
    with pytest.raises(UserError, match="the worker has died 3 times at"):
        sweep(hopeless, {"n": [1, 2]}, workers=2)


def counted(n, folder):
    with open(os.path.join(folder, "runs"), "a") as file:
        file.write(f"{n}\n")
    if n == 4 and os.path.exists(os.path.join(folder, "stop")):
        raise KeyboardInterrupt
    return {"half": n / 2, "none": None, "text": f"n{n}"}


def test_an_interrupted_sweep_goes_on_where_it_was(tmp_path):
    points = [{"n": n, "folder": str(tmp_path)} for n in range(8)]
    whole = sweep(counted, points, workers=1)
    (tmp_path / "runs").unlink()
    (tmp_path / "stop").touch()
    journal = tmp_path / "journal"
    with pytest.raises(KeyboardInterrupt):
        sweep(counted, points, workers=1, journal=journal)
    with open(journal, "a") as file:
        file.write('{"point": "hal')        # as a killed process leaves it
    (tmp_path / "stop").unlink()
    assert sweep(counted, points, workers=2, journal=journal) == whole
    assert sorted((tmp_path / "runs").read_text().split()) == sorted("0123" "4" "4567")
    assert sweep(counted, points, workers=2, journal=journal) == whole     # nothing to do
    with pytest.raises(UserError, match="is of another sweep .measure differ.: remove it"):
        sweep(walk, GRID, workers=1, journal=journal)
    lines = journal.read_text().splitlines()
    journal.write_text("\n".join([*lines[:2], "[1]"]) + "\n")
    with pytest.raises(UserError, match="journal:3: must be a line of a sweep's journal"):
        sweep(counted, points, workers=1, journal=journal)


@pytest.mark.slow
def test_a_thousand_points_on_a_cluster_whose_workers_are_killed(tmp_path):
    from distributed import LocalCluster

    grid = {"size": range(1, 101), "rounds": range(1, 11)}
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None,
                      host="127.0.0.1") as cluster:
        killed = []

        def kill(done, total):
            if done in (200, 500):
                worker = list(cluster.workers.values())[0]
                os.kill(worker.process.process.pid, signal.SIGKILL)
                killed.append(done)

        table = sweep(walk, grid, cluster=cluster.scheduler_address, progress=kill)
    assert killed == [200, 500]
    assert table == sweep(walk, grid, workers=1)


def test_a_cluster_gives_the_same_table(expected):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None,
                      host="127.0.0.1") as cluster:
        assert sweep(walk, GRID, cluster=cluster.scheduler_address) == expected
    with pytest.raises(UserError, match="cluster 'nonsense'"):
        sweep(walk, GRID, cluster="nonsense")


def test_files(expected, tmp_path):
    import pandas
    from pyarrow import parquet

    expected.write(tmp_path / "t.csv")
    expected.write(tmp_path / "t.parquet")
    assert pandas.read_csv(tmp_path / "t.csv").to_dict("records") == expected.rows
    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == expected.rows
    assert expected.pandas().to_dict("records") == expected.rows
    assert repr(expected).splitlines()[1].split() == ["16", "1", "38", "4,128"]
    assert expected._repr_html_().count("<tr>") == 7
    with pytest.raises(UserError, match="must end in .csv or .parquet, not 't.txt'"):
        expected.write("t.txt")
    assert Table([{"a": 1}, {"b": None}])["a"] == [1, None]


def test_a_parquet_file_says_what_it_was_made_by(expected, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    expected.write(tmp_path / "table.parquet")
    schema = parquet.read_schema(tmp_path / "table.parquet")
    found = json.loads(schema.metadata[b"pteg"])
    assert found == expected.origin == sweep(walk, GRID, workers=1).origin
    assert found["function"] == "walk" and found["version"] == pteg.__version__
    assert {"measure", "python", "numba", "amaranth", "numpy"} <= set(found)


def test_a_csv_file_has_beside_it_what_it_was_made_by(expected, tmp_path):
    """Its own lines are those that every reader of CSV expects."""
    table, beside = tmp_path / "table.csv", tmp_path / "table.csv.meta.json"
    expected.write(table)
    assert table.read_text() == expected.csv()
    found = json.loads(beside.read_text())
    assert found.pop("sha256") == hashlib.sha256(table.read_bytes()).hexdigest()
    assert found == expected.origin and found["function"] == "walk"
    Table(expected.rows).write(tmp_path / "other.csv")      # made by nothing that is known
    assert {file.name for file in tmp_path.iterdir()} == {table.name, beside.name, "other.csv"}
    beside.unlink()
    beside.mkdir()
    with pytest.raises(UserError, match=r"cannot write '.*table.csv.meta.json'"):
        expected.write(table)


def test_every_point_leaves_a_waveform(tmp_path):
    def traced(seed, text, trace=None):
        if trace is not None:
            with open(trace, "w") as file:
                file.write(f"{seed} {text}")
        return {"is_traced": trace is not None}

    grid = {"seed": [1, 2], "text": ["a/b", "a b", "c" * 300]}
    table = sweep(traced, grid, workers=2, traces=tmp_path / "new/waves")
    files = list((tmp_path / "new/waves").iterdir())
    assert sorted(file.read_text() for file in files) == sorted(
        f"{seed} {text}" for seed in grid["seed"] for text in grid["text"])
    assert all(table["is_traced"]) and all(file.name.startswith("seed=") for file in files)
    assert not any(sweep(traced, grid, workers=1)["is_traced"])
    with pytest.raises(UserError, match=r"^traces need a function with the parameter 'trace'"):
        sweep(walk, GRID, traces=tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"^traces '.*file/x': "):
        sweep(traced, grid, traces=tmp_path / "file/x")


def test_points_may_be_numbers_of_numpy():
    table = sweep(lambda n, x: {"sum": n + x}, {"n": np.arange(3), "x": np.linspace(0, 1, 2)},
                  workers=1)
    assert table["n"] == [0, 0, 1, 1, 2, 2] and table["sum"] == [0, 1, 1, 2, 2, 3]
    assert {type(n) for n in table["n"]} == {int}
    assert points_of([{"n": np.int64(3)}]) == [{"n": 3}]


def test_bad_points_and_measures_are_refused():
    for points, message in (
            ({"a": 5}, "parameter 'a' must have a list of values, not 5"),
            ({"a": "text"}, "parameter 'a' must have a list of values, not 'text'"),
            ([{"a": 1}, {"a": 1}], "a point must come once, not twice: a=1"),
            ([5], "a point must map names to values, not 5"),
            ([{"a b": 1}], "the name of a parameter must be an identifier, not 'a b'"),
            ([{"a": object}], "parameter 'a' must be a number")):
        with pytest.raises(UserError, match=message):
            points_of(points)
    with pytest.raises(UserError, match="workers must be a number from 1 on, not 0"):
        sweep(walk, GRID, workers=0)
    for measure, message in (
            (lambda n: 5, "<lambda> at n=1[.5]*: must return a mapping, not int"),
            (lambda n: {"n": 1}, "measure 'n' has the name of a parameter"),
            (lambda n: {"x": [1]}, "measure 'x' must be a number, a text or None, not a list"),
            (lambda n: {"x": 1 / int(n - 1)}, "<lambda> at n=1[.5]*: ZeroDivisionError")):
        for workers in (1, 2):
            with pytest.raises(UserError, match=message):
                sweep(measure, {"n": [1, 1.5]}, workers=workers)


#: A script as users write it; `{guard}` is needed where processes are spawned, `{begin}` says how.
SCRIPT = """
import os
from pteg.sweep import sweep

def measure(n):
    return {{"square": n * n, "process": os.getpid()}}

{guard}
    {begin}
    table = sweep(measure, {{"n": range(6)}}, workers=2)
    print(table["square"], os.getpid() not in table["process"])
"""
SPAWN = ('import multiprocessing; multiprocessing.set_start_method("spawn"); '
         'from loky.backend.context import set_start_method; set_start_method("spawn")')


@pytest.mark.parametrize("guard, begin", [
    ("if True:", "pass"), ('if __name__ == "__main__":', SPAWN)], ids=["usual", "spawn"])
def test_a_script_sweeps_however_processes_are_started(tmp_path, guard, begin):
    """As on Windows and macOS, where they are spawned."""
    (tmp_path / "script.py").write_text(SCRIPT.format(guard=guard, begin=begin))
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True,
                          text=True, timeout=300)
    assert (done.stdout, done.stderr) == ("[0, 1, 4, 9, 16, 25] True\n", ""), done.stderr


FILE = """
import pteg

points = {"instructions": [100, 200], "rom": ["first"]}

def measure(instructions, rom):
    machine = pteg.Machine("g3", cpu="functional", rom=rom)
    machine.run(instructions=instructions)
    return {"pc": machine.cpu.pc}
"""


def test_the_command(tmp_path):
    (tmp_path / "s.py").write_text(FILE)
    done = run_pteg("sweep", "s.py", "--workers", 2, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "instructions,rom,pc" and lines[2].startswith("200,first,42939")
    done = run_pteg("sweep", "s.py", "-o", "t.csv", "--journal", "j", "--workers", 1, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "t.csv").read_text().splitlines() == lines
    assert json.loads((tmp_path / "t.csv.meta.json").read_text())["version"] == pteg.__version__
    assert len((tmp_path / "j").read_text().splitlines()) == 3
    assert json.loads((tmp_path / "j").read_text().splitlines()[0])["version"] == pteg.__version__


def test_the_command_refuses_bad_files(tmp_path):
    for name, text, message in (
            ("absent.py", None, "cannot read"), ("empty.py", "", "there is no measure"),
            ("half.py", "def measure(): pass", "there is no points"),
            ("wrong.py", "1 +", "SyntaxError"), ("kind.py", "measure = points = 1", "a function"),
            ("bad.py", FILE.replace("machine.run", "machine.zork"), "AttributeError")):
        if text is not None:
            (tmp_path / name).write_text(text)
        done = run_pteg("sweep", tmp_path / name, "--workers", 1)
        assert (done.returncode, done.stdout) == (2, ""), name
        assert message in done.stderr and done.stderr.count("\n") == 1, done.stderr
    (tmp_path / "s.py").write_text(FILE)
    done = run_pteg("sweep", tmp_path / "s.py", "-o", "t.txt")
    assert done.returncode == 2 and "must end in .csv" in done.stderr


def test_ctrl_c_keeps_what_is_done(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import time\npoints = {'n': range(100)}\ndef measure(n):\n    time.sleep(0.2)\n"
        "    return {'m': n}\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "pteg", "sweep", "slow.py", "--journal", "j", "--workers", "2"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (
            (tmp_path / "j").exists() and (tmp_path / "j").read_text().count("\n") > 4):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (130, "", "pteg: interrupted\n")
    assert (tmp_path / "j").read_text().count("\n") > 4
