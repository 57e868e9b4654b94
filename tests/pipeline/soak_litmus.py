"""Litmus tests on the pipeline model for a long time, to be started by hand, also in pieces.

    python tests/pipeline/soak_litmus.py --first-seed 1 --rounds 1000000

By its seed a piece of 2,000 rounds is one of the classic programs or a random one; the bus has
random waits (`litmus.observed`). A line a minute tells rounds, their rate, and the seed of the next
piece. The end is a table of results; those that sequential consistency forbids have a `*`. A result
that the pipeline's rule forbids, or a program that does not end, is printed with its seed; after
one, the exit code is 1. Ctrl-C ends with the piece that runs.
"""

import argparse
import importlib.util
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import pteg


def _load(path):
    spec = importlib.util.spec_from_file_location(f"pteg_test_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


litmus = _load(Path(__file__).with_name("litmus.py"))

PIECE = 2000


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--first-seed", type=int, default=1, help="of the first piece")
    parser.add_argument("--rounds", type=int, default=1_000_000,
                        help="end with the piece that has reached them")
    parser.add_argument("--seconds", type=float, help="end with the piece that runs then")
    parser.add_argument("--retries", action="store_true",
                        help="one of four address tenures is cancelled at random, too")
    options = parser.parse_args()
    machine = pteg.Machine("g3", rom="none", processors=2, ram="1M")
    if options.retries:
        agent = _load(Path(__file__).parents[1] / "lockstep" / "agent.py")
        machine._made["model"] = agent.retried_cpu(machine.platform)
    seed, done, wrong = options.first_seed, 0, 0
    counts, weak = defaultdict(Counter), defaultdict(set)
    start = said = time.monotonic()
    stopped = []
    signal.signal(signal.SIGINT, lambda *_: stopped.append(True))

    def say(text):
        print(f"{time.monotonic() - start:7.0f} s {text}", flush=True)

    def progress():
        say(f"{done:,} rounds, {done / (time.monotonic() - start):,.0f} per second, "
            f"{wrong} wrong, next seed {seed}")

    while done < options.rounds and not stopped:
        rng = random.Random(seed)
        name = rng.choice(["random", rng.choice(list(litmus.CLASSIC))])
        threads = (litmus.random_threads(rng) if name == "random" else litmus.CLASSIC[name][0])
        try:
            found = litmus.observed(machine, threads, PIECE, rng.randrange(1 << 15), rng)
        except AssertionError as error:
            found = Counter()
            wrong += 1
            say(f"seed {seed}: {name}: {threads}: {error}")
        surplus = set(found) - litmus.allowed(threads)
        if surplus:
            wrong += 1
            say(f"seed {seed}: {name}: {threads}: {surplus}")
        early = set(found) - litmus.sequential(threads)
        if name == "random":        # each is another program
            found = Counter({"sequential": sum(found[one] for one in set(found) - early),
                             "weak": sum(found[one] for one in early)})
            early = {"weak"}
        counts[name] += found
        weak[name] |= early
        done += PIECE
        seed += 1
        now = time.monotonic()
        if options.seconds is not None and now - start > options.seconds:
            break
        if now - said > 60:
            said = now
            progress()
    progress()
    for name in sorted(counts):
        results = ", ".join(f"{result}{'*' * (result in weak[name])} {count:,}"
                            for result, count in counts[name].most_common())
        print(f"{name}: {results}")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
