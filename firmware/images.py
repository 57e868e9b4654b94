"""ROM images, built from source on first use and kept by the hash of their sources."""

import hashlib
import os
import tempfile
from pathlib import Path

from platformdirs import user_cache_dir

from pteg.errors import UserError

__all__ = ["images", "build", "program", "ROM_BASE"]

#: Where ROMs begin, and how large they may be.
ROM_BASE, ROM_SIZE = 0xFFF00000, 0x100000

_FOLDER = Path(__file__).parent
#: Main source of each image.
_SOURCES = {"first": _FOLDER / "rom" / "first.s"}


def images():
    """Names of the images that `build` knows."""
    return sorted(_SOURCES)


def _source(name):
    if name not in _SOURCES:
        raise UserError(f"image must be one of {', '.join(images())}, not {name!r}")
    return _SOURCES[name]


def program(name):
    """The image as a `Program` with symbols, sections and listing; always assembled anew."""
    # Imported here: an image that has been kept is there without the assembler.
    from pteg.firmware.asm import assemble

    return assemble(_source(name))


def build(name):
    """The ELF file of an image, which lies from `ROM_BASE` on, with symbols.

    Parameters
    ----------
    name : str
        One of `images()`.
    """
    path = _cache_folder() / f"rom-{name}-{_digest(_source(name))}.elf"
    try:
        return path.read_bytes()
    except OSError:
        pass
    built = program(name)
    size = len(built.image(ROM_BASE))
    if size > ROM_SIZE:
        raise UserError(f"image {name} must fit in {ROM_SIZE:#x} bytes, not {size:#x}")
    _keep(path, built.elf())
    return built.elf()


def _digest(source):
    """Hash over everything that an image is made from, the assembler included."""
    files = [*sorted(source.parent.glob("*.s")), *sorted((_FOLDER / "asm").glob("*.py")),
             *sorted((_FOLDER.parent / "hw" / "isa").glob("*.py"))]
    total = hashlib.sha256()
    for file in files:
        total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()[:24]


def _cache_folder():
    """$PTEG_CACHE, or `pteg` in the platform's cache folder, as the engine has it."""
    return Path(os.environ.get("PTEG_CACHE") or user_cache_dir("pteg", appauthor=False))


def _keep(path, data):
    """Write the whole file or nothing. Without a cache it is only slower."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        os.replace(file.name, path)
    except OSError:
        pass
