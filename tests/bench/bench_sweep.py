"""How much faster a sweep is on all cores than on one: the same points, by turns.

The points are compiled before. A worker needs a second of its core before its first point, most of
it for numba; the one process has done that before it is timed. So the sweep takes a minute of one
core, as long as a sweep that is worth two. On a busy machine the ratio says nothing; the processor
time, which is measured too, hardly depends on others.
"""

import os
import statistics
import time
from collections import defaultdict

import pteg
from pteg.sweep import sweep

ROUNDS = 3
POINTS = {"cycles": [1_500_000 + number for number in range(24)]}


def measure(cycles):
    """Run the pipeline model from its reset."""
    machine = pteg.Machine("g3")
    machine.run(cycles=cycles)
    return {"instructions": machine.instructions, "process": os.getpid(),
            "seconds": time.process_time()}


def timed(workers):
    """Seconds, seconds of the busiest process, and the table."""
    begin, before = time.perf_counter(), time.process_time()
    table = sweep(measure, POINTS, workers=workers)
    spent = defaultdict(list)
    for process, seconds in zip(table["process"], table["seconds"], strict=True):
        spent[process].append(seconds - (before if process == os.getpid() else 0))
    return time.perf_counter() - begin, max(map(max, spent.values())), table["instructions"]


def main():
    cores = os.cpu_count() or 1
    measure(1000)   # compiled
    ratios, shares = [], []
    for _ in range(ROUNDS):
        (one, spent, found), (all_, most, same) = timed(1), timed(cores)
        if same != found:
            raise SystemExit("the tables differ")
        ratios.append(one / all_)
        shares.append(spent / most)
    print(f"{len(found)} points, {cores} processes: {statistics.median(ratios):.2f} times as fast "
          f"as one ({min(ratios):.2f} to {max(ratios):.2f}); in processor time "
          f"{statistics.median(shares):.2f} times")


if __name__ == "__main__":
    main()
