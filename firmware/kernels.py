"""Kernels that are here as C source, by name, and their files."""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from pteg.errors import UserError
from pteg.files import read_file
from pteg.outputs import write_file

__all__ = ["KERNELS", "build", "build_file"]

#: Bytes of the longest name in an archive (kernel/archive.c), which ends with a 0.
LONGEST_NAME = 23
#: Each kernel's module and function, which is called with `arguments` and returns an ELF file.
KERNELS = {"hostl": ("pteg.firmware.hosts.hostl.image", "build"),
           "hostl-mol": ("pteg.firmware.hosts.hostl.image", "build_with_mol"),
           "hostx": ("pteg.firmware.hosts.hostx.image", "build"),
           "hostx-mol": ("pteg.firmware.hosts.hostx.image", "build_with_mol")}


def build(name: str, arguments: str = "", guests: Iterable[str | Path] = ()) -> bytes:
    """The ELF file of a kernel.

    Parameters
    ----------
    name : str
        One of `KERNELS`.
    arguments : str
        What the kernel is told unless firmware tells it something.
    guests : iterable of path
        Files for the archive of hostl-mol or hostx-mol beside `guest`, which is HostL itself:
        guests, as ELF files, and their device trees.
    """
    if name not in KERNELS:
        raise UserError(f"kernel must be one of {', '.join(KERNELS)}, not {name!r}")
    module, function = KERNELS[name]
    more = {Path(file).name: read_file(file) for file in guests}
    if more and not name.endswith("-mol"):
        raise UserError(f"{name} runs no guests; {name}-mol does")
    too_long = [file for file in more if len(file.encode()) > LONGEST_NAME]
    if too_long:
        raise UserError(f"{too_long[0]}: the name of a guest has at most {LONGEST_NAME} bytes")
    options = {"guests": {"guest": build("hostl", "hash=64K swap=512K"), **more}} if more else {}
    return getattr(import_module(module), function)(arguments, **options)


def build_file(name: str, output: str | Path | None = None, arguments: str = "",
               guests: Iterable[str | Path] = ()) -> Path:
    """Write the ELF file of a kernel; by default its name with `.elf`. Returns the path."""
    path = Path(output or f"{name}.elf")
    write_file(path, build(name, arguments, guests))
    return path
