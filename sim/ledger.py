"""The ledger: one record for every architectural event, the same from both processor models.

A record is a row of a structured array inside and one JSON object a line outside. Nobody parses
printed text: statistics, views, graders and tests read this.
"""

import enum

import numpy as np

__all__ = ["Kind", "RECORD", "Walk"]


class Kind(enum.IntEnum):
    """What happened, and which fields of the record tell more."""

    EXCEPTION = 1     # cause = vector; ea = DAR for DSI and alignment; value = SRR1
    RETURN = 2        # rfi: value = new MSR, ea = target
    TLB_MISS = 3      # ea, va; cause = AccessKind
    WALK = 4          # table search: ea, va; pa = address of the PTE found, or 0;
                      # cause = Walk; value = PTEs examined
    PTE_UPDATE = 5    # pa = address of the PTE; cause = 1 (R), 2 (C) or 3; value = new second word
    TLBIE = 6         # ea
    MODE = 7          # mtmsr: value = new MSR
    DEVICE_READ = 8   # pa, value; cause = bytes
    DEVICE_WRITE = 9  # pa, value; cause = bytes
    BUS_ERROR = 10    # pa; cause = AccessKind


class Walk(enum.IntEnum):
    """Result of a table search."""

    NOT_FOUND = 0
    PRIMARY = 1
    SECONDARY = 2
    BUS_ERROR = 3


#: cycle: clock cycles since reset (0 in the functional model); instruction: instructions completed
#: before the event; pc: the instruction that caused it; va: VSID (24 bits) and EA[4-19] (16 bits).
RECORD = np.dtype([
    ("cycle", "u8"), ("instruction", "u8"), ("va", "u8"), ("value", "u8"),
    ("pc", "u4"), ("ea", "u4"), ("pa", "u4"), ("cause", "u4"),
    ("kind", "u1"), ("core", "u1"), ("world", "u1"), ("_pad", "u1"), ("_pad2", "u4"),
])
