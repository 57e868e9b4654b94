"""The tiny kernel as an ELF file."""

from pathlib import Path

from pteg.firmware import cbuild

__all__ = ["PROCESSES", "build"]

_HERE = Path(__file__).parent
#: How many processes the kernel has.
PROCESSES = 4


def build(compiler: cbuild.Compiler | None = None) -> bytes:
    """An ELF executable, loaded at 0; entry `_start`, end at `stop`."""
    return cbuild.build([_HERE / name for name in ("entry.S", "kernel.c", "user.c")],
                        _HERE / "kernel.ld", include=[_HERE], compiler=compiler)
