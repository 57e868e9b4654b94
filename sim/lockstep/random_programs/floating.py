"""Floating point."""

from pteg.hw.isa.instructions import INSTRUCTIONS, Unit
from pteg.lockstep.encoding import encode
from pteg.lockstep.random_programs.layout import POINTERS, SAFE

__all__ = ["floating", "float_access", "registers"]

_FLOATING = [row for row in INSTRUCTIONS if row.unit is Unit.FPU]
_ACCESSES = [row for row in INSTRUCTIONS
             if row.unit is Unit.LSU and row.syntax[:1] in (("frD",), ("frS",))]
#: Doubles that many rules are about: zero, the smallest, the largest, infinity, NaNs, one, ...
_SPECIAL = (0, 1, 0x000FFFFFFFFFFFFF, 0x0010000000000000, 0x7FEFFFFFFFFFFFFF, 0x7FF0000000000000,
            0x7FF0000000000001, 0x7FF8000000000000, 0x3FF0000000000000, 0x3FF8000000000000,
            0x4010000000000000, 0x3FEFFFFFFFFFFFFF, 0x41DFFFFFFFC00000, 0x380FFFFFC0000000,
            0x47EFFFFFE0000000, 0x36A0000000000000)


def registers(g):
    """What the registers contain in the beginning."""
    numbers = (g.random.choice(_SPECIAL) | g.random.getrandbits(1) << 63
               if g.random.random() < 0.5 else g.random.getrandbits(64) for _ in range(32))
    return b"".join(number.to_bytes(8, "big") for number in numbers)


def floating(g):
    """A few in a row, so that they depend on each other; mostly with a few registers."""
    words = []
    for _ in range(g.random.randrange(1, 6)):
        row = g.random.choice(_FLOATING)
        fields = g.operands(row)
        if g.random.random() < 0.7:
            fields |= {name: value & 7 for name, value in fields.items()
                       if name in ("frD", "frA", "frB", "frC")}
        words.append(g.form(row.name, **fields))
    return words


def float_access(g):
    row = g.random.choice(_ACCESSES)
    base = g.random.choice((*POINTERS, *SAFE))
    register = g.random.randrange(g.random.choice((8, 32)))
    fields = {"rA": base, "frD": register, "frS": register, "rB": 26 + g.any() % 2,
              "d": g.random.choice((0, 4, 8, -64, g.random.randrange(-4096, 4096)))}
    if row.update:
        fields["d"] &= ~3
    head = []
    if g.random.random() < 0.8:
        head = [encode("rlwinm", rA=base, rS=base, SH=0, MB=0, ME=29)]
    fields = {name: value for name, value in fields.items() if name in row.operands}
    return [*head, g.form(row.name, **fields)]
