"""Open bus: reads of zero where nothing is.

A machine that has this device ends every transaction to an address without a device normally: a
read gives zero, a write is lost. Without it such an address ends with a transfer error, and the
processor takes a machine check.

Real host bridges do either, and firmware counts on what its board does: a probe for a device that
is not there must read as "not there", which zero is for IDE drives, UARTs and PCI cells. The
address of the latest access is kept in `state`, to find out what a program looked for.
"""

import numpy as np

from pteg.components.device import Device, compiled

__all__ = ["OpenBus"]


class OpenBus(Device):
    """Answers wherever no other device does."""

    dtype = np.dtype([("latest", "u8")])

    def __init__(self, name: str = "open_bus", *, first: int = 3, next: int = 1):
        super().__init__(name, 0, 1 << 32, first=first, next=next, burst=True)

    @compiled
    def read(state, memory, offset, size):
        state[0].latest = offset
        return np.uint64(0)

    @compiled
    def write(state, memory, offset, size, value):
        state[0].latest = offset
