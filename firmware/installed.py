"""Firmware that the operating system has installed, found by name.

Such files are third-party software under licences of their own; none is part of this package.
"""

import os
from pathlib import Path

from pteg.errors import UserError

__all__ = ["INSTALLED", "NotInstalled", "find"]

#: By name: the file below a data folder, and Debian's package with it.
INSTALLED = {"openbios": ("qemu/openbios-ppc", "qemu-system-data")}


class NotInstalled(UserError):
    """A file that is not part of this package is not there."""


def find(name):
    """Path of the firmware `name` of `INSTALLED`, from the XDG data folders.

    Raises
    ------
    NotInstalled
        It is in none of them.
    """
    file, package = INSTALLED[name]
    own = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    folders = [own, *filter(None, shared.split(os.pathsep))]
    for folder in folders:
        if (path := Path(folder) / file).is_file():
            return path
    raise NotInstalled(f"{name}: no {file} in {', '.join(map(str, folders))}; Debian's package "
                       f"{package} has it, or name a file")
