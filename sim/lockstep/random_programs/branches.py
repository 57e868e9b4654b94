"""Branches, which lead forward only."""

from pteg.lockstep.encoding import encode, load_constant, to_spr
from pteg.lockstep.random_programs.generator import Placed
from pteg.lockstep.random_programs.integer import plain
from pteg.lockstep.random_programs.memory import access

__all__ = ["branch", "late_branches"]


def branch(g, bits=32):
    """A conditional branch some groups ahead, in any way, on one of the first CR bits."""
    ahead = g.random.randrange(1, 5)
    fields = {"BO": g.random.randrange(32), "BI": g.random.randrange(bits),
              "LK": g.random.randrange(2)}
    kind = g.random.choice(("b", "bc", "bc", "bc", "bclr", "bcctr"))
    if kind == "b":
        fields = {"LK": fields["LK"]}
    if kind == "bcctr" and not g.options.invalid:
        fields["BO"] |= 4
    return [_towards(g, kind, fields, ahead)]


def late_branches(g):
    """Branches on the result of a division, or behind one, with something between them."""
    divisor = g.free()
    words = [encode("ori", rA=divisor, rS=divisor, UIMM=1),
             encode("divwu", rD=g.free(), rA=g.any(), rB=divisor, Rc=1)]
    for _ in range(g.random.randrange(1, 5)):
        if g.random.random() < 0.6:
            words += g.random.choice((plain, access))(g)
        if g.random.random() < 0.2:
            words.append(to_spr(g.random.choice(("LR", "CTR")), g.any()))
        words += branch(g, bits=4 if g.random.random() < 0.7 else 32)
    return words


def _towards(g, kind, fields, ahead):
    """bclr and bcctr need their target in a register."""
    def words(here, address):
        target = address(ahead)
        if kind == "b":
            return [encode("b", LI=(target - here) >> 2, **fields)]
        if kind == "bc":
            return [encode("bc", BD=(target - here) >> 2, **fields)]
        return [*load_constant(2, target), to_spr("LR" if kind == "bclr" else "CTR", 2),
                g.form(kind, **fields)]
    return Placed(1 if kind in ("b", "bc") else 4, words)
