"""The device tree of a machine, from its devices.

Standard properties are those of IEEE 1275 and of its PowerPC binding. A device that is not known
here gets a node with its name and its place; a class of devices can say more by a function
registered in `DESCRIPTIONS`.
"""

from pteg.components.copier import Copier
from pteg.components.escc8530 import Escc8530
from pteg.components.flipper_pic import FlipperPic
from pteg.components.nvram import Nvram
from pteg.components.roles import Ram, Rom, has_role
from pteg.components.uart16550 import Uart16550
from pteg.firmware.openfirmware.tree import Node, cells, strings
from pteg.hw.isa.registers import PVR

__all__ = ["machine_tree", "DESCRIPTIONS"]

#: A device that has more addresses than this answers where no other does.
_LARGEST = 1 << 28
_CACHE = {"size": 0x8000, "sets": 0x80, "block-size": 0x20, "line-size": 0x20}


def machine_tree(board):
    """Root of the tree of a `Board`."""
    flipper = any(isinstance(device, FlipperPic) for device in board.devices)
    name = "g3" if flipper else "mac99"
    root = Node("device-tree", properties={
        "model": strings(f"pteg,{name}"),
        # Linux' platform for the interrupt controller and the serial port of this machine.
        "compatible": strings(f"pteg,{name}", *(["nintendo,gamecube"] if flipper else [])),
        "#address-cells": cells(1), "#size-cells": cells(1),
        "clock-frequency": cells(board.bus_frequency)}, driver="root")
    cpu = root.add(Node("cpus", properties={"#address-cells": cells(1), "#size-cells": cells(0)},
                        driver="cpus")).add(_cpu(board))
    memory = root.add(Node("memory", 0, {"device_type": strings("memory")}, driver="memory"))
    root.add(Node("openprom", properties={
        "device_type": strings("BootROM"), "model": strings("OpenFirmware 3, pteg"),
        "relative-addressing": b"", "supports-bootinfo": b""})).add(Node("client-services"))
    packages = root.add(Node("packages", driver="packages"))
    options = root.add(Node("options"))
    aliases = root.add(Node("aliases"))
    chosen = root.add(Node("chosen", properties={"bootargs": strings(""),
                                                 "bootpath": strings("")}))
    image = root.add(Node("ram-image", properties={"device_type": strings("image")},
                          driver="ram-image"))
    bus = _Bus(root, board)
    # Interrupt controllers first: devices point to them.
    for device in sorted(board.devices, key=lambda device: not isinstance(device, FlipperPic)):
        if has_role(device, Rom):
            _rom(device, bus)
        elif not has_role(device, Ram) and device.size <= _LARGEST:
            DESCRIPTIONS.get(type(device), _unknown)(device, bus)
    console = bus.console
    aliases.properties |= {"cpu": strings(cpu.path), "ram": strings(image.path),
                           "console": strings(console.path), "ttya": strings(console.path),
                           "screen": strings(console.path), "keyboard": strings(console.path)}
    return Tree(root, cpu, memory, chosen, aliases, options, packages, console)


class Tree:
    """The root and the nodes that the firmware itself uses."""

    def __init__(self, root, cpu, memory, chosen, aliases, options, packages, console):
        self.root, self.cpu, self.memory, self.chosen = root, cpu, memory, chosen
        self.aliases, self.options, self.packages = aliases, options, packages
        self.console = console


def _cpu(board):
    properties = {
        "device_type": strings("cpu"), "reg": cells(0), "cpu-version": cells(PVR),
        "state": strings("running"), "clock-frequency": cells(board.clock),
        "bus-frequency": cells(board.bus_frequency),
        "timebase-frequency": cells(board.timebase_frequency)}
    for cache in ("i-cache", "d-cache"):
        properties |= {f"{cache}-{name}": cells(value) for name, value in _CACHE.items()}
    properties |= {"tlb-size": cells(0x80), "tlb-sets": cells(0x40), "tlb-split": b"",
                   "reservation-granule-size": cells(0x20),
                   "general-purpose": b"", "graphics": b""}
    cpu = Node("PowerPC,750", 0, properties, driver="cpu")
    if board.l2_size:
        cache = cpu.add(Node("l2-cache", properties={
            "device_type": strings("cache"), "cache-unified": b"",
            "i-cache-size": cells(board.l2_size), "d-cache-size": cells(board.l2_size),
            "i-cache-sets": cells(board.l2_size // 0x100),
            "d-cache-sets": cells(board.l2_size // 0x100)}))
        cpu.properties["l2-cache"] = cells(cache)
    return cpu


class _Bus:
    """Where nodes of devices go, and what they need of each other."""

    def __init__(self, root, board):
        self.root, self.board, self.console = root, board, None
        self.flipper = self.pic = None

    def place(self, device):
        """The node that a device at this address is below."""
        return self.flipper if self.flipper and device.base >> 24 == 0x0C else self.root

    def interrupts(self, device):
        """Properties of a device's interrupt, if it has one."""
        wire = next((wire for wire in self.board.wires if wire.source == device.name), None)
        if wire is None or self.pic is None:
            return {}
        return {"interrupts": cells(wire.number), "interrupt-parent": cells(self.pic)}


def _reg(device):
    return {"reg": cells(device.base, device.size)}


def _rom(device, bus):
    bus.root.add(Node("rom", device.base, {"device_type": strings("rom"), **_reg(device)}))


def _flipper_pic(device, bus):
    bus.flipper = bus.root.add(Node("flipper", properties={
        "compatible": strings("nintendo,flipper"), "#address-cells": cells(1),
        "#size-cells": cells(1), "ranges": cells(0x0C000000, 0x0C000000, 0x10000)}, driver="bus"))
    interface = bus.flipper.add(Node("processor-interface", device.base, {
        "compatible": strings("nintendo,flipper-pi"), **_reg(device)}))
    bus.pic = interface.add(Node("pic", properties={
        "compatible": strings("nintendo,flipper-pic"), "interrupt-controller": b"",
        "#interrupt-cells": cells(1)}))


def _uart16550(device, bus):
    node = bus.place(device).add(Node("serial", device.base, {
        "device_type": strings("serial"), "compatible": strings("ns16550a", "ns16550"),
        **_reg(device), "clock-frequency": cells(int(device.state["clock"][0])),
        "current-speed": cells(115200), **bus.interrupts(device)},
        driver="uart16550", constants={"reg-base": device.base}))
    bus.console = bus.console or node


def _escc8530(device, bus):
    escc = bus.root.add(Node("escc", device.base, {
        "device_type": strings("escc"), "compatible": strings("chrp,es0"), **_reg(device),
        "#address-cells": cells(1), "#size-cells": cells(1), "ranges": b""}, driver="bus"))
    for name, offset in (("ch-a", 0x20), ("ch-b", 0)):
        channel = escc.add(Node(name, device.base + offset, {
            "device_type": strings("serial"), "compatible": strings("chrp,es2" if offset else
                                                                    "chrp,es3"),
            "reg": cells(device.base + offset, 0x20), "current-speed": cells(115200)},
            driver="escc8530", constants={"reg-base": device.base + offset}))
        if offset:
            bus.console = bus.console or channel


def _copier(device, bus):
    bus.place(device).add(Node("dma-controller", device.base, {
        "compatible": strings("pteg,copier"), **_reg(device), **bus.interrupts(device)}))


def _nvram(device, bus):
    bus.root.add(Node("nvram", device.base, {
        "device_type": strings("nvram"), **_reg(device),
        "#bytes": cells(device.memory.size)}))


def _unknown(device, bus):
    """A device that says nothing about itself."""
    bus.place(device).add(Node(device.name, device.base, _reg(device)))


#: What to say about a device, by its class: `function(device, bus)` adds nodes.
DESCRIPTIONS = {Uart16550: _uart16550, Escc8530: _escc8530, FlipperPic: _flipper_pic,
                Copier: _copier, Nvram: _nvram}
