"""What an oracle remembers of a page table, and what it can find, in numbers."""

import enum
from dataclasses import dataclass

__all__ = ["Act", "Fault", "HISTORY", "FIELDS", "Finding"]

#: Acts that are remembered, the latest ones.
HISTORY = 4096
#: Columns of an act: `address` is that of the PTE for STORE, the EA for TLBIE. `before` and `after`
#: are the eight bytes of the PTE; of TLBIE, `after` says whether it reaches all processors.
FIELDS = ("act", "pc", "instruction", "address", "before", "after", "cycle", "processor")


class Act(enum.IntEnum):
    """An instruction that matters to those who change a page table (PEM 7.6.3)."""

    STORE = 1     # into the page table
    SYNC = 2
    EIEIO = 3
    TLBIE = 4
    TLBSYNC = 5


class Fault(enum.IntEnum):
    """How a translation that was used differs from the page table."""

    UNMAPPED = 1    # no PTE maps the address any more
    MOVED = 2       # the PTE has another physical page
    ATTRIBUTES = 3  # other storage attributes (WIMG)
    PROTECTED = 4   # the PTE forbids the access
    UNCHANGED = 5   # a store that does not set C, which software has cleared
    UNREFERENCED = 6  # an access that does not set R, which software has cleared
    UNSEEN = 7      # a page fault, although the page table has a PTE
    REFUSED = 8     # a protection fault, although the PTE allows the access
    EVICTED = 9     # the PTE has given way to another one; that is told only if a tlbie followed
    OVERWRITTEN = 10  # a search wrote R or C, with what it had read before the PTE was changed
    TORN = 11       # the TLB has one word of a PTE of before, and one of the PTE in its place


@dataclass(frozen=True)
class Finding:
    """What a processor model's oracle has found, in numbers.

    Attributes
    ----------
    fault : Fault
    kind : int
        An `AccessKind`.
    ea, vsid : int
    processor, pc, cycle, instruction : int
        By which processor, where and when the translation was used; for OVERWRITTEN, when R or C
        was written. `instruction` counts those of the processor.
    word, now : int
        Second word of the PTE in the TLB, and in the page table; for OVERWRITTEN, before and after.
    pte : int
        The PTE that maps the page now, or a negative number.
    loaded_from : int
        The PTE that the TLB entry was loaded from.
    loaded, order : int
        How many acts there were when it was loaded, or searched for, and when it was used.
    acts : list of tuple
        `FIELDS` of the latest acts.
    oldest : int
        Number of the first of them.
    sets : int
        Of each TLB.
    """

    fault: Fault
    kind: int
    ea: int
    vsid: int
    processor: int
    pc: int
    cycle: int
    instruction: int
    word: int
    now: int
    pte: int
    loaded_from: int
    loaded: int
    order: int
    acts: list[tuple[int, ...]]
    oldest: int
    sets: int
