"""ALU, multiplier and divider against a specification written from PEM chapter 8."""

import random

import pytest
from amaranth.sim import Simulator

from pteg.engine import compile_design
from pteg.hw.core.alu import Alu
from pteg.hw.core.divide import Divider
from pteg.hw.core.multiply import Multiplier
from pteg.hw.isa.instructions import BY_NAME, FIELDS, Op

M = 0xFFFFFFFF
CORNERS = (0, 1, 2, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, M, 0x1F, 0x20, 0x3F, 0x8000,
           0xFFFF8000, 0x55555555, 0xAAAAAAAA)


def signed(x):
    return x - (1 << 32) if x & 1 << 31 else x


def number(rng):
    return rng.choice(CORNERS) if rng.random() < 0.5 else rng.getrandbits(rng.randrange(1, 33))


def add(x, y, carry=0):
    """(result, CA, OV) of x + y + carry."""
    total = x + y + carry
    exact = signed(x) + signed(y) + carry
    return total & M, total >> 32, signed(total & M) != exact


def mask(begin, end):
    bits, position = 0, begin
    while True:
        bits |= 1 << 31 - position
        if position == end:
            return bits
        position = (position + 1) % 32


def rotate(x, n):
    return (x << n | x >> 32 - n) & M if n else x


ADDITIVE = {  # (x, y, carry) from a, b, CA; whether CA is written
    "add": (lambda a, b, ca: (a, b, 0), False), "addc": (lambda a, b, ca: (a, b, 0), True),
    "addi": (lambda a, b, ca: (a, b, 0), False), "addic": (lambda a, b, ca: (a, b, 0), True),
    "addic.": (lambda a, b, ca: (a, b, 0), True), "addis": (lambda a, b, ca: (a, b, 0), False),
    "adde": (lambda a, b, ca: (a, b, ca), True), "addme": (lambda a, b, ca: (a, M, ca), True),
    "addze": (lambda a, b, ca: (a, 0, ca), True),
    "subf": (lambda a, b, ca: (~a & M, b, 1), False),
    "subfc": (lambda a, b, ca: (~a & M, b, 1), True),
    "subfic": (lambda a, b, ca: (~a & M, b, 1), True),
    "subfe": (lambda a, b, ca: (~a & M, b, ca), True),
    "subfme": (lambda a, b, ca: (~a & M, M, ca), True),
    "subfze": (lambda a, b, ca: (~a & M, 0, ca), True),
    "neg": (lambda a, b, ca: (~a & M, 0, 1), False),
}
LOGIC = {
    "and": lambda a, b: a & b, "andi.": lambda a, b: a & b, "andis.": lambda a, b: a & b,
    "andc": lambda a, b: a & ~b & M, "or": lambda a, b: a | b, "ori": lambda a, b: a | b,
    "oris": lambda a, b: a | b, "orc": lambda a, b: (a | ~b) & M, "xor": lambda a, b: a ^ b,
    "xori": lambda a, b: a ^ b, "xoris": lambda a, b: a ^ b, "eqv": lambda a, b: ~(a ^ b) & M,
    "nand": lambda a, b: ~(a & b) & M, "nor": lambda a, b: ~(a | b) & M,
    "extsb": lambda a, b: ((a & 0xFF) ^ 0x80) - 0x80 & M,
    "extsh": lambda a, b: ((a & 0xFFFF) ^ 0x8000) - 0x8000 & M,
    "cntlzw": lambda a, b: 32 - a.bit_length(),
    "slw": lambda a, b: a << (b & 63) & M if b & 63 < 32 else 0,
    "srw": lambda a, b: a >> (b & 63),
}


class Bench:
    """The ALU, compiled; `run` applies one operation."""

    def __init__(self):
        self.native = compile_design(Alu(), name="alu")
        self.state = self.native.new_state()

    def run(self, name, insn=0, a=0, b=0, c=0, ca=0, so=0):
        word = BY_NAME[name].match | insn
        values = {"op": BY_NAME[name].op, "insn": word, "a": a, "b": b, "c": c, "ca": ca, "so": so}
        for path, value in values.items():
            self.native.write(self.state, path, int(value))
        self.native.settle(self.state)
        flags = self.native.read(self.state, "flags")
        return (self.native.read(self.state, "result"),
                {"cr": flags & 15, "write_ca": flags >> 4 & 1, "ca": flags >> 5 & 1,
                 "write_ov": flags >> 6 & 1, "ov": flags >> 7 & 1},
                self.native.read(self.state, "trap"))


@pytest.fixture(scope="module")
def alu():
    return Bench()


def cr_of(value, so):
    return (8 if value & 1 << 31 else 4 if value else 2) | so


@pytest.mark.parametrize("name", ADDITIVE)
def test_additive(alu, name):
    rng = random.Random(name)
    operands, carries = ADDITIVE[name]
    has_oe = "OE" in BY_NAME[name].options
    for _ in range(400):
        a, b, ca, so, oe = number(rng), number(rng), *(rng.getrandbits(1) for _ in range(3))
        result, flags, trap = alu.run(name, FIELDS["OE"].put(oe & has_oe), a, b, ca=ca, so=so)
        expected, carry, overflow = add(*operands(a, b, ca))
        assert result == expected
        assert flags["write_ca"] == carries and (not carries or flags["ca"] == carry)
        assert flags["write_ov"] == (oe and has_oe)
        assert not flags["write_ov"] or flags["ov"] == overflow
        assert flags["cr"] == cr_of(result, so | (oe and has_oe and overflow)) and not trap


@pytest.mark.parametrize("name", LOGIC)
def test_logic(alu, name):
    rng = random.Random(name)
    for _ in range(400):
        a, b, so = number(rng), number(rng), rng.getrandbits(1)
        result, flags, _ = alu.run(name, a=a, b=b, so=so)
        assert result == LOGIC[name](a, b), (hex(a), hex(b))
        assert flags["cr"] == cr_of(result, so)
        assert not flags["write_ca"] and not flags["write_ov"]


@pytest.mark.parametrize("name", ["sraw", "srawi"])
def test_arithmetic_shift_right(alu, name):
    rng = random.Random(name)
    for _ in range(600):
        a, b = number(rng), number(rng) & (31 if name == "srawi" else M)
        result, flags, _ = alu.run(name, a=a, b=b)
        n = b & 63
        assert result == signed(a) >> n & M
        lost = a & (1 << n) - 1 if n < 32 else a
        assert flags["write_ca"] and flags["ca"] == (signed(a) < 0 and lost != 0)


@pytest.mark.parametrize("name", ["rlwinm", "rlwnm", "rlwimi"])
def test_rotate_and_mask(alu, name):
    rng = random.Random(name)
    for _ in range(600):
        a, c, n = number(rng), number(rng), rng.randrange(32)
        begin, end = rng.randrange(32), rng.randrange(32)
        insn = FIELDS["MB"].put(begin) | FIELDS["ME"].put(end)
        result, _, _ = alu.run(name, insn, a, n | (number(rng) & ~31 & M), c)
        bits = mask(begin, end)
        expected = rotate(a, n) & bits | (c & ~bits & M if name == "rlwimi" else 0)
        assert result == expected


@pytest.mark.parametrize("name", ["cmp", "cmpi", "cmpl", "cmpli"])
def test_compare(alu, name):
    rng = random.Random(name)
    for _ in range(400):
        a, b, so = number(rng), number(rng), rng.getrandbits(1)
        b = rng.choice((a, b))
        _, flags, _ = alu.run(name, a=a, b=b, so=so)
        left, right = (a, b) if "l" in name else (signed(a), signed(b))
        assert flags["cr"] == (8 if left < right else 4 if left > right else 2) | so


@pytest.mark.parametrize("to", range(32))
def test_trap_conditions(alu, to):
    rng = random.Random(to)
    for _ in range(60):
        a, b = number(rng), number(rng)
        b = rng.choice((a, b))
        expected = (to & 16 and signed(a) < signed(b) or to & 8 and signed(a) > signed(b)
                    or to & 4 and a == b or to & 2 and a < b or to & 1 and a > b)
        assert alu.run("tw", FIELDS["TO"].put(to), a, b)[2] == bool(expected)


# Multiply and divide -----------------------------------------------------------------------------


def long_operations(unit, operations):
    """Runs (op, a, b) one after the other; returns (result, overflow, cycles) for each."""
    results, port = [], unit.port

    async def testbench(ctx):
        for op, a, b in operations:
            for name, value in (("op", op), ("a", a), ("b", b), ("valid", 1)):
                ctx.set(getattr(port, name), value)
            cycles = 1
            while not ctx.get(port.done):
                await ctx.tick()
                cycles += 1
                assert cycles < 40
            results.append((ctx.get(port.result), ctx.get(port.overflow), cycles))
            await ctx.tick()

    simulator = Simulator(unit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    return results


def test_multiply_results_and_latency():
    rng = random.Random(5)
    operations = [(rng.choice((Op.MULLW, Op.MULHW, Op.MULHWU)), number(rng), number(rng))
                  for _ in range(400)]
    for (op, a, b), (result, overflow, cycles) in zip(
            operations, long_operations(Multiplier(), operations), strict=True):
        exact = a * b if op is Op.MULHWU else signed(a) * signed(b)
        assert result == (exact & M if op is Op.MULLW else exact >> 32 & M)
        if op is Op.MULLW:
            assert overflow == (signed(exact & M) != exact)
        assert 2 <= cycles <= (6 if op is Op.MULHWU else 5)


def test_divide_results_and_latency():
    rng = random.Random(6)
    operations = [(rng.choice((Op.DIVW, Op.DIVWU)), number(rng), number(rng)) for _ in range(400)]
    operations += [(Op.DIVW, 0x80000000, M), (Op.DIVWU, 5, 0), (Op.DIVW, M - 4, 0)]
    for (op, a, b), (result, overflow, cycles) in zip(
            operations, long_operations(Divider(), operations), strict=True):
        assert cycles == 19
        is_signed = op is Op.DIVW
        undefined = b == 0 or (is_signed and a == 0x80000000 and b == M)
        assert overflow == undefined
        if undefined:
            assert result == (M if is_signed and a >> 31 else 0)
        elif is_signed:
            quotient = abs(signed(a)) // abs(signed(b))
            assert result == (-quotient if (a ^ b) >> 31 else quotient) & M
        else:
            assert result == a // b
