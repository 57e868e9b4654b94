"""The Forth compiler that builds the ROM: reads Forth source, writes the target's dictionary.

Its language is the part of Forth that a definition is made of. A word that is being defined calls
words of the target; words that work while a definition is compiled (`if`, `do`, `to`, …) and those
that make definitions (`:`, `variable`, …) are Python functions, in hostwords.py. Outside of
definitions numbers, constants and addresses of data words can be computed with, but no code of the
target is executed.
"""

from pathlib import Path

from pteg.errors import UserError
from pteg.firmware.openfirmware import code
from pteg.firmware.openfirmware.hostwords import COMPILING, INTERPRETING
from pteg.firmware.openfirmware.reader import ForthError, Reader
from pteg.firmware.openfirmware.target import IMMEDIATE, Space, Word, WordList

__all__ = ["CrossCompiler"]

#: Threads of the word list `forth`.
_THREADS = 64


class CrossCompiler:
    """State of one compilation.

    Parameters
    ----------
    kernel : Program
        The assembled kernel.
    rom_end : int
        First address behind the ROM.

    Attributes
    ----------
    rom, data : Space
    forth, current : WordList
        The main word list, and the one that gets definitions.
    order : list of WordList
        Where names are looked up, first to last.
    stack : list of int
        Of the host, for what is computed while nothing is compiled.
    compiling : bool
    lines : list of tuple
        Of what `emit` has added from a file: address, instructions, file, line.
    """

    def __init__(self, kernel, rom_end):
        # Imported here: the words use the compiler's own names.
        self._compiling_words, self._interpreting_words = COMPILING, INTERPRETING
        self.symbols = kernel.symbols
        kernel_end = max(s.end for s in kernel.sections if not s.nobits)
        self._kernel_bytes = bytearray(kernel.image(self.symbols["ROM"]))
        self.rom = Space("ROM", -(-kernel_end // 32) * 32, rom_end)
        self.data = Space("data area", self.symbols["DATA"], self.symbols["DATA_END"])
        self.data.append(bytes(self.symbols["kernel_variables_end"] - self.symbols["DATA"]))
        #: Buffers grow down from the end of the data area: they have no initial values.
        self.buffers = self.data.end
        self.forth = self.current = WordList.make(self.data, _THREADS)
        self.lists = {"forth": self.forth}
        self.order = [self.forth]
        self.stack, self.control = [], []
        self.compiling = False
        self.base = 10
        self.latest, self.pending = None, None
        self.locals, self.taken = [], 0
        self.words = []
        #: The next data word is an instance's; initial values of those of the present package.
        self.of_instance, self.instance_data = False, bytearray()
        self.reader, self.path = None, None
        self.lines = []
        self._add_primitives(kernel)

    # ---- the kernel's words

    def _add_primitives(self, kernel):
        listed = next(s for s in kernel.sections if s.name == ".rodata.words")
        behaviours = {}
        for offset in range(0, listed.size, 4):
            xt = int.from_bytes(listed.data[offset:offset + 4], "big")
            at = xt - self.symbols["ROM"]
            length, flags = self._kernel_bytes[at - 4], self._kernel_bytes[at - 3]
            start = at - 8 - (length + 3 & ~3)
            name = self._kernel_bytes[start:start + length].decode("latin-1")
            word = Word(name, xt, "code", flags=flags, source="kernel")
            if name == "(variable)":
                behaviours["variable"] = xt
            elif self._cell(xt + 8) == code.jump(behaviours.get("variable", 0)):
                word.kind = "(variable)"
                word.operand = (self._cell(xt) & 0xFFFF) << 16 | self._cell(xt + 4) & 0xFFFF
            self.forth.add(word, self.data, self._store_link)
            self.words.append(word)

    def _cell(self, address):
        offset = address - self.symbols["ROM"]
        return int.from_bytes(self._kernel_bytes[offset:offset + 4], "big")

    def patch_kernel(self, label, *values):
        """Fill in cells that the kernel leaves to the compiler."""
        for index, value in enumerate(values):
            self._store_kernel(self.symbols[label] + 4 * index, value)

    def _store_kernel(self, address, value):
        offset = address - self.symbols["ROM"]
        self._kernel_bytes[offset:offset + 4] = value.to_bytes(4, "big")

    def _store_link(self, xt, previous):
        if xt < self.rom.base:
            self._store_kernel(xt - 8, previous)
        else:
            self.rom.store(xt - 8, previous)

    @property
    def kernel_bytes(self):
        """The kernel with everything filled in, from the start of the ROM on."""
        return bytes(self._kernel_bytes)

    # ---- words

    def find(self, name):
        """The word that a name means now, or None."""
        for words in self.order:
            word = words.find(name)
            if word:
                return word
        return None

    def need(self, name):
        """The word of this name."""
        word = self.find(name)
        if word is None:
            raise ForthError(f"{name}, unknown word")
        return word

    def xt(self, name):
        return self.need(name).xt

    def header(self, name, kind="colon", operand=None, flags=0):
        """Begin a word: its header goes to the ROM. It is found after `reveal`."""
        encoded = name.encode("latin-1")
        if len(encoded) > 63:
            raise ForthError(f"name must have up to 63 characters, not {len(encoded)}")
        self.rom.align()
        self.rom.append(encoded)
        self.rom.align()
        self.rom.cell(0)
        self.rom.append(bytes([len(encoded), flags, 0, 0]))
        word = Word(name, self.rom.here, kind, operand, flags, str(self.reader.place))
        self.latest = word
        self.words.append(word)
        return word

    def reveal(self, word):
        """Make a word known by its name."""
        if word.name:
            self.current.add(word, self.data, self._store_link)

    def data_word(self, name, behaviour, operand):
        """A whole data word: header, operand, behaviour."""
        word = self.header(name, behaviour, operand)
        self.emit(*code.data_word(operand, self.xt(behaviour)))
        self.reveal(word)
        return word

    def instance_word(self, behaviour, initial):
        """A data word of which every instance has its own: its operand is an offset there."""
        offset = self.number_of("/instance") + len(self.instance_data)
        self.instance_data += initial
        self.of_instance = False
        return self.data_word(self.reader.need_name(), behaviour, offset)

    def number_of(self, name):
        """Value of a constant."""
        return self.need(name).operand

    def set_flag(self, flag):
        """Set a flag of the latest word."""
        word = self.latest
        word.flags |= flag
        offset = word.xt - 3 - self.rom.base
        self.rom.data[offset] |= flag

    # ---- code

    def emit(self, *instructions):
        """Add instructions; returns the address of the first."""
        if self.path is not None:
            self.lines.append((self.rom.here, len(instructions), self.path,
                               self.reader.place.line))
        return self.rom.cells(instructions)

    def call(self, name):
        self.emit(code.call(self.xt(name)))

    def literal(self, number):
        self.emit(*code.literal(number))

    def string(self, data):
        """Add characters to the ROM; returns their address."""
        address = self.rom.append(data)
        self.rom.align()
        return address

    def string_literal(self, data):
        """Compile code that pushes address and length of a string."""
        self.call('(")')
        self.rom.cell(len(data))
        self.string(data)

    def branch(self, kind, target=None):
        """Compile a branch; without a target, returns the place for `resolve`."""
        here = self.rom.here
        self.emit(code.branch(kind, 0 if target is None else self._distance(kind, here, target)))
        return kind, here

    def resolve(self, origin):
        """Let a branch that was left open come here."""
        kind, place = origin
        self.rom.store(place, code.branch(kind, self._distance(kind, place, self.rom.here)))

    @staticmethod
    def _distance(kind, place, target):
        if abs(target - place) >= code.BRANCH_REACH[kind]:
            raise ForthError("branch is too long")
        return target - place

    def local(self, name):
        """Number of a local, or None."""
        name = name.lower()
        if name not in self.locals:
            return None
        index = self.locals.index(name)
        # Those from the stack are laid down last to first.
        return self.taken - 1 - index if index < self.taken else index

    def exit(self):
        """Compile the end of a definition."""
        if self.locals:
            self.emit(*code.locals_leave(len(self.locals), self.xt("(unlocals)")))
        self.emit(*code.EXIT)

    # ---- the outer interpreter

    def load(self, path):
        """Compile a source file."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from None
        outer, self.path = self.path, path
        self.compile(text, path.name)
        self.path = outer

    def compile(self, text, name="<source>", *also):
        """Compile a source text; names are looked up in the word lists `also` as well."""
        outer, self.reader = self.reader, Reader(text, name)
        self.order += also
        try:
            while (token := self.reader.name()) is not None:
                self._word(token)
            if self.compiling:
                raise ForthError(f"{self.latest.name}: `;` is missing")
            if self.stack:
                raise ForthError(f"{len(self.stack)} items are left on the stack")
        except (ForthError, IndexError, ValueError, UnicodeEncodeError) as error:
            reason = "stack underflow" if isinstance(error, IndexError) else error
            raise UserError(f"{self.reader.place}: {reason}") from None
        self.reader = outer
        self.order = [words for words in self.order if words not in also]

    def _word(self, token):
        key = token.lower()
        if self.compiling:
            index = self.local(key)
            if index is not None:
                self.emit(*code.local_fetch(index))
                return
            if key in self._compiling_words:
                self._compiling_words[key](self)
                return
        elif key in self._interpreting_words:
            self._interpreting_words[key](self)
            return
        word = self.find(key)
        if word:
            self._use(word)
            return
        number = self.number(token)
        if number is None:
            raise ForthError(f"{token}, unknown word")
        if self.compiling:
            self.literal(number)
        else:
            self.stack.append(number)

    def _use(self, word):
        if self.compiling:
            if word.flags & IMMEDIATE:
                raise ForthError(f"{word.name} is immediate and has no counterpart here")
            self.emit(code.call(word.xt))
        elif word.operand is not None and word.kind == "(variable)":
            self.stack.append(word.operand)
        else:
            raise ForthError(f"{word.name} cannot be executed while the ROM is built")

    def number(self, text):
        """Value of a number, or None; `.` may separate groups of digits."""
        sign = -1 if text.startswith("-") else 1
        digits, base = text.lstrip("-"), self.base
        if digits.lower().startswith("0x"):
            digits, base = digits[2:], 16
        try:
            return sign * int(digits.replace(".", ""), base) if digits[-1:] != "." else None
        except ValueError:
            return None

    def pop(self):
        return self.stack.pop()
