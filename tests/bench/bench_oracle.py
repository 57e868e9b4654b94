"""What the oracle and the adversary cost, and that they cost nothing when they are off.

The functional model runs the same programs in five ways: built without them; as it is, with both
off; with an oracle; with an adversary; with both. The build without is made from the same sources,
in which each question whether there is an oracle or an adversary is answered by 0. All take turns,
each in a process of its own; the ratios are medians of CPU time.

Two programs: a sort, whose translations are nearly all remembered, and loads that miss the TLB.
"""

import importlib.abc
import importlib.util
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

WAYS = ("without", "off", "oracle", "adversary", "both")
ROUNDS = 7
ASKED = re.compile(r"\bm\.(oracle|adversary|watched)\b")
#: Loads from 1024 pages in a circle; the TLB has 128 entries.
MISSES = """
        lis     r3, 3
        mtctr   r3
        li      r4, 0
1:      lwzx    r6, 0, r4
        addi    r4, r4, 0x1000
        rlwinm  r4, r4, 0, 10, 19
        bdnz    1b
2:      b       2b
"""


class Without(importlib.abc.MetaPathFinder):
    """Finds the modules of the functional model, and lets them be compiled from other text."""

    def find_spec(self, name, path, target=None):
        if not name.startswith("pteg.functional."):
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        sys.meta_path.insert(0, self)
        code = spec.loader.get_data
        spec.loader.get_data = lambda file: ASKED.sub("0", code(file).decode()).encode()
        spec.loader.path_stats = None       # no bytecode of the file itself
        spec.loader.get_code = lambda module: compile(
            spec.loader.get_data(spec.origin), spec.origin, "exec", dont_inherit=True)
        return spec


def machines(way):
    """A function for each program, which runs it on a new machine and returns seconds."""
    if way == "without":
        sys.meta_path.insert(0, Without())
    from pteg import workloads
    from pteg.firmware.asm import assemble
    from pteg.machine import Machine

    def new():
        machine = Machine("g3", cpu="functional", rom="none",
                          adversary=1 if way in ("adversary", "both") else None)
        if way in ("oracle", "both"):
            machine.oracle()
        return machine

    def timed(machine, **limits):
        begin = time.process_time()
        machine.run(**limits)
        return time.process_time() - begin

    def sort():
        machine = new()
        workloads.prepare(machine, "sort", size=2000)
        return timed(machine, until=workloads.STOP)

    program = assemble(MISSES, sections={".text": 0x30_0000})

    def misses():
        machine = new()
        workloads.map_one_to_one(machine)
        machine.load(program.elf())
        machine.cpu.pc, machine.cpu.msr = 0x30_0000, 0x30
        return timed(machine, instructions=700_000)

    return {"sort": sort, "TLB misses": misses}


def work(way):
    """Answer each line, the name of a program, with seconds."""
    programs = machines(way)
    for line in sys.stdin:
        print(programs[line.strip()](), flush=True)


def main():
    times = {}
    with tempfile.TemporaryDirectory(prefix="pteg-bench-") as folder:
        apart = {"PTEG_CACHE": folder, "NUMBA_CACHE_DIR": f"{folder}/numba"}
        workers = {way: subprocess.Popen(
            [sys.executable, __file__, way], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env={**os.environ, **(apart if way == "without" else {})})
            for way in WAYS}
        for turn in range(ROUNDS + 1):      # in the first one, all is compiled
            for program in ("sort", "TLB misses"):
                for way, worker in workers.items():
                    print(program, file=worker.stdin, flush=True)
                    seconds = float(worker.stdout.readline())
                    if turn:
                        times.setdefault((program, way), []).append(seconds)
        for worker in workers.values():
            worker.stdin.close()
            worker.wait()
    for program in ("sort", "TLB misses"):
        plain = times[program, "without"]
        for way in WAYS:
            ratios = [a / b for a, b in zip(times[program, way], plain, strict=True)]
            print(f"{program:12}{way:12}{statistics.median(ratios):8.3f}  "
                  f"({min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    work(sys.argv[1]) if len(sys.argv) > 1 else main()
