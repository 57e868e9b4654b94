"""Linux boots through our client interface: kernels that nobody here has changed."""

from pathlib import Path

import pytest

import pteg

SHARED = Path(__file__).parents[3] / "shared" / "linux"


def kernel(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs ../shared/linux/{name}")
    return path


def run(machine, until, instructions):
    """Instructions until a text is printed, and the text."""
    before = machine.instructions
    stop = machine.run(until=until, instructions=instructions)
    text = machine.console.read().decode()
    assert stop == "console", text
    return machine.instructions - before, text


def finish(machine, end, instructions, last):
    """Boot on; output, and instructions of the copy of the device tree. Where the kernel needs the
    firmware no more, the model `last` takes over."""
    _, loading = run(machine, "copying OF device tree", 20_000_000)
    copying, text = run(machine, "Quiescing", 36_000_000)
    machine.hand_over(last)
    _, rest = run(machine, end, instructions)
    return loading + text + rest, copying


def boot_from_ram(cpu, name, end, instructions, last=None):
    """Boot a kernel on a g3, as the file lies in memory."""
    data = kernel(name).read_bytes()
    machine = pteg.Machine("g3", cpu=cpu, rom="openfirmware")
    run(machine, "0 > ", 1_000_000)
    machine.memory.write(0x400000, data)
    machine.console.write(b"boot ram console=ttyS0,115200\r")
    return finish(machine, end, instructions, last or cpu)


def test_linux_on_g3():
    text, copying = boot_from_ram("functional", "vmlinux-gamecube-of", "INIT: done", 40_000_000)
    assert "OF stdout device is: /flipper/serial@c00f000" in text
    assert "Total memory = 32MB" in text
    # OpenBIOS' client interface needs 361 million on mac99, for a tree of 50 nodes.
    assert copying < 5_000_000


@pytest.mark.slow
def test_linux_on_g3_with_the_pipeline():
    boot_from_ram("pipeline", "vmlinux-gamecube-of", "INIT: done", 60_000_000)


@pytest.mark.parametrize("last", ["functional", pytest.param("pipeline", marks=pytest.mark.slow)])
def test_linux_with_a_hypervisor_on_g3(last):
    boot_from_ram("functional", "vmlinux-kvm", "KVM: done", 200_000_000, last)


def boot_preloaded(preset="mac99", name="vmlinux-pmac", console="ttyPZ0", last="functional"):
    """Boot a kernel that was named when the machine was started."""
    machine = pteg.Machine(preset, cpu="functional", rom="openfirmware")
    machine.preload(kernel(name), f"console={console}")
    return finish(machine, "INIT: done", 200_000_000, last)


def test_linux_on_g3_is_named_on_the_command_line():
    text, _ = boot_preloaded("g3", "vmlinux-gamecube-of", "ttyS0,115200")
    assert "command line: console=ttyS0,115200" in text


def test_linux_on_mac99():
    text, copying = boot_preloaded()
    assert copying < 10_000_000
    assert "BAR 0 [mem 0x80000000-0x8007ffff]" in text and "will remap" not in text
    assert "Found UniNorth PCI host bridge" in text


@pytest.mark.slow
def test_linux_on_mac99_with_the_pipeline():
    boot_preloaded(last="pipeline")


def test_linux_from_a_disk(disk_prompt, images, tmp_path):
    tree = tmp_path / "tree"
    (tree / "boot").mkdir(parents=True)
    (tree / "boot" / "vmlinux").write_bytes(kernel("vmlinux-pmac").read_bytes())
    part = images.make_image(tmp_path / "part", "ext2-1k", tree)
    disk = images.disk_of(tmp_path / "disk", [(part, 64)], "label: dos\nstart=64, type=83\n")
    machine = disk_prompt(disk).machine
    machine.console.write(b"boot hd:,\\boot\\vmlinux console=ttyPZ0\r")
    loading, _ = run(machine, "copying OF device tree", 40_000_000)
    _, text = run(machine, "INIT: done", 200_000_000)
    assert "Kernel command line: console=ttyPZ0" in text
    assert loading < 30_000_000
