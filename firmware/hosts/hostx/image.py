"""HostX as an ELF file: HostL's machine-independent half, and what HostX has of its own."""

from collections.abc import Mapping
from pathlib import Path

from pteg.firmware import cbuild
from pteg.firmware.hosts.hostl.image import link, with_programs

__all__ = ["build"]

_FOLDER = Path(__file__).parent
_OWN = [_FOLDER / "machdep", _FOLDER / "mach"]


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
    return link(_OWN, arguments, with_programs(programs, compiler), compiler=compiler)
