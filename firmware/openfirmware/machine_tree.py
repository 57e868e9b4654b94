"""The device tree of a machine, from its devices.

Standard properties are those of IEEE 1275 and of its PowerPC binding. What belongs to a kind of
board is in flipper_nodes.py and mac_nodes.py: functions that describe a device, by its class. An
unknown device gets a node with its name and its place, and its FCode program if it has
one: the attribute `fcode`, bytes as `tokenize` makes them.
"""

from dataclasses import dataclass

from pteg.components.roles import Ram, Rom, has_role
from pteg.firmware.openfirmware import flipper_nodes, mac_nodes
from pteg.firmware.openfirmware.options import properties as options_properties
from pteg.firmware.openfirmware.tree import Node, cells, reg, strings
from pteg.hw.isa.registers import PVR

__all__ = ["Tree", "machine_tree"]

#: Support packages that know a file system, in the order in which they are tried.
FILE_SYSTEMS = ("iso9660", "hfs-plus", "hfs", "fat", "ext2")
#: A device that has more addresses than this answers where no other does.
_LARGEST = 1 << 28
_LINE = 0x20


@dataclass
class Tree:
    """The root, and the nodes that the firmware itself uses."""

    root: Node
    cpu: Node
    memory: Node
    chosen: Node
    aliases: Node
    options: Node
    packages: Node
    console: Node


def machine_tree(board):
    """The tree of a `Board`."""
    kind = mac_nodes if board.is_mac else flipper_nodes
    root = Node("device-tree", properties={
        **kind.IDENTITY, "#address-cells": cells(1), "#size-cells": cells(1),
        "clock-frequency": cells(board.bus_frequency)}, driver="root")
    cpus = root.add(Node("cpus", properties={"#address-cells": cells(1), "#size-cells": cells(0)},
                         driver="cpus"))
    for number in range(board.processors):
        cpus.add(_cpu(board, number, kind.processor_pins(board, number)))
    memory = root.add(Node("memory", 0, {"device_type": strings("memory")}, driver="memory"))
    root.add(Node("openprom", properties={
        "device_type": strings("BootROM"), "model": strings("OpenFirmware 3, pteg"),
        "relative-addressing": b"", "supports-bootinfo": b""})).add(Node("client-services"))
    packages = root.add(Node("packages", driver="packages"))
    for name in ("deblocker", "disk-label"):
        packages.add(Node(name, driver=name))
    for name in FILE_SYSTEMS:
        packages.add(Node(name, properties={"file-system": b""}, driver=name))
    options = root.add(Node("options", properties=options_properties(board)))
    aliases = root.add(Node("aliases"))
    chosen = root.add(Node("chosen", properties={"bootargs": strings(""),
                                                 "bootpath": strings("")}))
    image = root.add(Node("ram-image", properties={"device_type": strings("image")},
                          driver="ram-image"))
    bus = kind.Bus(root, board)
    for device in sorted(board.devices, key=bus.order):
        if has_role(device, Rom):
            root.add(Node("rom", device.base, {"device_type": strings("rom"), **reg(device)}))
        elif not has_role(device, Ram) and device.size <= _LARGEST:
            kind.DESCRIPTIONS.get(type(device), _unknown)(device, bus)
    if bus.pic:
        chosen.properties["interrupt-controller"] = cells(bus.pic)
    aliases.properties |= {"cpu": strings(cpus.children[0].path), "ram": strings(image.path)}
    aliases.properties |= {name: strings(node.path) for name, node in bus.aliases.items()}
    aliases.properties |= dict.fromkeys(("console", "ttya", "screen", "keyboard"),
                                        strings(bus.console.path))
    return Tree(root, cpus.children[0], memory, chosen, aliases, options, packages, bus.console)


def _unknown(device, bus):
    """A device that says nothing about itself."""
    bus.place(device).add(Node(device.name, device.base,
                               {**reg(device), **bus.interrupts(device)},
                               fcode=getattr(device, "fcode", b"")))


def _cpu(board, number, pins):
    """A processor's node. The first one runs the firmware; the others wait for a soft reset."""
    properties = {
        "device_type": strings("cpu"), "reg": cells(number), "cpu-version": cells(PVR),
        "state": strings("stopped" if number else "running"), "clock-frequency": cells(board.clock),
        "bus-frequency": cells(board.bus_frequency),
        "timebase-frequency": cells(board.timebase_frequency)}
    p = board.parameters
    for side, size, ways in (("i", p.icache, p.icache_ways), ("d", p.dcache, p.dcache_ways)):
        properties |= {f"{side}-cache-size": cells(size),
                       f"{side}-cache-sets": cells(size // ways // _LINE),
                       f"{side}-cache-block-size": cells(_LINE),
                       f"{side}-cache-line-size": cells(_LINE)}
    for tlb in ("tlb", "i-tlb", "d-tlb"):       # both are alike; some readers know only the first
        properties |= {f"{tlb}-size": cells(p.tlb_sets * p.tlb_ways),
                       f"{tlb}-sets": cells(p.tlb_sets)}
    properties |= {"tlb-split": b"", "reservation-granule-size": cells(_LINE),
                   "general-purpose": b"", "graphics": b""}
    cpu = Node("PowerPC,750", number, properties | pins, driver="cpu")
    if board.l2_size:
        cache = cpu.add(Node("l2-cache", properties={
            "device_type": strings("cache"), "cache-unified": b"",
            "i-cache-size": cells(board.l2_size), "d-cache-size": cells(board.l2_size),
            "i-cache-sets": cells(board.l2_size // 0x100),
            "d-cache-sets": cells(board.l2_size // 0x100)}))
        cpu.properties["l2-cache"] = cells(cache)
    return cpu
