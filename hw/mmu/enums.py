"""Enumerations of the memory management unit, without Amaranth: the simulator uses them too."""

import enum

__all__ = ["AccessKind", "Translation", "SearchResult", "Side"]


class AccessKind(enum.IntEnum):
    """Why an address is translated."""

    FETCH = 0
    LOAD = 1
    STORE = 2
    #: Cache instructions that are treated as loads; never need C.
    TOUCH = 3


class Translation(enum.IntEnum):
    """What the MMU says of an effective address in this cycle (PEM figure 7-2)."""

    OK = 0              # pa and wimg are valid
    MISS = 1            # no TLB entry, or one with C = 0 for a store: a table search is needed
    PAGE_FAULT = 2      # the table search found no PTE
    PROTECTION = 3      # page or block protection
    NO_EXECUTE = 4      # fetch from a segment with N = 1, or from guarded memory
    DIRECT_STORE = 5    # T = 1 segment
    BUS_ERROR = 6       # the table search met a transfer error: machine check


class SearchResult(enum.IntEnum):
    """How a table search ended."""

    NOT_FOUND = 0       # sixteen PTEs examined, none matches: page fault
    PRIMARY = 1         # found in the primary PTEG
    SECONDARY = 2       # found in the secondary PTEG
    BUS_ERROR = 3       # a read or an update was ended by TEA


class Side(enum.IntEnum):
    """For whom the walker works."""

    FETCH = 0
    DATA = 1
