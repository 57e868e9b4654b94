"""The 60x bus side of every behavioural component: one function for all of them.

It speaks the protocol of `pteg.hw.bus.interfaces.TargetPort` (MPC750 UM chapter 8) for a device, as
a Moore machine: `clock` is called at each clock edge with the values of the cycle that ends there,
and the outputs that it sets hold in the next cycle.

    clock      0    1    2    3    4    5    6    7
    ts         1    .    .    .    .    .    .    .
    aack       .    1    .    .    .    .    .    .
    artry      .    .    0    .    .    .    .    .    1: the transaction is none
    dbb        .    1    1    1    1    1    1    1    first = 4, next = 1
    ta         .    .    .    .    1    1    1    1

The device counts `first` clocks from `ts`, or from the end of the previous transaction, and waits
for `dbb`, and until ARTRY can no longer come: the first beat is in clock 3 at the earliest. Two
addresses are held, as on the 750's bus, which pipelines one level deep; a third `ts` gets its
`aack` when there is room. A burst to a device without bursts ends with TEA. Left out: DRTRY.
"""

import numpy as np

from pteg.components.device import compiled

__all__ = ["TARGET", "clock", "NOTHING", "READ", "WRITE"]

#: Addresses held at a time.
DEPTH = 2
#: Beats of a burst.
BEATS = 4

#: What the device has to do at this edge, with `offset` and `size` of the record.
NOTHING, READ, WRITE = 0, 1, 2

TARGET = np.dtype([
    # Outputs
    ("aack", "u8"), ("ta", "u8"), ("tea", "u8"),
    # Access that the device is to perform; its data are `up` bits from the right in the double word
    ("offset", "i8"), ("size", "i8"), ("up", "u8"),
    ("busy", "u8"),        # clock must be called although no transaction starts
    # Parameters
    ("base", "i8"), ("first", "i8"), ("next", "i8"), ("burst", "i8"),
    # Transactions: the oldest is entry 0
    ("count", "i8"), ("waiting", "i8"), ("clocks", "i8"), ("beat", "i8"),
    # Clocks in which ARTRY may still cancel the newest one.
    ("window", "i8"),
    ("a", "u4", DEPTH + 1), ("bytes", "u4", DEPTH + 1), ("is_burst", "u4", DEPTH + 1),
    ("is_read", "u4", DEPTH + 1),
    # A beat was read in the bus clock before this one: on its way into the processor; where it lay.
    ("late", "i8"), ("late_offset", "i8"), ("late_size", "i8"), ("late_up", "u8"),
    # Beats of a transfer that the device has asked for itself (`pteg.components.master`)
    ("moved", "i8"),
    # Statistics
    ("reads", "u8"), ("writes", "u8"), ("read_beats", "u8"), ("write_beats", "u8"),
    ("errors", "u8"),
], align=True)


@compiled
def clock(target, ts, a, tt, tsiz, tbst, dbb, artry):
    """One clock edge.

    Parameters
    ----------
    target : record array of TARGET, shape (1,)
    ts, a, tt, tsiz, tbst, dbb, artry : int
        The port's signals in the cycle that ends.

    Returns
    -------
    int
        NOTHING; READ: drive `d_r` with the data in the next cycle; WRITE: take `d_w` of this cycle.
    """
    t = target[0]
    action = NOTHING
    data_bus = dbb != 0

    # 1. A beat ends with this cycle.
    t.late = 1 if t.ta and t.is_read[0] else 0
    if t.late:
        t.late_offset, t.late_size, t.late_up = t.offset, t.size, t.up
    if t.ta or t.tea:
        if t.ta and not t.is_read[0]:
            action = WRITE
            _locate(t)
            t.write_beats += 1
        t.beat += 1
        if t.tea or not t.is_burst[0] or t.beat == BEATS:
            _retire(t)
            data_bus = False  # `dbb` was that of the transaction that ends
        else:
            t.clocks = t.next
    t.ta = 0
    t.tea = 0

    if artry:
        t.count -= 1
    if t.window:
        t.window -= 1

    # 2. A transaction starts, or one that had no room gets some. Without data it ends at once.
    if ts:
        at = t.count
        t.a[at] = a
        t.bytes[at] = tsiz if tsiz else 8
        t.is_burst[at] = tbst
        t.is_read[at] = (tt & 0b01000) != 0
        # Data are moved when TT3 is 1, and by eciwx and ecowx (MPC750 UM table 7-1).
        t.waiting = 1 if tt & 0b00010 or (tt & 0b10111) == 0b10100 else 2
    t.aack = 0
    if t.waiting == 2 or t.waiting == 1 and t.count < DEPTH:
        t.aack = 1
        if t.waiting == 1:
            t.window = 2
            t.count += 1
            if t.count == 1:
                t.clocks = t.first
                t.beat = 0
        t.waiting = 0

    # 3. The oldest transaction comes nearer to its next beat, which takes place in the next cycle.
    if t.count:
        if t.clocks > 0:
            t.clocks -= 1
        if t.clocks == 0 and data_bus and (t.count > 1 or t.window == 0):
            if t.is_burst[0] and not t.burst:
                t.tea = 1
                t.errors += 1
            else:
                t.ta = 1
                if t.is_read[0]:
                    action = READ
                    _locate(t)
                    t.read_beats += 1

    t.busy = t.count | t.waiting | t.window | t.late | np.int64(t.aack)
    return action


@compiled
def _locate(t):
    """Where the current beat lies: bursts wrap inside their 32 bytes."""
    a = np.int64(t.a[0])
    if t.is_burst[0]:
        a = (a & ~31) | ((a + 8 * t.beat) & 24)
        t.size = 8
    else:
        t.size = t.bytes[0]
    t.offset = a - t.base
    t.up = 64 - 8 * ((a & 7) + t.size)


@compiled
def _retire(t):
    """The oldest transaction is over."""
    if t.is_read[0]:
        t.reads += 1
    else:
        t.writes += 1
    t.count -= 1
    for i in range(DEPTH):
        t.a[i] = t.a[i + 1]
        t.bytes[i] = t.bytes[i + 1]
        t.is_burst[i] = t.is_burst[i + 1]
        t.is_read[i] = t.is_read[i + 1]
    t.clocks = t.first
    t.beat = 0
