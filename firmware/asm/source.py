"""Source text to statements: comments, includes, macros, repetition, conditional assembly.

Comments are `# …`, `// …` and `/* … */`; `;` separates statements. Of GNU as's macro language this
has .macro with defaults, `:req`, `:vararg`, named arguments, `\\@` and `\\()`; .rept, .irp, .irpc;
.if, .ifdef, .ifndef, .ifb, .ifnb, .ifc, .ifnc, .elseif, .else; .exitm.
"""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

from pteg.firmware.asm.expression import Problem
from pteg.firmware.asm.macros import STRING, Macro, fill

__all__ = ["Location", "Statement", "Reader", "split_operands"]

_CHARACTER = r"'(?:\\.|[^\\\n])'?"
_COMMENT = re.compile(rf"({STRING}|(?<![\w$]){_CHARACTER})|/\*.*?\*/|//[^\n]*|\#[^\n]*", re.DOTALL)
_PART = re.compile(rf"(?:{STRING}|(?<![\w$]){_CHARACTER}|[^;])+")
_OPERAND = re.compile(rf"{STRING}|(?<![\w$]){_CHARACTER}|[(),]|[^\"'(),]+|.", re.DOTALL)
_LABEL = re.compile(r"\s*([A-Za-z_.$][\w.$]*|\d+)\s*:(?!:)")
_ASSIGNMENT = re.compile(r"\s*([A-Za-z_.$][\w.$]*)\s*=(?!=)(.*)", re.DOTALL)
#: Against macros that never end.
_MAX_DEPTH, _MAX_LINES = 200, 1_000_000


@dataclass(frozen=True)
class Location:
    """A place in a source file, and the places of the macro calls that led there."""

    file: str
    line: int
    caller: "Location | None" = None

    def __str__(self):
        outermost = self
        while outermost.caller is not None:
            outermost = outermost.caller
        text = f"{self.file}:{self.line}"
        return text if outermost is self else f"{text} (from {outermost})"

    @property
    def depth(self):
        """How many macro calls and repetitions deep this is."""
        return 0 if self.caller is None else 1 + self.caller.depth


@dataclass(frozen=True)
class Statement:
    """Labels, then a directive or an instruction (or neither) with the text of its operands."""

    location: Location
    text: str
    labels: tuple
    mnemonic: str
    operands: str


def split_operands(text, separator=","):
    """Parts of `text` between commas that are neither in strings nor in parentheses."""
    parts, depth = [""], 0
    for token in _OPERAND.findall(text):
        depth += (token == "(") - (token == ")")
        if token == separator and depth <= 0:
            parts.append("")
        else:
            parts[-1] += token
    parts = [part.strip() for part in parts]
    return parts if parts != [""] else []


def _lines(text, file):
    """(line, location) of each line of a file, comments taken out."""
    def blank(match):
        return match[1] or " " + "\n" * match[0].count("\n")
    for number, line in enumerate(_COMMENT.sub(blank, text).split("\n"), 1):
        yield line, Location(file, number)


class Reader:
    """Statements of a source, one after the other.

    Parameters
    ----------
    text, file : str
        Source, and its name in messages.
    evaluate : callable
        `evaluate(text)` gives the number that an expression is at this moment.
    defined : callable
        `defined(name)` tells whether a symbol has been defined.
    include_paths : iterable of str or Path
        Where `.include` looks, after the folder of the including file.
    """

    def __init__(self, text, file, evaluate, defined, include_paths=()):
        self._stack = [_lines(text, file)]
        self._evaluate = evaluate
        self._defined = defined
        self._include_paths = [Path(path) for path in include_paths]
        self._macros = {}
        #: Open conditionals: [this branch is assembled, some branch was, place of .if].
        self._conditions = []
        self._calls, self._lines_read = itertools.count(), itertools.count()
        #: Where the statement read last stands.
        self.location = Location(file, 1)

    def read(self):
        """The next statement, or None at the end."""
        while (line := self._next_line()) is not None:
            text, self.location = line
            statement = self._parse(text)
            name, operands = statement.mnemonic, statement.operands
            if self._conditional(name, operands) or not self._active:
                continue
            handler = getattr(self, "_do_" + name[1:], None) if name.startswith(".") else None
            if name in self._macros:
                macro = self._macros[name]
                self._expand(macro.body, macro.bind(split_operands(operands)))
            elif handler:
                handler(operands)
            else:
                return statement
            if statement.labels:
                return Statement(self.location, text, statement.labels, "", "")
        if self._conditions:
            self.location = self._conditions.pop()[2]
            raise Problem(".if without .endif")
        return None

    def find(self, name):
        """Path of a file that a directive names."""
        folder = Path(self.location.file).parent
        for path in (folder, *self._include_paths):
            if (path / name).is_file():
                return path / name
        raise Problem(f"no file {name!r} here or in the include paths")

    # ---- lines

    def _next_line(self):
        while self._stack:
            line = next(self._stack[-1], None)
            if line is None:
                self._stack.pop()
                continue
            if next(self._lines_read) == _MAX_LINES:
                self._stack.clear()
                raise Problem(f"macros must not make more than {_MAX_LINES} lines")
            text, location = line
            parts = _PART.findall(text) if ";" in text else [text]
            if len(parts) > 1:
                self._stack.append(iter([(part, location) for part in parts]))
                continue
            return (parts or [""])[0], location
        return None

    def _parse(self, text):
        labels, rest = [], text
        while match := _LABEL.match(rest):
            labels.append(match[1])
            rest = rest[match.end():]
        if match := _ASSIGNMENT.match(rest):
            return Statement(self.location, text, tuple(labels), ".set",
                             f"{match[1]},{match[2]}")
        mnemonic, _, operands = rest.strip().partition(" ")
        if "\t" in mnemonic:
            mnemonic, _, operands = rest.strip().partition("\t")
        if mnemonic.startswith("."):
            mnemonic = mnemonic.lower()
        return Statement(self.location, text, tuple(labels), mnemonic, operands.strip())

    def _push(self, lines, caller):
        if caller.depth >= _MAX_DEPTH:
            raise Problem(f"macros must not be nested more than {_MAX_DEPTH} deep")
        self._stack.append((text, Location(place.file, place.line, caller))
                           for text, place in lines)

    def _block(self, openers, closer):
        """Lines up to the `closer` that belongs to the block that has just been opened."""
        start, depth, lines = self.location, 1, []
        while (line := self._next_line()) is not None:
            words = line[0].split(None, 1)
            word = words[0].lower() if words else ""
            depth += (word in openers) - (word == closer)
            if depth == 0:
                return lines
            lines.append(line)
        self.location = start
        raise Problem(f"{openers[0]} without {closer}")

    # ---- conditional assembly

    @property
    def _active(self):
        return all(condition[0] for condition in self._conditions)

    def _conditional(self, name, operands):
        """Take a conditional directive; tells whether it was one."""
        if name.startswith(".if"):
            test = getattr(self, "_test_" + name[1:], None)
            if test is None:
                raise Problem(f"unknown directive {name!r}")
            true = self._active and test(operands)
            self._conditions.append([true, true, self.location])
        elif name in (".else", ".elseif", ".endif"):
            if not self._conditions:
                raise Problem(f"{name} without .if")
            condition = self._conditions[-1]
            if name == ".endif":
                self._conditions.pop()
            else:
                outer = all(outer[0] for outer in self._conditions[:-1])
                condition[0] = (outer and not condition[1]
                                and (name == ".else" or self._test_if(operands)))
                condition[1] = condition[1] or condition[0]
        else:
            return False
        return True

    def _test_if(self, operands):
        return self._evaluate(operands) != 0

    def _test_ifdef(self, operands):
        return self._defined(operands)

    def _test_ifndef(self, operands):
        return not self._defined(operands)

    def _test_ifb(self, operands):
        return not operands

    def _test_ifnb(self, operands):
        return bool(operands)

    def _test_ifc(self, operands):
        parts = split_operands(operands)
        return len(set(parts)) <= 1 if len(parts) == 2 else not operands.replace(",", "").strip()

    def _test_ifnc(self, operands):
        return not self._test_ifc(operands)

    # ---- includes, macros, repetition

    def _do_include(self, operands):
        path = self.find(operands.strip().strip('"'))
        if len(self._stack) > _MAX_DEPTH:
            raise Problem(f"files must not be included more than {_MAX_DEPTH} deep")
        self._stack.append(_lines(path.read_text(), str(path)))

    def _do_macro(self, operands):
        macro = Macro.declare(operands)
        self._macros[macro.name] = macro
        macro.body = self._block((".macro",), ".endm")

    def _do_purgem(self, operands):
        if self._macros.pop(operands, None) is None:
            raise Problem(f"no macro {operands!r}")

    def _do_exitm(self, operands):
        if self.location.caller is None:
            raise Problem(".exitm outside a macro")
        self._stack.pop()

    def _expand(self, body, arguments):
        number = next(self._calls)
        self._push([(fill(text, arguments, number), place) for text, place in body],
                   self.location)

    def _do_rept(self, operands):
        body = self._block((".rept", ".irp", ".irpc"), ".endr")
        count = self._evaluate(operands)
        if not 0 <= count <= 1_000_000:
            raise Problem(f".rept count must be 0 to 1000000, not {count}")
        if body:
            repeated = itertools.chain.from_iterable(itertools.repeat(body, count))
            self._push(repeated, self.location)

    def _do_irp(self, operands):
        name, *values = split_operands(operands) or [""]
        self._repeat_with(name, values)

    def _do_irpc(self, operands):
        name, *values = split_operands(operands) or [""]
        self._repeat_with(name, values[0] if values else "")

    def _repeat_with(self, name, values):
        body = self._block((".rept", ".irp", ".irpc"), ".endr")
        if not name:
            raise Problem("a name is required here")
        for value in reversed(values):
            self._expand(body, {name: value})
