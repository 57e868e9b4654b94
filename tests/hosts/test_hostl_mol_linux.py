"""Linux, as it is, as the guest of MOL on HostL."""

from pathlib import Path

import pytest

from pteg.firmware.hosts.hostl.image import build_with_mol
from pteg.lockstep import Lockstep

LINUX = Path(__file__).parents[3] / "shared" / "linux"


@pytest.fixture(scope="module")
def image(new_session):
    if not (LINUX / "vmlinux-gamecube").exists():
        pytest.skip("kernel is not there: vmlinux-gamecube")
    return build_with_mol(guests={"linux": (LINUX / "vmlinux-gamecube").read_bytes(),
                                  "tree": (LINUX / "gamecube.dtb").read_bytes()})


def test_linux_boots_computes_and_echoes(new_session, image):
    host = new_session(elf=image, ram="64M")
    vectors, free = host.machine.memory.read(0, 0x3000), host.free()
    host("insmod mol")
    host.type("mol linux 32 tree")
    before = host.machine.instructions
    assert host.machine.run(until="INIT: done\r\n# ", instructions=60_000_000) == "console"
    # KVM-PR needs 49 million for the same; bare it is 9.6 million.
    assert host.machine.instructions - before < 30_000_000
    printed = host.machine.console.read().decode("latin-1")
    for line in ("Linux version 6.1", "Run /init as init process", "INIT: fpu ok", "INIT: wait ok"):
        assert line in printed
    host.check()
    host.machine.console.write(b"forty-two\r")
    assert host.machine.run(until="INIT: echo: forty-two", instructions=5_000_000) == "console"
    host.machine.console.write(b"\x04")
    host.read()
    host.check()
    assert host.machine.memory.read(0, 0x3000) == vectors
    host("rmmod mol")
    assert host.free() == free


@pytest.mark.slow
def test_a_linux_guest_in_lockstep(new_session, image):
    """Both models agree from the reset of the host to the guest's prompt."""
    host = new_session(elf=image, cpu="pipeline", prompt=False, ram="64M")
    host.machine.model.settle()
    both = Lockstep(host.machine.model, host.machine.symbols)
    for line, until in (("insmod mol", b"$ "), ("mol linux 32 tree", b"$ "), (None, b"INIT: done")):
        assert both.run(60_000_000, text=until) == "console", both.console
        if line:
            host.type(line)
    assert b"INIT: fpu ok" in both.console
