"""Signatures of the bus: memory requests inside the processor, 60x tenures outside.

Model: MPC750 UM chapters 7 (signals) and 8 (operation). Signals are active high here, DH and DL are
one 64-bit `d` with byte lane 0, the lowest address, in the most significant byte. Left out: parity,
and DBWO. GBL is M of `wimg`.
"""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType

__all__ = ["MemoryPort", "MasterPort", "TargetPort", "AddressSnoop", "SnoopPort",
           "BroadcastPort"]


class MemoryPort(wiring.Signature):
    """A memory request inside the processor, from one of its bus masters.

    `valid` and the fields beside it are held until `done`. A burst starts at the double word that
    contains `addr` (critical double word first) and wraps within its 32 bytes.
    """

    def __init__(self):
        super().__init__({
            #: A request is pending.
            "valid": Out(1),
            "type": Out(TransferType),
            #: Physical byte address. A single beat never crosses a double word.
            "addr": Out(32),
            #: Bytes of a single beat, 1 to 8.
            "size": Out(4),
            #: Four beats instead of one; `size` is ignored.
            "burst": Out(1),
            #: Storage attributes of the access.
            "wimg": Out(4),
            #: Data of the current beat, in its byte lanes. During a burst it changes after each
            #: `beat`.
            "wdata": Out(64),
            #: A beat ends in this cycle: `rdata` is valid, or `wdata` has been taken.
            "beat": In(1),
            #: The double word that was read.
            "rdata": In(64),
            #: The last beat, or an error; the request is over.
            "done": In(1),
            #: With `done`: the transfer was ended by TEA; no later beat follows.
            "error": In(1),
        })


class MasterPort(wiring.Signature):
    """A 60x bus master, seen from the master (MPC750 UM 7.2).

    Address tenure: `br` until `bg`; then `ts` for one cycle with the attributes, which are held
    until `aack`. Data tenure: begins with `dbg`, ends with the last `ta`, or with `tea`.
    """

    def __init__(self):
        super().__init__({
            #: Bus request and grant.
            "br": Out(1), "bg": In(1),
            #: Transfer start: one cycle.
            "ts": Out(1),
            #: Address, transfer type, size (0 is 8 bytes), burst, attributes; valid from `ts` to
            #: `aack`.
            "a": Out(32), "tt": Out(TransferType), "tsiz": Out(3), "tbst": Out(1), "wimg": Out(4),
            #: Address acknowledge: ends the address tenure.
            "aack": In(1),
            #: Data bus granted: the current data tenure is this master's.
            "dbg": In(1),
            #: Write and read data.
            "d_w": Out(64), "d_r": In(64),
            #: Transfer acknowledge: one beat has been transferred at the end of this cycle.
            "ta": In(1),
            #: Transfer error acknowledge: ends the data tenure.
            "tea": In(1),
            #: Address retry, in the clock after `aack`: the transaction is to be repeated.
            "artry": In(1),
        })


class TargetPort(wiring.Signature):
    """A bus target (memory or device), seen from the bus.

    All a target's outputs are registered: it samples at the clock edge and answers in a later
    cycle. It takes a new address while an earlier transaction of its own still waits for data.
    """

    def __init__(self):
        super().__init__({
            #: A transaction for this target starts; one cycle.
            "ts": Out(1),
            #: As on `MasterPort`; held until `aack`.
            "a": Out(32), "tt": Out(TransferType), "tsiz": Out(3), "tbst": Out(1),
            #: The current data tenure is that of this target's oldest transaction. Only then may
            #: it raise `ta` or `tea`.
            "dbb": Out(1),
            #: Write data, sampled by the target at the end of each cycle in which it raises `ta`.
            "d_w": Out(64),
            #: One cycle: the address has been taken.
            "aack": In(1),
            #: A beat, or an error that ends the tenure; not before the second clock after `aack`.
            "ta": In(1), "tea": In(1),
            #: Read data, valid with `ta`, zero otherwise.
            "d_r": In(64),
            #: In the clock after `aack`: the transaction is none (address retry).
            "artry": Out(1),
        })


class AddressSnoop(wiring.Signature):
    """The address bus, seen from those who watch it (MPC750 UM 8.3.3, 8.4.5)."""

    def __init__(self):
        super().__init__({
            #: A transaction starts, of this address and type; `wimg` with M: it is global. They are
            #: held until the end of `window`.
            "ts": Out(1), "a": Out(32), "tt": Out(TransferType), "wimg": Out(4),
            #: The clock after AACK: `artry` cancels the transaction, and its master repeats it.
            "window": Out(1), "artry": In(1),
            #: Somebody has cancelled it.
            "retried": Out(1),
        })


class SnoopPort(wiring.Signature):
    """Another master wants to use a block of global memory; see `pteg.hw.bus.snooper`."""

    def __init__(self):
        super().__init__({
            #: Held until the transaction has passed.
            "valid": Out(1),
            "pa": Out(32),
            #: It only reads and keeps no copy (the bus operation clean): the block may stay,
            #: unmodified.
            "clean": Out(1),
            #: Memory is up to date, and the cache reads no part of the block until `valid` falls.
            "done": In(1),
            #: What the data master has asked for has passed the bus: from the next cycle on, a
            #: block that it reads belongs to this cache. One cycle.
            "passed": Out(1),
        })


class BroadcastPort(wiring.Signature):
    """What a processor hears of broadcasts, its own too; see `pteg.hw.bus.listener`."""

    def __init__(self):
        super().__init__({
            #: A tlbie, or an icbi, of this address has passed the bus. One cycle.
            "tlbie": Out(1), "icbi": Out(1), "address": Out(32),
            #: An icbi is not done yet.
            "icbi_waits": In(1),
            #: Something that was translated before the last tlbie is under way.
            "translated": In(1),
        })
