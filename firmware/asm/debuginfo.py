"""Debug information of a program: which source line each instruction comes from (DWARF 3).

It is made from the lines of the program itself, as `as -g` does. An instruction that a macro or a
repetition made belongs to the line with the outermost call. A source with `.loc` has the lines of
its compiler, and gets nothing from here.
"""

import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pteg.firmware.asm.leb128 import leb128
from pteg.firmware.asm.linetable import File, LineTable

__all__ = ["debug_sections"]

#: Folder that paths inside it are relative to; others are as they were given.
_HOME = Path(__file__).parents[1]
_COMPILE_UNIT, _NO_CHILDREN = 0x11, 0
_STMT_LIST, _RANGES, _NAME, _COMP_DIR, _LANGUAGE = 0x10, 0x55, 0x03, 0x1B, 0x13
_DATA2, _DATA4, _STRING = 0x05, 0x06, 0x08
_MIPS_ASSEMBLER = 0x8001    # the DWARF name of assembly language
_ABBREVIATION = bytes([1, _COMPILE_UNIT, _NO_CHILDREN, _STMT_LIST, _DATA4, _RANGES, _DATA4,
                       _NAME, _STRING, _COMP_DIR, _STRING, _LANGUAGE, _DATA2, 0, 0, 0])
_HEADER = struct.Struct(">HIB")     # version, abbreviations, size of an address


def debug_sections(lines: Iterable[Any]) -> dict[str, bytes]:
    """Contents of the debug sections by name.

    Parameters
    ----------
    lines : iterable of pteg.firmware.asm.program.Line
        Those of instructions; empty: no sections.
    """
    files: dict[str, int] = {}
    rows: dict[Any, list[tuple[int, int, int]]] = {}
    for line in lines:
        place = line.location
        while place.caller is not None:
            place = place.caller
        if not place.file.startswith("<"):      # a text without a file
            file = files.setdefault(_relative(place.file), len(files) + 1)
            rows.setdefault(line.section, []).append((line.offset, file, place.line))
    for places in rows.values():
        places.sort()
    if not rows:
        return {}
    table = LineTable(files={number: File(str(Path(name).parent).encode() if "/" in name else b"",
                                     Path(name).name.encode()) for name, number in files.items()})
    unit = struct.pack(">II", 0, 0) + next(iter(files)).encode() + b"\0.\0" + struct.pack(
        ">H", _MIPS_ASSEMBLER)
    info = _HEADER.pack(3, 0, 4) + leb128(1) + unit
    ranges = b"".join(struct.pack(">II", section.address, section.address + section.size)
                      for section in rows) + bytes(8)
    return {".debug_line": table.placed(rows), ".debug_abbrev": _ABBREVIATION,
            ".debug_info": struct.pack(">I", len(info)) + info, ".debug_ranges": ranges}


def _relative(name: str) -> str:
    path = Path(os.path.normpath(name))
    return str(path.relative_to(_HOME) if path.is_relative_to(_HOME) else path)
