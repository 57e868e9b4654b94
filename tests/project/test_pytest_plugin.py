"""The plugin for pytest, in a project of its own."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from pteg.ledger import RECORD, AccessKind, Kind, SearchResult
from pteg.pytest_plugin import _file_name
from pteg.testing import assert_cycles, assert_events, assert_no_events

TESTS = '''
import pytest
from pteg.firmware.asm import assemble
from pteg.testing import assert_cycles, assert_events, assert_no_events

def load(machine):
    elf = assemble("_start: li r3,5\\n lwz r4,0(0)\\n end: b end\\n", sections={".text": 0x1000})
    machine.cpu.pc = machine.load(elf.elf())

def test_right(machine, ledger):
    load(machine)
    machine.cpu.msr = 0
    with machine.measure() as measured:
        machine.step(2)
    assert machine.cpu_name == "pipeline" and machine.cpu.gpr[3] == 5
    assert_cycles(measured, least=2, most=1000)
    assert_no_events(ledger, "EXCEPTION")

@pytest.mark.machine("g3", cpu="functional", ram="8M")
def test_marked(machine, ledger):
    assert machine.cpu_name == "functional" and machine.ram.size == 8 << 20
    load(machine)
    machine.cpu.msr = 0x10      # data is translated, and there is no page table
    machine.run(until=0x300, instructions=10)
    assert_events(ledger, "TLB_MISS", {"kind": "EXCEPTION", "cause": "DSI", "ea": 0})

@pytest.mark.parametrize("value", ["ab", "a b", "a+b"])
def test_wrong(machine, value, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    load(machine)
    machine.cpu.msr = 0
    machine.step(2)
    assert machine.cpu.gpr[3] == (5 if value == "a+b" else 6)
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project's folder, and what pytest prints there."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "test_it.py").write_text(TESTS)
    # The plugin may also be known by the entry point of an installation.
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "pteg.pytest_plugin", "-p", "no:cacheprovider",
         "--strict-markers", "--traces", "traces", "--trace-cycles", "50", "-q"],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    return folder, done


def test_a_project_uses_machines_and_their_ledgers(project):
    _, done = project
    assert done.returncode == 1 and "2 failed, 3 passed" in done.stdout, done.stdout


def test_a_failing_test_leaves_a_waveform_of_its_name(project):
    folder, done = project
    names = sorted(file.name for file in (folder / "traces").iterdir())
    # That of "a b" is another one than that of "a+b" would be, which has passed.
    spaced = re.sub(r"\.\w+$", "", names[0])
    assert re.fullmatch("test_it-test_wrong-a-b-[0-9a-f]{8}", spaced), done.stdout
    assert names == [f"{stem}.{kind}" for stem in (spaced, "test_it-test_wrong-ab")
                     for kind in ("gtkw", "sucl", "vcd")], done.stdout
    text = (folder / "traces" / names[2]).read_text()
    cycles = [int(line[1:]) for line in text.splitlines() if line.startswith("#")]
    assert 45 * 5000 < cycles[-1] - cycles[0] < 55 * 5000       # picoseconds at 200 MHz


def test_the_waveforms_of_two_tests_have_two_names():
    tests = ["t.py::a[x y]", "t.py::a[x-y]", "t.py::a[x+y]", "t.py::a[" + "x" * 300 + "]",
             "t.py::a[" + "x" * 301 + "]", "f/t.py::T::a"]
    names = [_file_name(test) for test in tests]
    assert len({*names}) == len(tests) and max(map(len, names)) < 200
    assert names[1] == "t-a-x-y" and names[-1] == "f-t-T-a"


def records():
    found = np.zeros(3, RECORD)
    found["kind"] = [Kind.TLB_MISS, Kind.WALK, Kind.TLB_MISS]
    found["cause"] = [AccessKind.LOAD, SearchResult.PRIMARY, AccessKind.STORE]
    found["ea"] = [0x1000, 0x1000, 0x2000]
    return found


def test_events_are_asserted_in_their_order():
    assert_events(records())
    assert_events(records(), "TLB_MISS", "TLB_MISS")
    assert_events(records(), {"kind": "WALK", "ea": 0x1000}, {"cause": "STORE"})
    with pytest.raises(AssertionError, match=r"^event 2 of 2 has not happened after those before "
                                             r"it: kind=WALK\n.* TLB_MISS .*\n.* WALK "):
        assert_events(records(), {"kind": "TLB_MISS", "ea": 0x2000}, "WALK")
    with pytest.raises(AssertionError, match=r"^event 1 of 1 .*: kind=MODE\nthere are no events$"):
        assert_events(records()[:0], "MODE")


def test_events_that_must_not_happen():
    assert_no_events(records(), "EXCEPTION", {"kind": "WALK", "cause": "SECONDARY"})
    with pytest.raises(AssertionError, match=r"^kind=WALK has happened:\n[^\n]* WALK [^\n]*$"):
        assert_no_events(records(), "MODE", "WALK")


def test_cycles_are_asserted():
    class Measured:
        cycles, instructions, stats = 150, 10, {"cache": "none"}

    assert_cycles(Measured(), least=150, most=150)
    for limits, text in (({"most": 149}, "at most 149"), ({"least": 151}, "at least 151"),
                         ({"least": 1, "most": 2}, "1 to 2")):
        with pytest.raises(AssertionError, match=f"^took 150 cycles, not {text}, for 10 instr"):
            assert_cycles(Measured(), **limits)
