"""Waveforms of a sweep: a file for each point."""

import hashlib
import inspect
import re
from collections.abc import Callable, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from pteg.errors import UserError

__all__ = ["Traces"]

#: The parameter of the function that measures.
PARAMETER = "trace"
#: Longest name of a file, without its ending.
LONGEST = 100


class Traces:
    """Where the waveform of each point goes.

    Parameters
    ----------
    measure : callable
    folder : path or None
        Made if it is not there. None: no waveforms.

    Raises
    ------
    UserError
        The function takes no `trace`, or the folder cannot be made.
    """

    def __init__(self, measure: Callable, folder: str | PathLike | None):
        # Absolute: the processes of a cluster have other working folders.
        self._folder = None if folder is None else Path(folder).absolute()
        if folder is None or self._folder is None:
            return
        parameters = inspect.signature(measure).parameters.values()
        if not any(parameter.name == PARAMETER or parameter.kind is parameter.VAR_KEYWORD
                   for parameter in parameters):
            raise UserError(f"traces need a function with the parameter {PARAMETER!r}, the path of "
                            f"a waveform; {getattr(measure, '__name__', 'measure')} has none")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"traces {fspath(folder)!r}: {error.strerror}") from None

    def of(self, point: Mapping[str, Any]) -> dict[str, str]:
        """The argument `trace` for a point, if there is one."""
        if self._folder is None:
            return {}
        return {PARAMETER: str(self._folder / f"{_file_name(point)}.vcd")}


def _file_name(point: Mapping[str, Any]) -> str:
    """`dcache=8K,seed=1`: different for different points."""
    name = ",".join(f"{name}={value}" for name, value in point.items()) or "point"
    safe = re.sub(r"[^\w.,=+-]", "_", name)
    if safe == name and len(safe) <= LONGEST:
        return safe
    return f"{safe[:LONGEST]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
