"""32-bit little-endian registers on a big-endian bus, as Apple's PCI chips have them."""

import numpy as np

from pteg.components.device import compiled

__all__ = ["swapped", "WORD"]

#: Size of the accesses that such registers answer.
WORD = 4


@compiled
def swapped(value):
    """A 32-bit number with its bytes in the other order."""
    v = np.uint32(value)
    eight, middle = np.uint32(8), np.uint32(0xFF00)
    # numba makes 64 bits of a shifted number.
    return np.uint32(v << np.uint32(24) | (v & middle) << eight | v >> eight & middle
                     | v >> np.uint32(24))
