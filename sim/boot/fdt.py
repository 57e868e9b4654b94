"""Flattened device trees (Devicetree Specification 0.4, chapter 5): read, change, write.

A kernel that is started without firmware gets its device tree from a file. Two things in it belong
to the run and not to the machine, and are changed on the way: the command line and the size of RAM.
"""

import struct
from dataclasses import dataclass, field

from pteg.errors import UserError

__all__ = ["Node", "Tree", "parse", "build"]

MAGIC = 0xD00DFEED
BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9
_HEADER = struct.Struct(">10I")
#: No tree of a real machine is deeper.
DEEPEST = 64


@dataclass
class Node:
    """A node: its name with unit address, its properties as bytes, the nodes below."""

    name: str
    properties: dict = field(default_factory=dict)
    children: list = field(default_factory=list)

    def child(self, name, create=False):
        """The node below of this name (with or without its unit address), or None."""
        for node in self.children:
            if name in (node.name, node.name.split("@")[0]):
                return node
        if not create:
            return None
        self.children.append(Node(name))
        return self.children[-1]


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
    if len(data) < _HEADER.size or int.from_bytes(data[:4], "big") != MAGIC:
        raise UserError(f"{name}: not a flattened device tree")
    (_, size, structure, strings, reservations, _, _, boot_cpu, _, _) = _HEADER.unpack_from(data)
    if size > len(data):
        raise UserError(f"{name}: truncated device tree")
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
            if structure + length > len(data):
                raise ValueError
            path[-1].properties[string(strings + offset)] = data[structure:structure + length]
            structure += (length + 3) // 4 * 4
        elif token != NOP:
            raise ValueError
    if root is None or path:
        raise ValueError
    return Tree(root, reserved, boot_cpu)


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
