"""Measures engines on a design, by turns."""

import shutil
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engines.cxxrtl import Cxxrtl
from engines.interpreted import Amaranth
from engines.ours import Ours
from engines.program import Unavailable, compile_bytecode
from engines.verilated import Verilated, VerilatedByClang, VerilatedWithProfile

__all__ = ["Measured", "Row", "compare"]


@dataclass
class Row:
    """An engine on a recording.

    Attributes
    ----------
    engine : str
    cycles : int
        Of a run.
    runs : list of Run
    """

    engine: str
    cycles: int
    runs: list = field(default_factory=list)

    @property
    def rate(self):
        """Cycles a second: the median of the runs."""
        return self.cycles / statistics.median(run.seconds for run in self.runs)

    def times(self, other):
        """How many times the rate of another engine: the median of pairs of runs."""
        return statistics.median(theirs.seconds / mine.seconds for mine, theirs in
                                 zip(self.runs, other.runs, strict=False)
                                 ) * self.cycles / other.cycles


@dataclass
class Measured:
    """What was measured on a design.

    Attributes
    ----------
    design : str
    nodes : int
        Operations of the circuit.
    rows : dict of str to list of Row
        By recording; the first row is ours.
    build : dict of str to float
        By engine: seconds of processor time.
    start : dict of str to float
        By engine: seconds of processor time of a process that runs one cycle.
    load : dict of str to float
        By engine: the part of it in which the design is loaded.
    peak : dict of str to int
        By engine: the most memory of a process that simulates, in KB.
    missing : dict of str to str
        By engine that could not be had: why.
    """

    design: str
    nodes: int
    rows: dict = field(default_factory=dict)
    build: dict = field(default_factory=dict)
    start: dict = field(default_factory=dict)
    load: dict = field(default_factory=dict)
    peak: dict = field(default_factory=dict)
    missing: dict = field(default_factory=dict)


def others(design, ports, folder, training):
    """Return functions that build the other engines, by name."""
    found = {"Verilator": lambda: Verilated(design, ports, folder)}
    if design.make:
        found["Verilator, reset tied low"] = lambda: Verilated(design, ports, folder, tied=True)
    return found | {
        "Verilator, clang": lambda: VerilatedByClang(design, ports, folder),
        "Verilator, profile": lambda: VerilatedWithProfile(design, ports, folder, training),
        "cxxrtl": lambda: Cxxrtl(design, ports, folder),
        "Amaranth": lambda: Amaranth(design, ports, folder)}


def compare(design, cycles, *, rounds=3, slow_cycles=100, wanted=None, progress=lambda text: None):
    """Measure all engines on a design.

    Parameters
    ----------
    design : Design
    cycles : int
        Of a recording.
    rounds : int
        Runs of each engine on each recording.
    slow_cycles : int
        How many of them Amaranth's simulator gets.
    wanted : collection of str, optional
        Other engines than ours; all by default.
    progress : callable
        Called with what is being done.

    Returns
    -------
    Measured
    """
    with tempfile.TemporaryDirectory(prefix="pteg-bench-") as name:
        folder = Path(name)
        for path in design.data:
            shutil.copy(path, folder)
        progress("pteg")
        compile_bytecode()
        ours = Ours(design, folder)
        files = {}
        for number, (title, rows) in enumerate(design.record(ours.ports, cycles)):
            progress(title)
            files[title] = _kept(folder / f"rows{number}", rows, ours.ports)
        first = _kept(folder / "one-cycle", np.zeros((1, ours.ports.count), np.uint64), ours.ports)
        result = Measured(design.name, ours.nodes)
        engines = [ours]
        for engine, build in others(design, ours.ports, folder, files.values()).items():
            if wanted is not None and engine not in wanted:
                continue
            progress(engine)
            try:
                engines.append(build())
            except Unavailable as reason:
                result.missing[engine] = str(reason)
        for engine in engines:
            engine.run(first)
            run = engine.run(first)     # with what the first one has compiled
            result.start[engine.name], result.load[engine.name] = run.process, run.load
        for title, file in files.items():
            progress(title)
            result.rows[title] = _measure(engines, file, ours.ports, rounds, slow_cycles)
            for row in result.rows[title]:
                result.peak[row.engine] = max(result.peak.get(row.engine, 0),
                                              *(run.peak for run in row.runs))
        result.build = {engine.name: engine.build for engine in engines}
    return result


def _kept(file, rows, ports):
    rows = np.ascontiguousarray(rows, np.uint64)
    if rows.ndim != 2 or rows.shape[1] != ports.count:
        raise ValueError(f"a recording of {rows.shape} for {ports.count} columns")
    rows.tofile(file)
    return file


def _measure(engines, file, ports, rounds, slow_cycles):
    """Return the rows of interleaved runs, which must have equal checksums."""
    rows = np.fromfile(file, np.uint64).reshape(-1, ports.count)
    short = _kept(file.with_suffix(".short"), rows[:slow_cycles], ports)
    measured = [Row(engine.name, min(len(rows), slow_cycles) if isinstance(engine, Amaranth)
                    else len(rows)) for engine in engines]
    for number in range(rounds):
        for engine, row in zip(engines, measured, strict=True):
            if isinstance(engine, Amaranth) and number:
                continue
            row.runs.append(engine.run(short if isinstance(engine, Amaranth) else file))
    _agree([row for row in measured if row.cycles == len(rows)])
    if len(rows) > slow_cycles and isinstance(engines[-1], Amaranth):
        _agree([measured[-1], Row(engines[0].name, slow_cycles, [engines[0].run(short)])])
    return measured


def _agree(rows):
    """Refuse runs of the same recording whose outputs differ."""
    expected = rows[0].runs[0].checksum
    for row in rows:
        for run in row.runs:
            if run.checksum != expected:
                raise AssertionError(f"{rows[0].engine} and {row.engine}: the outputs differ")
