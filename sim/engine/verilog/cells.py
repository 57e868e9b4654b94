"""What each of Yosys' word-level cells computes, as an Amaranth expression.

The meaning of the cells is that of Yosys' models (techlibs/common/simlib.v). Where those give `x`
(a position outside of a value, a division by zero, several selected inputs), the result here is a
zero, or that of the first input selected.
"""

import re
from collections.abc import Callable

from amaranth.hdl import Cat, Const, Mux, Value

__all__ = ["FLIP_FLOPS", "FUNCTIONS", "LATCHES", "Pins", "flag", "levels", "loads", "number",
           "outputs", "reset_value"]

#: Types of flip-flops and of latches: words, and gates. These are named by edge, level and value
#: (`_DFF_PN0_`).
FLIP_FLOPS = re.compile(r"\$(a|al)?dff|\$dffsr|"
                        r"\$_(DFF_[NP]([NP][01])?|ALDFF_[NP]{2}|DFFSR_[NP]{3})_")
LATCHES = re.compile(r"\$a?dlatch|\$dlatchsr|\$sr|"
                     r"\$_(DLATCH_[NP]([NP][01])?|DLATCHSR_[NP]{3}|SR_[NP]{2})_")
#: The pins that the letters in the name of a gate stand for.
_LETTERS = {"DFF": "CR", "ALDFF": "CL", "DFFSR": "CSR", "DLATCH": "ER", "DLATCHSR": "ESR",
            "SR": "SR"}


class Pins(dict):
    """The values of a cell's inputs, by pin.

    Parameters
    ----------
    inputs : dict of str to Value
    let : callable
        Returns a signal for a value that is used several times.
    """

    def __init__(self, inputs: dict[str, Value], let: Callable[[Value], Value]):
        super().__init__(inputs)
        self.let = let


def number(cell: dict, name: str, default: int = 0) -> int:
    """Return a parameter of a cell as a number; bits that are `x` or `z` are zero."""
    text = cell["parameters"].get(name)
    return default if text is None else int(text.translate(_KNOWN) or "0", 2)


def flag(cell: dict, name: str) -> bool:
    """Return whether a parameter of a cell is set."""
    return number(cell, name) != 0


_KNOWN = str.maketrans("xzXZ", "0000")


def _extend(value, width, signed):
    """Return a value cut or extended to some width."""
    missing = width - len(value)
    if missing <= 0:
        return value[:width]
    fill = value[-1].replicate(missing) if signed and len(value) else Const(0, missing)
    return Cat(value, fill)


def _operands(cell, pins, width):
    """Return A and B, extended to a width; they are signed if both are."""
    signed = flag(cell, "A_SIGNED") and flag(cell, "B_SIGNED")
    return (_extend(pins["A"], width, signed), _extend(pins["B"], width, signed), signed)


def _size(cell):
    return number(cell, "Y_WIDTH")


def _unary(function):
    def cell_function(cell, pins):
        a = _extend(pins["A"], _size(cell), flag(cell, "A_SIGNED"))
        return {"Y": function(a)}
    return cell_function


def _bitwise(function):
    """Return the function of an operator whose low bits depend on low bits only."""
    def cell_function(cell, pins):
        a, b, _ = _operands(cell, pins, _size(cell))
        return {"Y": function(a, b)[:_size(cell)]}
    return cell_function


def _divide(function):
    def cell_function(cell, pins):
        a, b, signed = _operands(cell, pins, max(map(len, (pins["A"], pins["B"]))))
        return {"Y": function(a, b, signed)}
    return cell_function


def _magnitudes(a, b):
    """Return |A| and |B|, and whether each is negative."""
    return (Mux(a[-1], -a, a)[:len(a)], Mux(b[-1], -b, b)[:len(b)], a[-1], b[-1])


def _quotient(a, b, signed):
    if not signed:
        return a // b
    size_a, size_b, minus_a, minus_b = _magnitudes(a, b)
    quotient = size_a // size_b
    return Mux(minus_a ^ minus_b, -quotient, quotient)


def _remainder(a, b, signed):
    if not signed:
        return a % b
    size_a, size_b, minus_a, _ = _magnitudes(a, b)
    rest = size_a % size_b
    return Mux(minus_a, -rest, rest)


def _floored(function):
    def divide(a, b, signed):
        return function(a.as_signed(), b.as_signed()) if signed else function(a, b)
    return divide


def _compare(function):
    def cell_function(cell, pins):
        a, b, signed = _operands(cell, pins, max(len(pins["A"]), len(pins["B"])))
        return {"Y": function(a.as_signed(), b.as_signed()) if signed else function(a, b)}
    return cell_function


def _reduce(function):
    return lambda cell, pins: {"Y": function(pins["A"])}


def _logic(function):
    return lambda cell, pins: {"Y": function(pins["A"].any(), pins["B"].any())}


def _shift(function):
    """Return the function of a shift of A, extended to the width of the result, by B."""
    def cell_function(cell, pins):
        a, b = pins["A"], pins["B"]
        signed = flag(cell, "A_SIGNED")
        a = _extend(a, max(len(a), _size(cell)), signed)
        return {"Y": function(a, b, signed, flag(cell, "B_SIGNED"))[:_size(cell)]}
    return cell_function


def _left(a, b):
    """Shift left; an amount of the width or more leaves nothing."""
    bits = max(len(a) - 1, 1).bit_length()
    if len(b) <= bits:
        return (a << b)[:len(a)]
    return Mux(b[bits:].any(), Const(0, len(a)), (a << b[:bits])[:len(a)])


def _right(a, b, signed=False):
    return (a.as_signed() >> b).as_unsigned() if signed else a >> b


def _either_way(a, b, signed, b_signed):
    """Shift right, or left if the amount is negative."""
    if not b_signed:
        return _right(a, b)
    return Mux(b[-1], _left(a, (-b)[:len(b)]), _right(a, b))


def _select(cell, pins):
    """`$shiftx`: a part of A from a computed bit on, zeros outside of it."""
    a, b, width = pins["A"], pins["B"], _size(cell)
    a = _extend(a, max(len(a), width), False)
    if not flag(cell, "B_SIGNED"):
        return {"Y": (a >> b)[:width]}
    return {"Y": Mux(b[-1], _left(a, (-b)[:len(b)]), a >> b)[:width]}


def _parallel(cell, pins):
    """`$pmux`: the part of B whose bit of S is one, or A."""
    width, result = number(cell, "WIDTH"), pins["A"]
    for bit in reversed(range(len(pins["S"]))):
        result = Mux(pins["S"][bit], pins["B"][bit * width:(bit + 1) * width], result)
    return {"Y": result}


def _power(cell, pins):
    """`$pow`: with a negative exponent, only the powers of 1 and -1 are not zero."""
    width, b = _size(cell), pins["B"]
    base = square = _extend(pins["A"], width, flag(cell, "A_SIGNED"))
    result = Const(1, width)
    for bit in b:
        result = pins.let(Mux(bit, (result * square)[:width], result))
        square = pins.let((square * square)[:width])
    if flag(cell, "B_SIGNED"):
        # The whole of A is 1 or -1, not only the bits that the result has room for.
        negative = flag(cell, "A_SIGNED") & pins["A"].all()
        odd = Mux(negative, Mux(b[0], base, 1), pins["A"] == 1)
        result = Mux(b[-1], odd, result)
    return {"Y": result}


def _demultiplex(cell, pins):
    """`$demux`: A at the position that S selects, zeros elsewhere."""
    return {"Y": Cat(Mux(pins["S"] == place, pins["A"], 0)
                     for place in range(1 << number(cell, "S_WIDTH")))}


def _look_up(cell, pins):
    """`$lut`: the bit of a table that A selects."""
    size = 1 << number(cell, "WIDTH")
    return {"Y": Const(number(cell, "LUT"), size).bit_select(pins["A"], 1)}


def _full_adder(cell, pins):
    a, b, c = pins["A"], pins["B"], pins["C"]
    return {"Y": a ^ b ^ c, "X": (a & b) | (c & (a ^ b))}


def _look_ahead(cell, pins):
    """`$lcu`: the carries that generate and propagate bits give."""
    carry, carries = pins["CI"], []
    for propagate, generate in zip(pins["P"], pins["G"], strict=True):
        carry = pins.let(generate | propagate & carry)
        carries.append(carry)
    return {"CO": Cat(carries)}


def _arithmetic(cell, pins):
    """`$alu`: A + B or A - B, with the carry out of each bit."""
    width = _size(cell)
    a, b, _ = _operands(cell, pins, width)
    b = Mux(pins["BI"], ~b, b)
    total = (a + b + pins["CI"])[:width]
    return {"X": a ^ b, "Y": total, "CO": (a & b) | ((a | b) & ~total)}


def _gate(function):
    return lambda cell, pins: {"Y": function(*(pins[pin] for pin in "ABCD" if pin in pins))}


#: By type of cell: the values of its outputs.
FUNCTIONS: dict[str, Callable[[dict, Pins], dict[str, Value]]] = {
    "$pos": _unary(lambda a: a),
    "$buf": lambda cell, pins: {"Y": pins["A"]},
    "$not": _unary(lambda a: ~a),
    "$neg": _unary(lambda a: (-a)[:len(a)]),
    "$and": _bitwise(lambda a, b: a & b),
    "$or": _bitwise(lambda a, b: a | b),
    "$xor": _bitwise(lambda a, b: a ^ b),
    "$xnor": _bitwise(lambda a, b: ~(a ^ b)),
    "$add": _bitwise(lambda a, b: a + b),
    "$sub": _bitwise(lambda a, b: a - b),
    "$mul": _bitwise(lambda a, b: a * b),
    "$div": _divide(_quotient),
    "$mod": _divide(_remainder),
    "$divfloor": _divide(_floored(lambda a, b: a // b)),
    "$modfloor": _divide(_floored(lambda a, b: a % b)),
    "$pow": _power,
    "$eq": _compare(lambda a, b: a == b),
    "$ne": _compare(lambda a, b: a != b),
    "$eqx": _compare(lambda a, b: a == b),
    "$nex": _compare(lambda a, b: a != b),
    "$lt": _compare(lambda a, b: a < b),
    "$le": _compare(lambda a, b: a <= b),
    "$gt": _compare(lambda a, b: a > b),
    "$ge": _compare(lambda a, b: a >= b),
    "$reduce_and": _reduce(lambda a: a.all()),
    "$reduce_or": _reduce(lambda a: a.any()),
    "$reduce_bool": _reduce(lambda a: a.any()),
    "$reduce_xor": _reduce(lambda a: a.xor()),
    "$reduce_xnor": _reduce(lambda a: ~a.xor()),
    "$logic_not": _reduce(lambda a: ~a.any()),
    "$logic_and": _logic(lambda a, b: a & b),
    "$logic_or": _logic(lambda a, b: a | b),
    "$shl": _shift(lambda a, b, *_: _left(a, b)),
    "$sshl": _shift(lambda a, b, *_: _left(a, b)),
    "$shr": _shift(lambda a, b, *_: _right(a, b)),
    "$sshr": _shift(lambda a, b, signed, _: _right(a, b, signed)),
    "$shift": _shift(_either_way),
    "$shiftx": _select,
    "$mux": lambda cell, pins: {"Y": Mux(pins["S"], pins["B"], pins["A"])},
    "$bwmux": lambda cell, pins: {"Y": pins["S"] & pins["B"] | ~pins["S"] & pins["A"]},
    "$bmux": lambda cell, pins: {"Y": pins["A"].word_select(pins["S"], number(cell, "WIDTH"))},
    "$bweqx": lambda cell, pins: {"Y": ~(pins["A"] ^ pins["B"])},
    "$pmux": _parallel,
    "$demux": _demultiplex,
    "$lut": _look_up,
    "$fa": _full_adder,
    "$lcu": _look_ahead,
    "$alu": _arithmetic,
    "$slice": lambda cell, pins: {"Y": pins["A"][number(cell, "OFFSET"):][:_size(cell)]},
    "$concat": lambda cell, pins: {"Y": Cat(pins["A"], pins["B"])},
    "$_BUF_": _gate(lambda a: a),
    "$_NOT_": _gate(lambda a: ~a),
    "$_AND_": _gate(lambda a, b: a & b),
    "$_NAND_": _gate(lambda a, b: ~(a & b)),
    "$_OR_": _gate(lambda a, b: a | b),
    "$_NOR_": _gate(lambda a, b: ~(a | b)),
    "$_XOR_": _gate(lambda a, b: a ^ b),
    "$_XNOR_": _gate(lambda a, b: ~(a ^ b)),
    "$_ANDNOT_": _gate(lambda a, b: a & ~b),
    "$_ORNOT_": _gate(lambda a, b: a | ~b),
    "$_MUX_": lambda cell, pins: {"Y": Mux(pins["S"], pins["B"], pins["A"])},
    "$_NMUX_": lambda cell, pins: {"Y": ~Mux(pins["S"], pins["B"], pins["A"])},
    "$_AOI3_": _gate(lambda a, b, c: ~(a & b | c)),
    "$_OAI3_": _gate(lambda a, b, c: ~((a | b) & c)),
    "$_AOI4_": _gate(lambda a, b, c, d: ~(a & b | c & d)),
    "$_OAI4_": _gate(lambda a, b, c, d: ~((a | b) & (c | d))),
}


def levels(cell: dict) -> dict[str, bool]:
    """Return whether each control input of a flip-flop or latch acts at the level 1, or rises."""
    if cell["type"].startswith("$_"):
        name, letters = cell["type"].strip("$_").split("_")
        return {pin: letter == "P" for pin, letter in zip(_LETTERS[name], letters, strict=False)}
    return {pin: flag(cell, f"{pin}_POLARITY") for pin in cell["connections"]}


def reset_value(cell: dict) -> int:
    """Return the value of an asynchronous reset."""
    if cell["type"].startswith("$_"):
        return int(cell["type"].endswith("1_"))
    return number(cell, "ARST_VALUE")


def loads(cell: dict, pins: Pins) -> list[tuple[Value, Value]]:
    """Return when a flip-flop or latch takes a value without a clock, and the value.

    The first condition that holds counts. One of several bits is a condition for each bit.
    """
    size, high = len(cell["connections"]["Q"]), levels(cell)
    reset = Const(reset_value(cell), size)
    values = {"CLR": Const(0, size), "R": reset, "ARST": reset, "SET": Const(-1, size),
              "S": Const(1, 1), "ALOAD": pins.get("AD"), "L": pins.get("AD"),
              "EN": pins.get("D"), "E": pins.get("D")}
    return [(pins[pin] if high[pin] else ~pins[pin], value) for pin, value in values.items()
            if pin in pins]


def outputs(cell: dict) -> list[str]:
    """Return the names of a cell's outputs."""
    return [pin for pin, direction in cell["port_directions"].items() if direction == "output"]
