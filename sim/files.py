"""Input files: their kind, and one clear line if the kind is wrong.

Users confuse files: a compressed kernel, a program for the host, an error page of a web server
instead of an image. `kind_of` recognises them by their first bytes.
"""

import os
import stat
import struct
from os import PathLike
from pathlib import Path

from pteg.errors import UserError

__all__ = ["read_file", "check_kind", "check_regular", "kind_of", "is_elf"]

#: No file that is read as a whole can be larger: it has to fit in 32 bits of addresses.
LARGEST = 1 << 32

#: What the file system calls an entry that is no regular file.
_ENTRIES = ((stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a FIFO"), (stat.S_ISSOCK, "a socket"),
            (stat.S_ISCHR, "a character device"), (stat.S_ISBLK, "a block device"))
#: First bytes of formats that are no image of a memory or of a disk.
_BEGINNINGS = (
    (b"\x1f\x8b", "a file compressed with gzip"), (b"BZh", "a file compressed with bzip2"),
    (b"\xfd7zXZ\0", "a file compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "a file compressed with zstd"),
    (b"\x04\x22\x4d\x18", "a file compressed with lz4"), (b"PK\3\4", "a ZIP archive"),
    (b"\x27\x05\x19\x56", "a U-Boot image (uImage)"),
    (b"\xd0\x0d\xfe\xed", "a flattened device tree (.dtb)"),
    (b"pteg-checkpoint\n", "a checkpoint of pteg"), (b"QFI\xfb", "a qcow2 disk image"),
    (b"KDMV", "a VMDK disk image"), (b"conectix", "a VHD disk image"),
    (b"!<arch>\n", "a library (.a)"), (b"MZ", "a program for Windows or UEFI"),
)
#: Names of machines in ELF files (System V ABI, e_machine).
_MACHINES = {2: "SPARC", 3: "x86", 4: "68000", 8: "MIPS", 20: "PowerPC", 21: "64-bit PowerPC",
             22: "S/390", 40: "Arm", 62: "x86-64", 183: "AArch64", 243: "RISC-V"}
_ELF_TYPES = {1: "object file", 2: "executable", 3: "shared object", 4: "core dump"}
_TEXT = bytes({*range(0x20, 0x7F), *b"\t\n\r\f", *range(0x80, 0x100)})


def read_file(path: str | PathLike) -> bytes:
    """Contents of a regular file, or a UserError that says why not."""
    check_regular(path)
    try:
        size = os.path.getsize(path)
        if size > LARGEST:
            raise UserError(f"{path}: must have at most {LARGEST >> 30} GB, not {size} bytes")
        return Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None


def check_regular(path: str | PathLike, blocks: bool = False) -> None:
    """UserError unless there is a regular file; with `blocks` a block device will do.

    Asked before the file is opened, which waits for a writer if it is a FIFO.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if not stat.S_ISREG(mode) and not (blocks and stat.S_ISBLK(mode)):
        kind = next((name for matches, name in _ENTRIES if matches(mode)), "something else")
        raise UserError(f"{path}: must be a regular file, not {kind}")


def check_kind(data: bytes, name: str, wanted: str) -> None:
    """UserError if what is to be raw bytes of any kind evidently is something else.

    Parameters
    ----------
    data : bytes
    name : str
        For messages.
    wanted : str
        What it is to be.
    """
    kind = kind_of(data)
    if kind != OTHER:
        raise UserError(f"{name}: must be {wanted}, not {kind}")


def is_elf(data: bytes) -> bool:
    return data[:4] == b"\x7fELF"


#: What has no other name.
OTHER = "other data"


def kind_of(data: bytes) -> str:
    """What the contents of a file evidently are, with an article; `OTHER` if that is not clear."""
    if not data:
        return "an empty file"
    if is_elf(data):
        return _elf(data)
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    return _text(data)


def _elf(data: bytes) -> str:
    if len(data) < 20:
        return "a truncated ELF file"
    if data[4] not in (1, 2) or data[5] not in (1, 2):
        return "an ELF file of unknown class"
    bits, order = ("32-bit", "64-bit")[data[4] - 1], ("little-endian", "big-endian")[data[5] - 1]
    kind, machine = struct.unpack_from("<HH" if data[5] == 1 else ">HH", data, 16)
    return (f"a {bits} {order} ELF {_ELF_TYPES.get(kind, f'file of type {kind}')} for "
            f"{_MACHINES.get(machine, f'machine {machine}')}")


def _text(data: bytes) -> str:
    if data.translate(None, _TEXT):
        return OTHER
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return OTHER
    begin = text[:1000].lstrip("\ufeff \t\r\n").lower()
    if begin.startswith(("<!doctype html", "<html")):
        return "an HTML page"
    if begin.startswith("/dts-v1/"):
        return "the source of a device tree (.dts)"
    return "a text file"
