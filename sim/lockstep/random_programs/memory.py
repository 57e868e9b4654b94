"""Loads, stores, reservations and cache instructions."""

from pteg.hw.isa.instructions import BY_NAME, INSTRUCTIONS, Unit
from pteg.lockstep.encoding import encode, load_constant, to_spr
from pteg.lockstep.random_programs.integer import plain
from pteg.lockstep.random_programs.layout import OFFSETS, POINTERS, SAFE

__all__ = ["access", "multiple", "reservation", "cache", "pointer"]

_ACCESSES = [row for row in INSTRUCTIONS
             if row.unit is Unit.LSU and row.size and row.name[:2] in ("lw", "lb", "lh", "st")
             and row.name not in ("lwarx", "stwcx.", "stmw", "stswi", "stswx")
             and not any(name.startswith("fr") for name in row.syntax)]


def access(g):
    """A load or store; update forms let the pointer wander a little."""
    row = g.random.choice(_ACCESSES)
    base = g.random.choice((*POINTERS, *SAFE))
    fields = {"rA": base, "rD": g.free(), "rS": g.any(), "rB": 26 + g.any() % 2,
              "d": g.random.randrange(-64, 64) if row.update
              else g.random.choice((0, 4, g.random.randrange(-4096, 4096)))}
    head = []
    if g.options.strict and row.store and base in POINTERS:
        # Emulators write nothing if the second page of a store faults: do not cross.
        if "rB" in row.operands:
            fields["rA"] = g.random.choice(SAFE)
        else:
            head = [encode("rlwinm", rA=2, rS=base, SH=0, MB=0, ME=29)]
            fields |= {"rA": 2, "d": fields["d"] & ~3}
    fields = {name: value for name, value in fields.items() if name in row.operands}
    return [*head, g.form(row.name, **fields)]


def multiple(g):
    base = g.random.choice(SAFE if g.options.strict else (*POINTERS, *SAFE))
    name = g.random.choice(("lmw", "stmw", "lswi", "stswi", "lswx", "stswx"))
    offset = g.random.randrange(0, 256)
    if name in ("lmw", "stmw"):
        if g.options.strict or g.random.random() < 0.8:
            offset &= ~3
        # The pointer may have been moved by update forms: align it.
        head = [encode("rlwinm", rA=base, rS=base, SH=0, MB=0, ME=29)]
        register = {"rD": g.random.randrange(28, 32)} if name == "lmw" else {"rS": g.any()}
        return head + [g.form(name, rA=base, d=offset, **register)]
    first = g.random.randrange(3, 12)
    register = {"rD": first} if name[0] == "l" else {"rS": g.any()}
    if name.endswith("i"):
        return [g.form(name, rA=base, NB=g.random.randrange(1, 32), **register)]
    # lswx and stswx take their count from XER.
    b = 27
    count = g.random.randrange(0 if name[0] == "s" else 1, 32)
    return [encode("addi", rD=2, rA=0, SIMM=count),
            to_spr("XER", 2), g.form(name, rA=base, rB=b, **register)]


def reservation(g):
    if g.options.strict and g.traces:
        return plain(g)  # an exception clears the reservation in emulators
    head, base = g.aligned()
    load = g.form("lwarx", rD=g.free(), rA=0, rB=base)
    store = g.form("stwcx.", rS=g.any(), rA=0, rB=base)
    return head + g.random.choice(([load, store], [load], [load, store, store]))


def cache(g):
    names = ["dcbst", "dcbf", "dcbt", "dcbtst", "dcbz", "icbi", "sync", "eieio", "isync"]
    name = g.random.choice(names)
    if name == "isync" and g.options.strict:  # emulators trace it
        name = "sync"
    if "rA" not in BY_NAME[name].operands:
        return [g.form(name)]
    base = g.random.choice((*POINTERS, *SAFE))
    if name in ("dcbz", "icbi") and g.options.strict:  # DAR is that of the block there
        return [encode("rlwinm", rA=2, rS=base, SH=0, MB=0, ME=26), g.form(name, rA=0, rB=2)]
    if name == "dcbf" and not g.options.user and g.random.random() < 0.3:
        base = g.random.choice(SAFE)
        return [g.form("dcbf", rA=base, rB=26), g.form("dcbi", rA=base, rB=26)]
    return [g.form(name, rA=base, rB=26)]


def pointer(g):
    """Send a pointer or an offset somewhere else."""
    if g.random.random() < 0.3:
        return load_constant(g.random.choice(OFFSETS), g.random.choice(
            (0, 1, 2, 4, 8, 28, 31, 32, 4092, 0xFFFFFFFF, 0xFFFFFFF8)))
    register = g.random.choice((*POINTERS, *SAFE))
    return load_constant(register, g.address(register in SAFE))
