"""FPSCR against the text of the manual, written down in plain Python (PEM 2.1.4, 4.2.2.6)."""

import random

import pytest

from pteg.engine import compile_design
from pteg.hw.fpu.operation import Changes
from pteg.hw.fpu.status import StatusRegister
from pteg.hw.isa.instructions import decode
from pteg.hw.isa.registers import bit
from pteg.lockstep.encoding import encode

INVALID = sum(bit(n) for n in (7, 8, 9, 10, 11, 12, 21, 22, 23))
EXCEPTIONS = INVALID | sum(bit(n) for n in (3, 4, 5, 6))
REPLACED = {Changes.NOTHING: 0, Changes.ROUNDING: bit(13) | bit(14),
            Changes.ALL: sum(bit(n) for n in range(13, 20)),
            Changes.CONDITION: sum(bit(n) for n in range(16, 20))}


def with_summaries(value):
    """Bit 20 is reserved; VX is the OR of bits 7-12 and 21-23, FEX of the enabled exceptions."""
    value &= ~(bit(20) | bit(1) | bit(2))
    if value & INVALID:
        value |= bit(2)
    if any(value & bit(2 + i) and value & bit(24 + i) for i in range(5)):
        value |= bit(1)
    return value


def setting(value, bits):
    if bits & ~value & EXCEPTIONS:
        bits |= bit(0)
    return value | bits


class Register:
    def __init__(self):
        self.native = compile_design(StatusRegister(), name="fpscr")
        self.state = self.native.new_state()

    def apply(self, **inputs):
        for path in self.native.inputs:
            if path not in ("clk", "rst"):
                self.native.write(self.state, path, int(inputs.get(path, 0)))
        self.native.step(self.state)
        announced, after = (self.native.read(self.state, name) for name in ("next", "fpscr"))
        assert announced == after or not inputs.get("record")
        return after

    def move(self, name, source=0, **fields):
        word = encode(name, **fields)
        return self.apply(move=1, op=decode(word).op, insn=word, source=source)


@pytest.fixture(scope="module")
def register():
    return Register()


def test_every_move_and_record_does_what_the_manual_says(register):
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    value = register.move("mtfsf", FM=255, frB=0)
    for _ in range(20000):
        kind = rng.choice(("mtfsb0", "mtfsb1", "mtfsfi", "mtfsf", "mcrfs", "record"))
        n, field, word = rng.randrange(32), rng.randrange(8), rng.getrandbits(32)
        nibble = 0xF0000000 >> 4 * field
        if kind == "mtfsb0":
            got, value = register.move(kind, crbD=n), value & ~bit(n)
        elif kind == "mtfsb1":
            got, value = register.move(kind, crbD=n), setting(value, bit(n))
        elif kind == "mtfsfi":
            got = register.move(kind, crfD=field, IMM=word >> 28)
            value = value & ~nibble | (word >> 28) * 0x11111111 & nibble
        elif kind == "mtfsf":
            mask = rng.getrandbits(8)
            got = register.move(kind, source=word, FM=mask, frB=0)
            chosen = sum(0xF0000000 >> 4 * i for i in range(8) if mask & 128 >> i)
            value = value & ~chosen | word & chosen
        elif kind == "mcrfs":
            got = register.move(kind, crfD=0, crfS=field)
            value &= ~(nibble & (EXCEPTIONS | bit(0)))
        else:
            changes = rng.choice(list(Changes))
            status = word & (EXCEPTIONS | REPLACED[changes]) & rng.getrandbits(32)
            got = register.apply(record=1, status=status, changes=changes)
            value = setting(value & ~REPLACED[changes], status)
        value = with_summaries(value)
        assert got == value, f"seed {seed}: {kind} gives {got:#010x}, not {value:#010x}"
