"""Signatures of the bus: memory requests inside the processor, 60x tenures outside.

Model: MPC750 UM chapters 7 (signals) and 8 (operation). Signals are active high here, DH and DL are
one 64-bit `d` with byte lane 0, the lowest address, in the most significant byte. Left out: parity,
ARTRY, GBL and DBWO. `SnoopPort` replaces snooping on the address bus.
"""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType

__all__ = ["MemoryPort", "MasterPort", "TargetPort", "SnoopPort"]


class MemoryPort(wiring.Signature):
    """A memory request inside the processor, from one of its bus masters.

    `valid` and the fields beside it are held until `done`. A burst starts at the double word that
    contains `addr` (critical double word first) and wraps within its 32 bytes.

    Members
    -------
    valid : Out(1)
        A request is pending.
    type : Out(TransferType)
    addr : Out(32)
        Physical byte address. A single beat never crosses a double word.
    size : Out(4)
        Bytes of a single beat, 1 to 8.
    burst : Out(1)
        Four beats instead of one; `size` is ignored.
    wimg : Out(4)
        Storage attributes of the access.
    wdata : Out(64)
        Data of the current beat, in its byte lanes. During a burst it changes after each `beat`.
    beat : In(1)
        A beat ends in this cycle: `rdata` is valid, or `wdata` has been taken.
    rdata : In(64)
        The double word that was read.
    done : In(1)
        The last beat, or an error; the request is over.
    error : In(1)
        With `done`: the transfer was ended by TEA; no later beat follows.
    """

    def __init__(self):
        super().__init__({
            "valid": Out(1), "type": Out(TransferType), "addr": Out(32), "size": Out(4),
            "burst": Out(1), "wimg": Out(4), "wdata": Out(64),
            "beat": In(1), "rdata": In(64), "done": In(1), "error": In(1),
        })


class MasterPort(wiring.Signature):
    """A 60x bus master, seen from the master (MPC750 UM 7.2).

    Address tenure: `br` until `bg`; then `ts` for one cycle with the attributes, which are held
    until `aack`. Data tenure: begins with `dbg`, ends with the last `ta`, or with `tea`.

    Members
    -------
    br, bg : Out(1), In(1)
        Bus request and grant.
    ts : Out(1)
        Transfer start: one cycle.
    a, tt, tsiz, tbst, wimg : Out
        Address, transfer type, size (0 is 8 bytes), burst, attributes; valid from `ts` to `aack`.
    aack : In(1)
        Address acknowledge: ends the address tenure.
    dbg : In(1)
        Data bus granted: the current data tenure is this master's.
    d_w, d_r : Out(64), In(64)
        Write and read data.
    ta : In(1)
        Transfer acknowledge: one beat has been transferred at the end of this cycle.
    tea : In(1)
        Transfer error acknowledge: ends the data tenure.
    """

    def __init__(self):
        super().__init__({
            "br": Out(1), "bg": In(1),
            "ts": Out(1), "a": Out(32), "tt": Out(TransferType), "tsiz": Out(3), "tbst": Out(1),
            "wimg": Out(4), "aack": In(1),
            "dbg": In(1), "d_w": Out(64), "d_r": In(64), "ta": In(1), "tea": In(1),
        })


class TargetPort(wiring.Signature):
    """A bus target (memory or device), seen from the bus.

    All a target's outputs are registered: it samples at the clock edge and answers in a later
    cycle. It takes a new address while an earlier transaction of its own still waits for data.

    Members
    -------
    ts : Out(1)
        A transaction for this target starts; one cycle.
    a, tt, tsiz, tbst : Out
        As on `MasterPort`; held until `aack`.
    dbb : Out(1)
        The current data tenure is that of this target's oldest transaction. Only then may it
        raise `ta` or `tea`.
    d_w : Out(64)
        Write data, sampled by the target at the end of each cycle in which it raises `ta`.
    aack : In(1)
        One cycle: the address has been taken.
    ta, tea : In(1)
        A beat, or an error that ends the tenure; not before `aack`.
    d_r : In(64)
        Read data, valid with `ta`, zero otherwise.
    """

    def __init__(self):
        super().__init__({
            "ts": Out(1), "a": Out(32), "tt": Out(TransferType), "tsiz": Out(3), "tbst": Out(1),
            "dbb": Out(1), "d_w": Out(64),
            "aack": In(1), "ta": In(1), "tea": In(1), "d_r": In(64),
        })


class SnoopPort(wiring.Signature):
    """Another master wants to use a block of global memory.

    It raises the request before its address tenure, and holds it until its transaction is over.
    This replaces ARTRY: on the 60x bus the first attempt is retried after the block is pushed.

    Members
    -------
    valid : Out(1)
    pa : Out(32)
    clean : Out(1)
        It only reads and keeps no copy (the bus operation clean): the block may stay, unmodified.
    done : In(1)
        Memory is up to date, and the cache reads no part of the block until `valid` falls.
    """

    def __init__(self):
        super().__init__({"valid": Out(1), "pa": Out(32), "clean": Out(1), "done": In(1)})
