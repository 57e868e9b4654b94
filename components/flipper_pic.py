"""The interrupt controller of the "processor interface" (PI) of the GameCube's Flipper chip.

Interrupts pass from 32 inputs through a mask to the processor's one interrupt pin.

====== ==== =============================================================================
offset name meaning; input n is the bit of value 1 << n
====== ==== =============================================================================
0x00   ICR  cause: inputs that are active. Writing 1 acknowledges an edge-triggered input
0x04   IMR  mask: inputs that may interrupt. Zero after reset
====== ==== =============================================================================

Source: Linux, arch/powerpc/platforms/embedded6xx/flipper-pic.c (register use; the driver treats
inputs as level interrupts and acknowledges before it calls the handler). Inputs 0 (bus error) and 1
(reset switch) latch on a rising edge; the others show their level, so acknowledging an input
that is still active has no effect. Left out: the reset register 0x24, the write-gather
FIFO and every other register: they read as zero.
"""

import numpy as np

from pteg.components.device import Device, compiled

__all__ = ["FlipperPic"]

#: Inputs that latch: bus error and reset switch.
EDGE = 0x00000003

_EDGE = np.uint32(EDGE)


class FlipperPic(Device):
    """The two-register interrupt controller."""

    dtype = np.dtype([
        ("irq", "u4"),      # output pin: to the processor
        ("lines", "u4"),    # levels of the inputs
        ("latched", "u4"),  # edge-triggered inputs that have been active
        ("mask", "u4"),     # IMR
    ])

    def __init__(self, name: str = "pic", base: int = 0x0C003000, size: int = 0x100,
                 *, first: int = 3):
        super().__init__(name, base, size, first=first)

    @compiled
    def drive(state, lines):
        s = state[0]
        s.latched |= np.uint32(lines) & ~s.lines & _EDGE
        s.lines = np.uint32(lines)
        _output(s)

    @compiled
    def read(state, memory, offset, size):
        s = state[0]
        # The 8 bytes that hold both registers, of which the access takes a part.
        pair = np.uint64(0)
        if offset < 8:
            pair = np.uint64(s.lines & ~_EDGE | s.latched) << np.uint64(32) | np.uint64(s.mask)
        down = np.uint64(64 - 8 * ((offset & 7) + size))
        return pair >> down & (~np.uint64(0) >> np.uint64(64 - 8 * size))

    @compiled
    def write(state, memory, offset, size, value):
        if offset >= 8:
            return
        s = state[0]
        up = np.uint64(64 - 8 * ((offset & 7) + size))
        written = ~np.uint64(0) >> np.uint64(64 - 8 * size) << up
        data = np.uint64(value) << up & written
        low = np.uint64(0xFFFFFFFF)
        s.latched &= ~np.uint32(data >> np.uint64(32))
        s.mask = s.mask & ~np.uint32(written & low) | np.uint32(data & low)
        _output(s)


@compiled
def _output(s):
    s.irq = np.uint32(((s.lines & ~_EDGE | s.latched) & s.mask) != 0)
