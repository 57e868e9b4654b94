"""A kernel with CONFIG_SMP on several processors: its own start and the tests of its init."""

import re
import subprocess
from pathlib import Path

import pytest

import pteg
from pteg.boot import fdt

LINUX = Path(__file__).parents[3] / "shared" / "linux"
KERNEL = LINUX / "vmlinux-pmac-smp"
#: Of the tests that init does, those that a 750 cannot pass, which keeps tlbie and icbi to itself.
NOT_BROADCAST = {"tlb-protect", "tlb-unmap", "tlb-remap", "tlb-cow", "icache-user",
                 "icache-kernel"}
SOFT_RESETS = (0x5B, 0x5C, 0x67, 0x68)


def tree(folder, processors):
    """A device tree with as many nodes of type cpu, made from one that has two."""
    path = folder / "tree.dtb"
    source = LINUX / "mac99-2.dts"
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", path, source], check=True)
    parsed = fdt.parse(path.read_bytes(), "tree")
    cpus = parsed.root.child("cpus")
    first = next(node for node in cpus.children if node.name.endswith("@0"))
    cpus.children[:] = [fdt.Node(f"{first.base_name}@{number}", first.properties | {
        "reg": number.to_bytes(4, "big"), "phandle": (0x100 + number).to_bytes(4, "big"),
        "soft-reset": SOFT_RESETS[number].to_bytes(4, "big")}) for number in range(processors)]
    path.write_bytes(fdt.build(parsed))
    return path


def booted(folder, processors, rounds, **options):
    """What the kernel's init has printed, by test: ok, or BAD."""
    if not KERNEL.exists():
        pytest.skip(f"kernel is not there: {KERNEL.name}")
    machine = pteg.Machine("mac99", cpu="functional", rom="none", processors=processors,
                           **options)
    machine.boot_linux(KERNEL, tree(folder, processors), append=f"console=ttyPZ0 -- {rounds}")
    assert machine.run(until="INIT: done", instructions=3_000_000_000) == "console"
    printed = machine.console.read().decode(errors="replace")
    assert f"Brought up 1 node, {processors} CPU" in printed
    return dict(re.findall(r"SMP: ([a-z-]+) (ok|BAD)", printed)), machine


@pytest.mark.slow
@pytest.mark.parametrize("processors,seed", [(2, 1), (2, 2), (3, 1), (4, 1)])
def test_linux_runs_on_all_processors(tmp_path, processors, seed):
    found, machine = booted(tmp_path, processors, 10, seed=seed)
    assert found.pop("all") == "ok" and len(found) == 19
    assert set(found.values()) == {"ok"}
    assert all(cpu.tb > 1_000_000 for cpu in machine.cpus)


@pytest.mark.slow
def test_without_broadcast_the_tests_of_tlb_and_instruction_cache_fail_and_no_others(tmp_path):
    found, _ = booted(tmp_path, 2, 10, broadcast=False)
    assert {name for name, result in found.items() if result == "BAD"} == NOT_BROADCAST
