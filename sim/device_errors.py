"""What numba says of the functions of a user's device, as one line with the file and the place."""

import hashlib
import re
import traceback
from collections.abc import Iterable
from typing import Any

import numba
from numba import int64, typeof, uint64
from numba.core.dispatcher import Dispatcher

from pteg.cache_folder import folder, keep
from pteg.components.console import new_watch
from pteg.components.device import Device
from pteg.contents import digest_of
from pteg.errors import UserError

__all__ = ["check_devices"]

#: Types of the arguments after `state` and `memory`.
_ARGUMENTS = {"read": (int64, int64), "write": (int64, int64, uint64), "tick": (int64,),
              "next_event": (), "drive": (uint64,), "answer": (), "console": (typeof(new_watch()),)}

#: Lines of numba's messages that say where something is, or what numba was doing.
_AROUND = re.compile(r"Failed in|During:|File |<source|- |There are|\W*$")


def check_devices(devices: Iterable[Device]) -> None:
    """Compile the functions of users' devices that have not been compiled before.

    Raises
    ------
    pteg.errors.UserError
        One cannot be compiled.
    """
    for device in devices:
        if type(device).__module__.partition(".")[0] == "pteg":
            continue
        digest, known = digest_of(type(device))
        text = f"{digest} {device.dtype.descr} numba {numba.__version__}"
        mark = f"checked/{hashlib.sha256(text.encode()).hexdigest()[:20]}"
        if (folder() / mark).is_file():
            continue
        for name, function in device.functions().items():
            types = typeof(device.state), typeof(device.memory), *_ARGUMENTS[name]
            try:
                function.compile(types)
            except Exception as error:  # numba raises many kinds, KeyError among them
                raise UserError(f"{name!r} of {type(device).__name__} cannot be compiled: "
                                f"{_what(error)} ({_where(error, function)})") from error
        if known:
            keep(mark, b"")


def _what(error: Exception) -> str:
    """The line that says what is wrong."""
    if isinstance(error, KeyError):
        return f"no field {error}"
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = [line.strip() for line in text.split("\n") if not _AROUND.match(line.strip())]
    line = re.sub(r", defined at .*", "", lines[0]) if lines else type(error).__name__
    return line.rstrip(".:")


def _where(error: Exception, function: Dispatcher) -> str:
    """File and line: what numba was looking at last, or else the function."""
    code = function.py_func.__code__
    place = code.co_filename, code.co_firstlineno
    for frame, _ in traceback.walk_tb(error.__traceback__):
        seen: Any = getattr(frame.f_locals.get("self"), "loc", None)
        if isinstance(getattr(seen, "filename", None), str):
            place = seen.filename, seen.line
    seen = getattr(error, "loc", None)
    if seen is not None:
        place = seen.filename, seen.line
    return f"{place[0]}:{place[1]}"
