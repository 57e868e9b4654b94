"""Boot ROM: contents that writes do not change.

Modelled: contents and latency. The defaults are those of an asynchronous flash memory, which has no
burst mode: every beat takes a whole access. Writes end normally and change nothing, as with a flash
whose write enable is not connected. Left out: flash commands, bus widths below 64 bits.
"""

import numpy as np

from pteg.components import roles
from pteg.components.device import Device, compiled
from pteg.components.storage import load
from pteg.errors import UserError

__all__ = ["Rom"]


class Rom(Device, roles.Rom):
    """ROM of `size` bytes, erased (all ones) until it is programmed."""

    def __init__(self, name: str = "rom", base: int = 0xFFF00000, size: int = 1 << 20,
                 *, first: int = 6, next: int = 6):
        super().__init__(name, base, size, first=first, next=next, burst=True, memory=size)
        self.memory[:] = 0xFF

    def program(self, image):
        """Put `image` at the start; the rest becomes zero.

        Zero and not 0xFF: images carry their .bss as the gap behind the file (OpenBIOS copies the
        whole ROM to RAM and uses it from there).
        """
        if len(image) > self.size:
            raise UserError(f"ROM image must fit in {self.size:#x} bytes, not {len(image):#x}")
        self.memory[:] = 0
        self.memory[:len(image)] = np.frombuffer(image, np.uint8)

    @compiled
    def read(state, memory, offset, size):
        return load(memory, offset, size)

    @compiled
    def write(state, memory, offset, size, value):
        pass
