"""The device tree while the ROM is built: nodes, their properties and where these go.

`Node` is a node of the tree. `place` writes nodes and property records into the data space, so
that all of them are ordinary RAM after start-up; values that never change stay in the ROM.
forth/tree.fs has the layout of both records.
"""

import struct
from dataclasses import dataclass, field

from pteg.firmware.openfirmware.target import WordList

__all__ = ["Node", "cells", "strings", "reg", "ata_disk", "place", "NODE_MAGIC"]

#: Where a node keeps its FCode program.
FCODE_PROPERTY = "pteg,fcode"
#: First cell of a node: a phandle is the address of such a cell.
NODE_MAGIC = int.from_bytes(b"node", "big")


def cells(*numbers):
    """Property value: 32-bit numbers. A `Node` among them becomes its phandle."""
    return list(numbers)


def strings(*texts):
    """Property value: strings, each with a zero at its end."""
    return b"".join(text.encode() + b"\0" for text in texts)


def reg(device):
    """Property `reg` of a device whose bus has the processor's addresses."""
    return {"reg": cells(device.base, device.size)}


@dataclass
class Node:
    """A node: name, unit address (or None), properties, children.

    `driver` names the file in drivers/ with its methods, or is empty; `constants` are known to it.
    `fcode` is an FCode program that the firmware evaluates for the node when it probes.
    """

    name: str
    unit: int | None = None
    properties: dict = field(default_factory=dict)
    children: list = field(default_factory=list)
    driver: str = ""
    constants: dict = field(default_factory=dict)
    fcode: bytes = b""
    address: int = 0
    words: WordList | None = None
    parent: "Node | None" = None

    def add(self, node):
        """Append a child; returns it."""
        node.parent = self
        self.children.append(node)
        return node

    def walk(self):
        """This node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def set_instance_data(self, data, address, size):
        """Write where the initial values of instance data are, after `place`."""
        data.store(self.address + 4 * _INSTANCE_SIZE, size)
        data.store(self.address + 4 * _INSTANCE_DATA, address)

    @property
    def path(self):
        if self.parent is None:
            return "/"
        unit = "" if self.unit is None else f"@{self.unit:x}"
        return f"{self.parent.path.rstrip('/')}/{self.name}{unit}"


def ata_disk(device):
    """Node of the disk on an ATA channel, which is below the channel's node."""
    return Node("disk", 0, {"device_type": strings("block"), "reg": cells(0)},
                driver="ata-disk", constants={"reg-base": device.base})


#: Cells of a node's record and of a property's.
_NODE_CELLS, _PROPERTY_CELLS = 9, 5
#: Fields of a node's record, by number.
_INSTANCE_SIZE, _INSTANCE_DATA = 6, 7


def place(root, compiler):
    """Give every node its address and its word list, and write all records."""
    nodes = list(root.walk())
    data, rom = compiler.data, compiler.rom
    for node in nodes:
        node.address = data.cells([NODE_MAGIC] + [0] * (_NODE_CELLS - 1))
        node.words = WordList.make(data, 4, list(compiler.lists.values())[-1])
        compiler.lists[node.path] = node.words
    for node in nodes:
        following = _after(node)
        properties = {"name": strings(node.name), **node.properties}
        if node.fcode:
            properties[FCODE_PROPERTY] = node.fcode
        fields = [NODE_MAGIC, node.parent.address if node.parent else 0,
                  node.children[0].address if node.children else 0,
                  following.address if following else 0,
                  _properties(properties, data, rom), node.words.address, 0, 0, 0]
        for index, value in enumerate(fields):
            data.store(node.address + 4 * index, value)


def _after(node):
    if node.parent is None:
        return None
    peers = node.parent.children
    index = next(i for i, peer in enumerate(peers) if peer is node) + 1
    return peers[index] if index < len(peers) else None


def _properties(properties, data, rom):
    """Write property records; returns the address of the first."""
    records = [data.cells([0] * _PROPERTY_CELLS) for _ in properties]
    for (name, value), record, following in zip(properties.items(), records, [*records[1:], 0],
                                                strict=True):
        if isinstance(value, list):
            value = b"".join(struct.pack(">I", (item.address if isinstance(item, Node) else item)
                                         & 0xFFFFFFFF) for item in value)
        text = rom.append(name.encode() + b"\0")
        rom.align()
        place_of_value = rom.append(value)
        rom.align()
        for index, cell in enumerate([following, text, len(name), place_of_value, len(value)]):
            data.store(record + 4 * index, cell)
    return records[0] if records else 0
