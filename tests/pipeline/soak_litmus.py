"""Litmus tests on the pipeline model for a long time, to be started by hand, also in pieces.

    python tests/pipeline/soak_litmus.py --first-seed 1 --rounds 1000000

By its seed a piece of 2,000 rounds is one of the classic programs or a random one; the bus has
random waits (`litmus.observed`). `soaking.py` tells what is printed. The end is a table of results;
those that sequential consistency forbids have a `*`. A result that the pipeline's rule forbids, or
a program that does not end, is printed with its seed.
"""

import argparse
import random
import sys
from collections import Counter, defaultdict
from pathlib import Path

import litmus

import pteg

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "lockstep")]

from agent import retried_cpu  # noqa: E402
from soaking import Soak, count  # noqa: E402

PIECE = 2000


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    Soak.add_options(parser)
    parser.add_argument("--rounds", type=count, default=1_000_000,
                        help="end with the piece that has reached them")
    parser.add_argument("--retries", action="store_true",
                        help="one of four address tenures is cancelled at random, too")
    options = parser.parse_args()
    machine = pteg.Machine("g3", rom="none", processors=2, ram="1M")
    if options.retries:
        machine._made["model"] = retried_cpu(machine.platform)
    counts, weak = defaultdict(Counter), defaultdict(set)

    def piece(seed):
        rng = random.Random(seed)
        name = rng.choice(["random", rng.choice(list(litmus.CLASSIC))])
        threads = (litmus.random_threads(rng) if name == "random" else litmus.CLASSIC[name][0])
        found = litmus.observed(machine, threads, PIECE, rng.randrange(1 << 15), rng)
        surplus = set(found) - litmus.allowed(threads)
        assert not surplus, f"{name}: {threads}: {surplus}"
        early = set(found) - litmus.sequential(threads)
        if name == "random":        # each is another program
            found = Counter({"sequential": sum(found[one] for one in set(found) - early),
                             "weak": sum(found[one] for one in early)})
            early = {"weak"}
        counts[name] += found
        weak[name] |= early
        return PIECE

    soak = Soak(options, options.rounds, "rounds")
    soak.run(piece)
    for name in sorted(counts):
        results = ", ".join(f"{result}{'*' * (result in weak[name])} {number:,}"
                            for result, number in counts[name].most_common())
        print(f"{name}: {results}")
    soak.end()


if __name__ == "__main__":
    main()
