"""Real firmware and a real kernel on the mac99: OpenBIOS to its prompt, Linux through it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import pteg

LINUX = Path(__file__).parents[3] / "shared" / "linux"
PROMPT = "\n0 > "
#: First sector of the disk's partition.
PARTITION = 64


@pytest.fixture
def qemu_machine(load, tmp_path):
    if shutil.which("qemu-system-ppc") is None:
        pytest.skip("qemu-system-ppc is not installed")
    return lambda *arguments: load("qemu_monitor.py").QemuMachine(tmp_path, *arguments)


def type_line(machine, line):
    """What a line at the prompt prints."""
    machine.console.write(line + "\r")
    assert machine.run(until=PROMPT, instructions=200_000_000) == "console"
    return machine.console.read().decode().replace("\r", "")


def test_openbios_reaches_its_prompt(openbios_prompt):
    _, text, _ = openbios_prompt
    assert b"OpenBIOS 1.1" in text and b"Configuration device id QEMU version 1" in text
    assert b"Memory: 128M" in text and b"CPU type PowerPC,750" in text


def test_forth_computes_and_shows_the_device_tree(openbios_prompt):
    machine = pteg.Machine.restore(openbios_prompt[0])
    assert type_line(machine, "2 3 + .").startswith("2 3 + . 5  ok")
    assert '"PowerMac3,1"' in type_line(machine, "dev / .properties")
    devices = type_line(machine, "show-devs")
    for device in ("/cpus/PowerPC,750@0", "/memory@0", "/nvram@ffe04000", "/pci@f2000000/mac-io@c",
                   "escc@13000/ch-a@13020", "interrupt-controller@40000", "ata-3@20000"):
        assert device in devices


def test_forth_reads_the_disk(openbios_prompt):
    path, _, disk = openbios_prompt
    machine = pteg.Machine.restore(path)
    type_line(machine, '400 alloc-mem value b " hd:0" open-dev value d')
    type_line(machine, '5fe 0 " seek" d $call-method drop')
    assert "read\" d $call-method . 40 " in type_line(machine, 'b 40 " read" d $call-method .')
    text = type_line(machine, ": show 40 0 do b i + c@ . loop ; show")
    numbers = [int(number, 16) for number in text.split("show")[-1].split()[:0x40]]
    assert bytes(numbers) == disk.read_bytes()[PARTITION * 512 + 0x5FE:][:0x40]


def test_openbios_loads_a_file_from_the_disk(openbios_prompt):
    machine = pteg.Machine.restore(openbios_prompt[0])
    if b"hello from a disk" not in openbios_prompt[2].read_bytes():
        pytest.skip("mke2fs is not there: the disk has no file system")
    assert "hello.txt" in type_line(machine, "dir hd:,\\")
    type_line(machine, "load hd:,\\hello.txt")
    assert machine.memory.read(0x04000000, 18) == b"hello from a disk\n"


def page_table(memory):
    """Valid entries of a hash table: position to its two words, without R and C."""
    words = np.frombuffer(memory, ">u4").reshape(-1, 2)
    return {int(n): (int(words[n, 0]), int(words[n, 1]) & ~0x180)
            for n in np.flatnonzero(words[:, 0] >> 31)}


def test_translation_at_the_prompt_is_that_of_qemu(openbios_prompt, qemu_machine):
    """Not comparable is MSR[ME]: QEMU's mtmsr leaves it alone, as newer architectures have it."""
    machine = pteg.Machine.restore(openbios_prompt[0])
    sdr1, msr = machine.cpu.spr["SDR1"], machine.cpu.msr
    with qemu_machine("-M", "mac99,via=pmu", "-cpu", "750", "-vga", "none", "-net", "none",
                      "-m", "128") as qemu:
        qemu.wait_for(PROMPT.encode())
        qemu.command("stop")
        assert qemu.register("SDR1") == sdr1
        assert qemu.register("MSR") & ~0x1000 == msr & ~0x1000
        theirs = page_table(qemu.memory(sdr1 & 0xFFFF0000, 0x10000))
    ours = page_table(machine.memory.read(sdr1 & 0xFFFF0000, 0x10000))
    # The others are pages that only one of them has touched: NVRAM, USB, and the code for them.
    same = [place for place, entry in ours.items() if theirs.get(place) == entry]
    assert len(same) > 0.9 * len(ours) > 100


def test_the_same_boot_twice_is_the_same(openbios_prompt, openbios, tmp_path):
    """Down to the bytes of the checkpoint."""
    path, text, disk = openbios_prompt
    machine = pteg.Machine("mac99", cpu="functional", rom=openbios)
    machine.attach_disk(disk)
    machine.run(until=PROMPT, instructions=400_000_000)
    assert machine.console.read() == text
    machine.save(tmp_path / "again.ckpt")
    assert (tmp_path / "again.ckpt").read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_linux_boots_through_the_client_interface_and_echoes(openbios):
    kernel = LINUX / "vmlinux-pmac"
    if not kernel.exists():
        pytest.skip(f"kernel is not there: {kernel.name}")
    machine = pteg.Machine("mac99", cpu="functional", rom=openbios)
    machine.preload(kernel, "console=ttyPZ0")
    assert machine.run(until="INIT: done", instructions=900_000_000) == "console"
    text = machine.console.read()
    assert b"Kernel command line: console=ttyPZ0" in text and b"INIT: fpu ok" in text
    assert b"Found a Keylargo mac-io controller" in text
    assert b"mpic: Initializing for 64 sources" in text
    machine.console.write(b"forty-two\r")
    assert machine.run(until="INIT: echo: forty-two", instructions=5_000_000) == "console"
