"""Text to expression trees.

Syntax and precedence are those of GNU as: `*` `/` `%` `<<` `>>` bind tightest, then `|` `&` `^`
`!`, then `+` `-` and the comparisons (true is -1), then `&&` and `||`.
"""

import re

from pteg.firmware.asm.expression import Binary, Half, Number, Problem, Symbol, Unary

__all__ = ["parse", "parse_operand"]

_TOKEN = re.compile(r"""\s*(?:
    (?P<number> 0[xX][0-9a-fA-F]+ | 0[bB][01]+ | \d+(?![\dbf]) | \d+(?=[bf]\w) )
  | (?P<local> \d+[bf] (?!\w) )
  | '(?P<character> \\. | [^\\] ) '?
  | (?P<name> [A-Za-z_.$][\w.$]* )
  | @(?P<half> ha|h|l ) (?!\w)
  | (?P<operator> << | >> | == | != | <> | <= | >= | && | \|\| | [-+*/%&|^~!<>()] )
)""", re.VERBOSE)

#: Characters after a backslash that stand for another one.
_ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0, "b": 8, "f": 12}

#: Binary operators, those that bind least first.
_LEVELS = (("||",), ("&&",), ("+", "-", "==", "!=", "<>", "<", ">", "<=", ">="),
           ("|", "&", "^", "!"), ("*", "/", "%", "<<", ">>"))


class _Parser:
    """Recursive descent over the tokens of one operand."""

    def __init__(self, text):
        self.text = text
        self.half = None
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
            node = Number(_ESCAPES.get(text[1], ord(text[1])) if len(text) > 1 else ord(text))
        elif kind in ("name", "local"):
            node = Symbol(text)
        elif text == "%" and self.peek()[0] == "name":
            node = Symbol(self.next()[1])
        elif text == "(":
            node = self.expression()
            if self.next()[1] != ")":
                raise Problem(f"missing ')' in {self.text!r}")
        elif kind is None:
            raise Problem(f"expression expected at the end of {self.text.strip()!r}")
        else:
            raise Problem(f"expression expected before {text!r}")
        if self.peek()[0] == "half":
            # As a relocation does, the suffix means the whole operand: `table+4@ha`.
            self.half = self.next()[1]
        return node

    def operand(self):
        self.half = None
        node = self.expression()
        return Half(self.half, node) if self.half else node

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
