"""The assembler itself: one pass that reads and lays out, one that fills in the bytes.

Every statement has a size when it is read, so the first pass knows the offset of each label in its
section. Expressions are kept as trees. When all has been read, sections get their addresses and
the second pass evaluates what was kept.

A few sizes depend on labels that come later (`.uleb128 end-start`, `.skip end-start`). They are
taken from an assembly before this one, and the source is assembled until they do not change.
"""

import dataclasses
from collections.abc import Iterable

from pteg.errors import UserError
from pteg.firmware.asm.directives import DIRECTIVES
from pteg.firmware.asm.encode import encode, read_instruction
from pteg.firmware.asm.expression import Address, Problem, SmallData, evaluate, substitute
from pteg.firmware.asm.layout import Layout
from pteg.firmware.asm.linetable import LineTable
from pteg.firmware.asm.parser import parse
from pteg.firmware.asm.program import Line, Program, SectionFlags
from pteg.firmware.asm.reader import Reader
from pteg.firmware.asm.small_data import SmallDataAreas
from pteg.firmware.asm.source import Statement, split_operands
from pteg.firmware.asm.symbols import Symbols
from pteg.firmware.asm.unwind import UnwindTable

__all__ = ["AssemblyError", "Assembler", "run"]

_MAX_ERRORS, _MAX_PASSES = 20, 20
_MAX_SIZE = 64 << 20
_NOP, _BRANCH = 0x60000000, 0x48000000
#: A gap in code that is longer than this many bytes begins with a branch over it, as in GNU as.
_LONG_GAP = 16


class AssemblyError(UserError):
    """What is wrong with a source: one line for each error, with file and line.

    Attributes
    ----------
    errors : tuple of str
    """

    def __init__(self, errors: Iterable[str]):
        self.errors = tuple(errors)
        super().__init__("\n".join(self.errors))


def run(*arguments):
    """Assemble with the arguments of `Assembler`; returns the `Program`."""
    guesses = ()
    for _ in range(_MAX_PASSES):
        assembler = Assembler(*arguments, guesses)
        program = assembler.run()
        if program is not None:
            return program
        guesses = assembler.guesses
    raise AssemblyError([f"{assembler.reader.location}: sizes that depend on each other must "
                         f"settle in {_MAX_PASSES} passes"])


def _code_gap(size):
    """Instructions that do nothing."""
    words = [_NOP] * (size // 4)
    if size > _LONG_GAP:
        words[0] = _BRANCH | size
    return b"".join(word.to_bytes(4, "big") for word in words)


class Assembler:
    """State of one assembly.

    Parameters
    ----------
    text, file : str
        Source, and its name in messages.
    defines : dict
        Symbols with values before the first line.
    include_paths : iterable of Path
    addresses : dict
        Address of sections by name.
    guesses : tuple of int
        What `forward` has found in the assembly before.
    """

    def __init__(self, text, file, defines, include_paths, addresses, guesses=()):
        self.symbols = Symbols(defines)
        self.layout = Layout(addresses)
        self.small_data = SmallDataAreas(self.layout, self.symbols, self.value)
        self.reader = Reader(text, file, self.number, self.symbols.__contains__, include_paths)
        self.section = self.layout.open(".text")
        #: Section that `.previous` goes back to; pairs of sections for `.popsection`.
        self.previous, self.stack = self.section, []
        self.guesses = guesses
        self.lines, self.unwind = LineTable(self.symbols.assign), UnwindTable()
        self._forward, self._checks = [], []
        self._lines, self._patches, self._errors = [], [], []

    # ---- what directives use

    def switch(self, section):
        """Go on in another section."""
        self.previous, self.section = self.section, section

    def emit(self, size, make):
        """Reserve `size` bytes here; `make()` gives them in the second pass."""
        section = self.section
        if section.size + size > _MAX_SIZE:
            raise Problem(f"section {section.name} must not be larger than {_MAX_SIZE >> 20} MB")
        if size:
            self.layout.use(section)
        location, text = self._statement.location, self._statement.text
        self._lines.append(Line(section, section.size, size, location, text))
        self._patches.append((section, section.size, size, location, make))
        section.data.extend(bytes(size))

    def put(self, data):
        """Bytes that are known here."""
        self.emit(len(data), lambda: data)

    def check(self, function):
        """Call `function()` in the second pass."""
        self._checks.append((self._statement.location, function))

    def align(self, boundary, fill=None, longest=None):
        """Go on at a multiple of `boundary`, unless the gap is longer than `longest`.

        `fill` are the bytes that the gap is made of; by default code is filled with `nop`.
        """
        if boundary < 1 or boundary & boundary - 1 or boundary > 1 << 20:
            raise Problem(f"alignment must be a power of two up to 1 MB, not {boundary}")
        section = self.section
        gap = -(section.size + (section.address or 0)) % boundary
        if longest and gap > longest:
            return
        section.alignment = max(section.alignment, boundary)
        if gap and fill is None and section.flags & SectionFlags.EXECUTE and gap % 4 == 0:
            self.put(_code_gap(gap))
        elif gap:
            fill = fill or bytes(1)
            self.put(bytes(gap % len(fill)) + fill * (gap // len(fill)))

    def here(self):
        """The present address, as a tree."""
        return Address(self.section, self.section.size)

    def tree(self, text):
        """Expression with everything replaced that would mean something else later."""
        return substitute(parse(text), self._freeze)

    def value(self, tree):
        """`Value` of a tree, as far as addresses are known."""
        return evaluate(tree, self._lookup)

    def number(self, text):
        """The number that an expression is now."""
        value = self.value(self.tree(text))
        if value.section is not None:
            raise Problem(f"{text!r} must be a number that is known here")
        return value.number

    def forward(self, tree):
        """The number that an expression is, perhaps of labels that come later."""
        try:
            value = self.value(tree)
            if value.section is None:
                return value.number
        except Problem:
            pass  # at the latest it is reported in the second pass
        index = len(self._forward)
        self._forward.append((tree, self._statement.location))
        return self.guesses[index] if index < len(self.guesses) else 0

    # ---- symbols

    def _freeze(self, name):
        return self.here() if name == "." else self.symbols.freeze(name)

    def _lookup(self, name, classes=()):
        if base := self.small_data.base(name):
            return base
        if name not in self.symbols and (section := self.layout.find(name)):
            return self.value(Address(section, 0))
        return self.symbols.lookup(name, classes)

    # ---- passes

    def run(self):
        """Assemble everything; returns the `Program`, or None if `guesses` were wrong."""
        self._first_pass()
        if not self._errors:
            found = self._lay_out()
            if not self._errors and found != self.guesses:
                self.guesses = found
                return None
            self._second_pass()
        if self._errors:
            raise AssemblyError(self._errors)
        return self._program()

    def _first_pass(self):
        while len(self._errors) < _MAX_ERRORS:
            try:
                statement = self.reader.read()
                if statement is None:
                    break
                self._statement = statement
                self._read(statement)
            except (Problem, OSError, RecursionError) as problem:
                self._error(self.reader.location, problem)

    def _lay_out(self):
        """Give everything its address; returns what `forward` should have found."""
        self._at(self.reader.location, self._finish)
        for problem in self.layout.place():
            self._error(self.reader.location, problem)
        return tuple(self._at(location, lambda tree=tree: self.value(tree).number)
                     for tree, location in self._forward)

    def _second_pass(self):
        for patch in self._patches:
            self._fill(*patch)
        for location, function in self._checks:
            self._at(location, function)

    def _error(self, location, problem):
        if len(self._errors) < _MAX_ERRORS:
            self._errors.append(f"{location}: {problem}")

    def _at(self, location, function):
        """Result of `function()`, or None after an error."""
        try:
            return function()
        except Problem as problem:
            self._error(location, problem)
            return None

    def _read(self, statement):
        for label in statement.labels:
            self.symbols.define(label, self.here())
        name = statement.mnemonic
        if name.startswith("."):
            if name not in DIRECTIVES:
                raise Problem(f"unknown directive {name!r}")
            DIRECTIVES[name](self, statement.operands)
        elif name:
            self._instruction(name, split_operands(statement.operands))

    def _instruction(self, name, operands):
        operation = read_instruction(name, operands)
        frozen = {key: substitute(tree, self._freeze)
                  for key, tree in operation.operands.items()}
        operation = dataclasses.replace(operation, operands=frozen)
        for tree in frozen.values():
            if isinstance(tree, SmallData):
                self.small_data.want(tree)
        section, offset = self.section, self.section.size
        if (offset + (section.address or 0)) % 4:
            raise Problem("instruction is not at a multiple of 4")
        section.alignment = max(section.alignment, 4)
        self.lines.place()
        self.emit(4, lambda: encode(operation, section.address + offset, self._lookup,
                                    self.small_data.place).to_bytes(4, "big"))

    def _finish(self):
        """After the last line: the line table, and room for `.comm` that nothing has defined."""
        self._statement = Statement(self.reader.location, "", (), "", "")
        self.lines.write(self)
        self.unwind.write(self)
        for name, common in self.symbols.commons.items():
            if name not in self.symbols:
                self.section = self.layout.open(".sbss" if self.small_data.wants(name) else ".bss")
                self.align(common.alignment)
                self.symbols.define(name, self.here())
                self.emit(common.size, lambda size=common.size: bytes(size))

    def _fill(self, section, offset, size, location, make):
        try:
            section.data[offset:offset + size] = data = make()
        except Problem as problem:
            self._error(location, problem)
            return
        assert len(data) == size, "a statement must keep the size that it reserved"
        if section.nobits and any(data):
            self._error(location, f"section {section.name} has no contents: only zeros fit here")

    def _program(self):
        whole = self.layout.join()
        labels = tuple(dataclasses.replace(label, section=whole.get(label.section))
                       for label in self.symbols.labels())
        lines = tuple(dataclasses.replace(
            line, section=whole[line.section],
            offset=line.offset + line.section.address - whole[line.section].address)
            for line in self._lines if line.section in whole)
        sections = tuple(sorted((section for section in dict.fromkeys(whole.values())
                                 if section.size),
                                key=lambda section: (not section.allocated, section.address)))
        code = [s.address for s in sections if s.flags & SectionFlags.EXECUTE]
        entry = {label.name: label.value for label in labels}.get("_start", min(code, default=0))
        return Program(sections, labels, lines, entry)
