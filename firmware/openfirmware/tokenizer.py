"""FCode tokenizer: Forth source to an FCode program (IEEE 1275 5.3.3, annex C).

    from pteg.firmware.openfirmware.tokenizer import tokenize
    program = tokenize('fcode-version3 " lamp" device-name : open true ; fcode-end')

A source is what one would type, between `fcode-version3` (or 1, 2) and `fcode-end`. Words that
define give their names the next free tokens; `headers`, `headerless` and `external` say whether a
name stays in the program.
"""

import struct

from pteg.errors import UserError
from pteg.firmware.openfirmware.fcodes import NUMBERS
from pteg.firmware.openfirmware.reader import Reader

__all__ = ["tokenize"]

_FIRST_OWN, _LAST_OWN = 0x800, 0xFFF
#: Start token of each version; version 1 begins with offsets of 8 bits.
_STARTS = {"fcode-version1": "version1", "fcode-version2": "start1", "fcode-version3": "start1"}
_NAMINGS = {"headers": "named-token", "headerless": "new-token", "external": "external-token"}
_DEFINING = {"value": "b(value)", "variable": "b(variable)", "constant": "b(constant)",
             "create": "b(create)", "defer": "b(defer)", "buffer:": "b(buffer:)",
             "field": "b(field)"}
_BASES = {"h#": 16, "d#": 10, "o#": 8, "b#": 2}
_SMALL = {-1: "-1", 0: "0", 1: "1", 2: "2", 3: "3"}
#: Words without a token of their own.
_SEQUENCES = {"true": "-1", "false": "0", "struct": "0", "space": "bl emit", "1+": "1 +",
              "1-": "1 -", "2+": "2 +", "2-": "2 -", "<<": "lshift", ">>": "rshift",
              "not": "invert", "eval": "evaluate", "2nip": "2swap 2drop"}


def tokenize(text, name="<source>"):
    """Bytes of the FCode program that a source text describes.

    Parameters
    ----------
    text : str
    name : str
        Name of the source in messages.
    """
    return _Tokenizer(text, name).run()


class _Tokenizer:
    """State of one translation. `open` has the structures that wait for their other half."""

    def __init__(self, text, name):
        self.reader = Reader(text, name)
        self.body = bytearray()
        self.start = None
        self.own, self.next_own = {}, _FIRST_OWN
        self.naming, self.base = "headers", 16
        self.open, self.in_definition = [], False

    def problem(self, text):
        return UserError(f"{self.reader.place}: {text}")

    # ---- bytes

    def token(self, *names):
        for name in names:
            self._number(NUMBERS[name] if isinstance(name, str) else name)

    def _number(self, number):
        self.body += bytes([number]) if number == 0 or 16 <= number < 256 else struct.pack(
            ">H", number)

    def string(self, data):
        if len(data) > 255:
            raise self.problem(f"string must have up to 255 bytes, not {len(data)}")
        self.body += bytes([len(data)]) + data

    def literal(self, value):
        if value in _SMALL:
            self.token(_SMALL[value])
        else:
            self.token("b(lit)")
            self.body += struct.pack(">I", value & 0xFFFFFFFF)

    # ---- branches: an offset counts from its own first byte

    def hole(self):
        """Leave room for an offset; returns its place."""
        self.body += bytes(self._offset_size)
        return len(self.body) - self._offset_size

    @property
    def _offset_size(self):
        return 1 if self.start == "version1" else 2

    def fill(self, place, target):
        distance, bits = target - place, 8 * self._offset_size
        if not -(1 << bits - 1) <= distance < 1 << bits - 1:
            raise self.problem(f"branch is too long: {distance} bytes")
        self.body[place:place + self._offset_size] = (distance & (1 << bits) - 1).to_bytes(
            self._offset_size, "big")

    def take(self, *kinds):
        if not self.open or self.open[-1][0] not in kinds:
            raise self.problem("control structure is not balanced")
        return self.open.pop()

    # ---- the source

    def run(self):
        try:
            self._run()
        except ValueError as error:
            raise self.problem(error) from None
        if self.open or self.in_definition:
            raise self.problem("a definition or control structure is not finished")
        length = len(self.body) + 8
        header = struct.pack(">BBHI", NUMBERS[self.start], 8, sum(self.body) & 0xFFFF, length)
        return header + bytes(self.body)

    def _run(self):
        while (name := self.reader.name()) is not None:
            key = name.lower()
            if key == "\\":
                self.reader.line()
            elif key == "(":
                self.reader.until(")")
            elif key in _STARTS:
                self.start = _STARTS[key]
            elif self.start is None:
                raise self.problem(f"fcode-version3 must come first, not {name!r}")
            elif key in ("fcode-end", "end0"):
                self.token("end0")
                return
            elif not self._special(key):
                self._plain(name)
        raise self.problem("fcode-end is missing")

    def _plain(self, name):
        """A word of its own, a token, a sequence of tokens, or a number."""
        key = name.lower()
        if key in self.own:
            self.token(self.own[key])
        elif key in NUMBERS:
            self.token(key)
        elif key in _SEQUENCES:
            self.token(*_SEQUENCES[key].split())
        else:
            self.literal(self._value(name, self.base))

    def _value(self, text, base):
        try:
            return int(text.replace(".", ""), base)
        except ValueError:
            raise self.problem(f"{text}, unknown word") from None

    def _own_or_standard(self, name):
        """Number of a word that `'` or `to` names."""
        key = name.lower()
        if key not in self.own and key not in NUMBERS:
            raise self.problem(f"{name}, unknown word")
        return self.own.get(key, NUMBERS.get(key))

    def _define(self, name, kind):
        if self.next_own > _LAST_OWN:
            raise self.problem("program has too many words")
        naming = _NAMINGS[self.naming]
        self.token(naming)
        if naming != "new-token":
            self.string(name.encode("latin-1"))
        self._number(self.next_own)
        self.token(kind)
        self.own[name.lower()] = self.next_own
        self.next_own += 1

    def _special(self, key):
        """A word that does more than stand for a token; False if it is none."""
        if key in _NAMINGS:
            self.naming = key
        elif key in ("hex", "decimal", "octal"):
            # Numbers of the text; in a definition, those that the program prints when it runs.
            base = {"hex": 16, "decimal": 10, "octal": 8}[key]
            if self.in_definition:
                self.literal(base)
                self.token("base", "!")
            else:
                self.base = base
        elif key in _BASES:
            self.literal(self._value(self.reader.need_name(), _BASES[key]))
        elif key in _DEFINING:
            self._define(self.reader.need_name(), _DEFINING[key])
        elif key == ":":
            self._define(self.reader.need_name(), "b(:)")
            self.in_definition = True
        elif key == ";":
            if self.open or not self.in_definition:
                raise self.problem("control structure is not balanced")
            self.token("b(;)")
            self.in_definition = False
        elif key in ('"', 's"', '."'):
            data = (self.reader.until('"').encode("latin-1") if key == 's"'
                    else self.reader.string())
            self.token('b(")')
            self.string(data)
            if key == '."':
                self.token("type")
        elif key == "recurse":
            if not self.in_definition:
                raise self.problem("recurse must be in a definition")
            self._number(self.next_own - 1)
        elif key in ("to", "is"):
            self.token("b(to)", self._own_or_standard(self.reader.need_name()))
        elif key in ("'", "[']"):
            self.token("b(')", self._own_or_standard(self.reader.need_name()))
        elif key in ("ascii", "[char]", "char", "control"):
            code = self.reader.need_name().encode("latin-1")[0]
            self.literal(code & 0x1F if key == "control" else code)
        elif key in _STRUCTURES:
            _STRUCTURES[key](self)
        else:
            return False
        return True


# ---- control structures

def _if(t):
    t.token("b?branch")
    t.open.append(("origin", t.hole()))


def _resolve(t, place):
    t.token("b(>resolve)")
    t.fill(place, len(t.body))


def _then(t):
    _resolve(t, t.take("origin")[1])


def _else(t):
    origin = t.take("origin")[1]
    t.token("bbranch")
    place = t.hole()
    _resolve(t, origin)
    t.open.append(("origin", place))


def _begin(t):
    t.token("b(<mark)")
    t.open.append(("target", len(t.body)))


def _back(t, name, target):
    t.token(name)
    t.fill(t.hole(), target)


def _while(t):
    target = t.take("target")
    _if(t)
    t.open.append(target)


def _repeat(t):
    _back(t, "bbranch", t.take("target")[1])
    _then(t)


def _do(name):
    def begin(t):
        t.token(name)
        place = t.hole()
        t.open.append(("do", place, len(t.body)))
    return begin


def _loop(name):
    def end(t):
        _, skip, start = t.take("do")
        _back(t, name, start)
        t.fill(skip, len(t.body))
    return end


def _case(t):
    t.token("b(case)")
    t.open.append(("case", []))


def _of(t):
    t.token("b(of)")
    t.open.append(("of", t.hole()))


def _endof(t):
    place = t.take("of")[1]
    t.token("b(endof)")
    if not t.open or t.open[-1][0] != "case":
        raise t.problem("control structure is not balanced")
    t.open[-1][1].append(t.hole())
    t.fill(place, len(t.body))


def _endcase(t):
    ends = t.take("case")[1]
    t.token("b(endcase)")
    for place in ends:
        t.fill(place, len(t.body))


_STRUCTURES = {
    "if": _if, "then": _then, "else": _else, "begin": _begin, "while": _while,
    "repeat": _repeat, "until": lambda t: _back(t, "b?branch", t.take("target")[1]),
    "again": lambda t: _back(t, "bbranch", t.take("target")[1]), "do": _do("b(do)"),
    "?do": _do("b(?do)"), "loop": _loop("b(loop)"), "+loop": _loop("b(+loop)"),
    "leave": lambda t: t.token("b(leave)"), "case": _case, "of": _of, "endof": _endof,
    "endcase": _endcase}
