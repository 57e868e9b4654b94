"""Source text to statements: comments out, labels, mnemonic and operands apart.

Comments are `# …`, `// …` and `/* … */`; `;` separates statements. A symbol is a name, or any
text in quotes.
"""

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from pteg.firmware.asm.expression import Problem

__all__ = ["STRING", "NAME", "BYTES", "read_source", "Location", "Statement", "lines_of",
           "statements_of", "first_word", "split_operands", "symbol_name", "parse_string",
           "parse_strings"]

#: How bytes that are not UTF-8 pass through a text.
BYTES = "surrogateescape"
#: Patterns of a string in quotes, of a name, and of a symbol.
STRING = r'"(?:[^"\\\n]|\\.)*"'
NAME = r"[A-Za-z_.$][\w.$]*"
_SYMBOL = rf"(?:{NAME}|{STRING})"
_CHARACTER = r"(?<![\w$])'(?:\\.|[^\\\n])'?"
_COMMENT = re.compile(rf"({STRING}|{_CHARACTER})|/\*.*?\*/|//[^\n]*|\#[^\n]*", re.DOTALL)
_STATEMENT = re.compile(rf"(?:{STRING}|{_CHARACTER}|[^;])+")
_OPERAND = re.compile(rf"{STRING}|{_CHARACTER}|[(),]|[^\"'(),]+|.", re.DOTALL)
_LABEL = re.compile(rf"\s*({_SYMBOL}|\d+)\s*:(?!:)")
_ASSIGNMENT = re.compile(rf"\s*({_SYMBOL})\s*=(?!=)(.*)", re.DOTALL)
_MNEMONIC = re.compile(r'\s*([^\s("]*)(.*)', re.DOTALL)

#: Characters after a backslash that mean another one.
_ESCAPES = {"n": 10, "t": 9, "r": 13, "b": 8, "f": 12, "v": 11, '"': 34, "\\": 92, "'": 39}
#: Numbers after a backslash. As in GNU as, an octal number may have the digits 8 and 9, and all
#: hexadecimal digits belong to the number, of which the last two count.
_OCTAL, _HEXADECIMAL = re.compile(r"\d{1,3}", re.ASCII), re.compile(r"[xX]([0-9a-fA-F]+)")


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

    @classmethod
    def parse(cls, text, location):
        """The statement that `text` is. Names of directives are in lower case."""
        labels, rest = [], text
        while match := _LABEL.match(rest):
            labels.append(symbol_name(match[1]) if match[1][0] == '"' else match[1])
            rest = rest[match.end():]
        if match := _ASSIGNMENT.match(rest):
            return cls(location, text, tuple(labels), ".set", f"{match[1]},{match[2]}")
        mnemonic, operands = _MNEMONIC.match(rest).groups()
        return cls(location, text, tuple(labels), mnemonic.lower(), operands.strip())


def read_source(path):
    """Text of a source file. Bytes that are not UTF-8 stay what they are: compilers put the
    characters of data into comments."""
    return Path(path).read_text(encoding="utf-8", errors=BYTES)


def lines_of(text, file):
    """(line, location) of each line of a file, comments taken out."""
    def blank(match):
        return match[1] or " " + "\n" * match[0].count("\n")
    for number, line in enumerate(_COMMENT.sub(blank, text).split("\n"), 1):
        yield line, Location(file, number)


def statements_of(line):
    """Texts of the statements of a line."""
    return _STATEMENT.findall(line) if ";" in line else [line]


def first_word(text):
    """Mnemonic of a statement, without labels and in lower case."""
    while match := _LABEL.match(text):
        text = text[match.end():]
    return _MNEMONIC.match(text)[1].lower()


def split_operands(text):
    """Parts of `text` between commas that are neither in strings nor in parentheses."""
    parts, depth = [""], 0
    for token in _OPERAND.findall(text):
        depth += (token == "(") - (token == ")")
        if token == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += token
    parts = [part.strip() for part in parts]
    return parts if parts != [""] else []


def symbol_name(text):
    """The symbol that `text` names."""
    if text.startswith('"'):
        return parse_string(text).decode(errors=BYTES)
    if not re.fullmatch(NAME, text):
        raise Problem(f"a symbol is required here, not {text!r}")
    return text


def parse_string(text):
    """Bytes of a string in quotes, with its escapes."""
    if not re.fullmatch(STRING, text, re.DOTALL):
        raise Problem(f"a string in quotes is required here, not {text!r}")
    data, position, end = bytearray(), 1, len(text) - 1
    while position < end:
        character = text[position]
        position += 1
        if character != "\\":
            data += character.encode(errors=BYTES)
        elif match := _OCTAL.match(text, position, end):
            data.append(functools.reduce(lambda value, digit: 8 * value + int(digit), match[0], 0)
                        & 0xFF)
            position = match.end()
        elif match := _HEXADECIMAL.match(text, position, end):
            data.append(int(match[1], 16) & 0xFF)
            position = match.end()
        elif text[position] in _ESCAPES:
            data.append(_ESCAPES[text[position]])
            position += 1
        else:
            raise Problem(f"unknown escape \\{text[position]} in a string")
    return bytes(data)


def parse_strings(text):
    """Bytes of strings in quotes, one after the other with only blanks between them."""
    parts = re.findall(rf"{STRING}|\S+", text)
    return b"".join(map(parse_string, parts or [text]))
