"""Places of the MMU."""

from pteg.pipeline.places.part import Memory, Part, Port, Signal

__all__ = ["Bats", "Counters", "Mmu", "Segments", "Tlb", "Translator", "Walker", "WalkerMemory"]


class Tlb(Part):
    def valid(self, way: int) -> Signal:
        """A bit for each set."""
        return Signal(self.at(f"valid{way}"))

    def way(self, way: int) -> Memory:
        return Memory(self.at(f"way{way}"))


class Bats(Part):
    def register(self, number: int, half: str) -> Signal:
        """`half` is "upper" or "lower"."""
        return Signal(self.at(f"{half}{number}"))


class Translator(Part):
    tlb: Tlb
    bats: Bats
    tlb_miss: Signal
    search__kind: Signal


class WalkerMemory(Port):
    """The walker's port to memory."""

    done: Signal
    error: Signal
    type: Signal
    addr: Signal
    size: Signal
    rdata: Signal
    wdata: Signal


class Walker(Part):
    sdr1: Signal
    state: Signal
    stale: Signal               # it begins anew, because of a tlbie
    way: Signal
    busy: Signal
    done: Signal
    side: Signal
    ea: Signal
    vsid: Signal
    outcome: Signal
    ptes_examined: Signal
    found_at: Signal
    updated_r: Signal
    updated_c: Signal
    update_word: Signal
    memory: WalkerMemory


class Segments(Part):
    words: Memory


class Counters(Part):
    fetch_bat_hits: Signal
    fetch_tlb_hits: Signal
    fetch_tlb_misses: Signal
    data_bat_hits: Signal
    data_tlb_hits: Signal
    data_tlb_misses: Signal
    walks: Signal
    ptes_examined: Signal
    walk_cycles: Signal
    r_updates: Signal
    c_updates: Signal


class Mmu(Part):
    segments: Segments
    immu: Translator
    dmmu: Translator
    walker: Walker
    counters: Counters
