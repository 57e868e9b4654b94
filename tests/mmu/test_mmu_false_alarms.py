"""Linux, KVM and our firmware give no false alarm, and adversaries change nothing in them."""

from pathlib import Path

import pytest

import pteg

LINUX = Path(__file__).parents[3] / "shared" / "linux"


def printed(machine, last, instructions):
    """What a run prints; nothing that it uses is stale."""
    oracle = machine.oracle()
    assert machine.run(until=last, instructions=instructions) == "console"
    assert oracle.uses == [], oracle.uses[0].text(machine.symbols)
    return machine.console.read()


@pytest.mark.parametrize("seed", [None, 1])
def test_open_firmware(seed):
    machine = pteg.Machine("g3", cpu="functional", rom="openfirmware", adversary=seed)
    assert printed(machine, "0 > ", 3_000_000).startswith(b"\r\npteg Open Firmware")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("kernel, arguments, last", [
    ("vmlinux-gamecube", "console=ttyS0,115200", "INIT: done"),
    ("vmlinux-kvm", "console=ttyS0,115200 -- 60", "KVM: done"),
])
def test_linux_and_its_hypervisor(kernel, arguments, last, seed):
    """Without CONFIG_SMP there is no tlbsync."""
    if not (LINUX / kernel).exists():
        pytest.skip(f"kernel is not there: {kernel}")
    machine = pteg.Machine("g3", cpu="functional", rom="none", adversary=seed,
                           uniprocessor=seed is not None)
    machine.boot_linux(str(LINUX / kernel), dtb=str(LINUX / "gamecube.dtb"), append=arguments)
    text = printed(machine, last, 30_000_000)
    if kernel == "vmlinux-kvm":
        assert b"failed tests 00000000" in text
