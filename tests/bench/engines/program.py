"""Runs the program of an engine.

It gets the file of a recording, and prints what it measured itself: `Run.line`.
"""

import compileall
import importlib.util
import os
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FACTOR", "Run", "Unavailable", "compile_bytecode", "cpu_time", "environment", "needs",
           "peak", "python", "run"]

#: Of the checksum: in each cycle, sum = sum * FACTOR + first word of the outputs + 3 * second word
#: + 5 * third word ... Only one multiplication in a cycle waits for another: it takes no time.
FACTOR = 6364136223846793005


class Unavailable(Exception):
    """An engine that cannot be had on this machine; the message says why."""


def needs(program=None, package=None):
    """Refuse an engine if a program, or a Python package, is not there."""
    if program and shutil.which(program) is None:
        raise Unavailable(f"there is no {program}")
    if package and importlib.util.find_spec(package) is None:
        raise Unavailable(f"there is no Python package {package}")


def compile_bytecode():
    """Compile the bytecode of the package, as it is where it is installed.

    Python itself keeps it, unless it may not (PYTHONDONTWRITEBYTECODE): then each process would
    compile all that it imports.
    """
    for folder in ("components", "firmware", "hw", "sim", "waveforms"):
        compileall.compile_dir(Path(__file__).parents[3] / folder, quiet=2)


def cpu_time(*whose):
    """Seconds of processor time of this process and of its children that have ended."""
    whose = whose or (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, whose))


@dataclass
class Run:
    """One run of a program.

    Attributes
    ----------
    seconds : float
        Processor time of the cycles.
    checksum : int
        Of all outputs of all cycles.
    load : float
        Processor time to get the design, before the first cycle.
    peak : int
        The most memory that the program has held, in KB.
    process : float
        Processor time of the whole process.
    """

    seconds: float
    checksum: int
    load: float
    peak: int
    process: float = 0.0

    def line(self):
        """Return what the program prints."""
        return f"{self.seconds:.6f} {self.checksum} {self.load:.6f} {self.peak}"

    @classmethod
    def of_line(cls, line, process):
        """Return the run of a process that has printed a line and taken that processor time."""
        seconds, checksum, load, peak = line.split()
        return cls(float(seconds), int(checksum), float(load), int(peak), process)


def environment(folder):
    """Return the environment of a program: the cache is one of the folder's own."""
    here = str(Path(__file__).parents[1])
    return {**os.environ, "PTEG_CACHE": str(folder / "cache"),
            "PYTHONPATH": os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))}


def run(command, folder):
    """Run a program in a folder."""
    begin = cpu_time(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True,
                          text=True)
    spent = cpu_time(resource.RUSAGE_CHILDREN) - begin
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return Run.of_line(done.stdout.splitlines()[-1], spent)     # the design may print, too


def python(module, *arguments):
    """Return the command that runs a module of this package."""
    return [sys.executable, "-m", f"engines.{module}", *map(str, arguments)]


def peak():
    """The most memory that this process has held, in KB."""
    # Not ru_maxrss: on Linux that begins with the memory of the process that started this one.
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines()
                    if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
