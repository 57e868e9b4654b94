"""The engine against Verilator (g++, clang, profile), cxxrtl and Amaranth's simulator.

The designs are our machine with one, two and four processors, and four processors of other people.
All engines replay the same recordings of the inputs, by turns, so that other load on the machine
hits all of them; compare ratios, not rates. Every output of every cycle is compared, by a checksum.

Prints a table, and writes `engine.json` and a plot, `engine.svg`.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from engines import output  # noqa: E402
from engines.compare import compare  # noqa: E402
from engines.cores import CORES  # noqa: E402
from engines.machines import machine  # noqa: E402
from engines.program import Unavailable  # noqa: E402

DESIGNS = {"one": lambda: machine(1), "two": lambda: machine(2), "four": lambda: machine(4),
           **CORES}
#: Not by default: other engines take many minutes to compile it.
LONG = {"four"}


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("cycles", nargs="?", type=int, default=100_000,
                        help="cycles of a recording (default: 100000; Linux ten times as many)")
    parser.add_argument("--designs", nargs="+", choices=DESIGNS,
                        default=[name for name in DESIGNS if name not in LONG],
                        help="default: all but four, which takes others long to compile")
    parser.add_argument("--engines", nargs="+", metavar="ENGINE",
                        help="engines beside ours, by their names in the table (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each engine (default: 5)")
    parser.add_argument("--output", type=Path, default=Path("build/bench"),
                        help="folder for engine.json and engine.svg (default: build/bench)")
    return parser.parse_args()


def progress(text):
    print(time.strftime("%T"), text, file=sys.stderr, flush=True)


def main():
    arguments, measured = read_arguments(), []
    print(output.processor())
    for name in arguments.designs:
        try:
            design = DESIGNS[name]()
        except Unavailable as reason:
            print(f"== {name}: not measured: {reason}", flush=True)
            continue
        measured.append(compare(design, arguments.cycles, rounds=arguments.rounds,
                                wanted=arguments.engines, progress=progress))
        print("\n".join(output.table(measured[-1])), flush=True)
        output.write(measured, arguments.output)
    for name, ratio in output.cost_per_operation(measured).items():
        print(f"An operation in a cycle of {name} costs {ratio:.2f} times what it costs in one.")


if __name__ == "__main__":
    main()
