"""HostB with MOL as an ELF file."""

from functools import lru_cache
from pathlib import Path

from pteg.firmware import cbuild
from pteg.firmware.mol.image import FOLDER, KERNEL_PART, USER_PART, headers

__all__ = ["build"]

_HERE = Path(__file__).parent


@lru_cache
def build(compiler: cbuild.Compiler | None = None) -> bytes:
    """An ELF executable, linked and loaded at 0; entry `_start`, end at `hostb_done`."""
    sources = [_HERE / name for name in ("vectors.S", "entry.S", "hostb.c", "user.c")]
    sources.append(_HERE.parent / "vsids.c")
    with headers(_HERE, compiler) as include:
        return cbuild.build([*sources, *KERNEL_PART, *USER_PART], _HERE / "hostb.ld",
                            include=[*include, FOLDER / "user"], compiler=compiler)
