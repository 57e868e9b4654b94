"""Signatures of the caches (MPC750 UM chapter 3)."""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BlockPort", "CacheControl"]


class BlockPort(wiring.Signature):
    """A cache instruction for one block, such as icbi.

    Members
    -------
    valid : Out(1)
        Held until `done`.
    pa : Out(32)
        Physical address of a byte in the block.
    done : In(1)
        The block is no longer in the cache from the next cycle on.
    """

    def __init__(self):
        super().__init__({"valid": Out(1), "pa": Out(32), "done": In(1)})


class CacheControl(wiring.Signature):
    """What HID0 says to one cache.

    Members
    -------
    enable, lock : Out(1)
        ICE, ILOCK.
    flash : Out(1)
        ICFI is being written: invalidate everything. One cycle.
    """

    def __init__(self):
        super().__init__({"enable": Out(1), "lock": Out(1), "flash": Out(1)})
