"""HostX as an ELF file: HostL's machine-independent half, and what HostX has of its own."""

from collections.abc import Mapping
from pathlib import Path

from pteg.firmware import cbuild
from pteg.firmware.hosts.hostl import image as hostl
from pteg.firmware.hosts.hostl.image import (
    MOL_FOLDER,
    MOL_MODULE,
    MOL_PROGRAM,
    link,
    link_program,
    loaded_part,
    with_programs,
)
from pteg.firmware.mol import image as mol

__all__ = ["PROGRAMS", "build", "build_with_mol", "program"]

_FOLDER = Path(__file__).parent
_MACH, _VMM, _USER, _MOL = (_FOLDER / name for name in ("mach", "vmm", "user", "mol"))
_OWN = [_FOLDER / "machdep", _MACH, _VMM]
#: Programs of every image beside HostL's, by name.
PROGRAMS = {"ports": _USER / "ports.c", "vmm": _USER / "vmm.c"}


def build(arguments: str = "", programs: Mapping[str, Path] | None = None,
          compiler: cbuild.Compiler | None = None) -> bytes:
    """Build the kernel.

    Parameters
    ----------
    arguments : str
        What the kernel is told if neither a device tree nor firmware tells it something: those of
        HostL, and ``space=`` (machdep/space.c).
    programs : dict of str to path, optional
        More programs for the archive: name and C file.
    compiler : pteg.firmware.cbuild.Compiler, optional

    Returns
    -------
    bytes
        An ELF executable, linked at 0xC0000000, loaded at 0.
    """
    return link(_OWN, arguments, _archive(programs, compiler), compiler=compiler)


def build_with_mol(arguments: str = "", programs: Mapping[str, Path] | None = None,
                   guests: Mapping[str, bytes] | None = None,
                   compiler: cbuild.Compiler | None = None) -> bytes:
    """Build the kernel with MOL as a module, and the program `mol` that runs guests.

    Parameters
    ----------
    arguments, programs, guests, compiler
        As for `pteg.firmware.hosts.hostl.image.build_with_mol`.
    """
    if guests is None:
        guests = {"guest": hostl.build("hash=64K swap=512K", compiler=compiler)}
    files = _archive(programs, compiler)
    for name, data in guests.items():
        files[name] = loaded_part(data) if data.startswith(b"\x7fELF") else data
    with mol.headers(MOL_FOLDER, compiler) as headers:
        include = [*headers, MOL_FOLDER]
        files["mol"] = link_program([*MOL_PROGRAM, _MOL / "interface.c"], [*include, _MACH],
                                    compiler)
        module = [*MOL_MODULE, _MOL / "vsids.c", _MOL / "molport.c"]
        return link(_OWN, arguments, files, module, include, compiler)


def program(source: Path, compiler: cbuild.Compiler | None = None) -> bytes:
    """A program for HostX, from one C file."""
    return link_program([source], [_MACH, _VMM], compiler)


def _archive(more, compiler):
    own = {name: program(source, compiler) for name, source in PROGRAMS.items()}
    return with_programs(more, compiler) | own
