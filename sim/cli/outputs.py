"""Files that commands write: bad ones are refused early; `-` is standard output."""

import os
from collections.abc import Iterable, Mapping

from pteg.errors import UserError
from pteg.outputs import check_writable, write_file

__all__ = ["check_outputs", "give"]


def check_outputs(outputs: Mapping[str, str | None], inputs: Iterable[str | None] = ()) -> None:
    """Refuse early what cannot be written in the end, or would destroy what is read.

    Parameters
    ----------
    outputs : mapping of str to path
        Files to write, by the name of the option; None is none, and `-` is no file.
    inputs : iterable of path
        Files that are read.

    Raises
    ------
    UserError
        The first problem. An existing file is not touched.
    """
    read = {os.path.realpath(path): path for path in inputs if path}
    used: dict[str, str] = {}
    for name, path in outputs.items():
        if not path or path == "-":
            continue
        check_writable(path)
        place = os.path.realpath(path)
        if os.path.exists(place) and not os.path.isfile(place):
            continue    # a terminal, a pipe: they have room for all
        if place in read and os.path.isfile(place):
            raise UserError(f"--{name} needs another file than {read[place]!r}, which is read")
        other = used.setdefault(place, name)
        if other != name:
            raise UserError(f"--{other} and --{name} need different files, not both {path!r}")


def give(text: str, output: str | None) -> None:
    """Write a text to a file, or print it without one."""
    if output in (None, "-"):
        print(text, end="")
    else:
        write_file(output, text.encode())
