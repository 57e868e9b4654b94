"""Nodes of a g3 board, which has the interrupt controller of the GameCube's Flipper chip.

Linux' platform for this controller and a 16550 finds both below a node `flipper`.
"""

from pathlib import Path

from pteg.components.ata_disk import AtaDisk
from pteg.components.copier import Copier
from pteg.components.doorbell import Doorbell
from pteg.components.flipper_pic import FlipperPic
from pteg.components.fw_cfg import FwCfg
from pteg.components.uart16550 import Uart16550
from pteg.firmware.openfirmware.tokenizer import tokenize
from pteg.firmware.openfirmware.tree import Node, ata_disk, cells, reg, strings

__all__ = ["Bus", "DESCRIPTIONS", "IDENTITY", "processor_pins"]

#: FCode source of the copy engine's driver.
_COPIER = Path(__file__).parent / "drivers" / "copier.fth"

#: What the root says about the machine.
IDENTITY = {"model": strings("pteg,g3"), "compatible": strings("pteg,g3", "nintendo,gamecube")}
#: Addresses of the devices that are below `flipper`.
_WINDOW, _WINDOW_SIZE = 0x0C000000, 0x10000


def processor_pins(board, number):
    """Properties of a processor: none. The node of the doorbell says where its pins are."""
    return {}


class Bus:
    """Where nodes of devices go, and what they need of each other."""

    def __init__(self, root, board):
        self.root, self.board = root, board
        self.console = self.pic = None
        self.aliases = {}
        self.flipper = root.add(Node("flipper", properties={
            "compatible": strings("nintendo,flipper"), "#address-cells": cells(1),
            "#size-cells": cells(1), "ranges": cells(_WINDOW, _WINDOW, _WINDOW_SIZE)},
            driver="bus"))

    @staticmethod
    def order(device):
        """The interrupt controller comes first: devices point to it."""
        return not isinstance(device, FlipperPic)

    def place(self, device):
        """The node that a device at this address is below."""
        inside = _WINDOW <= device.base < _WINDOW + _WINDOW_SIZE
        return self.flipper if inside else self.root

    def interrupts(self, device):
        """Properties of a device's interrupt, if it has one."""
        wire = next((wire for wire in self.board.wires if wire.source == device.name), None)
        if wire is None or self.pic is None:
            return {}
        return {"interrupts": cells(wire.number), "interrupt-parent": cells(self.pic)}


def _flipper_pic(device, bus):
    interface = bus.flipper.add(Node("processor-interface", device.base, {
        "compatible": strings("nintendo,flipper-pi"), **reg(device)}))
    bus.pic = interface.add(Node("pic", properties={
        "compatible": strings("nintendo,flipper-pic"), "interrupt-controller": b"",
        "#interrupt-cells": cells(1)}))


def _uart16550(device, bus):
    node = bus.place(device).add(Node("serial", device.base, {
        "device_type": strings("serial"), "compatible": strings("ns16550a", "ns16550"),
        **reg(device), "clock-frequency": cells(int(device.state["clock"][0])),
        "current-speed": cells(115200), **bus.interrupts(device)},
        driver="uart16550", constants={"reg-base": device.base}))
    bus.console = bus.console or node


def _copier(device, bus):
    bus.place(device).add(Node("dma-controller", device.base, {
        "compatible": strings("pteg,copier"), **reg(device), **bus.interrupts(device)},
        fcode=tokenize(_COPIER.read_text(), _COPIER.name)))


def _fw_cfg(device, bus):
    bus.place(device).add(Node("fw-cfg", device.base, {
        "compatible": strings("pteg,fw-cfg"), **reg(device)}))


def _doorbell(device, bus):
    bus.place(device).add(Node("doorbell", device.base, {
        "compatible": strings("pteg,doorbell"), **reg(device)}))


def _disk(device, bus):
    channel = bus.aliases["ata"] = bus.place(device).add(Node("ata", device.base, {
        "device_type": strings("ata"), **reg(device), "#address-cells": cells(1),
        "#size-cells": cells(0), **bus.interrupts(device)}, driver="bus"))
    bus.aliases["hd"] = channel.add(ata_disk(device))


#: What to say about a device, by its class: `function(device, bus)` adds nodes.
DESCRIPTIONS = {FlipperPic: _flipper_pic, Uart16550: _uart16550, Copier: _copier,
                FwCfg: _fw_cfg, AtaDisk: _disk, Doorbell: _doorbell}
