"""Every component of the MMU: the engine agrees with Amaranth's simulator."""

import pytest

from pteg.hw.isa.registers import SPR_BY_NAME
from pteg.hw.mmu.bat import BatArray
from pteg.hw.mmu.counters import Counters
from pteg.hw.mmu.mmu import Mmu
from pteg.hw.mmu.replacement import Fifo, Lru, Random
from pteg.hw.mmu.segments import Segments
from pteg.hw.mmu.tlb import Tlb
from pteg.hw.mmu.translator import Translator
from pteg.hw.mmu.walker import Walker

DBAT = SPR_BY_NAME["DBAT0U"].number
COMPONENTS = {
    "segments": Segments, "bats": lambda: BatArray(DBAT), "lru": Lru, "tlb": Tlb,
    "lru of 8": lambda: Lru(16, 8), "fifo": Fifo, "random": lambda: Random(16, 4),
    "tlb of one": lambda: Tlb(1, 1), "tlb 8 x 4": lambda: Tlb(8, 4, Fifo),
    "translator": lambda: Translator(DBAT, 3), "walker": Walker, "counters": Counters,
}
SPRS = [SPR_BY_NAME[f"{side}BAT{n}{half}"].number
        for side in "ID" for n in range(4) for half in "UL"] + [SPR_BY_NAME["SDR1"].number]


def plausible(rng, cycle, values):
    """Mostly addresses and registers that meet each other: random bits alone never do."""
    for path in values:
        name = path.rpartition(".")[2]
        if name in ("ea", "refill_ea") and rng.random() < 0.9:
            values[path] = rng.randrange(2) << 28 | rng.randrange(4) << 12 | rng.randrange(2) << 18
        elif name in ("vsid", "page"):
            values[path] = rng.randrange(2)
        elif name == "spr" and rng.random() < 0.9:
            values[path] = rng.choice(SPRS)
        elif name == "rdata" and rng.random() < 0.8:    # a PTE that may match
            values[path] = 1 << 63 | rng.randrange(2) << 39 | rng.randrange(2) << 38 \
                | rng.getrandbits(32)


@pytest.mark.parametrize("name", COMPONENTS)
def test_engine_agrees(name, compare_with_amaranth):
    compare_with_amaranth(COMPONENTS[name](), cycles=1500, seed=1, stimulus=plausible,
                          reset_rate=0.002)


def test_engine_agrees_on_the_whole(compare_with_amaranth):
    compare_with_amaranth(Mmu(), cycles=2000, seed=2, stimulus=plausible, reset_rate=0.001)
