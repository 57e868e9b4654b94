"""HostX as an ELF file: HostL's machine-independent half, and what HostX has of its own."""

from collections.abc import Mapping
from pathlib import Path

from pteg.firmware import cbuild
from pteg.firmware.hosts.hostl.image import link, link_program, with_programs

__all__ = ["PROGRAMS", "build", "program"]

_FOLDER = Path(__file__).parent
_MACH, _USER = _FOLDER / "mach", _FOLDER / "user"
_OWN = [_FOLDER / "machdep", _MACH]
#: Programs of every image beside HostL's, by name.
PROGRAMS = {"ports": _USER / "ports.c"}


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


def program(source: Path, compiler: cbuild.Compiler | None = None) -> bytes:
    """A program for HostX, from one C file."""
    return link_program([source], [_MACH], compiler)


def _archive(more, compiler):
    own = {name: program(source, compiler) for name, source in PROGRAMS.items()}
    return with_programs(more, compiler) | own
