"""Signatures of the caches (MPC750 UM chapter 3)."""

from amaranth.hdl import C
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.cache.enums import BlockState, Client, DataOp
from pteg.hw.named import Named

__all__ = [
    # Ports of the caches
    "BlockPort", "CacheControl", "DataPort", "InstructionPort", "L2Control",
    # Inside the L2
    "L2Answer",
    # Inside the data cache
    "Request", "DirectoryUpdate",
    "byte_lanes",
]


def byte_lanes(pa, size):
    """The bytes of a double word that an access touches; bit 7 is byte 0, at the left."""
    return (((C(1, 9) << size) - 1)[:8] << (8 - pa[:3] - size)[:3])[:8]


class InstructionPort(wiring.Signature):
    """A fetch of the instructions at an address; asked anew in each cycle until it is answered."""

    def __init__(self):
        super().__init__({
            "valid": Out(1),
            #: Physical address of the first instruction that is wanted.
            "pa": Out(32),
            "wimg": Out(4),
            #: `data` or `error` answers this cycle's request.
            "ready": In(1),
            #: The quad word that holds `pa`, the lowest address in the most significant bits.
            "data": In(128),
            #: Only the double word that holds `pa` is there, in its place.
            "half": In(1),
            #: The bus has ended the read with a transfer error.
            "error": In(1),
        })


class BlockPort(wiring.Signature):
    """A cache instruction for one block, such as icbi."""

    def __init__(self):
        super().__init__({
            #: Held until `done`.
            "valid": Out(1),
            #: Physical address of a byte in the block.
            "pa": Out(32),
            #: The block is no longer in the cache from the next cycle on.
            "done": In(1),
        })


class CacheControl(wiring.Signature):
    """What HID0 says to one cache."""

    def __init__(self):
        super().__init__({
            #: ICE, ILOCK; DCE, DLOCK.
            "enable": Out(1), "lock": Out(1),
            #: ICFI or DCFI is being written: invalidate everything. One cycle.
            "flash": Out(1),
        })


class L2Control(wiring.Signature):
    """What L2CR says to the L2 cache."""

    def __init__(self):
        super().__init__({
            #: L2E, and L2SIZ is the size of the SRAM.
            "enable": Out(1),
            #: L2CLK.
            "clock": Out(3),
            #: L2DO, L2WT, L2TS.
            "data_only": Out(1), "write_through": Out(1), "test": Out(1),
            #: L2I is being set. One cycle.
            "invalidate": Out(1),
            #: L2IP: a global invalidation is in progress.
            "busy": In(1),
        })


class L2Answer(wiring.Signature):
    """What the L2 says to the port of the first level whose request it works on."""

    def __init__(self):
        super().__init__({
            #: The request goes to the bus, too.
            "forward": Out(1),
            #: As in `MemoryPort`; data come from the SRAM, or else from the bus.
            "beat": Out(1), "done": Out(1), "error": Out(1), "sram": Out(1), "rdata": Out(64),
        })


class DataPort(wiring.Signature):
    """An access of the load/store unit to the data cache.

    In the cycle of the request the answer is `hit`: it is done; `taken`: it will be, the request is
    the cache's now, which takes no other before `done`; or neither: ask again. Blocks in the
    cache are still hit meanwhile.
    """

    def __init__(self):
        super().__init__({
            "valid": Out(1),
            "op": Out(DataOp),
            "pa": Out(32),
            #: Bytes, 1 to 8, within a double word.
            "size": Out(4),
            "wimg": Out(4),
            #: Of a single beat.
            "type": Out(TransferType),
            #: In its byte lanes.
            "wdata": Out(64),
            #: Not the oldest instruction: only memory that is neither guarded nor inhibited may be
            #: read.
            "speculative": Out(1),
            "hit": In(1), "taken": In(1),
            #: What was taken is over.
            "done": In(1),
            #: With `done`: TEA.
            "error": In(1),
            #: Double word that was read, with `hit` or `done`.
            "rdata": In(64),
        })


class Request(data.Struct):
    """What the data cache is asked to do: by whom, and the fields of `DataPort`."""

    client: Named(Client)
    op: Named(DataOp)
    pa: 32
    size: 4
    wimg: 4
    type: Named(TransferType)
    wdata: 64
    speculative: 1


class DirectoryUpdate(wiring.Signature):
    """A change of the selected set of a directory, at the end of the cycle."""

    def __init__(self):
        super().__init__({
            #: The way gets the tag, and `state`.
            "write": Out(1),
            "state": Out(BlockState),
            #: The way is used.
            "use": Out(1),
        })
