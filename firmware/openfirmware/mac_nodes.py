"""Nodes of a mac99 board: UniNorth, KeyLargo and what is in it, as a PowerMac3,1 has them.

Devices in KeyLargo (mac-io) have addresses relative to it; `mac-io` is PCI device 12.
"""

from pteg.components.ata_disk import AtaDisk
from pteg.components.escc8530 import Escc8530
from pteg.components.fw_cfg import FwCfg
from pteg.components.keylargo import SOFT_RESETS, TIMEBASE_ENABLE, KeyLargo
from pteg.components.nvram import Nvram
from pteg.components.openpic import OpenPic
from pteg.components.pci_host import PciHost
from pteg.firmware.openfirmware.tree import Node, ata_disk, cells, reg, strings

__all__ = ["Bus", "DESCRIPTIONS", "IDENTITY", "processor_pins"]

#: What the root says about the machine: the platform "pmac" of Linux and others is meant.
IDENTITY = {"model": strings("PowerMac3,1"), "device_type": strings("bootrom"),
            "compatible": strings("PowerMac3,1", "MacRISC", "MacRISC2", "Power Macintosh"),
            "system-id": strings("0000000000000")}
#: KeyLargo's addresses.
_MAC_IO, _MAC_IO_SIZE = 0x80000000, 0x80000
#: Its place on the PCI bus: device number, configuration address.
_DEVICE = 12
_CONFIGURATION = _DEVICE << 11
#: Of the PCI bus in Hz.
_PCI_CLOCK = 33_333_333
#: 32-bit memory space and relocatable, with the base address register at 0x10 (PCI binding 2.2.1).
_MEMORY_SPACE = 0x02000000
_LEVEL = 1


def processor_pins(board, number):
    """Properties of a processor: which GPIOs of KeyLargo are its pins, where there are several."""
    if board.processors == 1:
        return {}
    return {"soft-reset": cells(SOFT_RESETS[number]), "timebase-enable": cells(TIMEBASE_ENABLE)}


class Bus:
    """Where nodes of devices go, and what they need of each other."""

    def __init__(self, root, board):
        self.root, self.board = root, board
        self.console = self.pic = None
        self.aliases = {}
        root.add(Node("uni-n", 0xF8000000, {
            "device_type": strings("memory-controller"), "compatible": strings("uni-north"),
            "device-rev": cells(7), "reg": cells(0xF8000000, 0x01000000)}))
        self.pci = root.add(Node("pci", 0xF2000000, {
            "device_type": strings("pci"), "model": strings("AAPL,UniNorth"),
            "compatible": strings("uni-north"),
            "vendor-id": cells(0x106B), "device-id": cells(0x1F), "revision-id": cells(0),
            "class-code": cells(0x060000), "clock-frequency": cells(_PCI_CLOCK),
            "slot-names": cells(0), "reg": cells(0xF2000000, 0x02000000),
            "#address-cells": cells(3), "#size-cells": cells(2), "#interrupt-cells": cells(1),
            "bus-range": cells(0, 0),
            "ranges": cells(0x01000000, 0, 0, 0xF2000000, 0, 0x00800000,
                            _MEMORY_SPACE, 0, _MAC_IO, _MAC_IO, 0, 0x10000000)}, driver="pci"))
        bar = _MEMORY_SPACE | _CONFIGURATION | 0x10
        self.mac_io = self.pci.add(Node("mac-io", _DEVICE, {
            "device_type": strings("mac-io"), "model": strings("AAPL,Keylargo"),
            "compatible": strings("Keylargo"),
            "vendor-id": cells(0x106B), "device-id": cells(0x22), "revision-id": cells(0),
            "class-code": cells(0xFF0000), "devsel-speed": cells(0),
            "min-grant": cells(0), "max-latency": cells(0),
            "reg": cells(_CONFIGURATION, 0, 0, 0, 0, bar, 0, 0, 0, _MAC_IO_SIZE),
            "assigned-addresses": cells(bar | 0x80000000, 0, _MAC_IO, 0, _MAC_IO_SIZE),
            "#address-cells": cells(1), "#size-cells": cells(1), "#interrupt-cells": cells(1),
            "ranges": cells(0, bar, 0, _MAC_IO, _MAC_IO_SIZE)}, driver="bus"))
        self.aliases |= {"pci": self.pci, "mac-io": self.mac_io}

    @staticmethod
    def order(device):
        """The interrupt controller comes first: devices point to it."""
        return not isinstance(device, OpenPic)

    def place(self, device):
        """The node that a device at this address is below."""
        return self.root

    def interrupts(self, device, pin="irq"):
        """Properties of a device's interrupt, if it has one."""
        wire = next((wire for wire in self.board.wires
                     if wire.source == device.name and wire.pin == pin), None)
        if wire is None or self.pic is None:
            return {}
        return {"interrupts": cells(wire.number, _LEVEL), "interrupt-parent": cells(self.pic)}


def _openpic(device, bus):
    offset = device.base - _MAC_IO
    bus.pic = bus.mac_io.add(Node("interrupt-controller", offset, {
        "device_type": strings("open-pic"), "compatible": strings("chrp,open-pic"),
        "built-in": b"", "reg": cells(offset, device.size), "#interrupt-cells": cells(2),
        "#address-cells": cells(0), "interrupt-controller": b""}))
    for node in (bus.pci, bus.mac_io):
        node.properties["interrupt-parent"] = cells(bus.pic)


def _escc8530(device, bus):
    offset = device.base - _MAC_IO
    escc = bus.mac_io.add(Node("escc", offset, {
        "device_type": strings("escc"), "compatible": strings("escc", "CHRP,es0"),
        "reg": cells(offset, 0x1000), "#address-cells": cells(1), "#size-cells": cells(1),
        "ranges": b""}, driver="bus"))
    for channel, place, kind in (("a", 0x20, "chrp,es2"), ("b", 0, "chrp,es3")):
        at = offset + place
        node = escc.add(Node(f"ch-{channel}", at, {
            "device_type": strings("serial"), "compatible": strings(kind),
            # Control and data register; real ones have DMA channels behind these.
            "reg": cells(at, 1, at + 0x10, 1), "slot-names": cells(0),
            **bus.interrupts(device, f"irq_{channel}")},
            driver="escc8530", constants={"reg-base": device.base + place}))
        bus.aliases[f"scc{channel}"] = node
        if channel == "a":
            bus.console = bus.console or node


def _disk(device, bus):
    offset = device.base - _MAC_IO
    channel = bus.aliases["ata"] = bus.mac_io.add(Node("ata-3", offset, {
        "device_type": strings("ata"), "compatible": strings("keylargo-ata"),
        "model": strings("ata-3"), "reg": cells(offset, 0x1000), "#address-cells": cells(1),
        "#size-cells": cells(0), **bus.interrupts(device)}, driver="bus"))
    bus.aliases["hd"] = channel.add(ata_disk(device))


def _nvram(device, bus):
    bus.aliases["nvram"] = bus.root.add(Node("nvram", device.base, {
        "device_type": strings("nvram"), "compatible": strings("nvram,flash"), **reg(device),
        "#bytes": cells(device.memory.size)}))


def _fw_cfg(device, bus):
    bus.root.add(Node("fw-cfg", device.base, {"compatible": strings("qemu,fw-cfg-mmio"),
                                              **reg(device)}))


def _part_of_another(device, bus):
    """KeyLargo's and the PCI host's own registers: their nodes are there already."""


#: What to say about a device, by its class: `function(device, bus)` adds nodes.
DESCRIPTIONS = {OpenPic: _openpic, Escc8530: _escc8530, AtaDisk: _disk, Nvram: _nvram,
                FwCfg: _fw_cfg, KeyLargo: _part_of_another, PciHost: _part_of_another}
