"""HostL starts: from the loader, with a device tree, from Open Firmware, with both compilers."""

import pytest

import pteg
from pteg.boot import fdt
from pteg.firmware import cbuild


@pytest.mark.parametrize("compiler", cbuild.compilers(), ids=lambda found: found.name)
def test_each_compiler_makes_a_kernel(new_session, compiler):
    session = new_session("mem=1M swap=2M hash=64K", compiler=compiler)
    assert session("stress 2 150 300") == "stress: ok\n"
    assert session("memory a b").endswith("memory: ok\n")
    assert session("floats") == "floats: ok\n"
    session.check()


def test_all_of_memory_is_used(new_session):
    session = new_session()
    assert "32768 KB memory" in session.banner and "hash table 256 KB" in session.banner
    session.check()
    data = session.checker.data
    assert data.page_count > (32 - 4 - 1) * 256 - 200


def prompt(machine):
    stop = machine.run(until="$ ", instructions=20_000_000)
    text = machine.console.read().decode()
    assert stop == "console", text
    return text


def test_from_open_firmware(new_session, tmp_path):
    """The firmware loads the kernel elsewhere, and is asked for memory and arguments."""
    kernel = tmp_path / "hostl.elf"
    kernel.write_bytes(new_session(prompt=False).elf)
    machine = pteg.Machine("g3", cpu="functional", rom="openfirmware", ram="64M")
    machine.preload(kernel, "swap=1M hash=128K mem=2M")
    text = prompt(machine)
    assert "65536 KB memory" in text and "512 frames" not in text
    assert "hash table 128 KB, swap area 1024 KB" in text
    machine.console.write(b"stress\r")
    assert "stress: ok" in prompt(machine)


def test_with_a_device_tree(new_session, tmp_path):
    kernel, tree = tmp_path / "hostl.elf", tmp_path / "g3.dtb"
    kernel.write_bytes(new_session(prompt=False).elf)
    root = fdt.Node("", {"#address-cells": bytes([0, 0, 0, 1]), "#size-cells": bytes([0, 0, 0, 1])})
    cpu = fdt.Node("cpu@0", {"timebase-frequency": (1_000_000).to_bytes(4, "big")})
    root.children = [fdt.Node("cpus", {}, [cpu]), fdt.Node("memory@0", {"reg": bytes(8)})]
    tree.write_bytes(fdt.build(fdt.Tree(root, [])))
    machine = pteg.Machine("g3", cpu="functional", rom="none", ram="16M")
    machine.boot_linux(kernel, tree, "swap=2M")
    text = prompt(machine)
    assert "16384 KB memory" in text and "swap area 2048 KB" in text
    cycles = machine.cycle
    machine.console.write(b"sleep 50\r")
    prompt(machine)
    assert 49 < (machine.cycle - cycles) / 16_000 < 60      # 1,000 counts of the time base each
