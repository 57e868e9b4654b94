"""Integer instructions and those of the condition register."""

from pteg.hw.isa.instructions import BY_NAME, INSTRUCTIONS, Unit
from pteg.lockstep.encoding import encode, to_spr

__all__ = ["plain", "divide", "trap", "loop"]

_PLAIN = [row for row in INSTRUCTIONS
          if row.unit in (Unit.IU, Unit.IU1) and row.name not in ("divw", "divwu", "tw", "twi")
          or row.name in ("mcrf", "mcrxr", "mfcr", "mtcrf", "crand", "crandc", "creqv",
                          "crnand", "crnor", "cror", "crorc", "crxor")]


def plain(g):
    row = g.random.choice(_PLAIN)
    return [g.form(row.name, **g.operands(row))]


def divide(g):
    """The divisor is made positive: other cases have undefined results."""
    b = g.free()
    row = BY_NAME[g.random.choice(("divw", "divwu"))]
    return [encode("rlwinm", rA=b, rS=b, SH=0, MB=g.random.randrange(1, 31), ME=31),
            encode("ori", rA=b, rS=b, UIMM=1),
            g.form(row.name, **g.operands(row) | {"rB": b})]


def trap(g):
    name = g.random.choice(("tw", "twi"))
    return [g.form(name, **g.operands(BY_NAME[name]))]


def loop(g):
    count = g.random.randrange(1, 6)
    body = plain(g)
    return [encode("addi", rD=2, rA=0, SIMM=count), to_spr("CTR", 2), *body,
            encode("bc", BO=16, BI=0, BD=-len(body))]
