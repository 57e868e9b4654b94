"""Draws docs/working-set.svg and docs/predictor.svg: how caches and branch prediction behave.

The first: a loop goes through more and more memory; the part of its accesses that miss a cache.
The second: a loop with 256 branches, each of which always goes the same way; the part of the
predictions that is wrong, for branch history tables of several sizes. Neither counts the first
rounds. `python docs/sweep.py` takes minutes: each table size is a processor to compile.
"""

import random

from chart import draw

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0

KB = 1024
SIZES = [4 * KB, 8 * KB, 16 * KB, 24 * KB, 32 * KB, 36 * KB, 40 * KB, 48 * KB, 64 * KB]
ENTRIES = [128, 256, 512, 1024]
BRANCHES, TRAINING, ROUNDS = 256, 3, 12
STOP, DATA = 0x800, 0x10_0000
#: Events of the performance monitor: MMCR0 with the number of PMC2's, MMCR1 with that of PMC4's.
RIGHT, WRONG = 16, 8 << 22


# What is run -------------------------------------------------------------------------------------

def straight(size):
    """Code of `size` bytes, several times over."""
    return f"_start: mtctr r3\n1: .rept {size // 4 - 2}\n nop\n .endr\n bdz 2f\n b 1b\n2: blr\n"


def walk(size):
    """A load from each block of `size` bytes, several times over."""
    return (f"_start: mtctr r3\n1: lis r4,{DATA >> 16}\n li r5,{size // 32}\n2: lwz r6,0(r4)\n"
            " addi r4,r4,32\n addic. r5,r5,-1\n bne 2b\n bdnz 1b\n blr\n")


def branches():
    """Branches whose conditions come late, so that they are predicted; half of them are taken."""
    rng = random.Random(1)
    parts = [f" mullw r5,r4,r4\n cmpwi r5,{rng.randrange(2)}\n beq 1f\n nop\n1:\n"
             for _ in range(BRANCHES)]
    return "_start: li r4,0\nagain:\n" + "".join(parts) + (
        " addic. r3,r3,-1\n beqlr\n b again\n")


def run(machine, source, rounds):
    """Run a source's code to its end; r3 says how often. Returns the statistics."""
    machine.load(assemble(source, sections={".text": 0x1000}).elf())
    with machine.cpu.changed() as state:
        state["gpr"][0, 3] = rounds
        state["pc"], state["lr"], state["msr"] = 0x1000, STOP, 0
        state["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.BHT | Hid0.BTIC
    assert machine.run(until=STOP, cycles=50_000_000) == "address"
    return machine.stats()["cache"]


def miss_rates(cache, source, sizes=SIZES, **parameters):
    """(bytes, part of the accesses that miss) of a cache, without those of the first rounds."""
    for size in sizes:
        counts = []
        for rounds in (TRAINING, ROUNDS):
            machine = pteg.Machine("g3", rom="none", **parameters)
            found = run(machine, source(size), rounds)[cache]
            counts.append((found["misses"], found["hits"] + found["misses"]))
        (first, few), (misses, accesses) = counts
        yield size, (misses - first) / (accesses - few)


def wrong_predictions(entries):
    """The part of the predictions that is wrong with a history table of so many entries.

    The performance monitor counts: PMC2 those that were right, PMC4 those that were wrong.
    """
    counts = []
    for rounds in (TRAINING, ROUNDS):
        machine = pteg.Machine("g3", rom="none", bht=entries)
        machine.cpu.spr["MMCR0"], machine.cpu.spr["MMCR1"] = RIGHT, WRONG
        run(machine, branches(), rounds)
        counts.append((machine.cpu.spr["PMC2"], machine.cpu.spr["PMC4"]))
    (right_before, wrong_before), (right, wrong) = counts
    wrong -= wrong_before
    return wrong / (wrong + right - right_before)


def main():
    caches = {"instruction": straight, "data": walk}
    lines = [(f"{cache} cache", list(miss_rates(cache, source)))
             for cache, source in caches.items()]
    draw("working-set.svg", "Misses of the 32 KB caches", "bytes that a loop goes through", lines,
         label=lambda size: f"{size // KB}K")
    wrong = [(entries, wrong_predictions(entries)) for entries in ENTRIES]
    draw("predictor.svg", "Wrong predictions", f"entries of the history table; {BRANCHES} branches",
         [("wrong", wrong)])
    for name, points in [*lines, ("wrong", wrong)]:
        print(name, points)


if __name__ == "__main__":
    main()
