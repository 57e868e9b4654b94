"""A copy of memory that follows the stores of the pipeline model, from its signals.

A store counts when the data cache has taken it; dcbz writes a block of zeros there. What devices
and other processors write is not seen.
"""

import numpy as np

from pteg.hw.cache.enums import DataCacheState
from pteg.jit import njit
from pteg.pipeline.places import Processor, Signal

__all__ = ["SOURCES", "probes", "follow", "word"]

#: For whoever compiles a function that calls `follow`.
SOURCES = (__file__,)
_ZERO, _BLOCK, _DOUBLE = int(DataCacheState.ZERO), 32, 8


def probes(cpu: Processor) -> dict[str, Signal]:
    """The signals that are read each cycle, by their names in this file."""
    queue, operation = cpu.core.lsu.queue, cpu.dcache.operation
    oldest = queue.entry(0)
    return {"written": queue.memory__done, "pa": oldest.pa, "size": oldest.size,
            "data": oldest.data, "state": operation.state, "block": operation.held.pa}


@njit()
def follow(row, c, base, memory):
    """Make the row's store in a copy of memory that begins at `base`.

    `c` has the columns of `probes`. Returns where something has changed: offset of the first byte
    and of the one behind the last, both multiples of 8; the same twice if nothing has.
    """
    if row[c.written]:
        pa, size = np.int64(row[c.pa]), np.int64(row[c.size])
        at = pa - base
        if 0 <= at <= len(memory) - size:
            for n in range(size):
                lane = np.uint64(56 - 8 * ((pa + n) % _DOUBLE))
                memory[at + n] = row[c.data] >> lane & np.uint64(0xFF)
            return at & -_DOUBLE, (at & -_DOUBLE) + _DOUBLE
    if row[c.state] == _ZERO:
        at = (np.int64(row[c.block]) & -_BLOCK) - base
        if 0 <= at < len(memory):
            memory[at:at + _BLOCK] = 0
            return at, at + _BLOCK
    return 0, 0


@njit()
def word(memory, offset):
    """A big-endian word of the copy."""
    value = 0
    for n in range(4):
        value = value << 8 | np.int64(memory[offset + n])
    return value
