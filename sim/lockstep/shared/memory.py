"""Memory as the processors of the pipeline model have written it, and who may store conditionally.

A store changes it in the cycle in which the pipeline performs it: then all processors see it. What
is stored is compared with what the functional model stores, in program order. The functional model
may be later, or, for stores that wait in the store queue, earlier; so each side has a queue of
what the other has not done yet.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from pteg.hw.sizes import LINE_BITS

__all__ = ["Ram", "CHANGES", "QUEUE", "DEMANDED", "PERFORMED", "CLEARED", "CLEARS", "LOADS",
           "SEARCHES", "FETCHES", "QUEUES", "PROBLEM", "RESERVED", "NOT_MEMORY", "OTHER_STORE",
           "ROBBED", "OTHER_UPDATE", "OTHER_ACCESS", "STALE", "put", "waiting", "first", "row_at",
           "drop", "part", "read", "write", "checked", "stored", "report", "meet"]

#: Memory: its bytes; of each block, whether instructions have been fetched from it; and the last
#: changes of such blocks.
Ram = namedtuple("Ram", "bytes fetched changes")
#: Their count; address of the double word, what it was before, and the cycle.
CHANGES = np.dtype([("count", "i8"), ("rows", "i8", (4096, 3))])

_ROWS = 256
#: A queue of (address, size or kind, value).
QUEUE = np.dtype([("first", "i8"), ("end", "i8"), ("rows", "i8", (_ROWS, 3))])
#: The queues of each processor. Stores of the functional model that the pipeline has not performed,
#: and the other way round; blocks that dcbz clears, likewise; loads of completed instructions; what
#: table searches have read and written; instructions that complete, or fault, in this cycle (their
#: address, their number among those that have entered the completion queue, the word).
DEMANDED, PERFORMED, CLEARS, CLEARED, LOADS, SEARCHES, FETCHES = range(7)
QUEUES = 7

#: The first difference: a kind, and what it says of the access.
PROBLEM = np.dtype([("kind", "i8"), ("processor", "i8"), ("address", "i8"), ("size", "i8"),
                    ("pipeline", "i8"), ("functional", "i8"), ("other", "i8"), ("cycle", "i8")])
NOT_MEMORY, OTHER_STORE, ROBBED, OTHER_UPDATE, OTHER_ACCESS, STALE = range(1, 7)

#: The block that a processor has reserved, plus 1, and the processor, plus 1, that has written to
#: it since, in which cycle.
RESERVED = np.dtype([("block", "i8"), ("writer", "i8"), ("cycle", "i8")])


@njit
def put(queue, address, size, value):
    row = queue.rows[queue.end % _ROWS]
    row[0], row[1], row[2] = address, size, value
    queue.end += 1


@njit
def waiting(queue):
    """How many wait."""
    return queue.end - queue.first


@njit
def first(queue):
    """The row of the one that has waited longest."""
    return queue.rows[queue.first % _ROWS]


@njit
def row_at(queue, number):
    """The row of the one that has waited `number` places less."""
    return queue.rows[(queue.first + number) % _ROWS]


@njit
def drop(queue):
    queue.first += 1


@njit
def report(problem, kind, processor, address, size, pipeline, functional, other=0):
    """Keep the first difference."""
    if not problem.kind:
        problem.kind, problem.processor = kind, processor
        problem.address, problem.size, problem.other = address, size, other
        problem.pipeline, problem.functional = pipeline, functional


@njit
def part(double_word, address, size):
    """The bytes at an address, from the double word that holds them."""
    double_word = np.uint64(double_word) >> np.uint64(8 * (8 - (address & 7) - size))
    return np.int64(double_word) if size == 8 else np.int64(double_word) & (1 << 8 * size) - 1


@njit
def read(ram, address, size):
    """A number of so many bytes."""
    value = np.int64(0)
    for n in range(size):
        value = value << 8 | np.int64(ram.bytes[address + n])
    return value


@njit
def write(ram, reserved, processor, cycle, address, size, value):
    """A processor's bytes; other processors' reservations of the block are over."""
    if address + size > len(ram.bytes):
        return
    for double in range(address & ~7, address + size, 8):
        if ram.fetched[double >> LINE_BITS]:
            row = ram.changes.rows[ram.changes.count % len(ram.changes.rows)]
            row[0], row[1], row[2] = double, read(ram, double, 8), cycle
            ram.changes.count += 1
    for n in range(size):
        ram.bytes[address + n] = value >> 8 * (size - 1 - n) & 0xFF if size <= 8 else 0
    for other in range(len(reserved)):
        if other != processor and reserved[other].block == (address >> LINE_BITS) + 1 and (
                not reserved[other].writer):
            reserved[other].writer, reserved[other].cycle = processor + 1, cycle


@njit
def checked(ram, processor, address, size, value, problem):
    """A value that the pipeline has loaded must be what memory holds."""
    if address + size <= len(ram.bytes) and read(ram, address, size) != value:
        report(problem, NOT_MEMORY, processor, address, size, value, read(ram, address, size))


@njit
def meet(mine, other, processor, address, size, value, problem, pipeline):
    """A store of one side: compare it with the other side's, or keep it for that. `pipeline` says
    whose it is."""
    if not waiting(other):
        put(mine, address, size, value)
        return
    row = first(other)
    if row[0] != address or row[1] != size:
        report(problem, OTHER_ACCESS, processor, address if pipeline else row[0],
               size if pipeline else row[1], row[0] if pipeline else address,
               row[1] if pipeline else size)
    elif row[2] != value:
        report(problem, OTHER_STORE, processor, address, size, value if pipeline else row[2],
               row[2] if pipeline else value)
    drop(other)


@njit
def stored(ram, reserved, queues, processor, cycle, address, size, value, conditional, problem):
    """The pipeline has performed a store."""
    if conditional and reserved[processor].writer:
        report(problem, ROBBED, processor, address, size, reserved[processor].writer - 1,
               reserved[processor].cycle)
    if conditional:
        reserved[processor].block = reserved[processor].writer = 0
    write(ram, reserved, processor, cycle, address, size, value)
    meet(queues[PERFORMED], queues[DEMANDED], processor, address, size, value, problem, True)
