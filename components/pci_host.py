"""PCI configuration: the host bridge of Apple's UniNorth, and the functions behind it.

Two windows, selected by bit 22 of the offset: CONFIG_ADDRESS, a little-endian word, and
CONFIG_DATA, which passes bytes of the configuration space of the function that the address names.
Source: PCI local bus specification 2.2, chapter 6; Linux, arch/powerpc/platforms/powermac/pci.c
(macrisc).

Three forms of address; r is a register's offset, of which CONFIG_DATA gives the low bits:

================================ ===================================================================
1... bus, device, function, r    bit 31 set: the form of PCI specification, "mechanism 1"
bus, device, function, r | 1     bit 0 set: as a type 1 cycle has it
one bit of 30-11, function, r    a type 0 cycle on bus 0: bit n selects device n
================================ ===================================================================

A function that does not exist reads as all ones, as on a bus without an answer. Each function's 256
bytes are in `memory`, followed by 256 bytes that say which bits can be written; the size of a base
address register follows from that. Left out: the effect of the registers (base addresses and
command bits change nothing: devices are at the addresses where firmware puts them), bridges to
further buses, interrupts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pteg.components.device import Device, compiled
from pteg.components.little_endian import WORD, swapped
from pteg.components.storage import load
from pteg.errors import UserError

__all__ = ["PciFunction", "PciHost"]

#: Bytes of a function's configuration space.
SPACE = 256
#: Functions that a host can have.
MOST = 8
#: Offset of CONFIG_DATA.
DATA = 0x400000
# Registers of a configuration header
COMMAND, REVISION, CLASS, BARS, LINE, PIN = 0x04, 0x08, 0x09, 0x10, 0x3C, 0x3D


@dataclass(frozen=True)
class PciFunction:
    """A function's configuration header.

    Parameters
    ----------
    device : int
        Device number on bus 0, from 11 to 31.
    vendor, kind, class_code, revision : int
        What it is.
    window : int
        Bytes that its first base address register asks for; 0: none.
    """

    device: int
    vendor: int
    kind: int
    class_code: int
    revision: int = 0
    window: int = 0

    def header(self):
        """The bytes of the configuration space, and the mask of those that can be written."""
        space, writable = bytearray(SPACE), bytearray(SPACE)
        space[0:4] = self.vendor.to_bytes(2, "little") + self.kind.to_bytes(2, "little")
        space[REVISION] = self.revision
        space[CLASS:CLASS + 3] = self.class_code.to_bytes(3, "little")
        writable[COMMAND:COMMAND + 2] = b"\x47\x01"  # I/O, memory, master, parity, SERR
        writable[LINE] = 0xFF
        if self.window:
            writable[BARS:BARS + 4] = (2**32 - self.window).to_bytes(4, "little")
        return bytes(space + writable)


class PciHost(Device):
    """Configuration registers of a host bridge.

    Parameters
    ----------
    functions : sequence of PciFunction
        All on bus 0, function 0 of their device.
    """

    dtype = np.dtype([("address", "u4"), ("count", "u4"), ("device", "u4", MOST)])

    def __init__(self, functions: Sequence[PciFunction], name: str = "pci",
                 base: int = 0xF2800000, size: int = 0x800000, *, first: int = 6):
        if len(functions) > MOST:
            raise UserError(f"{name} must have at most {MOST} PCI functions, not {len(functions)}")
        self._functions = tuple(functions)
        super().__init__(name, base, size, first=first, memory=2 * SPACE * len(functions))

    def reset(self):
        super().reset()
        self.state["count"] = len(self._functions)
        for n, function in enumerate(self._functions):
            self.state["device"][0, n] = function.device
        headers = b"".join(function.header() for function in self._functions)
        self.memory[:] = np.frombuffer(headers, np.uint8)

    def check(self):
        s = self.state[0]
        if s["count"] != len(self._functions) or any(
                s["device"][n] != function.device for n, function in enumerate(self._functions)):
            raise UserError(f"{self.name} cannot be in this state")

    @compiled
    def read(state, memory, offset, size):
        s = state[0]
        if offset < DATA:
            return np.uint64(swapped(s.address)) if size == WORD else np.uint64(0)
        place = _place(s, offset, size)
        if place < 0:
            return ~np.uint64(0) >> np.uint64(64 - 8 * size)
        return load(memory, place, size)

    @compiled
    def write(state, memory, offset, size, value):
        s = state[0]
        if offset < DATA:
            if size == WORD:
                s.address = swapped(value)
            return
        place = _place(s, offset, size)
        if place >= 0:
            for i in range(size):
                byte = np.uint64(value) >> np.uint64(8 * (size - 1 - i)) & np.uint64(0xFF)
                mask = memory[place + SPACE + i]
                memory[place + i] = memory[place + i] & ~mask | np.uint8(byte) & mask


@compiled
def _place(s, offset, size):
    """Index in `memory` of the bytes that CONFIG_DATA selects, or -1."""
    a = np.int64(s.address)
    function = a >> 8 & 7
    if a >> 31:
        bus, device, register = a >> 16 & 0xFF, a >> 11 & 31, a & 0xFC | offset & 3
    elif a & 1:
        bus, device, register = a >> 16 & 0xFF, a >> 11 & 31, a & 0xF8 | offset & 7
    else:
        bus, device, register = np.int64(0), np.int64(11), a & 0xF8 | offset & 7
        while device < 31 and not a >> device & 1:
            device += 1
        if device == 31:
            return -1                       # no bit is set: nothing is selected
    if bus == 0 and function == 0 and register + size <= SPACE:
        for n in range(s.count):
            if s.device[n] == device:
                return 2 * SPACE * n + register
    return -1
