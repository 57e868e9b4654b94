"""The assembler: GNU-as-like source to a program for the 750.

    from pteg.firmware.asm import assemble, assemble_word
    program = assemble("_start: li r3,5\\n b .\\n", sections={".text": 0x1000})
    program.image(), program.elf(), program.symbols["_start"], program.entry
    assemble_word("addi r3,r4,5")        # 0x38640005

The mnemonics come from `pteg.hw.isa` and from the table of extended mnemonics in
`pteg.firmware.asm.mnemonics`. docs/assembler.md is the manual: syntax, directives, macros and the
differences from GNU as. `pteg.firmware.disasm.disassemble(word, address)` is the way back.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pteg.errors import UserError
from pteg.firmware.asm.assembler import AssemblyError, run
from pteg.firmware.asm.program import Label, Program, Section, SectionFlags
from pteg.firmware.asm.source import read_source

__all__ = ["assemble", "assemble_word", "AssemblyError",
           "Program", "Section", "SectionFlags", "Label"]


def assemble(source: str | os.PathLike, *, defines: Mapping[str, int] | None = None,
             include_paths: Iterable[str | os.PathLike] = (),
             sections: Mapping[str, int] | None = None, name: str = "<source>") -> Program:
    """Assemble one source.

    Parameters
    ----------
    source : str or path-like
        The source text itself if it is a string, else the file that holds it.
    defines : dict, optional
        Symbols with their numbers, known from the first line on.
    include_paths : iterable of path-like, optional
        Where `.include` and `.incbin` look, after the folder of the file that has them.
    sections : dict, optional
        Addresses of sections by name, such as ``{".text": 0x1000}``. Others follow the section
        before them; the first starts at 0.
    name : str
        Name of a source text in messages.

    Returns
    -------
    Program

    Raises
    ------
    AssemblyError
        A `UserError` with one line for each error found.
    """
    defines, sections = dict(defines or {}), dict(sections or {})
    for kind, table in (("defines", defines), ("sections", sections)):
        for key, value in table.items():
            if not isinstance(value, int):
                raise TypeError(f"{kind}[{key!r}] must be an integer, not {value!r}")
    if isinstance(source, os.PathLike):
        name = str(Path(source))
        try:
            source = read_source(source)
        except OSError as error:
            raise UserError(f"{name}: {error.strerror}") from None
    return run(source, name, defines, include_paths, sections)


def assemble_word(text: str, address: int = 0, **symbols: int) -> int:
    """The word of one instruction.

    Parameters
    ----------
    text : str
        Such as ``addi r3,r3,1``.
    address : int
        Its address, for branches and `.`.
    **symbols : int
        Symbols that it may use.
    """
    image = assemble(text, defines=symbols, sections={".text": address}).image()
    if len(image) != 4:
        raise UserError(f"text must be one instruction, not {text!r}")
    return int.from_bytes(image, "big")
