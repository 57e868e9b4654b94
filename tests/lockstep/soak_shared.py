"""A long lockstep of random programs on two processors, to be started by hand, also in pieces.

    python tests/lockstep/soak_shared.py --first-seed 1 --seconds 600

The programs are those of `shared_programs`: by its seed one changes the page table under the other
processor, or has interrupts. `soaking.py` tells what is printed. Each failure is printed with its
seed.
"""

import argparse
import sys
from pathlib import Path

import shared_runs as runs

sys.path.insert(0, str(Path(__file__).parents[1]))

from soaking import Soak, count  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    Soak.add_options(parser)
    parser.add_argument("--instructions", type=count, default=20_000_000,
                        help="of both processors; end with the program that has reached them")
    options = parser.parse_args()
    machine, soak = runs.new_machine(), Soak(options, options.instructions, "instructions")
    soak.run(lambda seed: runs.check_long(machine, seed))
    soak.end()


if __name__ == "__main__":
    main()
