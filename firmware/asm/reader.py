"""The statements of a source, one after the other: includes, macros, repetition, conditions.

Of GNU as's macro language this has .macro with defaults, `:req`, `:vararg` and named arguments,
.rept, .irp, .irpc, .exitm, .purgem, and the conditions of `conditions.py`.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pteg.firmware.asm.conditions import Conditions
from pteg.firmware.asm.expression import Problem
from pteg.firmware.asm.macros import Macro, fill, split_arguments
from pteg.firmware.asm.source import (
    BYTES,
    Location,
    Statement,
    first_word,
    lines_of,
    parse_string,
    read_source,
    statements_of,
)

__all__ = ["Reader"]

#: Against macros that never end.
_MAX_DEPTH, _MAX_LINES = 200, 1_000_000
_REPETITIONS = (".rept", ".irp", ".irpc")
_MACROS = (".macro",)
_END_OF_MACRO = (".endm", ".endmacro")


@dataclass
class _Frame:
    """Lines that are being read: of a file, of an expansion, or the statements of one line."""

    lines: Iterator
    #: Number of open conditions at the start of an expansion; None for other lines.
    conditions: int | None = None


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
        self._stack = [_Frame(lines_of(text, file))]
        self._evaluate = evaluate
        self._conditions = Conditions(evaluate, defined)
        self._include_paths = [Path(path) for path in include_paths]
        self._macros = {}
        self._calls, self._lines_read = itertools.count(), itertools.count()
        self._directives = {
            ".include": self._include, ".macro": self._macro, ".purgem": self._purgem,
            ".exitm": self._exitm, ".rept": self._rept, ".irp": self._irp, ".irpc": self._irpc,
            ".end": self._end}
        #: Where the statement read last is.
        self.location = Location(file, 1)

    def read(self):
        """The next statement, or None at the end."""
        while (line := self._next_line()) is not None:
            text, self.location = line
            statement = Statement.parse(text, self.location)
            name, operands = statement.mnemonic, statement.operands
            if self._conditions.take(name, operands, self.location):
                continue
            if not self._conditions.active:
                continue
            if name in self._macros:
                macro = self._macros[name]
                self._expand(macro.body, macro.bind(operands))
            elif name in self._directives:
                self._directives[name](operands)
            else:
                return statement
            if statement.labels:
                return Statement(self.location, text, statement.labels, "", "")
        if location := self._conditions.unclosed():
            self.location = location
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
            frame = self._stack[-1]
            line = next(frame.lines, None)
            if line is None:
                self._stack.pop()
                if frame.conditions is not None and (
                        location := self._conditions.unclosed(frame.conditions)):
                    self.location = location
                    raise Problem(".if without .endif in this macro or repetition")
                continue
            if next(self._lines_read) == _MAX_LINES:
                self._stack.clear()
                raise Problem(f"macros must not make more than {_MAX_LINES} lines")
            text, location = line
            parts = statements_of(text)
            if len(parts) > 1:
                self._stack.append(_Frame(iter([(part, location) for part in parts])))
                continue
            return (parts or [""])[0], location
        return None

    def _push(self, lines):
        """Read lines of an expansion next."""
        if self.location.depth >= _MAX_DEPTH:
            raise Problem(f"macros must not be nested more than {_MAX_DEPTH} deep")
        caller = self.location
        self._stack.append(_Frame(((text, Location(place.file, place.line, caller))
                                   for text, place in lines), self._conditions.depth))

    def _block(self, openers, closers):
        """Lines up to the closer that belongs to the block that has just been opened."""
        start, depth, lines = self.location, 1, []
        while (line := self._next_line()) is not None:
            word = first_word(line[0])
            depth += (word in openers) - (word in closers)
            if depth == 0:
                return lines
            lines.append(line)
        self.location = start
        raise Problem(f"{openers[0]} without {closers[0]}")

    # ---- directives

    def _include(self, operands):
        name = parse_string(operands).decode(errors=BYTES) if operands.startswith('"') else operands
        path = self.find(name)
        if len(self._stack) > _MAX_DEPTH:
            raise Problem(f"files must not be included more than {_MAX_DEPTH} deep")
        self._stack.append(_Frame(lines_of(read_source(path), str(path))))

    def _end(self, operands):
        """`.end`: what follows is not read."""
        self._stack.clear()

    def _macro(self, operands):
        macro = Macro.declare(operands)
        macro.body = self._block(_MACROS, _END_OF_MACRO)
        self._macros[macro.name] = macro

    def _purgem(self, operands):
        if self._macros.pop(operands.lower(), None) is None:
            raise Problem(f"no macro {operands!r}")

    def _exitm(self, operands):
        if self.location.caller is None:
            raise Problem(".exitm outside a macro")
        while (frame := self._stack.pop()).conditions is None:
            pass
        self._conditions.leave(frame.conditions)

    def _expand(self, body, arguments):
        number = next(self._calls)
        self._push([(fill(text, arguments, number), place) for text, place in body])

    def _rept(self, operands):
        body = self._block(_REPETITIONS, (".endr",))
        count = self._evaluate(operands)
        if not 0 <= count <= 1_000_000:
            raise Problem(f".rept count must be 0 to 1000000, not {count}")
        if body:
            self._push(itertools.chain.from_iterable(itertools.repeat(body, count)))

    def _irp(self, operands):
        name, *values = [argument for argument, _ in split_arguments(operands)] or [""]
        self._repeat_with(name, values or [""])

    def _irpc(self, operands):
        name, *values = [argument for argument, _ in split_arguments(operands)] or [""]
        self._repeat_with(name, values[0] if values else [""])

    def _repeat_with(self, name, values):
        body = self._block(_REPETITIONS, (".endr",))
        if not name:
            raise Problem("a name is required here")
        self._push(itertools.chain.from_iterable(
            [(fill(text, {name: value}, number), place) for text, place in body]
            for value, number in zip(values, self._calls, strict=False)))
