"""Starting a Linux kernel without firmware, as its boot protocol for 32-bit PowerPC asks.

Linux, Documentation/arch/powerpc/booting.rst, entry with a flattened device tree: r3 is its
physical address, r4 and r5 are 0, translation is off. `early_init` already needs a stack, so r1
is set too.
"""

import struct

from pteg.boot import fdt
from pteg.errors import UserError

__all__ = ["patched_tree", "enter_kernel"]

#: Room for the stack at the top of RAM, above the device tree.
STACK = 0x10000


def patched_tree(data, ram, append=None, name="device tree"):
    """The tree with the machine's RAM size and, if given, another kernel command line."""
    tree = fdt.parse(data, name)
    root = tree.root
    memory = root.child("memory")
    cells = [root.properties.get(f"#{what}-cells") for what in ("address", "size")]
    if memory is not None and cells == [struct.pack(">I", 1)] * 2:
        memory.properties["reg"] = struct.pack(">II", 0, ram)
    if append is not None:
        chosen = root.child("chosen", create=True)
        chosen.properties["bootargs"] = append.encode() + b"\0"
    return fdt.build(tree)


def enter_kernel(machine, entry, tree):
    """Put the device tree into RAM and the registers to where the kernel expects them."""
    ram = machine.ram
    place = (ram.base + ram.size - STACK - len(tree)) & ~0xFFF
    if place < ram.base + ram.size // 2:
        raise UserError(f"device tree must fit in the upper half of RAM, not {len(tree):#x} bytes")
    machine.memory.write(place, tree)
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = entry, 0
        state["gpr"][0, :] = 0
        state["gpr"][0, 1] = ram.base + ram.size - 0x100
        state["gpr"][0, 3] = place
