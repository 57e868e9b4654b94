"""Expressions of the assembler: scanner, parser and evaluation.

The syntax and the precedence are those of GNU as: `*` `/` `%` `<<` `>>` bind tightest, then `|`
`&` `^` `!`, then `+` `-` and the comparisons (true is -1), then `&&` and `||`. Numbers are
integers of any size. A label of a section that has no address yet is a pair of section and offset;
the difference of two labels of one section is a number at once.
"""

import re
from dataclasses import dataclass

__all__ = ["Problem", "Number", "Symbol", "Unary", "Binary", "Half", "Address", "Value",
           "parse", "parse_operand", "evaluate", "substitute", "symbols"]


class Problem(Exception):
    """Something is wrong with a statement; the assembler adds the place."""


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: int


@dataclass(frozen=True)
class Symbol:
    """A label, a constant of `.set`, a register name, or `.`, the present address."""

    name: str


@dataclass(frozen=True)
class Unary:
    """`-`, `~` or `!` of an expression."""

    operator: str
    operand: object


@dataclass(frozen=True)
class Binary:
    """Two expressions and an operator."""

    operator: str
    left: object
    right: object


@dataclass(frozen=True)
class Half:
    """`@h`, `@l` or `@ha` of an expression: 16 bits of it, whatever sign they have.

    `@ha` is the upper half made right for an addition of the lower half as a signed number.
    """

    part: str
    operand: object


@dataclass(frozen=True, eq=False)
class Address:
    """A place in a section."""

    section: object
    offset: int


@dataclass(frozen=True)
class Value:
    """Result of an evaluation: a number, or an offset in a section that has no address yet."""

    number: int
    section: object = None


_TOKEN = re.compile(r"""\s*(?:
    (?P<number> 0[xX][0-9a-fA-F]+ | 0[bB][01]+ | \d+(?![\dbf]) | \d+(?=[bf]\w) )
  | (?P<local> \d+[bf] (?!\w) )
  | '(?P<character> \\. | [^\\] ) '?
  | (?P<name> [A-Za-z_.$][\w.$]* )
  | @(?P<half> ha|h|l ) (?!\w)
  | (?P<operator> << | >> | == | != | <> | <= | >= | && | \|\| | [-+*/%&|^~!<>()] )
)""", re.VERBOSE)

_ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0, "b": 8, "f": 12}

_LEVELS = (("||",), ("&&",), ("+", "-", "==", "!=", "<>", "<", ">", "<=", ">="),
           ("|", "&", "^", "!"), ("*", "/", "%", "<<", ">>"))


def _divide(left, right):
    """Quotient cut towards zero, as C has it."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


_ARITHMETIC = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": _divide, "%": lambda a, b: a - b * _divide(a, b),
    "<<": lambda a, b: a << b, ">>": lambda a, b: a >> b,
    "|": lambda a, b: a | b, "&": lambda a, b: a & b, "^": lambda a, b: a ^ b,
    "!": lambda a, b: a | ~b,
    "==": lambda a, b: -(a == b), "!=": lambda a, b: -(a != b), "<>": lambda a, b: -(a != b),
    "<": lambda a, b: -(a < b), ">": lambda a, b: -(a > b),
    "<=": lambda a, b: -(a <= b), ">=": lambda a, b: -(a >= b),
    "&&": lambda a, b: int(bool(a and b)), "||": lambda a, b: int(bool(a or b)),
}
_COMPARISONS = ("==", "!=", "<>", "<", ">", "<=", ">=")


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


def evaluate(node, lookup):
    """`Value` of a tree; `lookup(name)` gives the `Value` of a symbol."""
    match node:
        case Number(value):
            return Value(value)
        case Symbol(name):
            return lookup(name)
        case Address(section, offset):
            if section.address is None:
                return Value(offset, section)
            return Value(section.address + offset)
        case Half(part, operand):
            number = _number(evaluate(operand, lookup))
            return Value({"l": number, "h": number >> 16, "ha": number + 0x8000 >> 16}[part]
                         & 0xFFFF)
        case Unary(operator, operand):
            number = _number(evaluate(operand, lookup))
            return Value({"-": -number, "~": ~number, "!": int(not number)}[operator])
        case Binary(operator, left, right):
            return _binary(operator, evaluate(left, lookup), evaluate(right, lookup))
    raise TypeError(f"node must be an expression, not {node!r}")


def _number(value):
    if value.section is not None:
        raise Problem("a number is required here, not an address that is not known yet")
    return value.number


def _binary(operator, left, right):
    section = None
    if left.section is not None and left.section is right.section and (
            operator == "-" or operator in _COMPARISONS):
        pass
    elif operator in "+-" and right.section is None:
        section = left.section
    elif operator == "+" and left.section is None:
        section = right.section
    else:
        _number(left), _number(right)
    if operator in ("/", "%") and right.number == 0:
        raise Problem("division by zero")
    if operator in ("<<", ">>") and not 0 <= right.number <= 64:
        raise Problem(f"shift count must be 0 to 64, not {right.number}")
    return Value(_ARITHMETIC[operator](left.number, right.number), section)


def substitute(node, replace):
    """The tree with each symbol for which `replace(name)` is not None replaced by that tree."""
    match node:
        case Symbol(name):
            new = replace(name)
            return node if new is None else new
        case Unary(operator, operand):
            return Unary(operator, substitute(operand, replace))
        case Half(part, operand):
            return Half(part, substitute(operand, replace))
        case Binary(operator, left, right):
            return Binary(operator, substitute(left, replace), substitute(right, replace))
    return node


def symbols(node):
    """Names of all symbols in a tree."""
    found = set()
    substitute(node, lambda name: found.add(name))
    return found
