"""Runs the benchmarks: `python tests/bench/run.py [NAME ...]`, or `make bench BENCH=NAME`.

Each file `bench_NAME.py` beside this one is a program of its own, which prints what it measured.
They run one after the other, so that they do not disturb each other.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main(wanted):
    found = {file.stem.removeprefix("bench_"): file for file in sorted(FOLDER.glob("bench_*.py"))}
    unknown = [name for name in wanted if name not in found]
    if unknown:
        print(f"a benchmark must be one of {', '.join(found)}, not {unknown[0]!r}",
              file=sys.stderr)
        return 2
    failed = 0
    for name in wanted or found:
        print(f"== {name} ==", flush=True)
        failed |= subprocess.run([sys.executable, found[name]]).returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
