"""Firmware as the guest of MOL on HostL, from the reset vector in its ROM."""

from pathlib import Path

import pytest

import pteg
from pteg.firmware import images
from pteg.firmware.cdata import Data
from pteg.firmware.hosts.hostl.image import build, build_with_mol
from pteg.mol.scenarios.firmware import PROMPT
from pteg.presets import g3

LINUX = Path(__file__).parents[3] / "shared" / "linux"
#: Where the program mol has the guest's RAM, and where a kernel is linked.
WINDOW, KERNEL, PAGE = 0x40000000, 0xC0000000, 4096


@pytest.fixture(scope="module")
def rom():
    return images.build("openfirmware", g3())


@pytest.fixture(scope="module")
def bare_openbios(openbios):
    """A mac99 at OpenBIOS' prompt, with as much memory as the guest."""
    machine = pteg.Machine("mac99", cpu="functional", rom=openbios, ram="32M")
    assert machine.run(until=PROMPT, instructions=400_000_000) == "console"
    return machine


def ask(machine, line, instructions=100_000_000):
    """What a Forth line prints."""
    machine.console.read()
    machine.console.write(line.encode() + b"\r")
    assert machine.run(until=PROMPT, instructions=instructions) == "console", machine.console.read()
    return machine.console.read()


@pytest.mark.parametrize("cpu", ["functional", pytest.param("pipeline", marks=pytest.mark.slow)])
def test_the_rom_gets_to_its_prompt_and_answers(new_session, rom, cpu):
    host = new_session(elf=build_with_mol(guests={"rom": rom}), ram="64M", cpu=cpu)
    free = host.free()
    host("insmod mol")
    host.type("mol rom 16")
    console = host.machine.console
    assert host.machine.run(until=PROMPT, instructions=20_000_000) == "console", console.read()
    # It finds the end of memory by machine checks.
    assert b"pteg Open Firmware, 16 MB of memory" in console.read()
    console.write(b"decimal 6 7 * .\r")
    assert host.machine.run(until="42", instructions=5_000_000) == "console", console.read()
    host.check()
    console.write(b"\x04")
    host.read()
    host("rmmod mol")
    assert host.free() == free


def test_a_kernel_asks_the_firmware(new_session, rom):
    """Scenario 38: HostL, started by the ROM, finds memory and time base by calls of its client
    interface, and runs its programs."""
    kernel = build("hash=64K swap=512K")
    host = new_session(elf=build_with_mol(guests={"rom": rom, "kernel": kernel}), ram="64M")
    host("insmod mol")
    banner = host("mol rom 32 kernel", instructions=60_000_000)
    assert "32768 KB memory" in banner
    host.check()
    assert host("echo from the guest") == "from the guest\n"
    host.check()
    frames = {mapping.address: mapping.frame for mapping in host.checker._mappings()}

    def read(address, size):
        page, offset = divmod(WINDOW + address - KERNEL, PAGE)
        return host.machine.memory.read(frames[page * PAGE] + offset, size)

    # What the ROM measures is what it tells on the bare machine.
    machine = pteg.Machine("g3", cpu="functional", rom="openfirmware")
    assert machine.run(until=PROMPT, instructions=5_000_000) == "console"
    ask(machine, 'dev /cpus dev PowerPC,750')
    told = ask(machine, '" timebase-frequency" get-my-property drop decode-int u. 2drop').split()
    assert Data(kernel, read).boot_info.timebase_hz == int(told[told.index(b"ok") - 1], 16), told


@pytest.mark.slow
def test_linux_boots_through_the_rom(new_session, rom):
    """Scenario 38: it finds memory, console and clock in the tree that our Open Firmware makes,
    through the client interface, and echoes a line."""
    if not (LINUX / "vmlinux-gamecube-of").exists():
        pytest.skip("kernel is not there: vmlinux-gamecube-of")
    guests = {"rom": rom, "linux": (LINUX / "vmlinux-gamecube-of").read_bytes()}
    host = new_session(elf=build_with_mol(guests=guests), ram="128M")
    free = host.free()
    host("insmod mol")
    host.type("mol rom 32 linux console=ttyS0,115200")
    machine = host.machine
    stop = machine.run(until="INIT: done\r\n# ", instructions=100_000_000)
    printed = machine.console.read()
    assert stop == "console", printed
    for text in (b"Quiescing Open Firmware", b"Total memory = 32MB", b"INIT: fpu ok",
                 b"Kernel command line: console=ttyS0,115200", b"INIT: wait ok"):
        assert text in printed, printed
    host.check()
    machine.console.write(b"forty-two\r")
    assert machine.run(until="INIT: echo: forty-two", instructions=20_000_000) == "console"
    machine.console.write(b"\x04")
    host.read()
    host.check()
    host("rmmod mol")
    assert host.free() == free


@pytest.mark.slow
def test_linux_for_a_mac_boots_through_openbios(new_session, openbios):
    """It finds OpenPIC, 8530 and PCI in the tree that OpenBIOS makes, and echoes a line."""
    if not (LINUX / "vmlinux-pmac").exists():
        pytest.skip("kernel is not there: vmlinux-pmac")
    guests = {"rom": openbios.read_bytes(), "linux": (LINUX / "vmlinux-pmac").read_bytes()}
    host = new_session(elf=build_with_mol(guests=guests), ram="128M")
    host("insmod mol")
    host.type("mol -m rom 32 linux console=ttyPZ0")
    machine = host.machine
    stop = machine.run(until="INIT: done", instructions=2_000_000_000)
    printed = machine.console.read()
    assert stop == "console", printed
    for text in (b"PowerMac motherboard: PowerMac G4 AGP", b"mpic: Initializing for 64 sources",
                 b"INIT: fpu ok", b"INIT: wait ok"):
        assert text in printed, printed
    machine.console.write(b"forty-two\r")
    assert machine.run(until="INIT: echo: forty-two", instructions=20_000_000) == "console"
    host.check()


@pytest.mark.slow
def test_openbios_prints_and_answers_as_on_the_bare_machine(new_session, openbios, bare_openbios):
    """On a mac99 of MOL's user part: fw_cfg, 8530, PCI configuration, NVRAM, an open bus."""
    bare = bare_openbios.console.read()
    host = new_session(elf=build_with_mol(guests={"rom": openbios.read_bytes()}), ram="64M")
    free = host.free()
    host("insmod mol")
    host.type("mol -m rom 32")
    machine = host.machine
    assert machine.run(until=PROMPT, instructions=600_000_000) == "console", machine.console.read()
    assert machine.console.read() == b"mol -m rom 32\r\n" + bare
    assert b"Configuration device id QEMU version 1 machine id 1" in bare
    host.check()
    for line in ("2 3 + .", "show-devs", "dev /memory .properties", "dev /pci .properties",
                 "printenv"):
        assert ask(machine, line) == ask(bare_openbios, line), line
    host.check()
    machine.console.write(b"\x04")
    host.read()
    host("rmmod mol")
    assert host.free() == free
