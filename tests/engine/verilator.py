"""Verilator as a judge of compiled Verilog."""

import random
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from engine.verilog_bench import ours

__all__ = ["check"]

REPLAY = """
#include <cstdio>
#include <cstdint>
#include "Vtop.h"
double sc_time_stamp() {{ return 0; }}
int main(int, char **argv) {{
    FILE *file = fopen(argv[1], "rb");
    uint64_t row[{columns}];
    Vtop top;
    while (fread(row, sizeof row, 1, file)) {{
        top.{clock} = 0; top.eval();
        {inputs} top.eval();
        {outputs} printf("\\n");
        top.{clock} = 1; top.eval();
    }}
}}
"""


def check(native, files, top, stimuli, folder, *, clock="clk", first=0, options=()):
    """Compare all outputs in all cycles, for inputs from a printed seed.

    Parameters
    ----------
    native : Native
    files : list of Path
    top : str
        The module in `files` that `native` is.
    stimuli : callable
        Returns the values of the inputs, by name, in each cycle, for a random number generator.
    folder : Path
        For the files of Verilator.
    clock : str
    first : int
        The first cycle that is compared: before a reset, registers that have one differ.
    options : list
        Of Verilator.

    Returns
    -------
    int
        In how many ways the outputs differed from each other.
    """
    verilator = shutil.which("verilator")
    if verilator is None:
        pytest.skip("needs Verilator")
    seed = random.randrange(1 << 32)
    print("seed", seed)
    values = list(stimuli(random.Random(seed)))
    found = ours(native, SimpleNamespace(before=[], outputs=native.outputs), values, clock)
    names = [name for name in native.inputs if name != clock]
    places = iter(range(1 << 20))
    inputs = " ".join(f"top.{part} = row[{next(places)}];"
                      for name in names for part in parts(native.inputs[name], name))
    outputs = " ".join(f'printf("%llu ", (unsigned long long)top.{part});'
                       for name, probe in native.outputs.items() for part in parts(probe, name))
    rows = np.array([[word for name in names for word in split(native.inputs[name], row[name])]
                     for row in values], np.uint64)
    rows.tofile(folder / "rows")
    (folder / "main.cpp").write_text(REPLAY.format(columns=rows.shape[1], clock=clock,
                                                   inputs=inputs, outputs=outputs))
    subprocess.run([verilator, "--cc", "--exe", "--build", "-O3", "--x-assign", "0",
                    "--x-initial", "0", "-Wno-fatal", "-Wno-lint", "-Wno-style",
                    "-Wno-BLKANDNBLK", "--prefix", "Vtop", "--top-module", top, "--Mdir", "obj",
                    *options, *files, "main.cpp"], cwd=folder, check=True, capture_output=True)
    out = subprocess.run([folder / "obj" / "Vtop", folder / "rows"], check=True,
                         capture_output=True, text=True).stdout
    for cycle, (line, mine) in enumerate(zip(out.splitlines(), found, strict=True)):
        words = iter(map(int, line.split()))
        other = {name: joined(probe, words) for name, probe in native.outputs.items()}
        assert cycle < first or mine == other, f"seed {seed}, cycle {cycle}"
    return len({tuple(row.values()) for row in found})


def parts(probe, name):
    """Return what a port is for Verilator: an integer, or an array of words of 32 bits."""
    return ([name] if probe.width <= 64
            else [f"{name}[{n}]" for n in range((probe.width + 31) // 32)])


def split(probe, value):
    """Return the parts of a value."""
    return [value if probe.width <= 64 else value >> 32 * n & 0xFFFFFFFF
            for n, _ in enumerate(parts(probe, ""))]


def joined(probe, words):
    """Return the value of a port, from its parts."""
    return sum(next(words) << 32 * n for n, _ in enumerate(parts(probe, "")))
