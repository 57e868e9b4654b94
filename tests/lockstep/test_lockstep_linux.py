"""A real kernel boots on the pipeline model, checked instruction by instruction."""

from pathlib import Path

import pytest

import pteg
from pteg.cpu import Stop
from pteg.lockstep import Lockstep

LINUX = Path(__file__).parents[3] / "shared" / "linux"


@pytest.fixture
def lockstep():
    kernel, tree = LINUX / "vmlinux-gamecube", LINUX / "gamecube.dtb"
    if not kernel.exists():
        pytest.skip(f"kernel is not there: {kernel.name}")
    machine = pteg.Machine("g3", cpu="pipeline")
    machine.reset()
    machine.boot_linux(str(kernel), dtb=str(tree))
    return Lockstep(machine.model, machine.symbols)


def test_linux_turns_translation_on(lockstep):
    assert lockstep.run(200_000) is Stop.INSTRUCTIONS
    state = lockstep.cpu.get_state()
    assert state["msr"][0] & 0x30 == 0x30 and state["pc"][0] >= 0xC0000000


@pytest.mark.slow
def test_linux_boots_computes_and_echoes(lockstep):
    assert lockstep.run(15_000_000, text=b"INIT: done") is Stop.CONSOLE
    assert b"Linux version 6.1" in lockstep.console and b"Run /init" in lockstep.console
    assert b"INIT: fpu ok" in lockstep.console
    lockstep.platform.console.send(b"forty-two\r")
    assert lockstep.run(5_000_000, text=b"INIT: echo: forty-two") is Stop.CONSOLE
