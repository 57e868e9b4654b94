"""Program files: ELF executables, raw images, sizes and numbers as users write them.

Loading needs only the ELF header and the program headers (System V ABI, PowerPC supplement). They
and the symbols are read here with `struct`. Every field is checked before it is used, so a damaged
file causes one clear error.
"""

import re
import struct
from dataclasses import dataclass, replace

from pteg.errors import UserError
from pteg.files import is_elf, kind_of

__all__ = ["Image", "Segment", "read_elf", "read_symbols", "parse_size"]

ELFCLASS32, ELFDATA2MSB, EM_PPC, ET_EXEC, PT_LOAD, SHT_SYMTAB = 1, 2, 20, 2, 1, 2
#: Types of symbols that name code, and the first section number with a special meaning.
STT_NOTYPE, STT_FUNC, SHN_LORESERVE = 0, 2, 0xFF00
_HEADER = struct.Struct(">16sHHIIIIIHHHHHH")
_PROGRAM_HEADER = struct.Struct(">8I")
_SECTION_HEADER = struct.Struct(">10I")
_SYMBOL = struct.Struct(">IIIBBH")
#: Characters of a name that are read.
LONGEST_NAME = 256


@dataclass(frozen=True)
class Segment:
    """`data` at physical `address`, then zeros up to `size` bytes; the program has it at `virtual`.
    """

    address: int
    data: bytes
    size: int
    virtual: int


@dataclass(frozen=True)
class Image:
    """What is to be loaded, and the virtual address of its first instruction."""

    segments: tuple[Segment, ...]
    start: int

    @property
    def entry(self) -> int:
        """Physical address of the first instruction."""
        return self.physical(self.start)

    def physical(self, address: int) -> int:
        """Where a virtual address of the program is loaded; outside of it the same address."""
        for segment in self.segments:
            if segment.virtual <= address < segment.virtual + segment.size:
                return address - segment.virtual + segment.address
        return address

    def overlaps(self, other: "Image") -> bool:
        """Whether this and another image cannot both be loaded."""
        return any(mine.address < theirs.address + len(theirs.data)
                   and theirs.address < mine.address + len(mine.data)
                   for mine in self.segments for theirs in other.segments)

    def moved(self, distance: int) -> "Image":
        """The same image, so many bytes higher in physical memory."""
        return replace(self, segments=tuple(
            replace(segment, address=segment.address + distance) for segment in self.segments))


def read_elf(data: bytes, name: str) -> Image:
    """Read an ELF executable for the 32-bit big-endian PowerPC.

    Parameters
    ----------
    data : bytes
    name : str
        For messages.

    Returns
    -------
    Image
    """
    def check(condition: object, problem: str) -> None:
        if not condition:
            raise UserError(f"{name}: {problem}")

    check(is_elf(data), f"must be an ELF file, not {kind_of(data)}")
    check(len(data) >= _HEADER.size, "truncated ELF file")
    (identity, kind, machine, _, entry, table, _, _, _, entry_size, count, _, _, _) = (
        _HEADER.unpack_from(data))
    check((*identity[4:6], machine, kind) == (ELFCLASS32, ELFDATA2MSB, EM_PPC, ET_EXEC),
          f"must be a 32-bit big-endian ELF executable for PowerPC, not {kind_of(data)}")
    check(count == 0 or entry_size >= _PROGRAM_HEADER.size, "program headers are too short")
    check(table + count * entry_size <= len(data), "truncated ELF file: no program headers")
    segments = []
    for n in range(count):
        (kind, offset, virtual, physical, file_size, size, _, _) = _PROGRAM_HEADER.unpack_from(
            data, table + n * entry_size)
        if kind != PT_LOAD or size == 0:
            continue
        check(file_size <= size, f"segment {n} is larger in the file than in memory")
        check(offset + file_size <= len(data), f"truncated ELF file: segment {n} is not complete")
        check(physical + size <= 1 << 32, f"segment {n} must lie inside 32 bits of addresses")
        segments.append(Segment(physical, data[offset:offset + file_size], size, virtual))
    check(segments, "ELF file has nothing to load")
    return Image(tuple(segments), entry)


def read_symbols(data: bytes) -> list[tuple[str, int]]:
    """Functions and labels of an ELF file: a list of (name, virtual address).

    Empty if the file has none, or none that can be read: symbols are a convenience.
    """
    try:
        header = _HEADER.unpack_from(data)
        table, entry_size, count = header[6], header[11], header[12]
        sections = [_SECTION_HEADER.unpack_from(data, table + n * entry_size)
                    for n in range(count)]
        symbols = next(section for section in sections if section[1] == SHT_SYMTAB)
        names = sections[symbols[6]]
    except (struct.error, IndexError, StopIteration):
        return []
    texts, rows = (data[section[4]:section[4] + section[5]] for section in (names, symbols))
    found = []
    for name, address, _, info, _, section in _SYMBOL.iter_unpack(rows[:len(rows) // 16 * 16]):
        # Constants are in no section.
        if info & 15 in (STT_NOTYPE, STT_FUNC) and 0 < section < SHN_LORESERVE:
            text = texts[name:name + LONGEST_NAME].partition(b"\0")[0].decode("latin-1")
            if text and text.isprintable():
                found.append((text, address))
    return found


def parse_size(value: int | str, name: str = "size") -> int:
    """A number of bytes: an integer, or text such as `32M`, `0x1000`, `64k`."""
    if isinstance(value, int):
        return value
    found = re.fullmatch(r"(0[xX][0-9a-fA-F]+|[0-9]+)\s*([kKmMgG]?)(?:i?[bB])?", str(value).strip())
    if not found:
        raise UserError(f"{name} must be a number of bytes such as 32M, not {value!r}")
    shift = {"": 0, "k": 10, "m": 20, "g": 30}[found[2].lower()]
    return int(found[1], 0 if found[1][:2].lower() == "0x" else 10) << shift
