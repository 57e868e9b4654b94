"""Text to expression trees.

Syntax and precedence are those of GNU as: `*` `/` `%` `<<` `>>` bind tightest, then `|` `&` `^`
`!`, then `+` `-` and the comparisons (true is -1), then `&&` and `||`. `$` and, as an operand,
`*` are the present address, as `.` is.
"""

import functools
import re

from pteg.firmware.asm.expression import (
    LOCAL,
    Binary,
    Half,
    Number,
    Problem,
    SmallData,
    Symbol,
    Unary,
    symbols,
)
from pteg.firmware.asm.source import NAME, STRING, parse_string, symbol_name

__all__ = ["parse", "parse_operand"]

_TOKEN = re.compile(rf"""\s*(?:
    (?P<number> 0[xX][0-9a-fA-F]+ | 0[bB][01]+ | \d+(?![\dbf]) | \d+(?=[bf]\w) )
  | (?P<local> \d+[bf] (?!\w) )
  | '(?P<character> \\. | [^\\] ) '?
  | (?P<name> {NAME} | {STRING} )
  | @(?P<relocation> \w+ (?: @\w+ )* )
  | (?P<operator> << | >> | == | != | <> | <= | >= | && | \|\| | [-+*/%&|^~!<>()] )
)""", re.VERBOSE)

#: Binary operators, those that bind least first.
_LEVELS = (("||",), ("&&",), ("+", "-", "==", "!=", "<>", "<", ">", "<=", ">="),
           ("|", "&", "^", "!"), ("*", "/", "%", "<<", ">>"))


def _callee(node):
    """`@plt`: the function itself. An addend says where a position-independent caller keeps its
    table; without a table it means nothing."""
    names = symbols(node)
    if len(names) != 1:
        raise Problem("@plt must follow one symbol")
    return Symbol(names.pop())


#: What an operator makes of the whole operand that it is in, as a relocation does: `table+4@ha`.
_RELOCATIONS = {
    **{part: functools.partial(Half, part) for part in ("l", "h", "ha")},
    "local": lambda node: node, "plt": _callee, "sda21": SmallData,
    "sdarel": lambda node: Binary("-", node, Symbol("_SDA_BASE_")),
    "sda2rel": lambda node: Binary("-", node, Symbol("_SDA2_BASE_")),
}
#: Operators for which a linker makes tables that are not made here.
_REFUSED = {"got": "a global offset table (compile with -fno-pic)",
            "tls": "thread-local storage", "tprel": "thread-local storage",
            "dtprel": "thread-local storage", "dtpmod": "thread-local storage"}


def _relocate(operator, node):
    known = _RELOCATIONS.get(operator.lower())
    if known is None:
        reason = _REFUSED.get(operator.lower().split("@")[0])
        raise Problem(f"@{operator} needs a linker that makes {reason}" if reason else
                      f"relocation @{operator} must be one of @{', @'.join(_RELOCATIONS)}")
    return known(node)


class _Parser:
    """Recursive descent over the tokens of one operand."""

    def __init__(self, text):
        self.text = text
        self.relocation = None
        self.tokens = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if not match:
                raise Problem(f"unexpected text {text[position:].strip()!r}")
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            position = match.end()
        self.index = 0

    def peek(self):
        return self.tokens[self.index] if self.index < len(self.tokens) else (None, None)

    def next(self):
        token = self.peek()
        self.index += 1
        return token

    def expression(self, level=0):
        if level == len(_LEVELS):
            return self.unary()
        left = self.expression(level + 1)
        while self.peek()[0] == "operator" and self.peek()[1] in _LEVELS[level]:
            operator = self.next()[1]
            left = Binary(operator, left, self.expression(level + 1))
        return left

    def unary(self):
        kind, text = self.peek()
        if kind == "operator" and text in "-+~!":
            self.next()
            operand = self.unary()
            return operand if text == "+" else Unary(text, operand)
        return self.primary()

    def primary(self):
        kind, text = self.next()
        if kind == "number":
            octal = len(text) > 1 and text.isdigit() and text[0] == "0"
            try:
                node = Number(int(text, 8 if octal else 0))
            except ValueError:
                raise Problem(f"{text} is not a number") from None
        elif kind == "character":
            node = Number(parse_string(f'"{text}"')[0] if text[0] == "\\" else ord(text))
        elif kind == "local":
            node = Symbol(LOCAL + text)
        elif kind == "name":
            node = Symbol("." if text == "$" else symbol_name(text))
        elif text == "%" and self.peek()[0] == "name":
            node = Symbol(self.next()[1])
        elif text == "*":
            node = Symbol(".")
        elif text == "(":
            node = self.expression()
            if self.next()[1] != ")":
                raise Problem(f"missing ')' in {self.text!r}")
        elif kind is None:
            raise Problem(f"expression expected at the end of {self.text.strip()!r}")
        else:
            raise Problem(f"expression expected before {text!r}")
        if self.peek()[0] == "relocation":
            self.relocation = self.next()[1]
        return node

    def operand(self):
        self.relocation = None
        node = self.expression()
        return _relocate(self.relocation, node) if self.relocation else node

    def end(self):
        if self.peek()[0] is not None:
            raise Problem(f"unexpected {self.peek()[1]!r} in {self.text.strip()!r}")


def parse(text):
    """The expression that `text` is, as a tree."""
    parser = _Parser(text)
    node = parser.operand()
    parser.end()
    return node


def parse_operand(text):
    """Operand of an instruction: `(expression, None)`, or `(displacement, base)` for `d(rA)`."""
    parser = _Parser(text)
    node, base = parser.operand(), None
    if parser.peek()[1] == "(":
        parser.next()
        base = parser.operand()
        if parser.next()[1] != ")":
            raise Problem(f"missing ')' in {text!r}")
    parser.end()
    return node, base
