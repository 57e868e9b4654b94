"""`Memory`: what RAM and ROM of a machine hold, for scripts."""

from collections.abc import Callable

import numpy as np

from pteg.components.roles import Ram, Storage, has_role, with_role
from pteg.cpu import Cpu
from pteg.errors import UserError
from pteg.platform import Platform

__all__ = ["Memory", "write_back"]


class Memory:
    """The machine's RAM and ROM by physical address, as the processor sees them.

    Devices are not reached from here.

    Parameters
    ----------
    platform : pteg.platform.Platform
        Its devices with memory are read and written.
    model : callable
        Gives the processor model, or None if there is none yet.
    """

    def __init__(self, platform: Platform, model: Callable[[], Cpu | None] = lambda: None):
        self._platform = platform
        self._model = model

    def _find(self, address: int, size: int) -> tuple[np.ndarray, int]:
        device = self._platform.device_at(address, size)
        if device is None or not has_role(device, Storage):
            places = ", ".join(f"{d.base:#010x} to {d.base + d.size - 1:#010x}"
                               for d in with_role(self._platform.devices, Storage))
            end = f" to {address + size - 1:#010x}" if size > 1 else ""
            raise UserError(f"address must be inside RAM or ROM ({places}), "
                            f"not {address:#010x}{end}")
        return device.memory, address - device.base

    def check(self, address: int, size: int) -> None:
        """Raise UserError unless all of these bytes exist."""
        self._find(address, size)

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes."""
        if size < 0:
            raise UserError(f"size must not be negative, not {size}")
        memory, offset = self._find(address, size)
        data = memory[offset:offset + size].copy()
        if model := self._model():
            model.overlay(address, data)
        return data.tobytes()

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Store bytes; ROM too."""
        if isinstance(data, int):   # bytes() would make so many zeros of it
            raise UserError(f"data must be bytes, not {data!r}: write_word stores a number")
        data = bytes(data)
        memory, offset = self._find(address, len(data))
        memory[offset:offset + len(data)] = memoryview(data)
        if model := self._model():
            model.memory_changed(address, data)

    def read_word(self, address: int) -> int:
        """The 32-bit number at `address`."""
        return int.from_bytes(self.read(address, 4), "big")

    def write_word(self, address: int, value: int) -> None:
        """Store a 32-bit number at `address`; excess bits of `value` are dropped."""
        self.write(address, (value & 0xFFFFFFFF).to_bytes(4, "big"))


def write_back(platform: Platform, modified: list[tuple[int, bytes]]) -> None:
    """Put what a processor has newer than memory (`pteg.cpu.Cpu.modified`) into RAM."""
    for ram in with_role(platform.devices, Ram):
        for address, data in modified:
            first = max(address, ram.base)
            end = min(address + len(data), ram.base + len(ram.memory))
            if first < end:
                ram.memory[first - ram.base:end - ram.base] = np.frombuffer(
                    data[first - address:end - address], np.uint8)
