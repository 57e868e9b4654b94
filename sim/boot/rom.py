"""What a machine's ROM holds: a built-in image, an installed firmware, a file, or bytes."""

from os import PathLike
from pathlib import Path

from pteg.boot.loader import read_elf
from pteg.errors import UserError
from pteg.files import check_kind, is_elf, read_file
from pteg.platform import Platform
from pteg.symbols import Symbols
from pteg.waiting import waiting

__all__ = ["NONE", "program_rom"]

#: The name of no ROM at all.
NONE = "none"


def program_rom(platform: Platform, symbols: Symbols, rom: str | PathLike | bytes) -> None:
    """Put an image into a platform's ROM, and its symbols where they are known."""
    if isinstance(rom, str) and rom == NONE:
        return
    device = platform.rom
    if device is None:
        raise UserError("this machine has no ROM")
    if isinstance(rom, bytes | bytearray):
        data, name = bytes(rom), "ROM image"
    else:
        data, name = _contents(rom, platform), str(rom)
    if not is_elf(data):
        check_kind(data, name, "a ROM image, as an ELF file or raw bytes")
        if len(data) > device.size:
            raise UserError(f"{name}: ROM image must fit in {device.size:#x} bytes, "
                            f"not {len(data):#x}")
        device.program(data)
        return
    image = read_elf(data, name)
    # Segments without contents are RAM that the program uses.
    stored = [segment for segment in image.segments if segment.data]
    for segment in stored:
        if not (device.base <= segment.address
                and segment.address + segment.size <= device.base + device.size):
            raise UserError(f"{name}: ROM image must lie in {device.base:#010x} to "
                            f"{device.base + device.size - 1:#010x}, not at "
                            f"{segment.address:#010x} with {segment.size:#x} bytes")
    contents = bytearray(device.size)
    for segment in stored:
        start = segment.address - device.base
        contents[start:start + len(segment.data)] = segment.data
    device.program(bytes(contents))
    symbols.add(data, image)


def _contents(rom: str | PathLike, platform: Platform) -> bytes:
    from pteg.firmware import images, installed

    if str(rom) in images.images():
        with waiting("assembling the ROM (only the first time)"):
            return images.build(str(rom), platform)
    if str(rom) in installed.INSTALLED:
        return read_file(installed.find(str(rom)))
    if not Path(rom).exists():
        known = ", ".join([*images.images(), *installed.INSTALLED])
        raise UserError(f"ROM must be a file or one of {known}, not {str(rom)!r}")
    return read_file(rom)
