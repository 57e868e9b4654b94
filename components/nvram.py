"""Non-volatile memory: one byte in every `stride` bytes of its window, as Apple's machines have it.

It keeps its contents across a reset. Other bytes of the window read as zero. The contents are part
of a checkpoint; a new machine has erased ones (zeros), which firmware fills.
"""

import numpy as np

from pteg.components.device import Device, compiled

__all__ = ["Nvram"]


class Nvram(Device):
    """`size // stride` bytes that survive a reset."""

    dtype = np.dtype([("stride", "u4")])

    def __init__(self, name: str = "nvram", base: int = 0xFFE04000, size: int = 0x4000,
                 *, stride: int = 2, first: int = 6):
        self._stride = stride
        super().__init__(name, base, size, first=first, memory=size // stride)

    def reset(self):
        self.state["stride"] = self._stride

    def check(self):
        self.reset()

    @compiled
    def read(state, memory, offset, size):
        stride = np.int64(state[0].stride)
        value = np.uint64(0)
        for i in range(offset, offset + size):
            value <<= np.uint64(8)
            if i % stride == 0:
                value |= np.uint64(memory[i // stride])
        return value

    @compiled
    def write(state, memory, offset, size, value):
        stride = np.int64(state[0].stride)
        for i in range(size):
            if (offset + i) % stride == 0:
                byte = np.uint64(value) >> np.uint64(8 * (size - 1 - i)) & np.uint64(0xFF)
                memory[(offset + i) // stride] = np.uint8(byte)
