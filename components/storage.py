"""Big-endian numbers in byte arrays: what DRAM and ROM share."""

import numpy as np

from pteg.components.device import compiled

__all__ = ["load", "store"]

_EIGHT = np.uint64(8)


@compiled
def load(memory, offset, size):
    """The `size` bytes from `offset` on as one number."""
    value = np.uint64(0)
    for i in range(size):
        value = value << _EIGHT | np.uint64(memory[offset + i])
    return value


@compiled
def store(memory, offset, size, value):
    """Write the low `size` bytes of `value`."""
    rest = np.uint64(value)
    for i in range(size):
        memory[offset + size - 1 - i] = np.uint8(rest & np.uint64(0xFF))
        rest >>= _EIGHT
