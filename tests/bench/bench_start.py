"""How long `pteg run --cycles 1` takes, from start to end: with nothing compiled, and again.

Wall-clock time, imports and the report at the end included: two processors share the first one's
work.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from engines.program import compile_bytecode  # noqa: E402

ROUNDS = 3


def seconds(folder):
    """Run the command with its caches in a folder."""
    environment = {**os.environ, "PTEG_CACHE": folder, "NUMBA_CACHE_DIR": f"{folder}/numba"}
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "pteg", "run", "--cycles", "1"], check=True,
                   env=environment, capture_output=True)
    return time.perf_counter() - begin


def main():
    compile_bytecode()
    first, again = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="pteg-bench-") as folder:
            first.append(seconds(folder))
            again += [seconds(folder) for _ in range(ROUNDS)]
    for name, times in (("the first time ever", first), ("when nothing changed", again)):
        print(f"{name:22}{statistics.median(times):6.1f} s  "
              f"({min(times):.1f} to {max(times):.1f})")


if __name__ == "__main__":
    main()
