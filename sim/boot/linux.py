"""Starting a Linux kernel without firmware, by its boot protocol for 32-bit PowerPC.

Linux, Documentation/arch/powerpc/booting.rst, entry with a flattened device tree: r3 is its
physical address, r4 and r5 are 0, translation is off. `early_init` already needs a stack, so r1
is set too.
"""

from pteg.boot import fdt
from pteg.errors import UserError

__all__ = ["patched_tree", "enter_kernel"]

#: Room for the stack at the top of RAM, above the device tree.
STACK = 0x10000


def patched_tree(data, ram, append=None, name="device tree"):
    """The tree with the machine's RAM size and, if given, another kernel command line."""
    tree = fdt.parse(data, name)
    try:
        _set_memory(tree.root, ram)
    except UserError as error:
        raise UserError(f"{name}: {error}") from None
    if append is not None:
        chosen = tree.root.child("chosen", create=True)
        chosen.properties["bootargs"] = append.encode(errors="surrogateescape") + b"\0"
    return fdt.build(tree)


def _set_memory(root, size):
    """Make the tree say that there is memory from 0 to `size`, and no other (3.4)."""
    memories = [node for node in root.children
                if node.base_name == "memory" or node.properties.get("device_type") == b"memory\0"]
    address, length = root.cells("address"), root.cells("size")
    # The node of the range at 0 stays, with what else it says.
    kept = next((node for node in memories if _has_0(node, address, length)),
                memories[0] if memories else None)
    if kept is None:
        kept = fdt.Node("memory@0", {"device_type": b"memory\0"})
        root.children.append(kept)
    root.children = [node for node in root.children if node is kept or node not in memories]
    if "@" in kept.name:
        kept.name = f"{kept.base_name}@0"
    kept.properties.pop("linux,usable-memory", None)
    if size >> 32 * length:
        raise UserError(f"#size-cells must be 2 for RAM of {size:#x} bytes, not {length}")
    kept.properties["reg"] = bytes(4 * address) + size.to_bytes(4 * length, "big")


def _has_0(node, address, length):
    """One of the node's ranges begins at 0."""
    reg = node.properties.get("reg", b"")
    return any(reg[at:at + 4 * address] == bytes(4 * address)
               for at in range(0, len(reg), 4 * (address + length)))


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
