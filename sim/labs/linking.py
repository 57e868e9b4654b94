"""Labs with several parts: reference solutions of other labs as objects, and the student's file in
assembly language or in C.

An object is a relocatable ELF file that any linker takes. Its code has no relocations: it
refers to nothing but its own labels and numbers that are known when it is assembled.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from pteg.errors import UserError
from pteg.files import check_regular
from pteg.firmware.asm import Program, assemble
from pteg.firmware.asm.elf import write_elf, write_object
from pteg.firmware.asm.program import Label, Section, SectionFlags
from pteg.labs.kit import folder_of

__all__ = ["Part", "c_part", "image", "in_assembly", "labels_of", "reference", "reference_object",
           "student_part"]

_PAGE = 0x1000

_SCRIPT = """\
_start = {entry};
SECTIONS
{{
    . = {base:#x};
    .text : {{ KEEP(*(.text .text.*)) }}
    .data : {{ KEEP(*(.rodata .rodata.* .data .data.* .sdata .sdata.*)) }}
    .bss : {{ KEEP(*(.bss .bss.* .sbss .sbss.* COMMON)) }}
    /DISCARD/ : {{ *(.comment .note* .eh_frame*) }}
}}
{symbols}
"""


@dataclass(frozen=True)
class Part:
    """A part of a program, at its address.

    Attributes
    ----------
    elf : bytes
        What is loaded.
    symbols : dict of int
        Addresses of its functions.
    """

    elf: bytes
    symbols: dict[str, int]


def in_assembly(source: Path, base: int, names: dict[str, int]) -> Part:
    """Assemble a file at an address; it may use numbers and functions by name."""
    check_regular(source)
    program = assemble(source, defines=names, sections={".text": base})
    return Part(program.elf(), labels_of(program))


def labels_of(program: Program) -> dict[str, int]:
    """Addresses of its labels, without its numbers."""
    return {label.name: label.value for label in program.labels if label.section is not None}


def reference(lab: str, base: int, names: dict[str, int]) -> Part:
    """The solution of a lab at an address."""
    return in_assembly(folder_of(lab) / "solution.s", base, names)


def reference_object(lab: str, names: dict[str, int]) -> bytes:
    """The solution of a lab as a relocatable ELF file, for a linker."""
    program = assemble(folder_of(lab) / "solution.s", defines=names, sections={".text": 0})
    return write_object(program.sections, program.labels)


def student_part(folder: Path, stem: str, base: int, names: dict[str, int],
                 functions: tuple[str, ...], headers: Path) -> Part:
    """The student's file, in assembly language (`stem.s`) or in C (`stem.c`), which must have these
    functions."""
    if not (folder / f"{stem}.c").exists():
        return _with(functions, folder / f"{stem}.s",
                     in_assembly(folder / f"{stem}.s", base, names))
    if (folder / f"{stem}.s").exists():
        raise UserError(f"{folder}: there are {stem}.s and {stem}.c; remove one")
    return _with(functions, folder / f"{stem}.c",
                 c_part(folder / f"{stem}.c", base, names, functions[0], headers))


def _with(functions: tuple[str, ...], source: Path, part: Part) -> Part:
    """A part that has these functions."""
    for name in functions:
        if name not in part.symbols:
            raise UserError(f"{source}: there is no function {name}")
    return part


def c_part(source: Path, base: int, names: dict[str, int], entry: str, headers: Path) -> Part:
    """Compile a file at an address. Numbers are macros of the file, and functions are linked; which
    is which, a header of the lab says."""
    from pteg.boot.loader import read_symbols
    from pteg.firmware.cbuild import build

    check_regular(source)
    numbers = {name: f"{value:#x}u" for name, value in names.items() if name.isupper()}
    functions = "\n".join(f"{name} = {value:#x};" for name, value in names.items()
                          if not name.isupper())
    with tempfile.TemporaryDirectory(prefix="pteg-lab-") as temporary:
        script = Path(temporary) / "lab.ld"
        script.write_text(_SCRIPT.format(entry=entry, base=base, symbols=functions))
        elf = build([source], script, defines=numbers, include=[headers])
    return Part(elf, dict(read_symbols(elf)))


def image(memory: bytes, entry: int, symbols: dict[str, int]) -> bytes:
    """An ELF file with all that is in memory: a program that is linked and has its data."""
    sections: list[Section] = []
    for address in range(0, len(memory), _PAGE):
        page = memory[address:address + _PAGE]
        if not any(page):
            continue
        if not sections or sections[-1].end != address:
            sections.append(Section(f".memory.{address:x}", SectionFlags(7), address=address))
        sections[-1].data.extend(page)
    labels = [Label(name, value, section) for name, value in symbols.items()
              for section in sections if section.start <= value < section.end]
    return write_elf(sections, labels, entry)
