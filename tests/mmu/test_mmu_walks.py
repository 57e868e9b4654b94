"""What searches mean to the two sides: withdrawn requests, statistics, both sides at once."""

from amaranth.hdl import Fragment

from pteg.hw.isa.registers import SPR_BY_NAME
from pteg.hw.mmu.enums import AccessKind, Translation
from pteg.hw.mmu.mmu import Mmu
from pteg.hw.mmu.replacement import Lru

SDR1 = 0x00010000


class Bench:
    """A compiled MMU, with a page table in which every PTE translates EA 0x1000-0x1FFF or none."""

    def __init__(self, native, pte=0):
        self.native, self.state, self.pte = native, native.new_state(), pte
        self.set(registers__spr=SPR_BY_NAME["SDR1"].number, registers__wdata=SDR1,
                 registers__write=1)
        self.clock()
        self.set(registers__write=0)

    def set(self, **values):
        for path, value in values.items():
            self.native.write(self.state, path.replace("__", "."), int(value))

    def get(self, path):
        self.native.settle(self.state)
        return self.native.read(self.state, path)

    def ask(self, side, ea, kind=AccessKind.LOAD):
        self.set(**{f"{side}__valid": 1, f"{side}__relocate": 1, f"{side}__search": 1,
                    f"{side}__ea": ea, f"{side}__kind": kind})

    def withdraw(self, side):
        self.set(**{f"{side}__valid": 0, f"{side}__search": 0, f"{side}__used": 0})

    def clock(self):
        valid = self.get("memory.valid")
        self.set(memory__done=valid, memory__rdata=self.pte)
        self.native.step(self.state)
        self.set(memory__done=0)

    def answer(self, side, limit=80):
        """Cycles until the side has an answer, which is used, and the answer."""
        for cycles in range(limit):
            result = Translation(self.get(f"{side}.result"))
            if result != Translation.MISS:
                self.set(**{f"{side}__used": 1})
                self.clock()
                self.withdraw(side)
                return cycles, result
            self.clock()
        raise AssertionError("a search must end")

    def count(self, name):
        return self.native.read(self.state, f"counters.{name}")


FOUND = 1 << 63 | 0x00005102    # V, VSID 0, API 0; RPN 5, R, read/write


def test_a_search_takes_two_cycles_a_pte_on_an_immediate_bus(native):
    bench = Bench(native)
    bench.ask("data", 0x2000)
    # IDLE, twice HASH and ADDRESS, sixteen times READ and COMPARE, NOT_FOUND.
    assert bench.answer("data") == (1 + 4 + 32, Translation.PAGE_FAULT)
    bench = Bench(native, FOUND)
    bench.ask("data", 0x1000)
    # IDLE, HASH, ADDRESS, READ, COMPARE, CHECK, REFILL; then the TLB hits.
    assert bench.answer("data") == (7, Translation.OK)
    bench.ask("data", 0x1000)
    assert bench.answer("data") == (0, Translation.OK)


def test_a_withdrawn_search_answers_nobody_else(native):
    bench = Bench(native)
    bench.ask("data", 0x2000)
    for _ in range(5):
        bench.clock()
    bench.ask("data", 0x3000)
    # 33 cycles of the first search are left, then this one has its own.
    assert bench.answer("data") == (37 - 4 + 37, Translation.PAGE_FAULT)
    assert bench.count("walks") == 2


def test_both_sides_search_one_after_the_other(native):
    bench = Bench(native, FOUND)
    bench.ask("fetch", 0x1000, AccessKind.FETCH)
    bench.ask("data", 0x1000)
    assert bench.get("fetch.result") == bench.get("data.result") == Translation.MISS
    assert bench.answer("data") == (7, Translation.OK)
    assert bench.answer("fetch")[1] == Translation.OK
    assert bench.count("walks") == 2


def test_statistics_count_accesses_and_not_cycles(native):
    bench = Bench(native, FOUND)
    bench.ask("data", 0x1000)
    bench.answer("data")                        # miss
    for _ in range(3):
        bench.ask("data", 0x1FFC)
        for _ in range(4):                      # an answer that is not used does not count
            bench.clock()
        bench.answer("data")                    # hit
    bench.ask("data", 0x1000, AccessKind.STORE)
    bench.answer("data")                        # C = 0: a search, but the page was in the TLB
    bench.ask("data", 0x1000, AccessKind.STORE)
    bench.answer("data")                        # hit
    assert bench.count("data_tlb_misses") == 1
    assert bench.count("data_tlb_hits") == 4
    assert bench.count("walks") == 2 and bench.count("ptes_examined") == 2
    assert bench.count("c_updates") == 1 and bench.count("r_updates") == 0
    # HASH, ADDRESS, READ, COMPARE, CHECK, REFILL; and the same with UPDATE_C.
    assert bench.count("walk_cycles") == 6 + 7
    for name in ("fetch_tlb_hits", "fetch_tlb_misses", "fetch_bat_hits", "data_bat_hits"):
        assert bench.count(name) == 0


def test_each_tlb_gets_a_replacement_component_of_its_own():
    made = []

    def replacement(sets, ways):
        made.append(Lru(sets, ways))
        return made[-1]

    Fragment.get(Mmu(replacement=replacement), platform=None)
    assert len(made) == 2 and made[0] is not made[1]
