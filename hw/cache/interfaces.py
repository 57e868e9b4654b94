"""Signatures of the caches (MPC750 UM chapter 3)."""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BlockPort", "CacheControl", "InstructionPort"]


class InstructionPort(wiring.Signature):
    """A fetch of the instructions at an address; asked anew in each cycle until it is answered.

    Members
    -------
    valid : Out(1)
    pa : Out(32)
        Physical address of the first instruction that is wanted.
    wimg : Out(4)
    ready : In(1)
        `data` or `error` answers this cycle's request.
    data : In(128)
        The quad word that holds `pa`, the lowest address in the most significant bits.
    half : In(1)
        Only the double word that holds `pa` is there, in its place.
    error : In(1)
        The bus has ended the read with a transfer error.
    """

    def __init__(self):
        super().__init__({
            "valid": Out(1), "pa": Out(32), "wimg": Out(4),
            "ready": In(1), "data": In(128), "half": In(1), "error": In(1),
        })


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
