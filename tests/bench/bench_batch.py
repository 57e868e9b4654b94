"""Many simulations of a design: a loop in Python, and a batch with one thread and with all.

Each row is a design; the three do the same clock edges by turns. Rates are clock edges a second of
all simulations together; ratios are medians of rounds.
"""

import os
import statistics
import sys
import time
from functools import partial

from pteg.engine import Batch, compile_design
from pteg.hw.core.divide import Divider
from pteg.hw.processor import Processor

ROUNDS = 5
#: Design, simulations, clock edges of each.
DESIGNS = {"divider": (Divider, 1000, 1000), "processor": (Processor, 16, 1000)}


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def loop(native, states, cycles):
    for state in states:
        for _ in range(cycles):
            native.step(state)


def main():
    cores = os.cpu_count()
    print(f"{'design':12} {'loop':>12} {'1 thread':>12} {f'{cores} threads':>12}   edges/s, and "
          "times the loop")
    for name, (design, count, cycles) in DESIGNS.items():
        native = compile_design(design())
        batches = [Batch(native, count, workers=workers) for workers in (1, cores)]
        states = [native.new_state() for _ in range(count)]
        works = [partial(loop, native, states, cycles),
                 *(partial(batch.step, cycles) for batch in batches)]
        for batch in batches:
            batch.step(1)       # compiles
        times = [[seconds(work) for work in works] for _ in range(ROUNDS)]
        rates = [count * cycles / statistics.median(column) for column in zip(*times, strict=True)]
        ratios = [statistics.median(row[0] / row[index] for row in times) for index in (1, 2)]
        print(f"{name:12} {rates[0]:12,.0f} {rates[1]:12,.0f} {rates[2]:12,.0f}   "
              f"{ratios[0]:.1f} {ratios[1]:.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
