"""Kernels that are here as C source, by name, and their files."""

from importlib import import_module
from pathlib import Path

from pteg.errors import UserError
from pteg.outputs import write_file

__all__ = ["KERNELS", "build", "build_file"]

#: Each kernel's module and function, which is called with `arguments` and returns an ELF file.
KERNELS = {"hostl": ("pteg.firmware.hosts.hostl.image", "build"),
           "hostl-mol": ("pteg.firmware.hosts.hostl.image", "build_with_mol")}


def build(name: str, arguments: str = "") -> bytes:
    """The ELF file of a kernel, which gets `arguments` unless firmware gives it others."""
    if name not in KERNELS:
        raise UserError(f"kernel must be one of {', '.join(KERNELS)}, not {name!r}")
    module, function = KERNELS[name]
    return getattr(import_module(module), function)(arguments)


def build_file(name: str, output: str | Path | None = None, arguments: str = "") -> Path:
    """Write the ELF file of a kernel; by default its name with `.elf`. Returns the path."""
    path = Path(output or f"{name}.elf")
    write_file(path, build(name, arguments))
    return path
