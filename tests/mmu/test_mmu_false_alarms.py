"""Linux, KVM and firmware give no false alarm, and adversaries change nothing in them."""

from pathlib import Path

import pytest

import pteg

LINUX = Path(__file__).parents[3] / "shared" / "linux"


def kernel(name):
    path = LINUX / name
    if not path.exists():
        pytest.skip(f"kernel is not there: {name}")
    return str(path)


def machine_of(preset="g3", seed=None, **options):
    """Linux without CONFIG_SMP, and OpenBIOS, do without tlbsync."""
    return pteg.Machine(preset, cpu="functional", adversary=seed, uniprocessor=seed is not None,
                        **options)


def printed(machine, last, instructions):
    """What a run prints; nothing that it uses is stale."""
    oracle = machine.oracle()
    assert machine.run(until=last, instructions=instructions) == "console", machine.console.read()
    assert oracle.uses == [], oracle.uses[0].text(machine.symbols)
    return machine.console.read()


@pytest.mark.parametrize("seed", [None, 1])
def test_open_firmware(seed):
    machine = pteg.Machine("g3", cpu="functional", rom="openfirmware", adversary=seed)
    assert printed(machine, "0 > ", 3_000_000).startswith(b"\r\npteg Open Firmware")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("name, arguments, ram, last", [
    ("vmlinux-gamecube", "console=ttyS0,115200", "32M", "INIT: done"),
    ("vmlinux-kvm", "console=ttyS0,115200 -- 60", "32M", "KVM: done"),
    ("vmlinux-kvm-linux", "console=ttyS0,115200", "64M", "KVM: done"),
])
def test_linux_and_its_hypervisor(name, arguments, ram, last, seed):
    machine = machine_of(seed=seed, rom="none", ram=ram)
    machine.boot_linux(kernel(name), dtb=kernel("gamecube.dtb"), append=arguments)
    text = printed(machine, last, 100_000_000)
    if name == "vmlinux-kvm":
        assert b"failed tests 00000000" in text


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 1])
def test_linux_through_open_firmware(seed):
    machine = machine_of(seed=seed, rom="openfirmware")
    machine.preload(kernel("vmlinux-gamecube-of"), "console=ttyS0,115200")
    printed(machine, "INIT: done", 60_000_000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("rom, instructions", [("openbios", 900_000_000),
                                               ("openfirmware", 200_000_000)])
def test_linux_on_mac99(rom, instructions, seed, request):
    if rom == "openbios":
        rom = request.getfixturevalue("openbios")
    machine = machine_of("mac99", seed=seed, rom=rom)
    machine.preload(kernel("vmlinux-pmac"), "console=ttyPZ0")
    printed(machine, "INIT: done", instructions)
