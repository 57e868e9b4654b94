"""Flattened device trees (Devicetree Specification 0.4, chapter 5): read, change, write.

A kernel that is started without firmware gets its device tree from a file. Two things in it depend
on the run and not on the machine, and are changed: the command line and the size of RAM.

Versions 1 to 3, 16 and 17 of the format are read (no others exist); 17 is written. Before version
16, a node has its whole path instead of its name, and a property "name"; values of 8 bytes and more
are at multiples of 8.
"""

import struct
from dataclasses import dataclass, field

from pteg.errors import UserError
from pteg.files import kind_of

__all__ = ["Node", "Tree", "parse", "build"]

MAGIC = 0xD00DFEED
BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9
#: Words of the header; the fields are those of version 17.
HEADER_WORDS = {1: 7, 2: 8, 3: 9, 16: 9, 17: 10}
#: The first version of the structure as it is now.
PRESENT = 16
_HEADER = struct.Struct(">10I")
#: No tree of a real machine is deeper.
DEEPEST = 64
#: Words of the longest addresses, those of PCI, and one more.
MOST_CELLS = 4


@dataclass
class Node:
    """A node: its name with unit address, its properties as bytes, the nodes below."""

    name: str
    properties: dict = field(default_factory=dict)
    children: list = field(default_factory=list)

    @property
    def base_name(self):
        """The name without the unit address."""
        return self.name.split("@")[0]

    def child(self, name, create=False):
        """The node below of this name (with or without its unit address), or None."""
        for node in self.children:
            if name in (node.name, node.base_name):
                return node
        if not create:
            return None
        self.children.append(Node(name))
        return self.children[-1]

    def cells(self, what):
        """Words of an "address" or a "size" in the `reg` of the nodes below (2.3.5)."""
        value = self.properties.get(f"#{what}-cells")
        if value is None:
            return {"address": 2, "size": 1}[what]
        if len(value) != 4:
            raise UserError(f"#{what}-cells must be 1 to {MOST_CELLS}, in one word")
        count = int.from_bytes(value, "big")
        if not 1 <= count <= MOST_CELLS:
            raise UserError(f"#{what}-cells must be 1 to {MOST_CELLS}, not {count}")
        return count


@dataclass
class Tree:
    """A device tree: its root, reserved memory as (address, size) pairs, the boot processor."""

    root: Node
    reserved: list
    boot_cpu: int = 0


def parse(data, name="device tree"):
    """Read a tree from bytes; anything that is not one is a UserError."""
    try:
        return _parse(data, name)
    except (struct.error, IndexError, ValueError):
        raise UserError(f"{name}: damaged device tree") from None


def _parse(data, name):
    if int.from_bytes(data[:4], "big") != MAGIC:
        raise UserError(f"{name}: must be a flattened device tree (.dtb), not {kind_of(data)}")
    if len(data) < 4 * min(HEADER_WORDS.values()):
        raise UserError(f"{name}: truncated device tree")
    (_, size, structure, strings, reservations, version, compatible) = struct.unpack_from(
        ">7I", data)
    if version > max(HEADER_WORDS) >= compatible:
        version = max(HEADER_WORDS)     # of a later version, but readable as this one
    if version not in HEADER_WORDS:
        known = ", ".join(map(str, HEADER_WORDS))
        raise UserError(f"{name}: device tree must have version {known}, not {version}")
    if not 4 * HEADER_WORDS[version] <= size <= len(data):
        raise UserError(f"{name}: truncated device tree")
    boot_cpu = struct.unpack_from(">I", data, 28)[0] if version > 1 else 0
    paths, first = version < PRESENT, structure
    reserved = []
    while (pair := struct.unpack_from(">QQ", data, reservations)) != (0, 0):
        reserved.append(pair)
        reservations += 16

    def word():
        nonlocal structure
        structure += 4
        return struct.unpack_from(">I", data, structure - 4)[0]

    def string(at):
        return data[at:data.index(b"\0", at)].decode("latin-1")

    path, root = [], None
    while (token := word()) != END:
        if token == BEGIN_NODE:
            node = Node(string(structure))
            structure += len(node.name) // 4 * 4 + 4
            if paths:
                node.name = node.name.rpartition("/")[2]
            if len(path) >= DEEPEST or (root is not None and not path):
                raise ValueError
            if path:
                path[-1].children.append(node)
            else:
                root = node
            path.append(node)
        elif token == END_NODE:
            path.pop()
        elif token == PROP:
            length, offset = word(), word()
            if paths and length >= 8:
                structure += -(structure - first) % 8
            if structure + length > len(data):
                raise ValueError
            path[-1].properties[string(strings + offset)] = data[structure:structure + length]
            structure += (length + 3) // 4 * 4
        elif token != NOP:
            raise ValueError
    if root is None or path:
        raise ValueError
    if paths:
        _forget_names(root)
    return Tree(root, reserved, boot_cpu)


def _forget_names(node):
    """Without the properties that repeat the name of the node."""
    if node.properties.get("name") == node.base_name.encode("latin-1") + b"\0":
        del node.properties["name"]
    for child in node.children:
        _forget_names(child)


def build(tree):
    """The bytes of a tree, version 17."""
    strings, offsets, structure = bytearray(), {}, bytearray()

    def pad():
        structure.extend(bytes(-len(structure) % 4))

    def add(node):
        structure.extend(struct.pack(">I", BEGIN_NODE) + node.name.encode("latin-1") + b"\0")
        pad()
        for name, value in node.properties.items():
            if name not in offsets:
                offsets[name] = len(strings)
                strings.extend(name.encode("latin-1") + b"\0")
            structure.extend(struct.pack(">3I", PROP, len(value), offsets[name]) + value)
            pad()
        for child in node.children:
            add(child)
        structure.extend(struct.pack(">I", END_NODE))

    add(tree.root)
    structure.extend(struct.pack(">I", END))
    reserved = b"".join(struct.pack(">QQ", *pair) for pair in [*tree.reserved, (0, 0)])
    at_reserved = _HEADER.size
    at_structure = at_reserved + len(reserved)
    at_strings = at_structure + len(structure)
    size = at_strings + len(strings)
    header = _HEADER.pack(MAGIC, size, at_structure, at_strings, at_reserved, 17, 16,
                          tree.boot_cpu, len(strings), len(structure))
    return header + reserved + bytes(structure) + bytes(strings)
