"""Main memory: DRAM behind a simple controller.

Modelled: contents, and the latency that the 60x bus sees, written `first`-`next`-`next`-`next` as
in the 750's manual. One access at a time: the next begins after the last beat of the previous
one. Left out: refresh, banks and open rows, parity.
Contents after power-up are zero (real DRAM holds noise), so that runs can be repeated.
"""

import re
from typing import Any

from pteg.components.device import Device, compiled
from pteg.components.roles import Ram
from pteg.components.storage import load, store
from pteg.errors import UserError

__all__ = ["Dram"]


class Dram(Device, Ram):
    """DRAM of `size` bytes.

    Parameters
    ----------
    first : int
        Bus clocks from `ts` to the first beat.
    next : int
        Bus clocks between the beats of a burst. 5:2:2:2 is one of the memories of the manual's
        table of search times (750GX UM p. 236).
    """

    def __init__(self, name: str = "dram", base: int = 0, size: int = 32 << 20,
                 *, first: int = 5, next: int = 2):
        super().__init__(name, base, size, first=first, next=next, burst=True, memory=size)

    @staticmethod
    def read_timing(text: str) -> dict[str, Any]:
        """`first` and `next` from a text such as "5:2:2:2" or "5:2"."""
        found = re.fullmatch(r"([1-9]\d?):([1-9]\d?)(?:(?::\2){2})?", str(text))
        if not found:
            raise UserError(f"dram must be bus clocks to the beats such as 5:2:2:2, not {text!r}")
        return {"first": int(found[1]), "next": int(found[2])}

    @compiled
    def read(state, memory, offset, size):
        return load(memory, offset, size)

    @compiled
    def write(state, memory, offset, size, value):
        store(memory, offset, size, value)
