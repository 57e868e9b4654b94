"""The assembler itself: one pass that reads and lays out, one that fills in the bytes.

Every statement has a known size when it is read, so the first pass knows the offset of each label
in its section. Expressions are kept as trees. When all has been read, sections get their
addresses and the second pass evaluates what was kept.
"""

import dataclasses

from pteg.errors import UserError
from pteg.firmware.asm.directives import DIRECTIVES, parse_section_flags
from pteg.firmware.asm.encode import encode, read_instruction, register
from pteg.firmware.asm.expression import (
    Address,
    Number,
    Problem,
    Symbol,
    evaluate,
    substitute,
)
from pteg.firmware.asm.parser import parse
from pteg.firmware.asm.program import Label, Line, Program, Section, SectionFlags
from pteg.firmware.asm.source import Reader, split_operands

__all__ = ["AssemblyError", "Assembler"]

_MAX_ERRORS = 20
_MAX_SIZE = 64 << 20


class AssemblyError(UserError):
    """What is wrong with a source: one line for each error, with file and line.

    Attributes
    ----------
    errors : tuple of str
    """

    def __init__(self, errors):
        self.errors = tuple(errors)
        super().__init__("\n".join(self.errors))


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
    """

    def __init__(self, text, file, defines, include_paths, addresses):
        self.reader = Reader(text, file, self.number, self.is_defined, include_paths)
        self.addresses = addresses
        self.sections = {}
        self.section = self.open_section(".text")
        #: Sections that `.previous` and `.popsection` go back to.
        self.previous, self.stack = self.section, []
        #: Tree of each symbol: an `Address` for a label, any expression after `.set`.
        self.symbols = {name: Number(value) for name, value in defines.items()}
        self.assigned = set(defines)
        self.exported, self.types, self.sizes = set(), {}, {}
        #: How often each numeric label has been defined.
        self.counts = {}
        self._order, self._lines, self._patches, self._errors = [], [], [], []

    # ---- what directives use

    def open_section(self, name, flags=None, nobits=None):
        """The section of this name, made if it is new."""
        if name not in self.sections:
            standard, empty = parse_section_flags(name)
            self.sections[name] = Section(name, standard if flags is None else flags,
                                          empty if nobits is None else nobits,
                                          self.addresses.get(name))
        return self.sections[name]

    def switch(self, section):
        """Go on in another section."""
        self.previous, self.section = self.section, section

    def emit(self, size, make):
        """Reserve `size` bytes here; `make()` gives them in the second pass."""
        section = self.section
        if section.size + size > _MAX_SIZE:
            raise Problem(f"section {section.name} must not be larger than {_MAX_SIZE >> 20} MB")
        if section.size == 0 and size and section not in self._order:
            self._order.append(section)
        location, text = self._statement.location, self._statement.text
        self._lines.append(Line(section, section.size, size, location, text))
        self._patches.append((section, section.size, size, location, make))
        section.data.extend(bytes(size))

    def align(self, boundary, fill=None):
        """Go on at a multiple of `boundary`; code is filled with `nop`."""
        if boundary < 1 or boundary & boundary - 1 or boundary > 1 << 20:
            raise Problem(f"alignment must be a power of two up to 1 MB, not {boundary}")
        section = self.section
        section.alignment = max(section.alignment, boundary)
        gap = -(section.size + (section.address or 0)) % boundary
        code = section.flags & SectionFlags.EXECUTE and fill is None and gap % 4 == 0
        data = b"\x60\0\0\0" * (gap // 4) if code else bytes([(fill or 0) & 0xFF]) * gap
        if gap:
            self.emit(gap, lambda: data)

    def tree(self, text):
        """Expression with everything replaced that would mean something else later."""
        return substitute(parse(text), self._freeze)

    def value(self, tree):
        """`Value` of a tree, as far as addresses are known."""
        return evaluate(tree, lambda name: self._lookup(name, ()))

    def number(self, text):
        """The number that an expression is now."""
        value = self.value(self.tree(text))
        if value.section is not None:
            raise Problem(f"{text!r} must be a number that is known here")
        return value.number

    def is_defined(self, name):
        return name in self.symbols

    def assign(self, name, tree):
        """`.set`: give a symbol a value; it can be given another one later."""
        if name in self.symbols and name not in self.assigned:
            raise Problem(f"{name!r} is a label and cannot be set")
        self.symbols[name] = tree
        self.assigned.add(name)

    # ---- symbols

    def _here(self):
        return Address(self.section, self.section.size)

    def _freeze(self, name):
        if name == ".":
            return self._here()
        if name[0].isdigit():
            number, direction = name[:-1], name[-1]
            count = self.counts.get(number, 0)
            if direction == "b" and count == 0:
                raise Problem(f"no label {number!r} before this line")
            return Symbol(f"{number} {count + (direction == 'f')}")
        return self.symbols[name] if name in self.assigned else None

    def _define(self, name):
        if name.isdigit():
            self.counts[name] = self.counts.get(name, 0) + 1
            name = f"{name} {self.counts[name]}"
        elif name in self.symbols:
            raise Problem(f"{name!r} is defined twice")
        self.symbols[name] = self._here()

    def _lookup(self, name, classes, inside=()):
        tree = self.symbols.get(name)
        if tree is not None:
            if name in inside:
                raise Problem(f"{name!r} is defined by itself")
            return evaluate(tree, lambda other: self._lookup(other, classes, (*inside, name)))
        number = register(name, classes)
        if number is not None:
            return evaluate(Number(number), None)
        if " " in name:
            raise Problem(f"no label {name.split()[0]!r} after this line")
        if register(name, ("r", "f", "cr", "bit")) is not None:
            raise Problem(f"{name!r} is a register of a kind that cannot stand here")
        raise Problem(f"{name!r} is not defined")

    # ---- passes

    def run(self):
        """Assemble everything; returns the `Program`."""
        while len(self._errors) < _MAX_ERRORS:
            try:
                self._statement = self.reader.read()
                if self._statement is None:
                    break
                self._read(self._statement)
            except Problem as problem:
                self._error(self.reader.location, problem)
            except (OSError, UnicodeDecodeError, RecursionError) as error:
                self._error(self.reader.location, error)
        if not self._errors:
            self._place()
            for patch in self._patches:
                self._fill(*patch)
        if self._errors:
            raise AssemblyError(self._errors)
        return self._finish()

    def _error(self, location, problem):
        if len(self._errors) < _MAX_ERRORS:
            self._errors.append(f"{location}: {problem}")

    def _read(self, statement):
        for label in statement.labels:
            self._define(label)
        name = statement.mnemonic
        if name.startswith("."):
            if name not in DIRECTIVES:
                raise Problem(f"unknown directive {name!r}")
            DIRECTIVES[name](self, statement.operands)
        elif name:
            self._instruction(name.lower(), split_operands(statement.operands))

    def _instruction(self, name, operands):
        operation = read_instruction(name, operands)
        frozen = {key: substitute(tree, self._freeze)
                  for key, tree in operation.operands.items()}
        operation = dataclasses.replace(operation, operands=frozen)
        section, offset = self.section, self.section.size
        if (offset + (section.address or 0)) % 4:
            raise Problem("instruction is not at a multiple of 4")
        section.alignment = max(section.alignment, 4)
        self.emit(4, lambda: encode(operation, section.address + offset,
                                    self._lookup).to_bytes(4, "big"))

    def _place(self):
        """Sections that have no address follow the section that was begun before them."""
        position = 0
        for section in self._order:
            if section.address is None:
                section.address = -(-position // section.alignment) * section.alignment
            position = section.end
        placed = sorted((s for s in self._order if s.flags & SectionFlags.ALLOC),
                        key=lambda section: section.address)
        for low, high in zip(placed, placed[1:], strict=False):
            if low.end > high.address:
                self._error(self.reader.location,
                            f"section {low.name}, {low.address:#x} to {low.end:#x}, overlaps "
                            f"{high.name} at {high.address:#x}")
        for section in placed:
            if section.end > 1 << 32:
                self._error(self.reader.location,
                            f"section {section.name} must end below 4 GB, not at {section.end:#x}")

    def _fill(self, section, offset, size, location, make):
        try:
            section.data[offset:offset + size] = data = make()
        except Problem as problem:
            self._error(location, problem)
            return
        assert len(data) == size, "a statement must keep the size that it reserved"
        if section.nobits and any(data):
            self._error(location, f"section {section.name} has no contents: only zeros fit here")

    def _finish(self):
        labels = []
        for name, tree in self.symbols.items():
            if " " in name or name.startswith(".L"):
                continue
            try:
                value = self.value(tree).number
            except Problem:
                continue  # `.set` of a register name, or of a symbol that nobody used
            section = tree.section if isinstance(tree, Address) else None
            size = self.sizes.get(name)
            labels.append(Label(name, value, section, name in self.exported,
                                self.types.get(name, "notype"),
                                self.value(size).number if size else 0))
        sections = tuple(sorted(self._order, key=lambda section: section.address))
        code = [s.address for s in sections if s.flags & SectionFlags.EXECUTE]
        entry = {label.name: label.value for label in labels}.get("_start", min(code, default=0))
        return Program(sections, tuple(labels), tuple(self._lines), entry)
