"""ROM images, built from source on first use and kept by the hash of their sources."""

import hashlib
from pathlib import Path

from pteg.cache_folder import keep, read
from pteg.errors import UserError

__all__ = ["images", "build", "program", "ROM_BASE"]

#: Where ROMs begin, and how large they may be.
ROM_BASE, ROM_SIZE = 0xFFF00000, 0x100000

_FOLDER = Path(__file__).parent
#: Folder of each image's sources.
_SOURCES = {"first": _FOLDER / "rom", "openfirmware": _FOLDER / "openfirmware"}


def images():
    """Names of the images that `build` knows."""
    return sorted(_SOURCES)


def _check(name):
    if name not in _SOURCES:
        raise UserError(f"image must be one of {', '.join(images())}, not {name!r}")


def program(name, platform=None):
    """The image as a `Program` with symbols, sections and listing; always made anew."""
    # Imported here: an image that has been kept is there without the assembler.
    _check(name)
    if name == "openfirmware":
        from pteg.firmware.openfirmware.build import build as build_openfirmware

        return build_openfirmware(_need(platform))
    from pteg.firmware.asm import assemble

    return assemble(_SOURCES[name] / f"{name}.s")


def build(name, platform=None):
    """The ELF file of an image, which lies from `ROM_BASE` on, with symbols.

    Parameters
    ----------
    name : str
        One of `images()`.
    platform : Platform, optional
        The machine that it is for. "openfirmware" must know its devices.
    """
    _check(name)
    kept = f"rom-{name}-{_digest(name, platform)}.elf"
    if (data := read(kept)) is not None:
        return data
    built = program(name, platform)
    size = len(built.image(ROM_BASE))
    if size > ROM_SIZE:
        raise UserError(f"image {name} must fit in {ROM_SIZE:#x} bytes, not {size:#x}")
    keep(kept, built.elf())
    return built.elf()


def _need(platform):
    if platform is None:
        raise UserError("image openfirmware is made for one machine, which must be given")
    return platform


def _digest(name, platform):
    """Hash over everything that an image is made from, the assembler included."""
    total = hashlib.sha256()
    if name == "openfirmware":
        from pteg.firmware.openfirmware.board import Board

        total.update(Board(_need(platform)).description().encode())
    folders = (_SOURCES[name], _FOLDER / "start", _FOLDER / "asm", _FOLDER.parent / "hw" / "isa")
    files = [file for folder in folders
             for file in sorted(folder.rglob("*")) if file.suffix in (".s", ".fs", ".fth", ".py")]
    for file in files:
        total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()[:24]
