"""Who owns the processor, on a machine with a hypervisor: its *world*, from registers and symbols.

The hypervisor marks the time in which a guest is in by a value of SPRG2. Then SPRG3 holds the
physical address of the session's variables, one of which is the MSR that the guest believes in.
Everything else follows from the real MSR and from the places of the hypervisor's code. The software
on the machine does not know that it is watched.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

__all__ = ["World", "GUESTS", "Worlds", "WATCH", "RANGES"]


class World(IntEnum):
    """Owner of the processor. The numbers are those of the ledger's field `world`."""

    NONE = 0                # no hypervisor is known
    HOST_KERNEL = 1
    HOST_USER = 2           # a process of the host: the hypervisor's user part, too
    HYPERVISOR = 3          # the hypervisor's part in the kernel
    GUEST_SUPERVISOR = 4    # the guest believes that its MSR[PR] is 0
    GUEST_USER = 5


#: Worlds of a guest.
GUESTS = (World.GUEST_SUPERVISOR, World.GUEST_USER)
#: Ranges of the hypervisor's code: where it is linked, and where it is physically.
RANGES = 2
#: What `pteg.owner.world_of` works from. `known` is 0 if there is no hypervisor.
WATCH = np.dtype([("known", "i8"), ("guest_in", "i8"), ("guest_msr", "i8"),
                  ("first", "i8", RANGES), ("end", "i8", RANGES)])


@dataclass(frozen=True)
class Worlds:
    """How the worlds of a machine are told apart.

    Attributes
    ----------
    guest_in : int
        Value of SPRG2 while a guest is in.
    guest_msr : int
        Offset of the guest's MSR behind SPRG3.
    code : sequence of (int, int)
        Up to two address ranges, first and end, of the hypervisor's code.
    """

    guest_in: int
    guest_msr: int
    code: tuple[tuple[int, int], ...]

    def watch(self) -> np.ndarray:
        """The same as a record array of `WATCH`."""
        record = np.zeros(1, WATCH)
        record["known"], record["guest_in"], record["guest_msr"] = 1, self.guest_in, self.guest_msr
        for number, (first, end) in enumerate(self.code):
            record["first"][0, number], record["end"][0, number] = first, end
        return record
