"""The answer of the MMU equals PEM figure 7-2, for all requests, registers and TLB contents.

BAT array and TLB are taken as they answer (they have proofs of their own); proved here is what is
made of their answers: the order of the checks, protection by key and PP bits (PEM 7.5.4 and 7.4.4),
no-execute, direct-store segments, and that only the changed bit sends a store to a table search.
"""

import pytest

from pteg.hw.mmu import protection
from pteg.hw.mmu.enums import AccessKind, Translation
from pteg.hw.mmu.translator import Translator

z3 = pytest.importorskip("z3")

GUARDED = 1
REAL_WIMG = 0b0011
#: PEM 7.5.4: (key, PP) -> (loads and fetches allowed, stores allowed).
PAGES = {
    (0, 0): (True, True), (0, 1): (True, True), (0, 2): (True, True), (0, 3): (True, False),
    (1, 0): (False, False), (1, 1): (True, False), (1, 2): (True, True), (1, 3): (True, False),
}
#: PEM 7.4.4.
BLOCKS = {0: (False, False), 1: (True, False), 2: (True, True), 3: (True, False)}


def cases(*pairs, otherwise):
    """The value of the first pair whose condition holds."""
    for condition, value in reversed(pairs):
        otherwise = z3.If(condition, value, otherwise)
    return otherwise


def allowed(store, pp, key=None):
    """What the tables say; without a key, that of blocks."""
    rows = [(pp == value, row) for value, row in BLOCKS.items()] if key is None else [
        (z3.And(key == bool(key_value), pp == value), row)
        for (key_value, value), row in PAGES.items()]
    return z3.Or([z3.And(here, z3.If(store, stores, loads)) for here, (loads, stores) in rows])


def specification(now):
    """(result, physical address, WIMG) of a request; the last two count only with OK."""
    ea, kind = now["port__ea"], now["port__kind"]
    fetch, store = kind == AccessKind.FETCH, kind == AccessKind.STORE
    segment = now["segment"]
    n, kp, ks, t = (z3.Extract(i, i, segment) == 1 for i in (28, 29, 30, 31))
    key = z3.If(now["port__pr"], kp, ks)
    search_failed = z3.And(now["search__fail"], now["search__refill_ea"] == ea)

    def result(value):
        return z3.BitVecVal(value, 3)

    def page(wimg, pp, key, needs_search):
        return cases(
            (z3.And(fetch, z3.Extract(0, 0, wimg) == GUARDED), result(Translation.NO_EXECUTE)),
            (z3.Not(allowed(store, pp, key)), result(Translation.PROTECTION)),
            (needs_search, result(Translation.MISS)),
            otherwise=result(Translation.OK))

    block, hit = now["bats.hit"], now["tlb.hit"]
    answer = cases(
        (z3.Not(now["port__relocate"]), result(Translation.OK)),
        (block, page(now["bats.wimg"], now["bats.pp"], None, z3.BoolVal(False))),
        (t, result(Translation.DIRECT_STORE)),
        (z3.And(fetch, n), result(Translation.NO_EXECUTE)),
        (z3.And(search_failed, now["search__error"]), result(Translation.BUS_ERROR)),
        (search_failed, result(Translation.PAGE_FAULT)),
        (z3.Not(hit), result(Translation.MISS)),
        otherwise=page(now["tlb.entry.wimg"], now["tlb.entry.pp"], key,
                       z3.And(store, z3.Not(now["tlb.entry.c"]))))
    pa = cases((z3.Not(now["port__relocate"]), ea), (block, now["bats.pa"]),
               otherwise=z3.Concat(now["tlb.entry.rpn"], z3.Extract(11, 0, ea)))
    wimg = cases((z3.Not(now["port__relocate"]), z3.BitVecVal(REAL_WIMG, 4)),
                 (block, now["bats.wimg"]), otherwise=now["tlb.entry.wimg"])
    return answer, pa, wimg


def prove_all(smt, component):
    design = smt.Design(component)
    (now,) = design.cycles(1)
    answer, pa, wimg = specification(now)
    ok = now["port__result"] == int(Translation.OK)
    searching = z3.And(now["port__result"] == int(Translation.MISS), now["port__search"])
    asks = now["port__valid"]
    smt.prove(z3.Implies(asks, z3.And(
        now["port__result"] == answer,
        z3.Implies(ok, z3.And(now["port__pa"] == pa, now["port__wimg"] == wimg)),
        # BATs and TLB are asked for this very address.
        z3.Implies(now["port__relocate"], z3.And(
            now["bats.valid"], now["bats.ea"] == now["port__ea"],
            now["bats.pr"] == now["port__pr"], now["segment_index"] == z3.Extract(
                31, 28, now["port__ea"]))),
        z3.Implies(z3.And(now["port__relocate"], z3.Not(now["bats.hit"])), z3.And(
            now["tlb.valid"], now["tlb.ea"] == now["port__ea"],
            now["tlb.vsid"] == z3.Extract(23, 0, now["segment"]))),
        now["search__valid"] == searching)), [now])


def translator(cls=Translator):
    return cls(536, REAL_WIMG)


def test_the_answer_is_that_of_the_manual(smt):
    prove_all(smt, translator())


@pytest.mark.parametrize("right, wrong", [
    ("key = Mux(port.pr, segment.kp, segment.ks)", "key = Mux(port.pr, segment.ks, segment.kp)"),
    ("m.Elif(fetch & segment.n)", "m.Elif(segment.n)"),
    ("& (search.refill_ea == port.ea)", ""),
    ("prohibited(BLOCK_KEY, bats.pp, store)", "prohibited(key, bats.pp, store)"),
    ("needs_c = store & ~entry.c", "needs_c = ~entry.c"),
    ("fetch & (entry.wimg & Wimg.G).any()", "(entry.wimg & Wimg.G).any()"),
    ("tlb.valid.eq(bats.valid & ~bats.hit)", "tlb.valid.eq(bats.valid & ~bats.hit & ~fetch)"),
])
def test_bugs_in_the_translation_are_found(smt, right, wrong):
    with pytest.raises(smt.Refuted):
        prove_all(smt, translator(smt.planted(Translator, right, wrong)))


@pytest.mark.parametrize("wrong", [
    lambda key, pp, store: key & (pp == 0b00),
    lambda key, pp, store: (pp == 0b11) & store | key & ~pp[1] & store,
])
def test_bugs_in_the_protection_are_found(smt, wrong, monkeypatch):
    monkeypatch.setattr("pteg.hw.mmu.translator.prohibited", wrong)
    assert protection.prohibited is not wrong
    with pytest.raises(smt.Refuted):
        prove_all(smt, translator())
