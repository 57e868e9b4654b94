"""Every example runs, and shows what it is to show."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pteg.firmware.cbuild import compilers
from pteg.sweep import Table

EXAMPLES = Path(__file__).parents[2] / "examples"
LINUX = Path(__file__).parents[3] / "shared" / "linux"


def run(folder, name, *arguments):
    """What an example prints, run in an empty folder."""
    done = subprocess.run([sys.executable, EXAMPLES / name, *arguments], cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800)
    assert done.returncode == 0, done.stdout
    return done.stdout


def module(name):
    spec = importlib.util.spec_from_file_location(Path(name).stem, EXAMPLES / name)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_every_example_is_in_the_list_and_has_a_test():
    listed = set(re.findall(r"^\| `([\w/.]+)`", (EXAMPLES / "README.md").read_text(), re.M))
    files = {file.relative_to(EXAMPLES).as_posix() for file in EXAMPLES.rglob("*")
             if file.suffix in (".py", ".ipynb")}
    assert listed == files
    assert not [name for name in files if Path(name).name not in Path(__file__).read_text()]


def test_first_program(tmp_path):
    assert "stopped: address, r3 = 55" in run(tmp_path, "first_program.py")


def test_page_fault(tmp_path):
    text = run(tmp_path, "page_fault.py")
    assert "r5 = 42, DAR = 0x40001000" in text
    told = re.findall(r"(TLB_MISS|WALK|PTE_UPDATE|EXCEPTION) +cause=(\w+)", text)
    assert told == [("TLB_MISS", "LOAD"), ("WALK", "PRIMARY"), ("PTE_UPDATE", "R"),
                    ("WALK", "PRIMARY"), ("PTE_UPDATE", "C"),
                    ("TLB_MISS", "LOAD"), ("WALK", "NOT_FOUND"), ("EXCEPTION", "DSI")]


@pytest.mark.slow
def test_latency(tmp_path):
    inside, outside = map(float, re.findall(r"([\d.]+) cycles", run(tmp_path, "latency.py")))
    assert inside == pytest.approx(2, abs=0.01)     # IBM 750GX UM table 6-9
    assert outside > 20


@pytest.mark.slow
def test_trace_event(tmp_path):
    assert "<test_window+" in run(tmp_path, "trace_event.py")     # it stores to a new page
    assert "UPDATE_C" in (tmp_path / "update-c.vcd").read_text()
    assert (tmp_path / "update-c.gtkw").exists()


def test_both_models(tmp_path):
    functional, pipeline = run(tmp_path, "both_models.py").splitlines()
    assert "'pteg: first light'" in functional and "'pteg: first light'" in pipeline


@pytest.mark.slow
def test_own_device(tmp_path):
    numbers = [re.findall(r"0x[0-9a-f]+", line)
               for line in run(tmp_path, "own_device.py").splitlines()]
    assert numbers == [["0x42021", "0x4080601"]] * 2    # xorshift from 1, as Marsaglia defines it


@pytest.mark.slow
def test_own_replacement(tmp_path):
    usual, own = map(int, re.findall(r"(\d+) misses", run(tmp_path, "own_replacement.py")))
    assert usual == 300 and own < 200


@pytest.mark.skipif(not compilers(), reason="needs a C compiler")
def test_c_program(tmp_path):
    text = run(tmp_path, "c_program.py")
    assert "168 primes below 1000" in text and "strike: " in text


@pytest.mark.slow
def test_linux(tmp_path):
    kernel, tree = LINUX / "vmlinux-gamecube", LINUX / "gamecube.dtb"
    if not kernel.exists():
        pytest.skip(f"kernel is not there: {kernel.name}")
    text = run(tmp_path, "linux.py", kernel, tree)
    assert "stopped: console" in text and "cycles, " in text


# The gallery: a few of the points, at which the lesson shows ------------------------------------

def test_gallery_tlb_reach():
    measure = module("gallery/tlb_reach.py").measure
    assert measure(32, 0.1, 1)["searches"] == 0
    sparse, full = measure(512, 0.1, 1), measure(512, 0.75, 1)
    assert sparse["searches"] == full["searches"] == 1
    assert 1 <= sparse["ptes_examined"] < 2 < 4 < full["ptes_examined"]


@pytest.mark.slow
def test_gallery_branch_history():
    measure = module("gallery/branch_history.py").measure
    assert measure(512, 16, 1)["wrong"] == 0 and measure(512, 256, 1)["wrong"] > 0.1


@pytest.mark.slow
def test_gallery_cache_size():
    measure = module("gallery/cache_size.py").measure
    inside, outside = (measure("32K", "5:2:2:2", "circle", size) for size in (24, 48))
    assert (inside["miss_rate"], outside["miss_rate"]) == (0, 1)
    slower = measure("32K", "10:2:2:2", "circle", 48)
    assert slower["cycles"] - outside["cycles"] == pytest.approx(20, abs=1)
    inside, outside = (measure("32K", "5:2:2:2", "random", size) for size in (24, 48))
    assert inside["miss_rate"] == 0 and outside["miss_rate"] == pytest.approx(1 / 3, abs=0.05)


@pytest.mark.parametrize("name, columns", [
    ("cache_size.py", {"dcache": "8K", "dram": "5:2:2:2", "order": "random", "kilobytes": 4,
                       "miss_rate": 0, "cycles": 2.0}),
    ("tlb_reach.py", {"pages": 512, "fill": 0.1, "seed": 1, "searches": 1, "ptes_examined": 1.4}),
    ("branch_history.py", {"bht": 512, "branches": 16, "seed": 1, "wrong": 0.2}),
])
def test_gallery_plots(tmp_path, name, columns):
    pytest.importorskip("matplotlib")
    pytest.importorskip("pandas")
    module(f"gallery/{name}").plot(Table([columns]), str(tmp_path / "plot.svg"))
    assert b"<svg" in (tmp_path / "plot.svg").read_bytes()


# Notebooks ---------------------------------------------------------------------------------

def test_notebook_page_fault(tmp_path):
    """`page_fault.ipynb`, cell by cell."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(EXAMPLES / "notebooks/page_fault.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=1800, kernel_name="python3",
                            resources={"metadata": {"path": tmp_path}}).execute()
    texts = [output["data"]["text/plain"] for cell in notebook.cells
             for output in cell.get("outputs", []) if "data" in output]
    assert "would set R" in texts[0] and "DSI" in texts[1] and "r=1, c=1" in texts[2]


def test_notebook_tlb_reach(tmp_path):
    """By itself: as a user has it who has copied this one file."""
    pytest.importorskip("marimo")
    shutil.copy(EXAMPLES / "notebooks/tlb_reach.py", tmp_path)
    script = ("import tlb_reach\n_, names = tlb_reach.app.run()\n"
              "print(*names['table']['searches'])\n"
              "print(*(names['measure'](512, ways)['searches'] for ways in (1, 2, 4, 8)))")
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, text=True,
                          capture_output=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    by_pages, by_ways = (list(map(float, line.split())) for line in done.stdout.splitlines())
    assert by_pages[0] == 0 and by_pages == sorted(by_pages) and by_pages[-1] == 1
    assert by_ways == sorted(by_ways, reverse=True) and by_ways[-1] < by_ways[0] == 1
