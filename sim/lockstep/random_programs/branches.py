"""Branches, which lead forward only."""

from pteg.lockstep.encoding import encode, load_constant, to_spr
from pteg.lockstep.random_programs.generator import Placed

__all__ = ["branch"]


def branch(g):
    """A conditional branch some groups ahead, in any way."""
    ahead = g.random.randrange(1, 5)
    fields = {"BO": g.random.randrange(32), "BI": g.any(), "LK": g.random.randrange(2)}
    kind = g.random.choice(("b", "bc", "bc", "bc", "bclr", "bcctr"))
    if kind == "b":
        fields = {"LK": fields["LK"]}
    if kind == "bcctr" and not g.options.invalid:
        fields["BO"] |= 4
    return [_towards(g, kind, fields, ahead)]


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
