"""Draws docs/working-set.svg and docs/predictor.svg: how caches and branch prediction behave.

The first: a loop goes through more and more memory; the part of its accesses that miss a cache.
The second: a loop with 256 branches, each of which always goes the same way; the part of the
predictions that is wrong, for branch history tables of several sizes. Neither counts the first
rounds. `python docs/sweep.py` takes minutes: each table size is a processor to compile.
"""

import random
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pteg
from pteg.engine import compile_design
from pteg.firmware.asm import assemble
from pteg.hw.core import core
from pteg.hw.isa.registers import Hid0
from pteg.hw.system import System
from pteg.pipeline.driver import Driver, Signals, Tap
from pteg.pipeline.system import UNNAMED

KB = 1024
SIZES = [4 * KB, 8 * KB, 16 * KB, 24 * KB, 32 * KB, 36 * KB, 40 * KB, 48 * KB, 64 * KB]
ENTRIES = [128, 256, 512, 1024]
BRANCHES, TRAINING, ROUNDS = 256, 3, 12
STOP, DATA = 0x800, 0x10_0000
WIDTH, HEIGHT, MARGIN = 560, 300, 60


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


def miss_rates(cache, source):
    """(bytes, part of the accesses that miss) of a cache, without those of the first round."""
    for size in SIZES:
        counts = []
        for rounds in (TRAINING, ROUNDS):
            found = run(pteg.Machine("g3"), source(size), rounds)[cache]
            counts.append((found["misses"], found["hits"] + found["misses"]))
        (first, few), (misses, accesses) = counts
        yield size, (misses - first) / (accesses - few)


# Processors with other parts ---------------------------------------------------------------------

@contextmanager
def replaced(module, name, **parameters):
    """While it lasts, `module` has the component `name` with these parameters."""
    original = getattr(module, name)
    setattr(module, name, partial(original, **parameters))
    try:
        yield
    finally:
        setattr(module, name, original)


class Count:
    """How often signals are 1: the sink of a tap."""

    def __init__(self, machine, paths):
        tracer = machine.model.native.tracer(paths)
        self._columns, self.totals = tracer.offsets, [0] * len(paths)
        machine.model.driver.taps.append(Tap(tracer, self))

    def wanted(self, cycle):
        return cycle

    def write(self, cycle, rows):
        for number, column in enumerate(self._columns):
            self.totals[number] += int(rows[:, column].sum())


def wrong_predictions(entries):
    """The part of the predictions that is wrong with a history table of so many entries."""
    machine = pteg.Machine("g3")
    model = machine.model
    with replaced(core, "HistoryTable", entries=entries):
        model.native = compile_design(System(machine.platform.memory_map), unnamed=UNNAMED)
    model.driver = Driver(machine.platform, model.native, Signals.of(model.places))
    count = Count(machine, ["core.branch.wrong", "core.branch.resolved"])
    run(machine, branches(), TRAINING)
    trained = count.totals[:]
    run(machine, branches(), ROUNDS)
    wrong, resolved = (total - before for total, before in zip(count.totals, trained, strict=True))
    return wrong / resolved


# Drawing -----------------------------------------------------------------------------------------

def draw(name, title, axis, lines, label=str):
    """An SVG with a line for each (name, [(x, part of 1)]); the steps of x are equally wide."""
    ticks = [x for x, _ in lines[0][1]]
    left, right, top, bottom = MARGIN, WIDTH - 20, 40, HEIGHT - 50

    def place(x, y):
        return (left + (right - left) * ticks.index(x) / (len(ticks) - 1),
                bottom - (bottom - top) * y)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<text x="{left}" y="20" font-size="14">{title}</text>',
             f'<text x="{(left + right) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{axis}</text>']
    for percent in range(0, 101, 25):
        _, y = place(ticks[0], percent / 100)
        parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="#ccc"/>'
                     f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    for x in ticks:
        parts.append(f'<text x="{place(x, 0)[0]:.1f}" y="{bottom + 18}" '
                     f'text-anchor="middle">{label(x)}</text>')
    for number, (text, points) in enumerate(lines):
        color = ("#0366d6", "#d73a49")[number]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>'
                     f'<text x="{right - 150 * number}" y="{top - 6}" text-anchor="end" '
                     f'fill="{color}">{text}</text>')
    Path(__file__).with_name(name).write_text("\n".join([*parts, "</svg>"]) + "\n")


def main():
    caches = {"instruction": straight, "data": walk}
    lines = [(f"{cache} cache", list(miss_rates(cache, source)))
             for cache, source in caches.items() if cache in pteg.Machine("g3").stats()["cache"]]
    draw("working-set.svg", "Misses of the 32 KB caches", "bytes that a loop goes through", lines,
         lambda size: f"{size // KB}K")
    draw("predictor.svg", "Wrong predictions", f"entries of the history table; {BRANCHES} branches",
         [("wrong", [(entries, wrong_predictions(entries)) for entries in ENTRIES])])
    for name, points in lines:
        print(name, points)


if __name__ == "__main__":
    main()
