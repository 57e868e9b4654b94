"""A real kernel boots on the functional model."""

from pathlib import Path

import pytest

import pteg

LINUX = Path(__file__).parents[3] / "shared" / "linux"


def test_linux_boots_computes_and_echoes():
    kernel, tree = LINUX / "vmlinux-gamecube", LINUX / "gamecube.dtb"
    if not kernel.exists():
        pytest.skip(f"kernel is not there: {kernel.name}")
    machine = pteg.Machine("g3", cpu="functional")
    machine.boot_linux(str(kernel), dtb=str(tree))
    assert machine.run(until="INIT: done", instructions=15_000_000) == "console"
    assert 9_000_000 < machine.instructions < 10_000_000
    printed = machine.console.read()
    assert b"Linux version 6.1" in printed and b"Run /init as init process" in printed
    assert b"INIT: fpu ok" in printed
    machine.console.write(b"forty-two\r")
    assert machine.run(until="INIT: echo: forty-two", instructions=5_000_000) == "console"
