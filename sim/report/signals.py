"""Which signals a report records, besides those of the pipeline's stages.

What a user names with `signals=` is added. A pattern without a signal in this machine is left out:
an L2 is there or not.
"""

import fnmatch

from pteg.pipeline.places import Processor

__all__ = ["SIDES", "COUNTERS", "needed", "shown"]

#: The two translators of the MMU.
SIDES = ("immu", "dmmu")

#: Running counts, by their names in the report.
COUNTERS = {
    "instructions": "core.completion.instructions",
    "icache misses": "icache.misses", "icache hits": "icache.hits",
    "dcache misses": "dcache.misses", "dcache hits": "dcache.hits",
    "castouts": "dcache.castouts",
    "fetch TLB misses": "mmu.counters.fetch_tlb_misses",
    "data TLB misses": "mmu.counters.data_tlb_misses",
    "table searches": "mmu.counters.walks", "search cycles": "mmu.counters.walk_cycles",
}

#: What the waveform pane and the component graph show.
SHOWN = (
    "core.completion.pc", "core.completion.count", "core.completion.complete",
    "core.completion.fault", "core.completion.cause", "core.completion.exception__valid",
    "core.completion.exception__vector",
    "core.fetch.pc", "core.fetch.redirect__valid", "core.queue.count", "core.queue.pop",
    "core.dispatch.credit", "core.branch.accept", "core.branch.wrong",
    "core.lsu.state", "core.lsu.held.op", "core.*.executing", "core.*.op", "core.special.msr",
    "core.stores__valid", "core.stores__done",
    "core.stores__addr", "core.stores__size", "core.stores__wdata",
    "mmu.?mmu.port__valid", "mmu.?mmu.port__ea", "mmu.?mmu.port__result", "mmu.?mmu.port__pa",
    "mmu.walker.*", "mmu.invalidate__*",
    "icache.state", "icache.hit", "icache.fetch__pa", "icache.fetch__valid",
    "dcache.operation.state", "dcache.operation.held.*", "dcache.buffer.busy", "dcache.client",
    "l2.operation.state", "bus.*.state", "bus.arbiter.bus__*", "interrupt",
)

#: What the MMU answers, for each side.
TRANSLATOR = ("port__valid", "port__used", "port__ea", "port__kind", "port__pr", "port__relocate",
              "port__result", "port__pa", "port__wimg", "by_bat", "by_tlb", "segment", "entry",
              "refill", "refill_ea", "refill_way", "refill_entry")


def needed(native, cpu: Processor) -> list[str]:
    """Signals without which the panes of the report have nothing to show."""
    sides = [f"mmu.{side}.{name}" for side in SIDES for name in TRANSLATOR]
    bats = [f"mmu.{side}.bats.{half}{n}" for side in SIDES for half in ("upper", "lower")
            for n in range(4)]
    walker = cpu.mmu.walker
    return _there(native, [
        *sides, *bats, *COUNTERS.values(), walker.sdr1, walker.done, walker.side, walker.ea,
        walker.vsid, walker.outcome, walker.ptes_examined, walker.found_at, walker.updated_r,
        walker.updated_c, walker.memory.done, walker.memory.error, walker.memory.type,
        walker.memory.addr, walker.memory.rdata, cpu.core.special.msr])


def shown(native, patterns=()) -> list[str]:
    """Signals of the waveform pane, in the order of the design."""
    return _there(native, [*SHOWN, *patterns])


def _there(native, patterns) -> list[str]:
    exact = [path for path in patterns if path in native.signals]
    globs = [pattern for pattern in patterns if "*" in pattern or "?" in pattern]
    found = [path for path in native.signals if "$" not in path and any(
        fnmatch.fnmatchcase(path, pattern) and path.count(".") == pattern.count(".")
        for pattern in globs)]
    return list(dict.fromkeys([*exact, *found]))
