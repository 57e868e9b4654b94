"""The line table: which source line each instruction comes from (DWARF standard, section 6.2).

`.loc` is about the instruction that follows. A second `.loc` without one between them makes a row
of its own at the same address; such rows are views of it, counted from 0.
"""

import struct
from dataclasses import dataclass, field, replace
from itertools import pairwise

from pteg.firmware.asm.expression import Address, Number, Problem
from pteg.firmware.asm.leb128 import leb128

__all__ = ["File", "LineTable"]

# Opcodes: standard ones, and extended ones, which come after a zero byte and their length.
_COPY, _ADVANCE_PC, _ADVANCE_LINE, _SET_FILE, _SET_COLUMN, _NEGATE_STMT = 1, 2, 3, 4, 5, 6
_SET_BASIC_BLOCK, _FIXED_ADVANCE_PC, _SET_PROLOGUE_END, _SET_EPILOGUE_BEGIN, _SET_ISA = (
    7, 9, 10, 11, 12)
_END_SEQUENCE, _SET_ADDRESS, _SET_DISCRIMINATOR = 1, 2, 4
#: Number of operands of each standard opcode, from 1 on.
_OPERANDS = bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])
#: A special opcode advances the address by instructions, and the line by -5 to 8.
_LINE_BASE, _LINE_RANGE, _OPCODE_BASE, _INSTRUCTION = -5, 14, 13, 4
# Forms and contents of the version 5 tables of names.
_PATH, _FOLDER_INDEX, _MD5, _STRING, _UDATA, _DATA16 = 1, 2, 5, 0x08, 0x0F, 0x1E


@dataclass(frozen=True)
class File:
    """A source file."""

    folder: bytes
    name: bytes
    md5: bytes | None = None


@dataclass(frozen=True)
class _Row:
    """A row of the table: registers of the state machine."""

    offset: int = 0
    file: int = 1
    line: int = 1
    column: int = 0
    is_stmt: bool = True
    isa: int = 0
    # These are about one row only.
    discriminator: int = 0
    basic_block: bool = False
    prologue_end: bool = False
    epilogue_begin: bool = False


#: Opcode of each mark of a row.
_MARKS = {"basic_block": _SET_BASIC_BLOCK, "prologue_end": _SET_PROLOGUE_END,
          "epilogue_begin": _SET_EPILOGUE_BEGIN}


@dataclass
class LineTable:
    """Rows of all sections.

    Parameters
    ----------
    assign : callable
        `assign(name, tree)` gives a symbol a value: `view` names one for the number of the view.
    """

    assign: object = None
    files: dict = field(default_factory=dict)
    #: Rows by section, and the view of the last one.
    _rows: dict = field(default_factory=dict)
    _views: dict = field(default_factory=dict)
    #: What `.loc` said last; its section and view while it waits for its instruction.
    _last: _Row = _Row()
    _waiting: tuple | None = None

    def loc(self, file, line, column, options, section):
        """`.loc` in `section`."""
        if file not in self.files:
            raise Problem(f".loc: no .file has the number {file}")
        self.place()
        kept = {"is_stmt": self._last.is_stmt, "isa": self._last.isa}
        marks = {name: value for name, value in options.items() if name != "view"}
        self._last = _Row(0, file, line, column, **kept | marks)
        self._waiting = section, options.get("view")

    def place(self):
        """What `.loc` said is about the present end of its section."""
        if self._waiting is None:
            return
        (section, view), self._waiting = self._waiting, None
        rows = self._rows.setdefault(section, [])
        same = rows and rows[-1].offset == section.size and view != "-0"
        self._views[section] = self._views[section] + 1 if same else 0
        if view == "0" and self._views[section]:
            raise Problem(f".loc: this is view {self._views[section]} of the address, not 0")
        if view not in (None, "0", "-0"):
            self.assign(view, Number(self._views[section]))
        rows.append(replace(self._last, offset=section.size))

    def write(self, assembler):
        """Emit the table, if there is anything in it."""
        self.place()
        if not self._rows:
            return
        assembler.section = assembler.layout.open(".debug_line")
        header = self._header()
        programs = [(section, *_program(rows, section.size))
                    for section, rows in self._rows.items()]
        size = len(header) + sum(7 + len(program) for _, _, program in programs)
        assembler.put(struct.pack(">I", size) + header)
        for section, start, program in programs:
            assembler.put(bytes([0, 5, _SET_ADDRESS]))
            place = Address(section, start)
            assembler.emit(4, lambda place=place: assembler.value(place).number.to_bytes(4, "big"))
            assembler.put(program)

    def placed(self, rows):
        """The table as bytes, for sections that have their addresses.

        Parameters
        ----------
        rows : dict
            Of each section, (offset, number of the file, line) of each instruction in the order
            of offsets. What lies between them has no line.
        """
        programs = b""
        for section, places in rows.items():
            gaps = [n for n, (one, other) in enumerate(pairwise(places), 1)
                    if other[0] > one[0] + _INSTRUCTION]
            for first, stop in pairwise([0, *gaps, len(places)]):
                start, program = _program([_Row(*place) for place in places[first:stop]],
                                          places[stop - 1][0] + _INSTRUCTION)
                address = section.address + start
                programs += bytes([0, 5, _SET_ADDRESS]) + address.to_bytes(4, "big") + program
        header = self._header()
        return struct.pack(">I", len(header) + len(programs)) + header + programs

    def _header(self):
        """From the version to the table of files."""
        version = 5 if 0 in self.files else 3
        start = struct.pack(">BBbBB", _INSTRUCTION, 1, _LINE_BASE, _LINE_RANGE, _OPCODE_BASE)
        if version == 5:
            start = start[:1] + b"\1" + start[1:]  # operations of an instruction
        names = self._names5() if version == 5 else self._names3()
        rest = start + _OPERANDS + names
        sizes = bytes([4, 0]) if version == 5 else b""  # of an address and a segment selector
        return struct.pack(">H", version) + sizes + struct.pack(">I", len(rest)) + rest

    def _folders(self):
        return list(dict.fromkeys(file.folder for file in self.files.values()))

    def _in_order(self):
        """Files by number; a number that is missing has a file without a name."""
        first = 0 if 0 in self.files else 1
        return [self.files.get(number, File(b"", b"")) for number in
                range(first, max(self.files) + 1)]

    def _names3(self):
        folders = [folder for folder in self._folders() if folder]
        table = b"".join(folder + b"\0" for folder in folders) + b"\0"
        for file in self._in_order():
            index = folders.index(file.folder) + 1 if file.folder else 0
            table += file.name + b"\0" + leb128(index) + b"\0\0"  # no time, no length
        return table + b"\0"

    def _names5(self):
        folders = list(dict.fromkeys([self.files[0].folder, *self._folders()]))
        table = bytes([1, _PATH, _STRING]) + leb128(len(folders))
        table += b"".join(folder + b"\0" for folder in folders)
        files = self._in_order()
        md5 = all(file.md5 for file in files)
        formats = [_PATH, _STRING, _FOLDER_INDEX, _UDATA, *[_MD5, _DATA16] * md5]
        table += bytes([len(formats) // 2, *formats]) + leb128(len(files))
        for file in files:
            index = folders.index(file.folder) if file.folder in folders else 0
            table += file.name + b"\0" + leb128(index) + (file.md5 if md5 else b"")
        return table


def _program(rows, end):
    """Start and line number program of the rows of a section, without the address of the start."""
    code, state = bytearray(), _Row(offset=rows[0].offset)
    for row in rows:
        code += _step(state, row)
        state = row
    code += _advance(end - state.offset) + bytes([0, 1, _END_SEQUENCE])
    return rows[0].offset, bytes(code)


def _step(state, row):
    """From one row to the next."""
    code = bytearray()
    if row.file != state.file:
        code += bytes([_SET_FILE]) + leb128(row.file)
    if row.column != state.column:
        code += bytes([_SET_COLUMN]) + leb128(row.column)
    if row.discriminator:
        operand = leb128(row.discriminator)
        code += bytes([0, 1 + len(operand), _SET_DISCRIMINATOR]) + operand
    if row.isa != state.isa:
        code += bytes([_SET_ISA]) + leb128(row.isa)
    if bool(row.is_stmt) != bool(state.is_stmt):
        code.append(_NEGATE_STMT)
    code += bytes(opcode for mark, opcode in _MARKS.items() if getattr(row, mark))
    distance, line = row.offset - state.offset, row.line - state.line
    if not _LINE_BASE <= line < _LINE_BASE + _LINE_RANGE:
        code += bytes([_ADVANCE_LINE]) + leb128(line, signed=True)
        line = 0
    special = line - _LINE_BASE + _LINE_RANGE * (distance // _INSTRUCTION) + _OPCODE_BASE
    if distance % _INSTRUCTION == 0 and special <= 255:
        code.append(special)
    else:
        code += _advance(distance) + bytes([line - _LINE_BASE + _OPCODE_BASE])
    return bytes(code)


def _advance(distance):
    """Go on by a number of bytes."""
    if distance % _INSTRUCTION == 0:
        return bytes([_ADVANCE_PC]) + leb128(distance // _INSTRUCTION) if distance else b""
    if distance > 0xFFFF:
        return _advance(distance - 0xFFFF) + _advance(0xFFFF)
    return bytes([_FIXED_ADVANCE_PC]) + distance.to_bytes(2, "big")
