"""Invalid forms of instructions for random programs; docs/instructions.md has their results.

Each function takes the generator of a program and returns words.
"""

from pteg.hw.isa.instructions import BY_NAME, INSTRUCTIONS, decode
from pteg.hw.isa.registers import SPRS, TIME_BASE_LOWER, TIME_BASE_UPPER
from pteg.lockstep.encoding import encode, load_constant, to_spr
from pteg.lockstep.random_programs.integer import plain

__all__ = ["invalid"]

_UPDATES = [row for row in INSTRUCTIONS if row.update and not row.syntax[0].startswith("fr")]
_BY_NUMBER = {spr.number: spr for spr in SPRS}
_TIME_BASE = (TIME_BASE_LOWER, TIME_BASE_UPPER)


def _update(g, row, **registers):
    fields = {"rB": 26, "d": 4 * g.random.randrange(-8, 8), **registers}
    return g.form(row.name, **{k: v for k, v in fields.items() if k in row.operands})


def update_without_base(g):
    """rA = 0: the base is r0."""
    row = g.random.choice(_UPDATES)
    return [*load_constant(0, g.address(True) & ~31),
            _update(g, row, rA=0, rD=g.free(), rS=g.any())]


def update_of_what_is_loaded(g):
    """rA = rD: the address wins."""
    row = g.random.choice([row for row in _UPDATES if not row.store])
    base = g.pointer()
    return [_update(g, row, rA=base, rD=base)]


def multiple_over_its_base(g):
    """lmw with rA among the registers loaded: it is loaded as they are."""
    return [*load_constant(31, g.address(True) & ~31),
            g.form("lmw", rD=g.random.randrange(28, 32), rA=31, d=4 * g.random.randrange(8))]


def string_over_its_base(g):
    """lswi and lswx with rA or rB among the registers loaded, of any length."""
    head = [*load_constant(10, g.address(True) & ~31), *load_constant(11, g.random.randrange(32)),
            *load_constant(2, g.random.randrange(33)), to_spr("XER", 2)]
    first = g.random.randrange(8, 12)
    return [*head, g.random.choice((g.form("lswi", rD=first, rA=10, NB=g.random.randrange(32)),
                                    g.form("lswx", rD=first, rA=10, rB=11)))]


def spr_that_cannot_be_moved(g):
    """A number that does not exist, or only for the other direction; constants ignore mtspr."""
    number = g.random.choice((g.random.randrange(1024), 284, 285, 287, 936, 1009, *_TIME_BASE))
    spr = _BY_NUMBER.get(number)
    words = []
    if number not in _TIME_BASE and not (spr and spr.readable):
        words.append(g.form("mfspr", spr=number, rD=g.free()))
    if not (spr and spr.writable):
        words.append(g.form("mtspr", spr=number, rS=g.any()))
    return [g.random.choice(words)] if words else plain(g)


def time_base_that_is_none(g):
    number = g.random.choice((0, 1, 284, 285, g.random.randrange(1024)))
    return [g.form("mftb", rD=g.free(), tbr=number)] if number not in _TIME_BASE else []


def record_bit(g):
    """stwcx. without Rc is illegal; others without a record form ignore it."""
    head, base = g.aligned()
    return [*head, g.random.choice((encode("stwcx.", rS=3, rA=0, rB=base) & ~1,
                                    encode("lwarx", rD=g.free(), rA=0, rB=base) | 1,
                                    encode("stwx", rS=g.any(), rA=0, rB=base) | 1,
                                    encode("crand", crbD=g.any(), crbA=g.any(), crbB=g.any()) | 1))]


def system_call_without_its_one(g):
    return [BY_NAME["sc"].match & ~2 | g.random.choice((0, 1, 0x20))]


def unused_extended_opcode(g):
    """Of a primary opcode that has others."""
    while True:
        word = g.random.choice((17, 19, 31, 59, 63)) << 26 | g.random.getrandbits(26)
        row = decode(word)
        if row is None or not row.implemented:
            return [word]


_FORMS = (update_without_base, update_of_what_is_loaded, multiple_over_its_base,
          string_over_its_base, spr_that_cannot_be_moved, time_base_that_is_none, record_bit,
          system_call_without_its_one, unused_extended_opcode)


def invalid(g):
    return g.random.choice(_FORMS)(g)
