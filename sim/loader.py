"""Program files: ELF executables, raw images, sizes and numbers as users write them.

The ELF header and program headers (System V ABI, PowerPC supplement) are all that loading needs.
They are read here with `struct`, every field checked before it is used, so that a damaged file is
one clear error and costs neither memory nor start-up time; symbols are pyelftools' business.
"""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from pteg.errors import UserError

__all__ = ["Image", "Segment", "read_file", "read_elf", "read_symbols", "is_elf", "parse_size"]

EM_PPC, ET_EXEC, PT_LOAD = 20, 2, 1
_HEADER = struct.Struct(">16sHHIIIIIHHHHHH")
_PROGRAM_HEADER = struct.Struct(">8I")


@dataclass(frozen=True)
class Segment:
    """`data` at physical `address`, then zeros up to `size` bytes."""

    address: int
    data: bytes
    size: int


@dataclass(frozen=True)
class Image:
    """What is to be loaded, and the physical address of its first instruction."""

    segments: tuple
    entry: int

    def moved(self, distance):
        """The same image, so many bytes higher."""
        return Image(tuple(Segment(segment.address + distance, segment.data, segment.size)
                           for segment in self.segments), self.entry + distance)


def read_file(path):
    """Contents of a file, or a UserError that says why not."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None


def is_elf(data):
    return data[:4] == b"\x7fELF"


def read_elf(data, name):
    """Read an ELF executable for the 32-bit big-endian PowerPC.

    Parameters
    ----------
    data : bytes
    name : str
        For messages.

    Returns
    -------
    Image
        With physical addresses. The entry point, a virtual address, is moved like the segment that
        holds it.
    """
    def check(condition, problem):
        if not condition:
            raise UserError(f"{name}: {problem}")

    check(is_elf(data), "not an ELF file")
    check(len(data) >= _HEADER.size, "truncated ELF file")
    # Class and byte order first: they decide how the rest is to be read.
    check(data[4] == 1, "ELF file must be 32-bit, not 64-bit" if data[4] == 2
          else "ELF file must be 32-bit")
    check(data[5] == 2, "ELF file must be big-endian, not little-endian" if data[5] == 1
          else "ELF file must be big-endian")
    (_, kind, machine, _, entry, table, _, _, _, entry_size, count, _, _, _) = _HEADER.unpack_from(
        data)
    check(machine == EM_PPC, f"ELF file must be for PowerPC (machine 20), not machine {machine}")
    check(kind == ET_EXEC, f"ELF file must be an executable (type 2), not type {kind}")
    check(count == 0 or entry_size >= _PROGRAM_HEADER.size, "program headers are too short")
    check(table + count * entry_size <= len(data), "truncated ELF file: no program headers")
    segments, start = [], entry
    for n in range(count):
        (kind, offset, virtual, physical, file_size, size, _, _) = _PROGRAM_HEADER.unpack_from(
            data, table + n * entry_size)
        if kind != PT_LOAD or size == 0:
            continue
        check(file_size <= size, f"segment {n} is larger in the file than in memory")
        check(offset + file_size <= len(data), f"truncated ELF file: segment {n} is not complete")
        check(physical + size <= 1 << 32, f"segment {n} must lie inside 32 bits of addresses")
        segments.append(Segment(physical, data[offset:offset + file_size], size))
        if virtual <= entry < virtual + size:
            start = entry - virtual + physical
    check(segments, "ELF file has nothing to load")
    return Image(tuple(segments), start)


def read_symbols(path):
    """Functions and labels of an ELF file: a dict from name to (virtual) address.

    Empty if the file has none, or none that can be read: symbols are a convenience.
    """
    import io

    from elftools.elf.elffile import ELFFile

    try:
        table = ELFFile(io.BytesIO(read_file(path))).get_section_by_name(".symtab")
        return {} if table is None else {
            symbol.name: symbol["st_value"] for symbol in table.iter_symbols()
            if symbol.name and symbol["st_info"]["type"] in ("STT_FUNC", "STT_NOTYPE")}
    except UserError:
        raise
    except Exception:  # pyelftools raises whatever it trips over in a damaged file
        return {}


def parse_size(value, name="size"):
    """A number of bytes: an integer, or text such as `32M`, `0x1000`, `64k`."""
    if isinstance(value, int):
        return value
    found = re.fullmatch(r"(0[xX][0-9a-fA-F]+|[0-9]+)\s*([kKmMgG]?)(?:i?[bB])?", str(value).strip())
    if not found:
        raise UserError(f"{name} must be a number of bytes such as 32M, not {value!r}")
    shift = {"": 0, "k": 10, "m": 20, "g": 30}[found[2].lower()]
    return int(found[1], 0 if found[1][:2].lower() == "0x" else 10) << shift
