"""The TLB does what its specification says, for all contents and all inputs.

The specification is MPC750 UM 5.4.3: EA[14-19] selects a set of two entries, VSID and EA[4-13] are
the tag. One cycle is enough: what is looked up is a function of the contents, and the claims on
what the contents become hold for any contents, so they hold for ever.
"""

import pytest
from amaranth.lib import data

from pteg.hw.mmu.interfaces import TlbEntry
from pteg.hw.mmu.replacement import Lru
from pteg.hw.mmu.tlb import Tlb

z3 = pytest.importorskip("z3")

WAYS = 0, 1
FIELDS = data.Layout.cast(TlbEntry)
#: Where the page bits of the tag begin in a row: behind the entry.
PAGE = FIELDS.size


def bits(word, first, last):
    """Bits `first` to `last` of a 32-bit word in the manuals' numbering."""
    return z3.Extract(31 - first, 31 - last, word)


def field(entry, name):
    place = FIELDS[name]
    return z3.Extract(place.offset + place.width - 1, place.offset, entry)


def bit(word, index):
    """Bit number `index`, a term, of a word with a bit for each set."""
    return z3.Extract(0, 0, z3.LShR(word, z3.ZeroExt(word.size() - index.size(), index))) == 1


def matches(cycle, way):
    """Does the entry of this way match the page that is looked up?"""
    ea = cycle["ea"]
    index = bits(ea, 14, 19)
    entry = cycle[f"way{way}"][index]
    return z3.And(bit(cycle[f"valid{way}"], index), field(entry, "vsid") == cycle["vsid"],
                  z3.Extract(entry.size() - 1, PAGE, entry) == bits(ea, 4, 13))


def lookup(cycle):
    """`hit`, `entry` and `way` are those of the entry that matches."""
    index = bits(cycle["ea"], 14, 19)
    hits = [matches(cycle, way) for way in WAYS]
    return z3.And(
        cycle["hit"] == z3.And(cycle["valid"], z3.Or(hits)),
        # Two matching entries are a programming error; then either will do.
        *(z3.Implies(z3.And(cycle["valid"], hits[way], z3.Not(hits[1 - way])),
                     z3.And(cycle["entry"] == z3.Extract(PAGE - 1, 0, cycle[f"way{way}"][index]),
                            cycle["way"] == bool(way))) for way in WAYS))


def contents(now, after):
    """Only a refill changes an entry, and only in its place; tlbie makes a whole set invalid."""
    index = z3.BitVec("any index", 6)
    here = bits(now["refill_ea"], 14, 19) == index
    cleared = z3.And(now["invalidate__valid"], bits(now["invalidate__ea"], 14, 19) == index)
    claims = []
    for way in WAYS:
        refilled = z3.And(now["refill"], now["refill_way"] == bool(way), here)
        claims += [
            after[f"way{way}"][index] == z3.If(
                refilled, z3.Concat(bits(now["refill_ea"], 4, 13), now["refill_entry"]),
                now[f"way{way}"][index]),
            # An invalidation of whatever set wins over a refill.
            bit(after[f"valid{way}"], index) == z3.And(
                z3.Not(cleared), z3.Or(bit(now[f"valid{way}"], index),
                                       z3.And(refilled, z3.Not(now["invalidate__valid"]))))]
    return z3.And(claims)


def tlbie(now, after):
    """After tlbie, no page with the same EA[14-19] hits, whatever else happened in that cycle."""
    return z3.Implies(
        z3.And(now["invalidate__valid"],
               bits(now["invalidate__ea"], 14, 19) == bits(after["ea"], 14, 19)),
        z3.Not(after["hit"]))


def prove_all(smt, component):
    design = smt.Design(component)
    (now,) = design.cycles(1)
    smt.prove(lookup(now), [now])
    for claim in (contents, tlbie):
        now, after = design.cycles(2)
        smt.prove(claim(now, after), [now, after])


def test_lookup_refill_and_invalidation(smt):
    prove_all(smt, Tlb())


def test_the_tlb_is_empty_after_reset(smt):
    (first,) = smt.Design(Tlb()).cycles(1, reset=True)
    smt.prove(z3.Not(first["hit"]), [first])


@pytest.mark.parametrize("right, wrong", [
    ("(read.data.entry.vsid == self.vsid)", "(read.data.entry.vsid[:23] == self.vsid[:23])"),
    ("self.ea[page_from:28]", "self.ea[page_from - 1:27]"),
    ("if n >> bit & 1", "if ~n >> bit & 1"),
    ("with m.If(self.invalidate.valid):", "with m.If(self.invalidate.valid & ~self.refill):"),
    ("& ~one_bit(index(self.invalidate.ea), sets)", "& ~one_bit(index(self.ea), sets)"),
    ("refill = self.refill & (self.refill_way == way)", "refill = self.refill"),
])
def test_bugs_in_the_tlb_are_found(smt, right, wrong):
    with pytest.raises(smt.Refuted):
        prove_all(smt, smt.planted(Tlb, right, wrong)())


def prove_lru(smt, component):
    design = smt.Design(component)
    now, after = design.cycles(2)
    index = after["index"]
    used = z3.And(now["used"], now["used_index"] == index)
    same = now["index"] == index
    smt.prove(z3.And(
        z3.Implies(used, after["victim"] == z3.Not(now["used_way"])),
        z3.Implies(z3.And(z3.Not(used), same), after["victim"] == now["victim"])), [now, after])


def test_the_way_that_was_not_used_last_is_replaced(smt):
    prove_lru(smt, Lru())


@pytest.mark.parametrize("right, wrong", [
    ("word | one, word & ~one", "word & ~one, word | one"),
    ("one = one_bit(self.used_index, self.sets)", "one = one_bit(self.index, self.sets)"),
])
def test_bugs_in_the_replacement_are_found(smt, right, wrong):
    with pytest.raises(smt.Refuted):
        prove_lru(smt, smt.planted(Lru, right, wrong)())
