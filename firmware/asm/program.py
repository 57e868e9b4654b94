"""The result of an assembly: sections with bytes, symbols, image, listing."""

import enum
from dataclasses import dataclass, field

from pteg.errors import UserError
from pteg.firmware.asm.debuginfo import debug_sections
from pteg.firmware.asm.elf import write_elf
from pteg.firmware.asm.source import Location

__all__ = ["Section", "SectionFlags", "Binding", "Visibility", "Label", "Line", "Program"]

#: Bytes of one statement that a listing shows.
_LISTED = 64


class SectionFlags(enum.IntFlag):
    """Section attributes, with their ELF values."""

    WRITE = 1
    ALLOC = 2
    EXECUTE = 4


class Binding(enum.IntEnum):
    """Who may use a symbol, with the ELF values."""

    LOCAL = 0
    GLOBAL = 1
    WEAK = 2


class Visibility(enum.IntEnum):
    """Who may use a global symbol of a shared object, with the ELF values."""

    DEFAULT = 0
    INTERNAL = 1
    HIDDEN = 2
    PROTECTED = 3


@dataclass(eq=False)
class Section:
    """A run of bytes with one address.

    Parameters
    ----------
    name : str
        Such as `.text`.
    flags : SectionFlags
        Whether it is in memory, can be written, and is code.
    nobits : bool
        Takes room in memory but not in the file: all zero.
    address : int or None
        None until the layout is done, unless the source says it.
    alignment : int
        The address is a multiple of it.
    data : bytearray
        Contents; zeros if `nobits`.
    """

    name: str
    flags: SectionFlags
    nobits: bool = False
    address: int | None = None
    alignment: int = 1
    data: bytearray = field(default_factory=bytearray)

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self.data)

    @property
    def start(self) -> int:
        """Address of the first byte, after the layout."""
        assert self.address is not None
        return self.address

    @property
    def end(self) -> int:
        """Address of the first byte after it."""
        return self.start + self.size

    @property
    def allocated(self) -> bool:
        """Whether it is in memory when the program runs."""
        return bool(self.flags & SectionFlags.ALLOC)


@dataclass(frozen=True)
class Label:
    """A symbol of the finished program; `section` is None for a constant."""

    name: str
    value: int
    section: Section | None
    binding: Binding = Binding.LOCAL
    type: str = "notype"
    size: int = 0
    visibility: Visibility = Visibility.DEFAULT


@dataclass(frozen=True)
class Line:
    """Bytes of a section and the source line that made them."""

    section: Section
    offset: int
    size: int
    location: Location
    text: str


@dataclass(frozen=True)
class Program:
    """What `assemble` returns.

    Attributes
    ----------
    sections : tuple of Section
        Those with contents, in the order of their addresses, after them those that are not in
        memory, at address 0.
    labels : tuple of Label
    lines : tuple of Line
    entry : int
        Address of `_start`, or of the first code.
    """

    sections: tuple[Section, ...]
    labels: tuple[Label, ...]
    lines: tuple[Line, ...]
    entry: int

    @property
    def symbols(self) -> dict[str, int]:
        """Value of every symbol by name."""
        return {label.name: label.value for label in self.labels}

    def image(self, base: int | None = None, size: int | None = None, fill: int = 0) -> bytes:
        """Bytes from `base` on, as a loader would leave them in memory.

        Parameters
        ----------
        base : int, optional
            Address of the first byte; the lowest section by default.
        size : int, optional
            Number of bytes; up to the end of the last section by default. Sections that do not
            take room in the file may lie outside.
        fill : int
            Byte for the gaps between sections.

        Raises
        ------
        UserError
            A section that takes room in the file is not inside.
        """
        allocated = [section for section in self.sections if section.allocated]
        loaded = [section for section in allocated if not section.nobits]
        if base is None:
            base = min((s.start for s in loaded), default=0)
        if size is None:
            size = max((s.end for s in loaded), default=base) - base
        image = bytearray([fill]) * size
        for section in allocated:
            start = section.start - base
            if 0 <= start and start + section.size <= size:
                image[start:start + section.size] = section.data
            elif section in loaded:
                raise UserError(
                    f"section {section.name} at {section.start:#010x} to {section.end:#010x} "
                    f"must lie in the image, {base:#010x} to {base + size:#010x}")
        return bytes(image)

    def elf(self) -> bytes:
        """The program as a PowerPC ELF executable (32 bits, big-endian), with its source lines."""
        sections = list(self.sections)
        if not any(section.name == ".debug_line" for section in sections):
            code = [line for line in self.lines if line.size == 4 and line.section.allocated
                    and line.section.flags & SectionFlags.EXECUTE]
            sections += [Section(name, SectionFlags(0), address=0, data=bytearray(data))
                         for name, data in debug_sections(code).items()]
        return write_elf(sections, self.labels, self.entry)

    def listing(self) -> str:
        """Address, bytes and source of every line."""
        rows: list[str] = []
        file = None
        for line in self.lines:
            if line.location.file != file:
                file = line.location.file
                rows.append(f"# {file}")
            address = line.section.start + line.offset
            data = line.section.data[line.offset:line.offset + line.size]
            source = f"{line.location.line:5}  {line.text.rstrip()}"
            for start in range(0, min(len(data), _LISTED) or 1, 8):
                words = " ".join(data[i:i + 4].hex()
                                 for i in range(start, min(start + 8, len(data)), 4))
                rows.append(f"{address + start:08x}  {words:17}  {source}".rstrip())
                source = ""
            if len(data) > _LISTED:
                rows.append(f"{'':8}  … to {address + len(data):08x}")
        rows += ["", "# symbols"]
        rows += [f"{label.value & 0xFFFFFFFF:08x}  {label.name}"
                 for label in sorted(self.labels, key=lambda label: (label.value, label.name))]
        text = "\n".join(rows) + "\n"
        # Sources may have bytes that are no text.
        return text.encode(errors="surrogateescape").decode(errors="replace")
