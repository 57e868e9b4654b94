"""Source lines of addresses, from the debug information of the programs that a machine has loaded.

They are known at virtual addresses and where the programs were loaded, as symbols are. Debug
information is a convenience: a program without it, or with a damaged one, has no lines.
"""

import io
from bisect import bisect_right
from pathlib import Path, PurePosixPath
from typing import Any

from elftools.elf.elffile import ELFFile

from pteg import firmware
from pteg.symbols import Symbols

__all__ = ["SourceLines"]

#: Debug information of pteg's own programs has paths relative to this folder.
_HOME = Path(firmware.__file__).parent


class SourceLines:
    """Lines of the programs whose symbols are known.

    Parameters
    ----------
    symbols : pteg.symbols.Symbols

    Attributes
    ----------
    files : list of str
        Names of the sources.
    """

    def __init__(self, symbols: Symbols):
        self.files: list[str] = []
        numbers: dict[str, int] = {}
        rows: dict[int, tuple[int, int] | None] = {}
        for data, image in symbols.programs:
            for start, end, name, line in _rows(data):
                place = numbers.setdefault(name, len(numbers)), line
                for first in {start, image.physical(start)}:
                    rows[first] = place
                    rows.setdefault(first + end - start, None)
        self.files = list(numbers)
        self._starts = sorted(rows)
        self._places = [rows[start] for start in self._starts]

    def of(self, address: int) -> tuple[int, int] | None:
        """Index in `files` and the number of the line, from 1 on; or None."""
        at = bisect_right(self._starts, address) - 1
        return self._places[at] if at >= 0 else None

    def text(self, file: int) -> str | None:
        """The source with this index in `files`, or None if it is not to be found."""
        for folder in (_HOME, Path()):
            try:
                return (folder / self.files[file]).read_text(encoding="utf-8", errors="replace")
            except OSError:
                pass
        return None


def _rows(data: bytes) -> list[tuple[int, int, str, int]]:
    """(First address, end, file, line) of every row of the line tables."""
    found = []
    try:
        elf = ELFFile(io.BytesIO(data))
        if not elf.has_dwarf_info():
            return []
        dwarf = elf.get_dwarf_info()
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            if program is None:
                continue
            folder = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
            names = _names(program, _text(folder.value) if folder else "")
            before = None
            for entry in program.get_entries():
                state = entry.state
                if state is None:
                    continue
                if before is not None and state.address > before.address:
                    found.append((before.address, state.address, names.get(before.file, "?"),
                                  before.line))
                before = None if state.end_sequence else state
    except Exception:
        # pyelftools raises whatever it trips over in a damaged file.
        return []
    return found


def _names(program: Any, folder: str) -> dict[int, str]:
    """Paths of the files of a line table, by their numbers there."""
    header = program.header
    new = header.version >= 5       # file and folder 0 are those of the unit itself
    folders = [_text(one) for one in header.include_directory]
    folders = [str(PurePosixPath(folder) / one) for one in (folders if new else [folder, *folders])]
    return {number: str(PurePosixPath(folders[entry.dir_index]) / _text(entry.name))
            for number, entry in enumerate(header.file_entry, 0 if new else 1)
            if entry.dir_index < len(folders)}


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
