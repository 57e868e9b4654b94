"""Feature control of Apple's KeyLargo: clocks and power of the chip's cells, and its GPIOs.

64 registers of 32 bits, little-endian, at the start of the chip's window: the feature control
registers 0x38 to 0x4C and the GPIOs from 0x50 on, which drivers write to enable cells, and read
back. Here every cell always works, so the registers only store values. Source: Linux,
arch/powerpc/platforms/powermac/feature.c. Left out: the effect of clocks and GPIO inputs.
"""

from pteg.components.device import Device, compiled
from pteg.components.storage import load, store

__all__ = ["KeyLargo"]


class KeyLargo(Device):
    """Registers that only remember."""

    def __init__(self, name: str = "keylargo", base: int = 0x80000000, size: int = 0x100,
                 *, first: int = 6):
        super().__init__(name, base, size, first=first, memory=size)

    def reset(self):
        super().reset()
        self.memory[:] = 0

    @compiled
    def read(state, memory, offset, size):
        return load(memory, offset, size)

    @compiled
    def write(state, memory, offset, size, value):
        store(memory, offset, size, value)
