"""Scenario 38: a guest kernel finds memory, time base and devices in its device tree."""

import struct
from pathlib import Path

import pytest

from pteg.boot.fdt import Node, Tree, build, parse
from pteg.firmware.cdata import Data
from pteg.firmware.hosts.hostl.image import build as build_hostl
from pteg.firmware.hosts.hostl.image import build_with_mol

LINUX = Path(__file__).parents[3] / "shared" / "linux"
#: Where the program mol has the guest's RAM, and where a kernel is linked.
WINDOW, KERNEL, PAGE, TIMEBASE = 0x40000000, 0xC0000000, 4096, 12_345_600


def test_a_kernel_finds_memory_time_base_and_arguments(new_session):
    """HostL as the guest. Its RAM has 6 MB, but the tree says 5."""
    tree = Tree(Node("", {}, [
        Node("memory", {"device_type": b"memory\0", "reg": struct.pack(">2I", 0, 5 << 20)}),
        Node("cpus", {}, [Node("cpu@0", {"timebase-frequency": struct.pack(">I", TIMEBASE)})]),
        Node("chosen", {"bootargs": b"hash=64K swap=768K\0"})]), [])
    kernel = build_hostl()
    host = new_session(elf=build_with_mol(guests={"guest": kernel, "tree": build(tree)}), ram="64M")
    host("insmod mol")
    banner = host("mol guest 6 tree")
    assert "5120 KB memory" in banner
    assert "hash table 64 KB, swap area 768 KB" in banner
    host.check()                        # the checker looks at memory as it is now
    # The guest kernel's own variable, in the pages of its owner.
    frames = {mapping.address: mapping.frame for mapping in host.checker._mappings()}

    def read(address, size):
        page, offset = divmod(WINDOW + address - KERNEL, PAGE)
        return host.machine.memory.read(frames[page * PAGE] + offset, size)

    assert Data(kernel, read).boot_info.timebase_hz == TIMEBASE


@pytest.mark.parametrize("serial", [True, False])
def test_a_device_without_a_node_has_no_driver(new_session, serial):
    """Linux without the node of its serial port prints nothing on it, and runs all the same."""
    if not (LINUX / "vmlinux-gamecube").exists():
        pytest.skip("kernel is not there: vmlinux-gamecube")
    tree = parse((LINUX / "gamecube.dtb").read_bytes())
    if not serial:
        soc = tree.root.child("flipper")
        soc.children.remove(soc.child("serial"))
        tree.root.children.remove(tree.root.child("aliases"))
        del tree.root.child("chosen").properties["stdout-path"]
    host = new_session(elf=build_with_mol(guests={
        "linux": (LINUX / "vmlinux-gamecube").read_bytes(), "tree": build(tree)}), ram="64M")
    host("insmod mol")
    host.type("mol linux 32 tree")
    stop = host.machine.run(until="Linux version 6.1", instructions=25_000_000)
    assert stop == ("console" if serial else "instructions")
    host.check()
