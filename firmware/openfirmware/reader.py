"""Forth source text as words, and the strings of IEEE 1275."""

import re
from dataclasses import dataclass

__all__ = ["ForthError", "Reader", "Place"]

#: Letters after a `"` inside a string (IEEE 1275 7.3.4.5).
_ESCAPES = {"n": 10, "r": 13, "t": 9, "f": 12, "l": 10, "b": 8, "!": 7, '"': 34}


class ForthError(Exception):
    """Something is wrong with the source; the compiler adds the place."""


@dataclass(frozen=True)
class Place:
    """A line of a source."""

    name: str
    line: int

    def __str__(self):
        return f"{self.name}:{self.line}"


class Reader:
    """A text and a position in it.

    Parameters
    ----------
    text : str
    source : str
        Its name in messages.
    """

    def __init__(self, text, source):
        self.text, self.source, self.position = text, source, 0
        self._last = 0      # where the last word begins

    @property
    def place(self):
        """The line of the last word."""
        return Place(self.source, self.text.count("\n", 0, self._last) + 1)

    def name(self):
        """The next word, or None at the end."""
        match = re.compile(r"\s*(\S+)").match(self.text, self.position)
        if not match:
            return None
        # One blank ends a word; the text behind it belongs to what parses it.
        self.position, self._last = min(match.end() + 1, len(self.text)), match.start(1)
        return match[1]

    def need_name(self):
        name = self.name()
        if name is None:
            raise ValueError("a name must follow")
        return name

    def until(self, end):
        """Text up to a character, which is skipped."""
        stop = self.text.find(end, self.position)
        if stop < 0:
            raise ValueError(f"{end} is missing")
        text = self.text[self.position:stop]
        self.position = stop + 1
        return text

    def line(self):
        """Skip the rest of the line."""
        # The blank that ended the word before may have been the line's end.
        if self.text[self.position - 1:self.position] == "\n":
            return
        stop = self.text.find("\n", self.position)
        self.position = len(self.text) if stop < 0 else stop + 1

    def string(self):
        """Bytes of a string after `"`: `"n` and the like are characters, `"(0d 0a)` bytes."""
        data = bytearray()
        while True:
            data += self.until('"').encode("latin-1")
            following = self.text[self.position:self.position + 1]
            if following == "(":
                digits = re.sub(r"[^0-9A-Fa-f]", "", self.until(")"))
                data += bytes.fromhex(digits)
            elif following in _ESCAPES and following:
                data.append(_ESCAPES[following])
                self.position += 1
            elif following == "^":
                data.append(ord(self.text[self.position + 1]) & 0x1F)
                self.position += 2
            else:
                self.position += following.isspace()
                return bytes(data)
