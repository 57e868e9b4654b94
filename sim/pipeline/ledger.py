"""Ledger records of the pipeline model, derived from the hardware's signals, cycle by cycle.

Nothing in the hardware exists for the ledger, and a run without it is not slower. With a ledger, a
tracer recomputes about forty signals, and compiled code finds the events in them.

Records are in program order and, except for `cycle`, equal those of the functional model. For that

* TLB miss, search and PTE updates are written when the search ends: first the miss, then the
  search, then R, then C, each with the cycle in which it happened;
* a transfer error of an instruction fetch or a load becomes a record when it is certain that the
  instruction is executed.

Left out: transfer errors of stores that have completed, and of castouts.
"""

from collections import namedtuple

import numpy as np

from pteg.hw.cache.enums import Client, DataCacheState
from pteg.hw.core.enums import Cause
from pteg.hw.isa.exceptions import Vector
from pteg.hw.isa.registers import MSR_IMPLEMENTED, MSR_TO_SRR1, Msr, Wimg
from pteg.hw.mmu.enums import AccessKind, SearchResult, Side
from pteg.jit import njit
from pteg.ledger import RECORD, Kind, PteBits
from pteg.pipeline import worlds
from pteg.pipeline.places import Processor, Signal
from pteg.worlds import WATCH

__all__ = ["EventFinder", "PipelineEvents", "probes"]


def probes(cpu: Processor) -> dict[str, Signal]:
    """The signals that are read each cycle, by their names in this file."""
    core, dcache, walker = cpu.core, cpu.dcache, cpu.mmu.walker
    completion, lsu, sru, fetch = core.completion, core.lsu, core.sru, core.fetch
    held = dcache.operation.held
    return {
        # Completion: exceptions.
        "pc": completion.pc, "instructions": completion.instructions,
        "exception": completion.exception__valid, "vector": completion.exception__vector,
        "srr0": completion.exception__srr0, "cause_bits": completion.exception__cause_bits,
        "has_dar": completion.exception__data, "dar": completion.exception__dar,
        "fault": completion.fault, "cause": completion.cause,
        "in_flight": completion.count, "oldest_pc": completion.oldest.pc,
        # Folded branches that have not been counted yet.
        "owed": completion.owed, "oldest_credit": completion.oldest.credit,
        "dispatch_credit": core.dispatch.credit, "queue_credit": core.queue.credit,
        "flush": completion.redirect__valid,
        # System unit: rfi, mtmsr.
        "msr": core.special.msr, "old_srr0": core.special.srr0, "old_srr1": core.special.srr1,
        "rfi": sru.rfi, "mtmsr": sru.msr_write, "new_msr": sru.wdata,
        # Load/store unit.
        "tlbie": lsu.invalidate__valid, "tlbie_ea": lsu.invalidate__ea,
        # Data cache: single beats on the bus, and blocks that are read.
        "dcache_state": dcache.operation.state, "dcache_client": held.client,
        "dcache_enable": dcache.control__enable,
        "data_done": dcache.bus__done, "data_error": dcache.bus__error,
        "data_type": held.type, "data_pa": held.pa, "data_size": held.size,
        "data_wimg": held.wimg, "data_read": dcache.bus__rdata,
        "data_write": held.wdata,
        # Fetch.
        "fetch_ready": fetch.cache__ready, "fetch_error": fetch.cache__error,
        "fetch_pa": fetch.cache__pa, "fetch_pc": fetch.pc,
        "fetch_redirect": fetch.redirect__valid,
        # Table searches.
        "fetch_miss": cpu.mmu.immu.tlb_miss, "data_miss": cpu.mmu.dmmu.tlb_miss,
        "data_kind": cpu.mmu.dmmu.search__kind,
        "walk_done": walker.done, "walk_side": walker.side, "walk_ea": walker.ea,
        "walk_vsid": walker.vsid, "walk_outcome": walker.outcome,
        "walk_ptes": walker.ptes_examined, "walk_pte": walker.found_at,
        "walk_r": walker.updated_r, "walk_c": walker.updated_c,
        "walk_word": walker.update_word,
        "pte_done": walker.memory.done, "pte_error": walker.memory.error,
        "pte_type": walker.memory.type, "pte_pa": walker.memory.addr,
        "pte_size": walker.memory.size, "pte_read": walker.memory.rdata,
        "pte_write": walker.memory.wdata,
        **worlds.probes(cpu),
    }


#: Where each signal is in a row of the trace.
_Columns = namedtuple("_Columns", probes(Processor("")))  # type: ignore[misc]

#: What is remembered from one cycle to another. Cycles are 0 where there is nothing to remember.
_PENDING = np.dtype([
    ("miss_cycle", "i8"), ("miss_kind", "i8"),          # of the table search in progress
    ("r_cycle", "i8"), ("r_word", "i8"), ("c_cycle", "i8"), ("c_word", "i8"),
    ("data_error", "i8"), ("data_kind", "i8"),          # transfer error that may come to be taken
    ("fetch_error", "i8"), ("search_error", "i8"),
    ("ram_base", "i8"), ("ram_end", "i8"),
])

#: Members of enumerations as numbers, which numba takes as constants.
_RELOAD, _SINGLE, _LSU = int(DataCacheState.RELOAD), int(DataCacheState.SINGLE), int(Client.LSU)
_MACHINE_CHECK, _DATA = int(Cause.MACHINE_CHECK), int(Side.DATA)
_INHIBITED = int(Wimg.I)
_EXCEPTION, _RETURN, _TLB_MISS, _WALK, _PTE_UPDATE, _TLBIE, _MODE, _READ, _WRITE, _BUS_ERROR = (
    int(kind) for kind in Kind)
_FETCH, _LOAD, _STORE = (int(AccessKind[name]) for name in ("FETCH", "LOAD", "STORE"))
_NOT_FOUND, _R, _C = int(SearchResult.NOT_FOUND), int(PteBits.R), int(PteBits.C)
_SYSTEM_CALL, _TRACE = int(Vector.SYSTEM_CALL), int(Vector.TRACE)
_TO_SRR1, _ILE, _IMPLEMENTED = int(MSR_TO_SRR1), int(Msr.ILE), int(MSR_IMPLEMENTED)
#: Most records that one cycle can give.
_ROOM = 16


class EventFinder:
    """Finds the events in rows of signals of one processor.

    Parameters
    ----------
    columns : sequence of int
        Where a row has each of `probes`.
    ram : (int, int)
        Base address and size of main memory: accesses elsewhere are those of devices.
    watch : numpy.ndarray, optional
        How worlds are told apart: a record array of `pteg.worlds.WATCH`.
    guest_msr : int
        At the beginning, if a guest is in.
    """

    def __init__(self, columns, ram, watch=None, guest_msr=0):
        self._columns, self._ram = _Columns(*columns), ram
        self._watch = np.zeros(1, WATCH) if watch is None else watch
        self._out = np.zeros(4096, RECORD)
        self.reset()
        self._guest = worlds.new_guest(guest_msr)

    def reset(self):
        """Forget what is pending; the processor was reset."""
        self._pending = np.zeros(1, _PENDING)
        self._guest = worlds.new_guest()
        self._pending["ram_base"], self._pending["ram_end"] = self._ram[0], sum(self._ram)

    def find(self, cycle, rows):
        """The events in the rows of the cycles from `cycle` on.

        Yields
        ------
        array of RECORD
            It is used again for the next.
        """
        while len(rows):
            self._out[:] = 0
            count, done = _find(rows, cycle, self._columns, self._pending, self._watch, self._guest,
                                self._out)
            if count:
                yield self._out[:count]
            cycle, rows = cycle + done, rows[done:]


class PipelineEvents:
    """Finds the events in a trace of one processor: the sink of a `pteg.pipeline.driver.Tap`.

    Parameters
    ----------
    sink : callable
        Gets arrays of `RECORD`, which are used again after the call, such as `Ledger.add`.
    native : pteg.engine.Native
        The compiled hardware.
    cpu : pteg.pipeline.places.Processor
        Which of its processors.
    ram, watch, guest_msr
        See `EventFinder`.
    number : int
        Of the processor, for the records.

    Attributes
    ----------
    tracer : pteg.engine.Tracer
        Makes the rows.
    """

    def __init__(self, sink, native, cpu, ram, watch=None, guest_msr=0, number=0):
        self._sink, self._number = sink, number
        signals = probes(cpu)
        self.tracer = native.tracer(list(signals.values()))
        column = dict(zip(self.tracer.paths, self.tracer.offsets, strict=True))
        self._finder = EventFinder([column[path] for path in signals.values()], ram, watch,
                                   guest_msr)
        self.reset = self._finder.reset

    @staticmethod
    def wanted(cycle):
        """The first cycle from `cycle` on of which rows are needed."""
        return cycle

    def write(self, cycle, rows):
        """Take the rows of the cycles from `cycle` on."""
        for records in self._finder.find(cycle, rows):
            records["core"] = self._number
            self._sink(records)


@njit(cache=True, calls=worlds.SOURCES)
def _find(rows, cycle, c, pending, watch, guest, out):
    """Fill `out` with the records of as many rows as surely fit; returns both numbers."""
    p = pending[0]
    count = 0
    done = 0
    while done < len(rows) and count <= len(out) - _ROOM:
        row = rows[done]
        now, first = cycle + done, count
        owner = worlds.world(row, c, watch[0], guest[0])
        if row[c.fetch_miss]:
            p.miss_cycle, p.miss_kind = now + 1, _FETCH
        if row[c.data_miss]:
            p.miss_cycle, p.miss_kind = now + 1, row[c.data_kind]
        if row[c.walk_r]:
            p.r_cycle, p.r_word = now + 1, row[c.walk_word]
        if row[c.walk_c]:
            p.c_cycle, p.c_word = now + 1, row[c.walk_word]
        if row[c.pte_done]:
            count = _table_access(row, c, p, out, count, now)
        if row[c.walk_done]:
            count = _search(row, c, p, out, count, now)
        if row[c.data_done] and row[c.dcache_client] == _LSU and (
                row[c.dcache_state] == _SINGLE or row[c.dcache_state] == _RELOAD):
            count = _data_access(row, c, p, out, count, now)
        if row[c.fetch_error] and row[c.fetch_ready]:
            p.fetch_error = row[c.fetch_pa] | np.uint64(1)
        if row[c.tlbie]:
            count = _record(row, c, out, count, now, _TLBIE)
            out[count - 1].ea = row[c.tlbie_ea]
        if row[c.rfi]:
            count = _record(row, c, out, count, now, _RETURN)
            out[count - 1].ea = row[c.old_srr0]
            msr, srr1 = np.int64(row[c.msr]), np.int64(row[c.old_srr1])
            out[count - 1].value = (msr & _ILE) | (srr1 & _TO_SRR1)
        if row[c.mtmsr]:
            count = _record(row, c, out, count, now, _MODE)
            out[count - 1].value = np.int64(row[c.new_msr]) & _IMPLEMENTED
        if row[c.fault] and row[c.cause] == _MACHINE_CHECK:
            count = _transfer_error(row, c, p, out, count, now)
        if row[c.exception]:
            count = _exception(row, c, out, count, now)
        for index in range(first, count):
            out[index].world = owner
        if row[c.fetch_redirect]:
            p.fetch_error = 0
        if row[c.flush]:
            p.data_error = p.search_error = 0
        done += 1
    return count, done


@njit(cache=True)
def _record(row, c, out, count, now, kind):
    """A new record; the caller fills in what its kind has. Returns the new count."""
    record = out[count]
    record.cycle, record.kind = now, kind
    # It is of the oldest instruction, or of the next to be fetched if none is in flight.
    counted = row[c.instructions] + row[c.owed]
    if row[c.in_flight]:
        record.pc, record.instruction = row[c.oldest_pc], counted + row[c.oldest_credit]
    else:
        record.pc = row[c.fetch_pc]
        record.instruction = counted + row[c.dispatch_credit] + row[c.queue_credit]
    return count + 1


@njit(cache=True)
def _lanes(data, pa, size):
    """The bytes of a double word that an access of `size` bytes at `pa` moves."""
    shift = 8 * (8 - (pa & 7) - size)
    return (data >> np.uint64(shift)) & (~np.uint64(0) >> np.uint64(64 - 8 * size))


@njit(cache=True)
def _device(row, c, p, out, count, now, type, pa, size, read, write):
    """An access that was not to main memory. TT1 tells reads from writes (MPC750 UM table 7-1)."""
    if p.ram_base <= pa < p.ram_end:
        return count
    reads = np.int64(type) & 8
    count = _record(row, c, out, count, now, _READ if reads else _WRITE)
    out[count - 1].pa, out[count - 1].cause = pa, size
    out[count - 1].value = _lanes(read if reads else write, pa, size)
    return count


@njit(cache=True)
def _table_access(row, c, p, out, count, now):
    """The walker has read, or written, a PTE."""
    data = row[c.walk_side] == _DATA
    pa, size = np.int64(row[c.pte_pa]), np.int64(row[c.pte_size])
    if row[c.pte_error]:
        p.search_error = 1
        count = _record(row, c, out, count, now, _BUS_ERROR)
        reads = np.int64(row[c.pte_type]) & 8
        out[count - 1].pa = pa
        out[count - 1].cause = (_LOAD if reads else _STORE) if data else _FETCH
    elif data:
        count = _device(row, c, p, out, count, now, row[c.pte_type], pa, size,
                        row[c.pte_read], row[c.pte_write])
    return count


@njit(cache=True)
def _search(row, c, p, out, count, now):
    """A table search is over."""
    first = count
    if p.miss_cycle:
        count = _record(row, c, out, count, p.miss_cycle - 1, _TLB_MISS)
        out[count - 1].cause = p.miss_kind
    count = _record(row, c, out, count, now, _WALK)
    out[count - 1].cause = row[c.walk_outcome]
    out[count - 1].value = row[c.walk_ptes]
    found = row[c.walk_pte] if row[c.walk_outcome] != _NOT_FOUND else np.uint64(0)
    out[count - 1].pa = found
    if p.r_cycle:
        count = _record(row, c, out, count, p.r_cycle - 1, _PTE_UPDATE)
        out[count - 1].cause, out[count - 1].pa, out[count - 1].value = _R, found, p.r_word
    if p.c_cycle:
        count = _record(row, c, out, count, p.c_cycle - 1, _PTE_UPDATE)
        out[count - 1].cause, out[count - 1].pa, out[count - 1].value = _C, found, p.c_word
    ea = np.int64(row[c.walk_ea])
    for index in range(first, count):
        out[index].ea = ea
        out[index].va = np.int64(row[c.walk_vsid]) << 16 | (ea >> 12 & 0xFFFF)
    p.miss_cycle = p.r_cycle = p.c_cycle = 0
    return count


@njit(cache=True)
def _data_access(row, c, p, out, count, now):
    """A transfer for the load/store unit is over."""
    pa, size = np.int64(row[c.data_pa]), np.int64(row[c.data_size])
    if row[c.data_error]:
        p.data_error = pa << 1 | 1
        p.data_kind = _LOAD if np.int64(row[c.data_type]) & 8 else _STORE
    elif not row[c.dcache_enable] or np.int64(row[c.data_wimg]) & _INHIBITED:
        return _device(row, c, p, out, count, now, row[c.data_type], pa, size,
                       row[c.data_read], row[c.data_write])
    return count


@njit(cache=True)
def _transfer_error(row, c, p, out, count, now):
    """The oldest instruction ends in a machine check: whose transfer was it?"""
    if p.search_error:
        return count    # has been recorded
    count = _record(row, c, out, count, now, _BUS_ERROR)
    if p.data_error:
        out[count - 1].pa, out[count - 1].cause = p.data_error >> 1, p.data_kind
    else:
        out[count - 1].pa, out[count - 1].cause = p.fetch_error & ~1, _FETCH
    return count


@njit(cache=True)
def _exception(row, c, out, count, now):
    count = _record(row, c, out, count, now, _EXCEPTION)
    record = out[count - 1]
    record.cause = row[c.vector]
    record.pc = row[c.srr0]
    record.value = np.int64(row[c.cause_bits]) | (np.int64(row[c.msr]) & _TO_SRR1)
    if row[c.has_dar]:
        record.ea = row[c.dar]
    if not row[c.in_flight]:    # an interrupt comes before folded branches that wait
        record.instruction = row[c.instructions]
    if row[c.vector] == _SYSTEM_CALL:
        record.pc = np.int64(row[c.srr0]) - 4
    if row[c.vector] == _SYSTEM_CALL or row[c.vector] == _TRACE:
        record.instruction += np.uint64(1)     # it has completed
    return count
