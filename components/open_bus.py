"""Open bus: addresses without a device read as zero.

In a machine with this device, every transaction to an address without another device ends normally:
a read returns zero, a write is ignored. Without it, such a transaction ends with a transfer error,
and the processor takes a machine check.

Real host bridges do one or the other, and firmware depends on it: a probe for a missing device must
read as "missing". For IDE drives, UARTs and PCI cells, zero means that. `state` keeps the address
of the latest access, to find out which device a program probed for.
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
