"""Reads Verilog and SystemVerilog: Yosys makes a netlist of it, in JSON (`help write_json`).

Yosys has two front ends: its own for Verilog (`help read_verilog`), and slang for SystemVerilog
(`help read_slang`), which older ones lack.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from pteg.engine.verilog.latches import join_latches
from pteg.engine.verilog.yosys import Crash, NoCommand, quoted, run
from pteg.errors import UserError

__all__ = ["read_verilog"]

#: What Yosys does between the source and the netlist: processes become multiplexers and flip-flops,
#: the hierarchy one module, memories one cell each with ports that read without a clock, and
#: enables and synchronous resets logic. Checks and prints are left out. What Yosys takes for a
#: latch at first may be always open: an array that an always block computes in a loop. What slang
#: loads into a register without a clock is a reset if it is constant. What opens the bits of a
#: latch is one bit if it is the same for all. Tristate drivers of a wire inside become logic.
PASSES = """
flatten
tribuf -logic
opt_clean
opt_expr
opt_dff t:$dlatch t:$adlatch t:$dlatchsr
opt_reduce -fine t:$dlatch %ci*:-$dlatch[D]
opt_dff -nodffe -nosdff t:$aldff t:$aldffe
opt_expr
opt_clean
chformal -remove
delete t:$print t:$scopeinfo
memory_collect
maccmap -unmap
dffunmap
opt_expr
opt_clean
"""
#: The parts of `proc` but `proc_rmdead`, which runs out of memory if a case has many patterns with
#: bits that do not matter. Without it, a case that is complete without a default is a latch.
PROC = """
proc_clean
proc_prune
proc_init
proc_arst
proc_rom
proc_mux
proc_dlatch
proc_dff
proc_memwr
proc_clean
opt_expr -keepdc
"""
#: Options of slang. It accepts what simulators do; assertions and delays are left out.
_SLANG = ("-j 1", "--diag-abs-paths", "--single-unit", "--compat vcs", "--ignore-assertions",
          "--ignore-timing")


def read_verilog(files, top, *, parameters, defines, include):
    """Return the netlist of a Verilog or SystemVerilog design.

    Parameters
    ----------
    files : list of path
        SystemVerilog, all of them, if the name of one ends in `.sv`.
    top : str
        The module that becomes the design.
    parameters : dict of str to int or str
        Values for parameters of the top module.
    defines : dict of str to value
        Macros; None for one without a text.
    include : list of path
        Folders for `` `include ``; those of the files come after them.

    Returns
    -------
    dict
        The module in Yosys' JSON format: `ports`, `cells`, `netnames`.

    Raises
    ------
    UserError
        Yosys is not installed, a file cannot be read, or Yosys finds a fault in it.
    """
    for path in files:
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from None
    folders = dict.fromkeys([*include, *(Path(path).parent for path in files)])
    sources = _Sources(files, top, parameters, defines, folders)
    slang = any(Path(path).suffix == ".sv" for path in files)
    try:
        text = sources.netlist(sources.read_slang if slang else sources.read_verilog)
    except NoCommand:
        text = sources.netlist(sources.read_verilog)
    modules = json.loads(text)["modules"]
    found = next(module for module in modules.values() if int(module["attributes"].get("top", "0")))
    join_latches(found)
    return found


@dataclass(frozen=True)
class _Sources:
    """The arguments of `read_verilog`."""

    files: Iterable[str | PathLike]
    top: str
    parameters: Mapping[str, int | str]
    defines: Mapping[str, object]
    folders: Iterable[str | PathLike]

    def netlist(self, read):
        """Return the netlist, as text, that follows from commands that read the files."""
        try:
            text = run(read, ["proc", PASSES], "write_json", self.top, self.files)
        except Crash:
            text = run(read, [PROC, PASSES], "write_json", self.top, self.files)
        return text

    def macros(self):
        """Return the macros as options give them."""
        return [name if text is None else f"{name}={text}" for name, text in self.defines.items()]

    def read_verilog(self, yosys, folder):
        """Return commands that read the files with Yosys' own front end."""
        options = [f"-I{quoted(yosys.path(path))}" for path in self.folders]
        options += [f"-D{quoted(macro)}" for macro in self.macros()]
        files = [quoted(yosys.path(path)) for path in self.files]
        return [" ".join(["read_verilog -sv -icells -defer", *options, *files]),
                *(f"chparam -set {name} {_parameter(value)} {quoted(self.top)}"
                  for name, value in self.parameters.items()),
                f"hierarchy -check -top {quoted(self.top)}"]

    def read_slang(self, yosys, folder):
        """Return the command that reads the files with slang."""
        values = {name: _escaped(value) if isinstance(value, str) else value
                  for name, value in self.parameters.items()}
        options = [("--top", self.top), *(("-I", yosys.path(path)) for path in self.folders),
                   *(("-D", macro) for macro in self.macros()),
                   *(("-G", f"{name}={value}") for name, value in values.items()),
                   *(("", yosys.path(path)) for path in self.files)]
        # A command file: what Yosys' own line has in quotes keeps them.
        file = Path(folder, "slang.f")
        file.write_text("\n".join([*_SLANG, *(f"{option} {_escaped(text)}"
                                              for option, text in options)]))
        return [f"read_slang -f {quoted(yosys.path(file))}"]


def _escaped(text):
    """Return a text as one argument in a command file of slang, or a string in Verilog."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _parameter(value):
    return f'"{value}"' if isinstance(value, str) else str(value)
