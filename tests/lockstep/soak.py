"""A long lockstep of random programs, to be started by hand.

    python tests/lockstep/soak.py --ratio 2.5:1 --instructions 30M --seed 1

Every program has invalid forms, and by its seed interrupts, floating point, breakpoints, all
conditions that stop an access, many branches. It enables caches as it likes. An agent cancels one
of four address tenures (ARTRY). A line a minute tells how far the run is and the seed of the next
program, with which another run continues. Each difference is printed with its seed; if there was
one, the exit code is 1.
"""

import argparse
import importlib.util
import sys
import time
from pathlib import Path

from pteg.components.dram import Dram
from pteg.platform import Platform, Wire


def beside(name):
    spec = importlib.util.spec_from_file_location(
        f"pteg_test_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


agent = beside("agent")
lockstep_random = beside("test_lockstep_random")


def models(ratio):
    """A processor without interrupts, and one whose interrupts come at random; both are retried."""
    plain = Platform([Dram()], ratio=ratio)
    interrupted = Platform([Dram(), lockstep_random.injector.Injector()], [Wire("injector")],
                           ratio=ratio)
    return agent.retried_cpu(plain), agent.retried_cpu(interrupted)


def check(cpus, seed):
    """Instructions compared in the program of a seed."""
    interrupts = seed % 2 == 1
    return lockstep_random.check(
        cpus[interrupts], seed, length=2000, interrupts=interrupts, invalid=True,
        floating=seed % 4 < 2, breakpoints=seed % 3 == 0, conditions=seed % 7 < 5,
        branches=seed % 5 < 2)


def _count(text):
    """A number, or with M, millions: 30M."""
    return int(text[:-1]) * 10**6 if text.endswith("M") else int(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ratio", default="4:1", help="core clock to bus clock")
    parser.add_argument("--instructions", type=_count, default=30_000_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first program")
    options = parser.parse_args()
    cpus, seed, done, different = models(options.ratio), options.seed, 0, 0
    start = said = time.monotonic()

    def say(text):
        print(f"{options.ratio} {time.monotonic() - start:7.0f} s {text}", flush=True)

    def progress():
        retries = sum(int(cpu.native.read(cpu.driver.state, "agent.retries")) for cpu in cpus)
        say(f"{done:,} instructions, {different} differences, {retries} retries by the last "
            f"programs, next seed {seed}")

    progress()
    while done < options.instructions:
        try:
            done += check(cpus, seed)
        except AssertionError as error:
            different += 1
            say(str(error))
        seed += 1
        if time.monotonic() - said > 60:
            said = time.monotonic()
            progress()
    progress()
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
