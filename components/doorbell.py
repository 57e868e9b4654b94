"""Inter-processor interrupts and soft resets of a g3 board with several processors.

No board that existed had this device: it is the least that such a board needs. The registers are
32 bits, big-endian, and answer 32-bit accesses only; others read as zero.

============== =====================================================================================
offset         register
============== =====================================================================================
16 p           interrupt: 1 asserts INT of processor p, 0 negates it. The other devices of the
               board interrupt processor 0 only, at the same pin
16 p + 4       reset: 1 asserts SRESET of processor p, 0 negates it. A processor takes the exception
               once, when the pin is asserted; processors 1 to 3 do nothing before that
0x100          number of the processor that reads it
============== =====================================================================================
"""

import numpy as np

from pteg.components.device import Device, compiled
from pteg.errors import UserError

__all__ = ["Doorbell", "MOST"]

#: Processors, at most.
MOST = 4
#: Offsets: within the 16 bytes of a processor, and of the reader's number.
INTERRUPT, RESET, WHO = 0x0, 0x4, 0x100
WORD = 4


class Doorbell(Device):
    """Two pins of each processor."""

    dtype = np.dtype([
        ("irq0", "u4"), ("irq1", "u4"), ("irq2", "u4"), ("irq3", "u4"),
        ("sreset0", "u4"), ("sreset1", "u4"), ("sreset2", "u4"), ("sreset3", "u4"),
        ("granted", "u4"),                  # number of the processor that has the bus
        ("interrupts", "u1", MOST), ("resets", "u1", MOST),
    ], align=True)

    def __init__(self, name: str = "doorbell", base: int = 0x0C00B000, size: int = 0x200,
                 *, first: int = 3):
        super().__init__(name, base, size, first=first)

    def check(self):
        s = self.state[0]
        if (s["interrupts"] > 1).any() or (s["resets"] > 1).any() or s["granted"] >= MOST:
            raise UserError(f"{self.name} cannot be in this state")

    @compiled
    def read(state, memory, offset, size):
        s, p = state[0], offset >> 4
        value = 0
        if size == WORD and offset == WHO:
            value = np.int64(s.granted)
        elif size == WORD and p < MOST and offset & 15 == INTERRUPT:
            value = np.int64(s.interrupts[p])
        elif size == WORD and p < MOST and offset & 15 == RESET:
            value = np.int64(s.resets[p])
        return np.uint64(value)

    @compiled
    def write(state, memory, offset, size, value):
        s, p, bit = state[0], offset >> 4, np.int64(value) & 1
        if size != WORD or p >= MOST:
            return
        if offset & 15 == INTERRUPT:
            s.interrupts[p] = bit
        elif offset & 15 == RESET:
            s.resets[p] = bit
        rings, resets = s.interrupts, s.resets
        s.irq0, s.irq1, s.irq2, s.irq3 = rings[0], rings[1], rings[2], rings[3]
        s.sreset0, s.sreset1, s.sreset2, s.sreset3 = resets[0], resets[1], resets[2], resets[3]
