"""Main memory: DRAM behind a simple controller.

Modelled: contents, and the latency that the 60x bus sees, written `first`-`next`-`next`-`next` as
in the 750's manual. One access at a time: the next begins after the last beat of the previous
one. Left out: refresh, banks and open rows, parity.
Contents after power-up are zero (real DRAM holds noise), so that runs can be repeated.
"""

from pteg.components.device import Device, compiled
from pteg.components.roles import Ram
from pteg.components.storage import load, store

__all__ = ["Dram"]


class Dram(Device, Ram):
    """DRAM of `size` bytes.

    Parameters
    ----------
    first : int
        Bus clocks from `ts` to the first beat. 4: row and column access at 66 MHz.
    next : int
        Bus clocks between the beats of a burst. 1: synchronous DRAM.
    """

    def __init__(self, name: str = "dram", base: int = 0, size: int = 32 << 20,
                 *, first: int = 4, next: int = 1):
        super().__init__(name, base, size, first=first, next=next, burst=True, memory=size)

    @compiled
    def read(state, memory, offset, size):
        return load(memory, offset, size)

    @compiled
    def write(state, memory, offset, size, value):
        store(memory, offset, size, value)
