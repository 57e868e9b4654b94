"""A long lockstep of random programs on two processors, to be started by hand, also in pieces.

    python tests/lockstep/soak_shared.py --first-seed 1 --seconds 600

The programs are those of `shared_programs`: by its seed one changes the page table under the other
processor, or has interrupts. A line a minute tells instructions, differences and the seed of the
next program, with which another piece continues. Each difference is printed with its seed; after
one, the exit code is 1. Ctrl-C ends a piece after the program that runs.
"""

import argparse
import importlib.util
import signal
import sys
import time
from pathlib import Path

from pteg.lockstep import Mismatch

_spec = importlib.util.spec_from_file_location(
    "pteg_test_shared_runs", Path(__file__).with_name("shared_runs.py"))
runs = sys.modules[_spec.name] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--first-seed", type=int, default=1, help="of the first program")
    parser.add_argument("--seconds", type=float, help="end with the program that runs then")
    parser.add_argument("--instructions", type=int, default=20_000_000,
                        help="of both processors; end with the program that has reached them")
    options = parser.parse_args()
    machine, seed, done, different = runs.new_machine(), options.first_seed, 0, 0
    start = said = time.monotonic()
    stopped = []
    signal.signal(signal.SIGINT, lambda *_: stopped.append(True))

    def say(text):
        print(f"{time.monotonic() - start:7.0f} s {text}", flush=True)

    def progress():
        say(f"{done:,} instructions, {different} differences, "
            f"{seed - options.first_seed} programs, next seed {seed}")

    while done < options.instructions and not stopped:
        try:
            done += runs.check_long(machine, seed)
        except (Mismatch, AssertionError) as error:
            different += 1
            say(f"seed {seed}: {error}")
        seed += 1
        now = time.monotonic()
        if options.seconds is not None and now - start > options.seconds:
            break
        if now - said > 60:
            said = now
            progress()
    progress()
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
