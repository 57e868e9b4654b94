"""Waveforms of the machine itself."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import pywellen

from pteg.engine.tracer import ChangeTracer, Tracer
from pteg.machine import Machine
from pteg.pipeline.driver import ChangeTap, Tap
from pteg.waveforms.trace import select


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two equal runs of the first ROM, in different pieces: their VCD files."""
    paths = []
    for name, pieces in (("a", (1000, 5000)), ("b", (300, 77, 1, 2000, 3622))):
        folder = tmp_path_factory.mktemp(name)
        machine = Machine("g3", rom="first")
        with machine.trace(folder / "rom.vcd", window=(100, 2100)):
            for cycles in pieces:
                machine.run(cycles=cycles)
        paths.append(folder / "rom.vcd")
    return paths


def test_equal_runs_give_equal_bytes(pair):
    first, second = pair
    assert first.read_bytes() == second.read_bytes()
    assert first.with_suffix(".gtkw").read_bytes() == second.with_suffix(".gtkw").read_bytes()
    assert not re.search(rb"\$date|20[2-9]\d", first.read_bytes().partition(b"$scope")[0])


def test_the_waveform_shows_what_the_machine_did(pair):
    """The program counter of the file is that of the machine at the same cycle."""
    found = {var.full_name: var.signal for var in pywellen.Waveform(str(pair[0])).all_vars()}
    machine = Machine("g3", rom="first")
    machine.run(cycles=100)
    for cycle in range(100, 400, 25):
        time_ = cycle * 5000 + 1        # picoseconds at 200 MHz
        assert found["top.core.completion.pc"].value_at(time_) == machine.cpu.pc, cycle
        assert found["top.core.completion.instructions"].value_at(time_) == machine.instructions
        machine.run(cycles=25)
    assert found["top.mmu.walker.state"].value_at(500_000) == "IDLE"
    assert found["top.clk"].value_at(500_000) == 1 and found["top.clk"].value_at(502_500) == 0


def test_every_signal_of_the_machine_has_a_value_after_each_gap(tmp_path, read_vcd):
    machine = Machine("g3", rom="first")
    path = tmp_path / "rom.vcd"
    with machine.trace(path, trigger="icache.state == 0 and core.fetch.redirect__valid",
                       before=2, after=3, again=True):
        machine.run(cycles=3000)
    variables, dumps = read_vcd(path.read_bytes())
    assert len(variables) > 1000 and len(dumps) > 5


@pytest.mark.skipif(not shutil.which("vcd2fst"), reason="needs vcd2fst (Debian: gtkwave)")
def test_vcd_and_fst_of_the_machine_are_equal_change_by_change(tmp_path):
    """Our VCD, our FST, and what GTKWave's own writer makes of the former."""
    for name in ("ours.vcd", "ours.fst"):
        machine = Machine("g3", rom="first")
        with machine.trace(tmp_path / name, window=(100, 500)):
            machine.run(cycles=600)
    subprocess.run(["vcd2fst", "-v", "ours.vcd", "-f", "theirs.fst"], cwd=tmp_path, check=True,
                   capture_output=True)
    vcd, ours, theirs = (
        {var.full_name: list(var.tv) for var in pywellen.Waveform(str(tmp_path / name)).all_vars()}
        for name in ("ours.vcd", "ours.fst", "theirs.fst"))
    assert len(vcd) > 5000 and sum(map(len, vcd.values())) > 10_000
    assert ours == vcd and theirs == vcd


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_a_waveform_can_be_read_after_ctrl_c(tmp_path):
    command = [sys.executable, "-m", "pteg", "run", "--rom", "first", "--vcd", "rom.vcd",
               "--signals", "core.completion.*"]
    process = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    path = tmp_path / "rom.vcd"
    deadline = time.monotonic() + 240
    while not (path.exists() and path.stat().st_size > 100_000):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 130 and "Traceback" not in errors, errors
    last = path.read_bytes().rsplit(b"\n", 2)[-2]
    assert re.fullmatch(rb"#\d+", last)     # the end of a cycle
    signals = {var.full_name: var.signal for var in pywellen.Waveform(str(path)).all_vars()}
    done = signals["top.core.completion.instructions"].value_at(int(last[1:]) - 1)
    assert done > 100


class Kept:
    """The sink of a tap that keeps everything."""

    def __init__(self):
        self.pieces = []

    @staticmethod
    def wanted(cycle):
        return cycle

    def write(self, *piece):
        self.pieces.append(piece[-1].copy())


@pytest.mark.slow
def test_what_has_changed_is_all_that_differs():
    """Both kinds of tracer, while a script writes to memory and registers."""
    machine = Machine("g3", rom="first")
    native = machine.model.native
    probes = {path: native.probe(path) for path in select(native.signals)[::20]}
    taps = [Tap(Tracer(native.design, probes, True), Kept()),
            ChangeTap(ChangeTracer(native.design, probes, True), Kept())]
    machine.model.driver.taps += taps
    for number in range(12):
        machine.run(cycles=3_001)
        machine.memory.write(0x1000 + 64 * number, bytes(range(64)))
        machine.cpu.gpr[20 + number % 8] = number
    plain, pieces = np.concatenate(taps[0].sink.pieces), taps[1].sink.pieces
    first, words = taps[1].tracer.TRACED, plain.shape[1]
    rows = np.concatenate([piece.rows(first + np.arange(words)) for piece in pieces])
    assert len(plain) > 36_000 and (plain == rows).all()
    assert (plain[1:] != plain[:-1]).any(1).mean() > 0.2
    # Nothing is told that has not changed.
    assert sum(len(piece.pairs) for piece in pieces) == (
        (plain[1:] != plain[:-1]).sum() + (plain[0] != 0).sum())
