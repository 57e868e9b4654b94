"""The pipeline model runs OpenBIOS, checked instruction by instruction."""

import itertools
from pathlib import Path

import pytest

import pteg
from pteg.cpu import Stop
from pteg.lockstep import Lockstep

LINUX = Path(__file__).parents[3] / "shared" / "linux"


@pytest.mark.slow
def test_openbios_begins_on_the_pipeline(openbios):
    """Exception vectors are copied and fw_cfg is asked for the size of memory."""
    machine = pteg.Machine("mac99", cpu="pipeline", rom=openbios)
    machine.reset()
    lockstep = Lockstep(machine.model)
    assert lockstep.run(50_000) is Stop.INSTRUCTIONS


@pytest.mark.slow
def test_a_forth_line_runs_on_the_pipeline_with_a_waveform(openbios_prompt, tmp_path):
    machine = pteg.Machine.restore(openbios_prompt[0], cpu="pipeline")
    machine.console.write("2 3 + .\r")
    begin = machine.cycle
    path = tmp_path / "forth.vcd"
    with machine.trace(path, signals="core.completion.*", window=(begin + 1000, begin + 3000)):
        assert machine.run(until="5  ok", instructions=20_000_000) == "console"
    changes = [line for line in path.read_text().splitlines() if line.startswith("#")]
    assert len(changes) > 1000


@pytest.mark.slow
def test_twenty_million_instructions_from_the_prompt(openbios_prompt):
    lockstep = Lockstep(pteg.Machine.restore(openbios_prompt[0], cpu="pipeline").model)
    lockstep.platform["escc"].send(b"2 3 + .\r")
    assert lockstep.run(20_000_000, text=b"5  ok") is Stop.CONSOLE
    lockstep.platform["escc"].send(b"show-devs\r")
    lockstep.run(20_000_000 - lockstep.instructions)
    assert lockstep.instructions >= 20_000_000


@pytest.fixture
def booting_linux(openbios):
    """A Linux that has left the firmware and made its hash table."""
    kernel = LINUX / "vmlinux-pmac"
    if not kernel.exists():
        pytest.skip(f"kernel is not there: {kernel.name}")
    machine = pteg.Machine("mac99", cpu="functional", rom=openbios)
    machine.preload(kernel, "console=ttyPZ0")
    assert machine.run(until="for hash table", instructions=900_000_000) == "console"
    machine.hand_over("pipeline")
    return machine


@pytest.mark.slow
def test_twenty_million_instructions_of_linux(booting_linux):
    """Drivers, the first processes, and many typed lines."""
    lockstep = Lockstep(booting_linux.model, booting_linux.symbols)
    assert lockstep.run(20_000_000, text=b"INIT: done") is Stop.CONSOLE
    for number in itertools.count():
        if lockstep.instructions >= 20_000_000:
            break
        line = b"line %d" % number
        lockstep.platform.console.send(line + b"\r")
        # Between two lines it dozes.
        assert lockstep.run(5_000_000, text=b"INIT: echo: " + line) is Stop.CONSOLE
    stats = lockstep.cpu.stats()
    assert stats["mmu"]["table_searches"]["count"] > 0
    assert stats["interrupts"]["taken"]["decrementer"] > 0
