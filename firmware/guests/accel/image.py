"""The guest that replaces its privileged instructions, as an ELF file."""

from pathlib import Path

from pteg.firmware import cbuild
from pteg.firmware.mol.image import FOLDER as MOL

__all__ = ["build"]

_HERE = Path(__file__).parent


def build(compiler: cbuild.Compiler | None = None) -> bytes:
    """An ELF executable, loaded at 0; entry `_start`, end at `stop`."""
    return cbuild.build([_HERE / "start.S", _HERE / "accelerate.c"], _HERE / "accel.ld",
                        include=[_HERE, MOL], compiler=compiler)
