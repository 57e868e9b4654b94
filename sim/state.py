"""The architectural state of one processor, as both models keep or exchange it.

One structured record, so that compiled code, checkpoints, lockstep and Python see the same bytes.
Registers have 32 bits unless noted; the time base is one 64-bit number.
"""

from collections.abc import Collection

import numpy as np

from pteg.hw.isa import registers
from pteg.hw.isa.registers import SPRS

__all__ = ["ARCH_STATE", "NAMES", "PENDING", "STORED_SPRS", "new_state", "differences"]

#: SPRs that have a field of their own name in the record. The time base, the user-mode mirrors of
#: the performance monitor and the constants (PVR, HID1) have none.
STORED_SPRS = tuple(spr for spr in SPRS if spr.writable and spr.name not in ("TBL", "TBU"))

#: `pc` is the address of the next instruction to complete. `reservation` holds the physical
#: address of the reserved 32-byte block with bit 31 set to 1, or 0.
ARCH_STATE = np.dtype(
    [("gpr", "u4", 32), ("fpr", "u8", 32), ("sr", "u4", 16),
     ("pc", "u4"), ("msr", "u4"), ("cr", "u4"), ("fpscr", "u4"), ("reservation", "u4"),
     ("tb", "u8")]
    + [(spr.name.lower(), "u4") for spr in STORED_SPRS],
    align=True)

#: What passes from one model to another beside the registers, at an instruction boundary:
#: counts since reset, core cycles since the last tick of the time base, and whether a decrementer
#: or a thermal management exception, or a machine check that belongs to no instruction, waits. (The
#: level of the external interrupt follows from the devices.)
PENDING = np.dtype([("cycle", "i8"), ("instructions", "i8"), ("since_tick", "i8"),
                    ("decrementer", "i8"), ("thermal", "i8"), ("machine_check", "i8")])


#: Names of the fields.
NAMES: tuple[str, ...] = ARCH_STATE.names or ()


def new_state() -> np.ndarray:
    """State after a hard reset, as a record array of shape (1,)."""
    state = np.zeros(1, ARCH_STATE)
    state["pc"] = registers.RESET_VECTOR
    state["msr"] = registers.RESET_MSR
    for spr in STORED_SPRS:
        state[spr.name.lower()] = spr.reset
    return state


def differences(left: np.ndarray, right: np.ndarray,
                ignore: Collection[str] = ()) -> list[tuple[str, int, int]]:
    """Names and values of the registers in which two records differ: a list of (name, l, r)."""
    found = []
    for name in NAMES:
        if name in ignore:
            continue
        a, b = np.atleast_1d(left[name][0]), np.atleast_1d(right[name][0])
        for index in np.flatnonzero(a != b):
            label = f"{name}[{index}]" if len(a) > 1 else name
            found.append((label, int(a[index]), int(b[index])))
    return found
