"""Feature control of Apple's KeyLargo: clocks and power of the chip's cells, and its GPIOs.

64 registers of 32 bits, little-endian, at the start of the chip's window: the feature control
registers 0x38 to 0x4C and the GPIOs from 0x50 on, which drivers write to enable cells, and read
back. Here every cell always works, so most registers only store values. Source: Linux,
arch/powerpc/platforms/powermac/feature.c and smp.c. Left out: the effect of clocks, GPIO inputs.

Five GPIOs, a byte each, drive pins of the processors. All pins are active low and pulled up: one
is asserted while its GPIO drives (bit 2) a zero (bit 0).

======================== ==========================================================
0x5B, 0x5C, 0x67, 0x68   SRESET of processors 0 to 3
0x73                     TBEN of all: while it is low, their time bases stand still
======================== ==========================================================
"""

import numpy as np

from pteg.components.device import Device, compiled
from pteg.components.storage import load, store

__all__ = ["KeyLargo", "SOFT_RESETS", "TIMEBASE_ENABLE"]

#: Offsets of GPIOs.
SOFT_RESETS = (0x5B, 0x5C, 0x67, 0x68)
TIMEBASE_ENABLE = 0x73
#: Bits of a GPIO.
LEVEL, DRIVE = 1, 4


class KeyLargo(Device):
    """Registers that remember, and pins of the processors."""

    dtype = np.dtype([("sreset0", "u4"), ("sreset1", "u4"), ("sreset2", "u4"), ("sreset3", "u4"),
                      ("timebase_stopped", "u4")])

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
        s = state[0]
        s.sreset0, s.sreset1 = _is_low(memory[SOFT_RESETS[0]]), _is_low(memory[SOFT_RESETS[1]])
        s.sreset2, s.sreset3 = _is_low(memory[SOFT_RESETS[2]]), _is_low(memory[SOFT_RESETS[3]])
        s.timebase_stopped = _is_low(memory[TIMEBASE_ENABLE])


@compiled
def _is_low(gpio):
    return np.uint32(gpio & (DRIVE | LEVEL) == DRIVE)
