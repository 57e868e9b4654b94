"""What a processor of the pipeline model does to memory in a cycle, from its signals.

A load is bound when its bytes arrive, from the cache or the bus: they must be what memory holds in
that cycle, whether the load is speculative or not. It belongs to an entry of the completion queue,
and counts when that retires, or faults in the middle of several loads.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from pteg.hw.bus.enums import TransferType
from pteg.hw.cache.enums import DataCacheState, DataOp
from pteg.hw.core.second_stage import LoadStoreState
from pteg.hw.isa.instructions import Op
from pteg.hw.mmu.enums import SearchResult, Side
from pteg.hw.mmu.walker import State
from pteg.hw.sizes import BEATS, CQ_MOST, LINE_BITS
from pteg.lockstep.shared.instructions import hear_icbi
from pteg.lockstep.shared.memory import (
    CLEARED,
    CLEARS,
    FETCHES,
    LOADS,
    OTHER_UPDATE,
    SEARCHES,
    checked,
    meet,
    part,
    put,
    report,
    stored,
    waiting,
    write,
)
from pteg.pipeline.places import Processor, Signal, System

__all__ = ["LOG", "SEARCH", "READ", "WRITE", "MOVES", "EARLIER", "FOUND", "BEGAN", "Columns",
           "ea_of", "owner", "way_of", "probes", "observe"]

#: Parts of an instruction's access, at most; accesses of a table search.
_PARTS, _ACCESSES = 80, 24
#: tlbie of others that wait to be followed, at most; icbi that are remembered.
_HEARD, _ICBIS = 256, 64
#: What is remembered from one cycle to another.
LOG = np.dtype([
    # Of each entry of the completion queue: the bound loads (address, size, value).
    ("parts", "i8", (CQ_MOST, _PARTS, 3)), ("count", "i8", CQ_MOST),
    # And of all parts that have been moved, of those in earlier pages, and where the last one was.
    ("moves", "i8", CQ_MOST), ("earlier", "i8", CQ_MOST), ("place", "i8", CQ_MOST),
    ("missed", "i8"),                                   # address of the load that has missed
    # The table search under way: its accesses, and the cycle in which it began, or began anew.
    ("accesses", "i8", (_ACCESSES, 3)), ("made", "i8"), ("began", "i8"),
    # Instructions that have entered the completion queue; of each entry, its number among them, and
    # the cycle.
    ("entered", "i8"), ("number", "i8", CQ_MOST), ("cycle", "i8", CQ_MOST),
    # And of each entry, the address and the word.
    ("pc", "i8", CQ_MOST), ("word", "i8", CQ_MOST),
    # Both, of an instruction that has faulted: the functional model executes it, and the first of
    # the handler, when that retires.
    ("fault_number", "i8"), ("fault_cycle", "i8"),
    # tlbie of other processors: address, cycle, `entered` then, and the sides that the functional
    # model has not followed yet, a bit for each (`pteg.lockstep.shared.broadcasts`).
    ("heard", "i8", (_HEARD, 4)), ("hears", "i8"),
    ("trusts", "i8"),
    # icbi that an instruction cache has done: block, cycle, `entered` when it has been heard.
    ("icbis", "i8", (_ICBIS, 3)), ("icbi_count", "i8"),
])
#: Kinds of rows in `SEARCHES`: the search itself, a PTE that it has read, a byte that it has
#: written. The address of the first: from this bit on, the number of its instruction among those
#: that have entered the completion queue, 0 of a fetch. Its value: bit 0 is the side, and from
#: these bits on, how many parts of the access had been moved before, how many of them in earlier
#: pages, whether it has found a PTE, the way of the TLB that it fills, and the cycle in which it
#: began.
SEARCH, READ, WRITE = 0, 8, 1
OWNER = 32
MOVES, EARLIER, FOUND, WAY, BEGAN = 1, 9, 17, 18, 21

_LOAD, _STORE = int(DataOp.LOAD), int(DataOp.STORE)
_LWARX, _STWCX = int(Op["LWARX"]), int(Op["STWCX_DOT"])
_WAIT, _ZERO = int(LoadStoreState.WAIT), int(DataCacheState.ZERO)
_IDLE, _CHECK, _REFILL, _NOT_FOUND = (
    int(state) for state in (State.IDLE, State.CHECK, State.REFILL, State.NOT_FOUND))
_READS = int(TransferType.READ)
_DATA = int(Side.DATA)
_HIT = int(SearchResult.PRIMARY), int(SearchResult.SECONDARY)


def probes(cpu: Processor) -> dict[str, Signal]:
    """The signals that are read each cycle, by their names in this file."""
    completion, lsu, walker = cpu.core.completion, cpu.core.lsu, cpu.mmu.walker
    queue, operation = lsu.queue, cpu.dcache.operation
    return {
        "complete": completion.complete, "both": completion.both, "fault": completion.fault,
        "head": completion.head, "second": completion.heads__1__cq,
        **{f"enters{n}": port.valid for n, port in enumerate(completion.entering)},
        **{f"cq{n}": port.cq for n, port in enumerate(completion.entering)},
        **{f"pc{n}": port.entry.pc for n, port in enumerate(completion.entering)},
        **{f"word{n}": port.entry.insn for n, port in enumerate(completion.entering)},
        "fetches": cpu.icache.bus__valid, "fetched_at": cpu.icache.bus__addr,
        "icbi": cpu.icache.block__done, "icbi_at": cpu.icache.block__pa,
        "interrupt": completion.exceptions.interrupt, "taken": completion.exception__valid,
        "vector": completion.exception__vector, "cause": completion.exception__cause_bits,
        "checkstop": completion.exceptions.checkstop, "asleep": cpu.core.special.asleep,
        "state": lsu.state, "op": lsu.held.op, "cq": lsu.held.cq, "access": lsu.held.access.op,
        "moved": lsu.now.moved, "push": lsu.control.push, "leaves": lsu.now.leaves,
        "size": lsu.part.part, "translated": lsu.translate__pa, "physical": lsu.physical,
        "loaded": lsu.cache__rdata, "storing": lsu.cache__wdata, "error": lsu.cache__error,
        "arrives": lsu.missed.arrives, "missed_cq": lsu.missed.load.cq,
        "missed_size": lsu.missed.load.part,
        "written": queue.memory__done, "written_at": queue.entry(0).pa,
        "written_size": queue.entry(0).size, "written_data": queue.entry(0).data,
        "operation": operation.state, "beat": operation.beat, "block": operation.held.pa,
        "copying": cpu.dcache.buffer.copying,
        "walker": walker.state, "stale": walker.stale, "walk_done": walker.done,
        "heard": cpu.told__tlbie, "heard_at": cpu.told__address,
        "foreign": System("").foreign(cpu),
        "walk_outcome": walker.outcome, "walk_ea": walker.ea, "walk_side": walker.side,
        "walk_way": walker.way,
        "pte_done": walker.memory.done, "pte_error": walker.memory.error,
        "pte_type": walker.memory.type, "pte_at": walker.memory.addr,
        "pte_read": walker.memory.rdata, "pte_written": walker.memory.wdata,
    }


#: Where each signal is in a row of the trace.
Columns = namedtuple("Columns", probes(Processor("")))  # type: ignore[misc]


@njit
def owner(search):
    """The number of the instruction whose search a row is."""
    return search[0] >> OWNER


@njit
def ea_of(search):
    """The address that it translates."""
    return search[0] & (1 << OWNER) - 1


@njit
def way_of(search):
    """The way of the TLB that it fills."""
    return search[2] >> WAY & (1 << BEGAN - WAY) - 1


@njit
def observe(row, c, log, queues, ram, reserved, number, cycle, problem):
    """Take over what processor `number` does in a cycle."""
    if row[c.fetches] and row[c.fetched_at] < len(ram.bytes):
        ram.fetched[np.int64(row[c.fetched_at]) >> LINE_BITS] = 1
    _accesses(row, c, log, queues, ram, reserved, number, cycle, problem)
    _search(row, c, log, queues, ram, reserved, number, cycle, problem)
    if row[c.complete] or row[c.fault]:
        _count(log, queues, row[c.head])
    if row[c.fault] and not log.fault_number:
        log.fault_number, log.fault_cycle = log.number[row[c.head]], log.cycle[row[c.head]]
    if row[c.both]:
        _count(log, queues, row[c.second])
    if row[c.enters0]:
        _enter(log, row[c.cq0], cycle, row[c.pc0], row[c.word0])
    if row[c.enters1]:
        _enter(log, row[c.cq1], cycle, row[c.pc1], row[c.word1])
    if row[c.icbi]:
        hear_icbi(log, np.int64(row[c.icbi_at]) >> LINE_BITS, cycle)
    if row[c.heard] and row[c.foreign]:
        _hear(log, np.int64(row[c.heard_at]), cycle, queues[SEARCHES])


@njit
def _hear(log, address, cycle, searches):
    """A tlbie of another processor, unless it changes nothing."""
    for number in range(log.hears):
        heard = log.heard[number]
        if heard[0] == address and heard[2] == log.entered and not waiting(searches):
            heard[1], heard[3] = cycle, 0b11
            return
    heard = log.heard[log.hears % _HEARD]
    heard[0], heard[1], heard[2], heard[3] = address, cycle, log.entered, 0b11
    log.hears += 1


@njit
def _enter(log, cq, cycle, pc, word):
    """An instruction enters the completion queue."""
    log.entered += 1
    log.count[cq] = log.moves[cq] = log.earlier[cq] = log.place[cq] = 0
    log.number[cq], log.cycle[cq] = log.entered, cycle
    log.pc[cq], log.word[cq] = pc, word


@njit
def _accesses(row, c, log, queues, ram, reserved, number, cycle, problem):
    """Loads, stores and dcbz."""
    if row[c.arrives] and not row[c.error]:
        _bound(log, row[c.missed_cq], log.missed, np.int64(row[c.missed_size]), row[c.loaded], ram,
               number, problem)
    if row[c.leaves]:
        log.missed = np.int64(row[c.translated])
    address = np.int64(row[c.physical] if row[c.state] == _WAIT else row[c.translated])
    if row[c.moved]:
        _move(log, row[c.cq], address & 0xFFF)
    if row[c.moved] and not row[c.push]:
        size = np.int64(row[c.size])
        if row[c.access] == _LOAD:
            _bound(log, row[c.cq], address, size, row[c.loaded], ram, number, problem)
            if row[c.op] == _LWARX:
                reserved[number].block, reserved[number].writer = (address >> LINE_BITS) + 1, 0
        elif row[c.access] == _STORE:
            stored(ram, reserved, queues, number, cycle, address, size,
                   part(row[c.storing], address, size), row[c.op] == _STWCX, problem)
    if row[c.written]:
        address, size = np.int64(row[c.written_at]), np.int64(row[c.written_size])
        stored(ram, reserved, queues, number, cycle, address, size,
               part(row[c.written_data], address, size), False, problem)
    if row[c.operation] == _ZERO and row[c.beat] == BEATS - 1 and not row[c.copying]:
        block = np.int64(row[c.block]) & -(1 << LINE_BITS)
        write(ram, reserved, number, cycle, block, 1 << LINE_BITS, 0)
        meet(queues[CLEARED], queues[CLEARS], number, block, 1 << LINE_BITS, 0, problem, True)


@njit
def _move(log, cq, place):
    """A part has been moved, at this place of a page. Parts ascend, so a lower one is in the next
    page."""
    if place < log.place[cq]:
        log.earlier[cq] = log.moves[cq]
    log.place[cq] = place
    log.moves[cq] += 1


@njit
def _bound(log, cq, address, size, double_word, ram, number, problem):
    value = part(double_word, address, size)
    checked(ram, number, address, size, value, problem)
    row = log.parts[cq, log.count[cq] % _PARTS]
    row[0], row[1], row[2] = address, size, value
    log.count[cq] += 1


@njit
def _count(log, queues, cq):
    """An instruction retires, or faults: its loads count."""
    put(queues[FETCHES], log.pc[cq], log.number[cq], log.word[cq])
    for number in range(log.count[cq]):
        row = log.parts[cq, number]
        put(queues[LOADS], row[0], row[1], row[2])
    log.count[cq] = 0


@njit
def _search(row, c, log, queues, ram, reserved, number, cycle, problem):
    """A table search reads PTEs, and sets R and C with stores of one byte each."""
    state = row[c.walker]
    if state == _IDLE or row[c.stale] and (
            state == _CHECK or state == _REFILL or state == _NOT_FOUND):
        log.made, log.began = 0, cycle      # what came before a tlbie does not count
    if row[c.pte_done] and not row[c.pte_error]:
        address = np.int64(row[c.pte_at])
        kind = READ if row[c.pte_type] == _READS else WRITE
        if kind == READ:
            value = np.int64(row[c.pte_read])
            checked(ram, number, address, 8, value, problem)
        else:
            value = part(row[c.pte_written], address, 1)
            before = log.accesses[max(log.made - 1, 0)]
            if before[1] == WRITE:
                before = log.accesses[log.made - 2]
            expected = part(before[2], address, 1) | (0x01 if address & 7 == 6 else 0x80)
            if value != expected:
                report(problem, OTHER_UPDATE, number, address, 1, value, expected)
            write(ram, reserved, number, cycle, address, 1, value)
        access = log.accesses[log.made % _ACCESSES]
        access[0], access[1], access[2] = address, kind, value
        log.made += 1
    if row[c.walk_done]:
        side = np.int64(row[c.walk_side])
        instruction = moves = earlier = 0
        if side == _DATA:
            cq = row[c.cq]
            instruction, moves, earlier = log.number[cq], log.moves[cq], log.earlier[cq]
        found = 1 if row[c.walk_outcome] in _HIT else 0
        put(queues[SEARCHES], instruction << OWNER | np.int64(row[c.walk_ea]), SEARCH,
            log.began << BEGAN | np.int64(row[c.walk_way]) << WAY | found << FOUND
            | earlier << EARLIER | moves << MOVES | side)
        for n in range(log.made):
            access = log.accesses[n]
            put(queues[SEARCHES], access[0], access[1], access[2])
        log.made = 0
