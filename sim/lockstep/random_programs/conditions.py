"""Everything that can stop an access, often: see `pteg.hw.isa.causes`.

Each function takes the generator of a program and returns words. Without translation nothing of
this can happen, except for external control that is disabled.
"""

from pteg.lockstep.encoding import encode, load_constant, to_spr
from pteg.lockstep.random_programs.layout import POINTERS
from pteg.lockstep.random_programs.system import exception

__all__ = ["condition"]


def _refused_cache_instruction(g):
    """Also dcbi: what does nothing cannot lose data."""
    if not g.refusing:
        return [g.form("dcbi", rA=0, rB=2)] if g.options.user else []
    name = g.random.choice(("dcbst", "dcbf", "dcbi", "dcbz", "icbi", "dcbt", "dcbtst"))
    ea = g.random.choice(g.refusing) + g.random.randrange(4096)
    return [*load_constant(2, ea), g.form(name, rA=0, rB=2)]


def _fetch(g):
    """Its handler returns to LR, behind the branch."""
    if not (g.jumps and g.traps):
        return exception(g)
    target = g.random.choice(g.traps) + 4 * g.random.randrange(1024)
    return load_constant(2, target) + [to_spr("CTR", 2), encode("bcctr", BO=20, BI=0, LK=1)]


def _reservation(g):
    """In any page; a stwcx. elsewhere takes the reservation too."""
    head, base = g.aligned(POINTERS)
    other, second = g.aligned()
    load = g.form("lwarx", rD=g.free(), rA=0, rB=base)
    return [*head, *other, load, g.form("stwcx.", rS=g.any(), rA=0,
                                        rB=g.random.choice((base, second)))]


def _external_control(g):
    """It bypasses the cache, so it must not find what is cached."""
    pages = (*g.uncached, *g.refusing)
    if not pages:
        return []
    ea = g.random.choice(pages) + (g.random.randrange(4096) & g.random.choice((~3, ~3, ~0)))
    row = g.random.choice((("eciwx", {"rD": g.free()}), ("ecowx", {"rS": g.any()})))
    return [*load_constant(2, ea), g.form(row[0], rA=0, rB=2, **row[1])]


def condition(g):
    return g.random.choice((_refused_cache_instruction, _fetch, _reservation,
                            _external_control))(g)
