"""Configuration of the machine for its firmware: QEMU's fw_cfg device.

OpenBIOS reads the size of memory, the clocks, and the place of a program that is already in memory.
Source: QEMU, docs/specs/fw_cfg. A 16-bit write to offset 0 selects an item. Each read of offset 2
returns its next byte, or zero beyond its end and for items that do not exist. Integers are
little-endian. Left out: writes to items, DMA.
"""

import enum
from collections.abc import Mapping

import numpy as np

from pteg.components.device import Device, compiled
from pteg.components.roles import FirmwareConfiguration
from pteg.errors import UserError

__all__ = ["FwCfg", "Key"]

#: Before each item in `memory`: its key (2 bytes) and length (4 bytes), big-endian.
HEAD = 6
DATA = 2


class Key(enum.IntEnum):
    """Items that firmware for PowerPC machines reads."""

    SIGNATURE = 0x00
    ID = 0x01                   # version of the interface: 1, without DMA
    UUID = 0x02
    RAM_SIZE = 0x03
    NOGRAPHIC = 0x04            # the serial port is the console
    CPUS = 0x05
    MACHINE_ID = 0x06           # 1: mac99
    KERNEL_ADDRESS = 0x07
    KERNEL_SIZE = 0x08
    KERNEL_CMDLINE = 0x09       # address of the text
    INITRD_ADDRESS = 0x0A
    INITRD_SIZE = 0x0B
    BOOT_DEVICE = 0x0C          # a letter; 'm': the kernel in memory
    FILE_DIRECTORY = 0x19
    TIMEBASE_HZ = 0x8003
    CPU_HZ = 0x8004
    IS_KVM = 0x8005
    NVRAM_ADDRESS = 0x8008
    BUS_HZ = 0x8009
    VIA_CONFIG = 0x800B         # 1: a PMU, without ADB


class FwCfg(Device, FirmwareConfiguration):
    """The items, by key, as bytes or numbers.

    `device[Key.RAM_SIZE] = 1 << 27` sets one; a number has 4 bytes.
    """

    dtype = np.dtype([("at", "i8"), ("end", "i8")])

    def __init__(self, items: Mapping[int, int | bytes], name: str = "fw_cfg",
                 base: int = 0xF0000510, size: int = 8, *, first: int = 6):
        super().__init__(name, base, size, first=first)
        self._items: dict[int, bytes] = {}
        for key, value in {Key.SIGNATURE: b"QEMU", Key.ID: 1, **items}.items():
            self[key] = value

    def __setitem__(self, key, value):
        self._items[key] = value.to_bytes(4, "little") if isinstance(value, int) else bytes(value)
        contents = b"".join(key.to_bytes(2, "big") + len(value).to_bytes(4, "big") + value
                            for key, value in sorted(self._items.items()))
        self.memory = np.frombuffer(bytearray(contents), np.uint8)
        self.reset()

    def check(self):
        s = self.state[0]
        if not 0 <= s["at"] <= s["end"] <= len(self.memory):
            raise UserError(f"{self.name} cannot be in this state")

    @compiled
    def read(state, memory, offset, size):
        """A wider access is that many bytes in a row."""
        s = state[0]
        value = np.uint64(0)
        for i in range(size):
            value <<= np.uint64(8)
            if offset + i >= DATA and s.at < s.end:
                value |= np.uint64(memory[s.at])
                s.at += 1
        return value

    @compiled
    def write(state, memory, offset, size, value):
        s = state[0]
        if offset != 0 or size != 2:
            return
        s.at = s.end = 0
        at = 0
        while at + HEAD <= len(memory):
            key, length = _number(memory, at, 2), _number(memory, at + 2, 4)
            at += HEAD
            if key == np.int64(value):
                s.at, s.end = at, min(at + length, len(memory))
            at += length


@compiled
def _number(memory, at, size):
    value = np.int64(0)
    for i in range(size):
        value = value << 8 | np.int64(memory[at + i])
    return value
