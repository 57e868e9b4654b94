"""How much faster a sweep is on all cores than on one: the same points, by turns.

The points are compiled before; each takes some seconds, so that the start of the workers counts
little. On a busy machine the ratio says nothing.
"""

import os
import statistics
import time

import pteg
from pteg.sweep import sweep

ROUNDS = 3
POINTS = {"cycles": [1_500_000 + number for number in range(12)]}


def measure(cycles):
    """Run the pipeline model from its reset."""
    machine = pteg.Machine("g3")
    machine.run(cycles=cycles)
    return {"instructions": machine.instructions}


def timed(workers):
    begin = time.perf_counter()
    table = sweep(measure, POINTS, workers=workers)
    return time.perf_counter() - begin, table


def main():
    cores = os.cpu_count() or 1
    measure(1000)   # compiled
    ratios = []
    for _ in range(ROUNDS):
        (one, table), (all_, same) = timed(1), timed(cores)
        if same != table:
            raise SystemExit("the tables differ")
        ratios.append(one / all_)
    print(f"{len(table)} points, {cores} processes: {statistics.median(ratios):.2f} times as fast "
          f"as one ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
