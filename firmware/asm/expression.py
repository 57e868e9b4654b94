"""Expressions of the assembler as trees, and their values.

Numbers are integers of any size. A label of a section that has no address yet is a pair of section
and offset; the difference of two labels of one section is a number at once. `parser.py` makes the
trees from text.
"""

from dataclasses import dataclass

__all__ = ["LOCAL", "Problem", "Number", "Symbol", "Unary", "Binary", "Half", "SmallData",
           "Address", "Value", "evaluate", "substitute", "symbols"]


#: First character of the names of numeric labels, which no other symbol has.
LOCAL = "\0"


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


@dataclass(frozen=True)
class SmallData:
    """`@sda21` of an expression: base register and displacement of a place in a small data area."""

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
        case SmallData():
            raise Problem("@sda21 must be an immediate or a displacement of an instruction")
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
        case SmallData(operand):
            return SmallData(substitute(operand, replace))
        case Binary(operator, left, right):
            return Binary(operator, substitute(left, replace), substitute(right, replace))
    return node


def symbols(node):
    """Names of all symbols in a tree."""
    found = set()
    substitute(node, lambda name: found.add(name))
    return found
