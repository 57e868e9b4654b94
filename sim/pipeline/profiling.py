"""The profile of the pipeline model: what each cycle was spent for, by its signals."""

from collections import namedtuple
from functools import lru_cache

import numpy as np

from pteg.hw.cache.enums import DataCacheState
from pteg.hw.core.enums import Cause
from pteg.hw.isa.instructions import Unit, decode
from pteg.hw.mmu.enums import Side
from pteg.hw.sizes import CQ_MOST
from pteg.pipeline.driver import Tap
from pteg.pipeline.places import Processor, Signal
from pteg.profile import Profile, Samples, Stall
from pteg.symbols import Symbols

__all__ = ["profile"]

#: hw.core.interfaces.NOBODY: the oldest instruction follows an unresolved prediction.
_NOBODY = CQ_MOST
_UNITS = {Unit.IU: Stall.INTEGER, Unit.IU1: Stall.INTEGER, Unit.FPU: Stall.FLOAT,
          Unit.SRU: Stall.SYSTEM, Unit.LSU: Stall.LOAD_STORE, Unit.BPU: Stall.BRANCH,
          Unit.NONE: Stall.EXCEPTION}
#: Registers that only grow.
_COUNTERS = ("instructions", "icache_misses", "itlb_misses", "dcache_misses", "dtlb_misses")


def _signals(cpu: Processor) -> dict[str, Signal]:
    """What is read each cycle, by its name in this file."""
    core, mmu = cpu.core, cpu.mmu
    completion = core.completion
    return {
        "pc": completion.pc, "oldest_pc": completion.oldest.pc, "fetch_pc": core.fetch.pc,
        "lr": core.link.lr,
        "exception": completion.exception__valid, "fault": completion.fault,
        "cause": completion.cause,
        "instructions": completion.instructions, "icache_misses": cpu.icache.misses,
        "itlb_misses": mmu.counters.fetch_tlb_misses, "dcache_misses": cpu.dcache.misses,
        "dtlb_misses": mmu.counters.data_tlb_misses,
        "complete": completion.complete, "in_flight": completion.count,
        "oldest": core.sru.oldest, "insn": completion.oldest.insn,
        "asleep": core.special.asleep, "searching": mmu.walker.busy, "side": mmu.walker.side,
        "fetch_reads": cpu.icache.bus__valid, "data_state": cpu.dcache.operation.state,
    }


_Columns = namedtuple("_Columns", _signals(Processor("")))  # type: ignore[misc]


class _Sampler:
    """Makes samples of the rows of a trace: the sink of a `pteg.pipeline.driver.Tap`.

    What a cycle counts is the difference to the next one, so the last one waits.
    """

    def __init__(self, native, cpu, profile):
        signals = _signals(cpu)
        self._native, self._signals, self._profile = native, signals, profile
        self.tracer = native.tracer(list(signals.values()))
        column = dict(zip(self.tracer.paths, self.tracer.offsets, strict=True))
        self._places = [column[path] for path in signals.values()]
        self._waiting = None
        self._cycle = None      # the next one

    @staticmethod
    def wanted(cycle):
        """See `pteg.pipeline.driver.Tap`."""
        return cycle

    def write(self, cycle, rows):
        """Take the rows of the cycles from `cycle` on."""
        rows, following = rows[:, self._places], cycle + len(rows)
        if self._waiting is not None and cycle == self._cycle:
            rows = np.vstack([self._waiting, rows])
        self._take(rows)
        self._waiting, self._cycle = rows[-1:].copy(), following

    def close(self, state, cycle):
        """End: the counters are now those after the last cycle."""
        if self._waiting is not None and cycle == self._cycle:
            now = self._waiting.copy()
            for place, name in enumerate(_Columns._fields):
                if name in _COUNTERS:
                    now[0, place] = self._native.read(state, self._signals[name])
            self._take(np.vstack([self._waiting, now]))

    def _take(self, rows):
        """All rows but the last, which is only compared with."""
        now = _Columns(*rows[:-1].T)
        counts = dict(zip(_Columns._fields, (rows[1:] - rows[:-1]).T, strict=True))
        # Between the last to complete and the oldest in flight there may be folded branches.
        pc = np.where(now.in_flight == 0, now.pc, now.oldest_pc)
        self._profile.add(Samples(
            pc, now.fetch_pc, _stalls(now), *(counts[name] for name in _COUNTERS),
            now.lr, now.exception))


def _stalls(now):
    """The `Stall` of each cycle: the first of these conditions that holds."""
    waits = np.array([_of_unit(insn) for insn in now.insn.tolist()], np.int64)
    moves = waits == Stall.LOAD_STORE
    idle = now.in_flight == 0
    fetch_side = (now.searching != 0) & (now.side == Side.FETCH)
    data_side = (now.searching != 0) & (now.side == Side.DATA)
    return np.select(
        [now.complete != 0,
         (now.fault != 0) & (now.cause == Cause.SYSTEM_CALL),
         (now.exception != 0) | (now.fault != 0),
         now.asleep != 0,
         idle & fetch_side, idle & (now.fetch_reads != 0), idle,
         now.oldest == _NOBODY,
         moves & data_side, moves & (now.data_state != DataCacheState.IDLE)],
        [Stall.NONE, Stall.NONE, Stall.EXCEPTION, Stall.ASLEEP,
         Stall.FETCH_SEARCH, Stall.FETCH_MISS, Stall.FETCH,
         Stall.BRANCH,
         Stall.DATA_SEARCH, Stall.DATA_MISS], waits)


@lru_cache(1 << 16)
def _of_unit(insn):
    row = decode(insn)
    return int(_UNITS[row.unit if row else Unit.NONE])


def profile(cpu, symbols: Symbols) -> Profile:
    """See `pteg.Machine.profile`; `cpu` is the `PipelineCpu`."""
    def close():
        cpu.driver.taps.remove(tap)
        sampler.close(cpu.driver.state, cpu.cycle)

    found = Profile(symbols, close)
    sampler = _Sampler(cpu.native, cpu.places, found)
    tap = Tap(sampler.tracer, sampler)
    cpu.driver.taps.append(tap)
    return found
