"""Enumerations of the caches, without Amaranth: the simulator uses them too."""

import enum

__all__ = ["DataOp", "DataCacheState", "Client", "BlockState", "L2State", "Who"]


class DataOp(enum.IntEnum):
    """Operation that a client requests from the data cache."""

    LOAD = 0
    STORE = 1
    TOUCH = 2        # dcbt, dcbtst: a load without a result
    ZERO = 3         # dcbz
    CLEAN = 4        # dcbst: a modified block is written to memory
    FLUSH = 5        # dcbf: and the block leaves the cache
    INVALIDATE = 6   # dcbi: the block leaves the cache, modified or not
    BARRIER = 7      # sync, eieio: only on the bus


class DataCacheState(enum.IntEnum):
    """The active operation of the data cache."""

    IDLE = 0
    ALLOCATE = 1    # choose a way for the block
    RELOAD = 2      # read it
    MERGE = 3       # the store that wanted it is written
    SINGLE = 4      # a single beat
    BROADCAST = 5   # an address-only transaction
    ZERO = 6        # dcbz writes


class Client(enum.IntEnum):
    """Client of the data cache."""

    NOBODY = 0
    SNOOP = 1
    WALKER = 2
    LSU = 3
    STORES = 4


class BlockState(enum.IntEnum):
    """MEI."""

    INVALID = 0
    EXCLUSIVE = 1   # as in memory
    MODIFIED = 2


class L2State(enum.IntEnum):
    """State of the L2."""

    IDLE = 0
    LOOK = 1         # into the tags
    HIT = 2          # beats go from the SRAM to the first level
    MISS = 3         # a block is read on the bus, and kept in `line`
    EVICT = 4        # the modified sectors of the victim, one after the other
    FILL = 5         # `line` goes into the SRAM
    ACCEPT = 6       # a castout comes from the first level
    FORWARD = 7      # the request is passed to the bus
    PUSH = 8         # a sector goes from the SRAM to the bus
    INVALIDATE = 9   # every set, one after the other
    DISCARD = 10     # a store is answered and goes nowhere


class Who(enum.IntEnum):
    """Whose request."""

    DATA = 0
    CASTOUT = 1
    FETCH = 2
    SNOOP = 3
