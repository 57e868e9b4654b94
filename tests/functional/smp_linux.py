"""A kernel with CONFIG_SMP, and device trees for it."""

import subprocess
from pathlib import Path

from pteg.boot import fdt

__all__ = ["KERNEL", "tree"]

LINUX = Path(__file__).parents[3] / "shared" / "linux"
KERNEL = LINUX / "vmlinux-pmac-smp"
SOFT_RESETS = (0x5B, 0x5C, 0x67, 0x68)


def tree(folder, processors, timebase=12_500_000):
    """A device tree with as many nodes of type cpu, made from one that has two. `timebase` is the
    frequency, in Hz, that it says the time base has."""
    path = folder / "tree.dtb"
    source = LINUX / "mac99-2.dts"
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", path, source], check=True)
    parsed = fdt.parse(path.read_bytes(), "tree")
    cpus = parsed.root.child("cpus")
    first = next(node for node in cpus.children if node.name.endswith("@0"))
    cpus.children[:] = [fdt.Node(f"{first.base_name}@{number}", first.properties | {
        "timebase-frequency": timebase.to_bytes(4, "big"),
        "reg": number.to_bytes(4, "big"), "phandle": (0x100 + number).to_bytes(4, "big"),
        "soft-reset": SOFT_RESETS[number].to_bytes(4, "big")}) for number in range(processors)]
    path.write_bytes(fdt.build(parsed))
    return path
