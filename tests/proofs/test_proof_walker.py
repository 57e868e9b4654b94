"""The table search finds the PTE that the architecture names, for all page tables.

The specification is PEM 7.6.1: sixteen addresses, in order, and what makes an entry match. Memory
is an unknown function from addresses to double words, and it may take any time to answer. The proof
is by induction over the cycles: `invariant` holds when the walker is idle, each cycle keeps it, and
it says all that matters when the search ends. `rank` shows that it does end.
"""

import functools

import pytest

from pteg.hw.bus.enums import TransferType
from pteg.hw.mmu.enums import AccessKind, SearchResult, Side
from pteg.hw.mmu.walker import State, Walker

z3 = pytest.importorskip("z3")

PTES = 16
R, C = 0x100, 0x80
SDR1 = 25       # number of the SPR
#: Memory as it is when the search begins.
MEMORY = z3.Function("memory", z3.BitVecSort(32), z3.BitVecSort(64))
#: What memory has been told: R is set, C is set.
WROTE_R, WROTE_C = z3.Bools("wrote_r wrote_c")


def bits(word, first, last):
    """Bits `first` to `last` in the manuals' numbering."""
    return z3.Extract(word.size() - 1 - first, word.size() - 1 - last, word)


def number(term):
    return z3.ZeroExt(8 - term.size(), term)


class Specification:
    """What a search must find, for the request and SDR1 that the walker holds in a cycle."""

    def __init__(self, now):
        self.ea, self.vsid = now["ea"], now["vsid"]
        self.store = now["kind"] == int(AccessKind.STORE)
        self.key = now["key"]
        self.sdr1 = now["sdr1"]

    def hashed(self, n):
        """The hash for PTE number n of the sixteen (PEM 7.6.1.3)."""
        page = z3.ZeroExt(3, bits(self.ea, 4, 19))
        hashed = bits(self.vsid, 5, 23) ^ page
        return ~hashed if n >= 8 else hashed

    def address(self, n):
        """PTE number n of the sixteen (PEM 7.6.1.3, figure 7-25)."""
        hashed = self.hashed(n)
        high, low = bits(hashed, 0, 8), bits(hashed, 9, 18)
        table, mask = bits(self.sdr1, 0, 15), bits(self.sdr1, 23, 31)
        return z3.Concat(bits(table, 0, 6), bits(table, 7, 15) | (high & mask), low,
                         z3.BitVecVal(n % 8, 3), z3.BitVecVal(0, 3))

    def matches(self, n):
        """V, VSID, H and API of the entry are the wanted ones (PEM 7.6.1.7)."""
        pte = MEMORY(self.address(n))
        return z3.And(bits(pte, 0, 0) == 1, bits(pte, 1, 24) == self.vsid,
                      bits(pte, 25, 25) == n // 8, bits(pte, 26, 31) == bits(self.ea, 4, 9))

    def first(self, n):
        """Entry n is the one: it matches and none before it does."""
        return z3.And(self.matches(n), self.none_before(n))

    def none_before(self, n):
        return functools.reduce(z3.And, [z3.Not(self.matches(i)) for i in range(n)],
                                z3.BoolVal(True))

    def needs_r(self, n):
        return MEMORY(self.address(n)) & R == 0

    def needs_c(self, n):
        """A store to an unchanged page, if key and PP permit it (PEM 7.5.4)."""
        pte = MEMORY(self.address(n))
        pp = bits(pte, 62, 63)
        permitted = z3.Or(pp == 2, z3.And(z3.Not(self.key), pp != 3))
        return z3.And(self.store, permitted, pte & C == 0)


def holds(now, spec, n, state):
    """The invariant in one state, with PTE n at hand."""
    pte = MEMORY(spec.address(n))
    found = z3.And(spec.first(n), now["ptes_examined"] == n + 1)
    with_r = z3.And(found, now["pte"] == pte | R, WROTE_R == spec.needs_r(n))
    nothing_yet = z3.And(z3.Not(WROTE_R), z3.Not(WROTE_C))
    begins = z3.And(nothing_yet, spec.none_before(n), now["ptes_examined"] == n)
    if state not in (State.HASH, State.ADDRESS):
        begins, found, with_r = (
            z3.And(now["group"] == bits(spec.address(n), 0, 25), claim)
            for claim in (begins, found, with_r))
    match state:
        case State.HASH:
            return begins
        case State.ADDRESS:
            return z3.And(begins, now["hashed"] == spec.hashed(n))
        case State.PRIMARY_READ | State.SECONDARY_READ:
            return begins
        case State.PRIMARY_COMPARE | State.SECONDARY_COMPARE:
            return z3.And(nothing_yet, spec.none_before(n), now["ptes_examined"] == n + 1,
                          now["pte"] == pte, now["group"] == bits(spec.address(n), 0, 25))
        case State.CHECK:
            return z3.And(nothing_yet, found, now["pte"] == pte)
        case State.UPDATE_R:
            return z3.And(nothing_yet, found, now["pte"] == pte, spec.needs_r(n))
        case State.UPDATE_C:
            return z3.And(with_r, spec.needs_c(n), z3.Not(WROTE_C))
        case State.REFILL:
            c = z3.If(spec.needs_c(n), z3.BitVecVal(C, 64), z3.BitVecVal(0, 64))
            return z3.And(found, now["pte"] == pte | R | c, WROTE_R == spec.needs_r(n),
                          WROTE_C == spec.needs_c(n))
    raise ValueError(state)


#: States in which there is a PTE at hand, and which of the sixteen it can be.
AT_HAND = {State.HASH: (0, 8), State.ADDRESS: (0, 8),
           State.PRIMARY_READ: range(8), State.PRIMARY_COMPARE: range(8),
           State.SECONDARY_READ: range(8, PTES), State.SECONDARY_COMPARE: range(8, PTES),
           State.CHECK: range(PTES), State.UPDATE_R: range(PTES), State.UPDATE_C: range(PTES),
           State.REFILL: range(PTES)}


def at(now, n):
    return z3.And(now["secondary"] == (n >= 8), now["index"] == n % 8)


def invariant(now):
    spec = Specification(now)
    claims = [z3.ULE(now["state"], int(max(State))), z3.Implies(now["busy"], z3.Not(now["stale"]))]
    for state, numbers in AT_HAND.items():
        claims.append(z3.Implies(now["state"] == int(state), z3.Or(
            [z3.And(at(now, n), holds(now, spec, n, state)) for n in numbers])))
    claims.append(z3.Implies(now["state"] == int(State.NOT_FOUND), z3.And(
        spec.none_before(PTES), z3.Not(WROTE_R), z3.Not(WROTE_C), now["ptes_examined"] == PTES)))
    return z3.And(claims)


def environment(now):
    """Memory answers reads with what it holds; no SDR1 is written, no tlbie heard in a search."""
    reads = z3.And(now["memory__valid"], now["memory__done"], z3.Not(now["memory__error"]),
                   now["memory__type"] == int(TransferType.READ))
    writes_sdr1 = z3.And(now["registers__write"], z3.Not(now["registers__segment"]),
                         now["registers__spr"] == SDR1)
    return z3.And(z3.Implies(reads, now["memory__rdata"] == MEMORY(now["memory__addr"])),
                  z3.Implies(now["memory__done"], now["memory__valid"]),
                  z3.Implies(now["busy"], z3.Not(z3.Or(writes_sdr1, now["told"]))))


def written(now):
    """(R is being written, C is being written): the byte of the PTE that holds it, by its lane."""
    spec, word = Specification(now), now["memory__wdata"]
    ends = z3.And(now["memory__valid"], now["memory__done"], z3.Not(now["memory__error"]),
                  now["memory__type"] == int(TransferType.WRITE_WITH_FLUSH),
                  now["memory__size"] == 1)

    def byte(lane, bits_set):
        return z3.Or([z3.And(
            spec.first(n), now["memory__addr"] == spec.address(n) + lane,
            bits(word, 8 * lane, 8 * lane + 7) == bits(
                MEMORY(spec.address(n)) | bits_set, 8 * lane, 8 * lane + 7))
            for n in range(PTES)])

    return z3.And(ends, byte(6, R)), z3.And(ends, byte(7, R | C))


def each_cycle_keeps_the_invariant(now, after):
    wrote_r, wrote_c = written(now)
    begins = z3.Not(now["busy"])
    later = z3.substitute(
        invariant(after),
        (WROTE_R, z3.And(z3.Not(begins), z3.Or(WROTE_R, wrote_r))),
        (WROTE_C, z3.And(z3.Not(begins), z3.Or(WROTE_C, wrote_c))))
    return later


def memory_is_only_read_or_told_r_and_c_once(now):
    wrote_r, wrote_c = written(now)
    ends = z3.And(now["memory__valid"], now["memory__done"], z3.Not(now["memory__error"]))
    read = z3.And(now["memory__type"] == int(TransferType.READ), now["memory__size"] == 8)
    return z3.And(z3.Implies(ends, z3.Or(read, wrote_r, wrote_c)),
                  z3.Not(z3.And(wrote_r, WROTE_R)), z3.Not(z3.And(wrote_c, WROTE_C)))


def the_end_is_right(now):
    """Outcome and TLB entry, when a search ends; and it ends for the side that asked."""
    spec = Specification(now)
    outcome, pte = now["outcome"], now["pte"]
    found = []
    for n in range(PTES):
        expected = MEMORY(spec.address(n))
        found.append(z3.Implies(spec.first(n), z3.And(
            outcome == int(SearchResult.SECONDARY if n >= 8 else SearchResult.PRIMARY),
            now["found_at"] == spec.address(n),
            now["ptes_examined"] == n + 1,
            WROTE_R == spec.needs_r(n), WROTE_C == spec.needs_c(n),
            pte == expected | R | z3.If(spec.needs_c(n), z3.BitVecVal(C, 64),
                                        z3.BitVecVal(0, 64)))))
    sides = []
    for side, name in ((Side.FETCH, "fetch"), (Side.DATA, "data")):
        mine = z3.And(now["done"], now["side"] == bool(side))
        succeeded = z3.And(mine, z3.ULE(outcome, 2), outcome != int(SearchResult.NOT_FOUND))
        entry = now[f"{name}__entry"]
        sides += [now[f"{name}__refill"] == succeeded,
                  now[f"{name}__fail"] == z3.And(mine, z3.Not(succeeded)),
                  z3.Implies(now[f"{name}__fail"], now[f"{name}__error"] == (
                      outcome == int(SearchResult.BUS_ERROR))),
                  z3.Implies(succeeded, z3.And(
                      now[f"{name}__refill_ea"] == spec.ea,
                      now[f"{name}__refill_way"] == now["way"],
                      # From the most significant bit: VSID, RPN, C, WIMG, PP.
                      entry == z3.Concat(spec.vsid, bits(pte, 32, 51), bits(pte, 56, 56),
                                         bits(pte, 57, 60), bits(pte, 62, 63))))]
    return z3.And(*sides, z3.Implies(now["done"], z3.And(
        z3.Implies(outcome == int(SearchResult.NOT_FOUND), spec.none_before(PTES)),
        z3.Implies(outcome != int(SearchResult.BUS_ERROR), z3.And(found)))))


def a_request_is_taken_whole(now, after):
    """When idle, a request is taken, of the data side first; a search keeps its request."""
    claims = []
    data, fetch = now["data__valid"], now["fetch__valid"]
    for side, name, chosen in ((Side.DATA, "data", data),
                               (Side.FETCH, "fetch", z3.And(fetch, z3.Not(data)))):
        starts = z3.And(z3.Not(now["busy"]), chosen)
        claims += [now[f"{name}__start"] == starts, z3.Implies(starts, z3.And(
            after["busy"], after["side"] == bool(side),
            *(after[field] == now[f"{name}__{field}"]
              for field in ("ea", "vsid", "kind", "key", "way"))))]
    claims.append(z3.Implies(now["busy"], z3.And(
        *(after[field] == now[field]
          for field in ("ea", "vsid", "kind", "key", "way", "side", "sdr1")))))
    return z3.And(claims)


def rank(now):
    """Steps that are left at most."""
    left = 2 * (PTES - number(z3.Concat(z3.If(now["secondary"], z3.BitVecVal(1, 1),
                                              z3.BitVecVal(0, 1)), now["index"])))
    left += z3.If(now["secondary"], z3.BitVecVal(0, 8), z3.BitVecVal(2, 8))
    value = z3.BitVecVal(1, 8)
    for state, steps in ((State.IDLE, 0), (State.HASH, left + 6), (State.ADDRESS, left + 5),
                         (State.CHECK, 4), (State.PRIMARY_READ, left + 4),
                         (State.SECONDARY_READ, left + 4), (State.PRIMARY_COMPARE, left + 3),
                         (State.SECONDARY_COMPARE, left + 3), (State.UPDATE_R, 3),
                         (State.UPDATE_C, 2)):
        value = z3.If(now["state"] == int(state), steps, value)
    return value


def every_step_leads_on(now, after):
    """A search ends after 40 steps at most; only memory can make it wait."""
    waits = z3.And(now["memory__valid"], z3.Not(now["memory__done"]))
    return z3.And(z3.ULE(rank(now), 40), z3.Implies(now["busy"], z3.If(
        waits, after["state"] == now["state"], z3.ULT(rank(after), rank(now)))))


def prove_all(smt, component):
    design = smt.Design(component)
    (first,) = design.cycles(1, reset=True)
    smt.prove(z3.Not(first["busy"]), [first])
    for claim in (each_cycle_keeps_the_invariant, memory_is_only_read_or_told_r_and_c_once,
                  the_end_is_right, a_request_is_taken_whole, every_step_leads_on):
        cycles = design.cycles(claim.__code__.co_argcount)
        now = cycles[0]
        smt.prove(claim(*cycles), cycles, assuming=[invariant(now), environment(now)])


def test_the_search_finds_what_the_architecture_names(smt):
    prove_all(smt, Walker())


def a_search_that_is_told_begins_anew(now, after):
    """What has been read before a tlbie never ends a search, nor begins to set R."""
    def state_is(cycle, state):
        return cycle["state"] == int(state)

    ends = z3.Or([state_is(now, state)
                  for state in (State.CHECK, State.REFILL, State.NOT_FOUND)])
    begins = z3.And(state_is(after, State.HASH), z3.Not(after["secondary"]),
                    after["index"] == 0, after["ptes_examined"] == 0)
    return z3.And(
        z3.Implies(z3.And(now["busy"], now["told"]), z3.Or(after["stale"], z3.Not(after["busy"]))),
        z3.Implies(z3.And(now["busy"], now["stale"], z3.Not(ends)),
                   z3.Or(after["stale"], z3.Not(after["busy"]))),
        z3.Implies(z3.And(now["stale"], ends),
                   z3.And(begins, z3.Not(now["done"]), after["stale"] == now["told"])),
        z3.Implies(z3.And(now["stale"], now["done"]),
                   now["outcome"] == int(SearchResult.BUS_ERROR)),
        z3.Implies(z3.And(now["stale"], state_is(after, State.UPDATE_R)),
                   state_is(now, State.UPDATE_R)))


def prove_told(smt, component):
    cycles = smt.Design(component).cycles(2)
    smt.prove(a_search_that_is_told_begins_anew(*cycles), cycles)


def test_a_search_does_not_end_with_what_it_read_before_a_tlbie(smt):
    prove_told(smt, Walker())


@pytest.mark.parametrize("right, wrong", [
    ("p.stale.eq(0), p.index.eq(0)", "p.stale.eq(0)"),
    ("self.told & self.busy", "self.told & (self.state == State.HASH)"),
    ("with m.If(p.stale):", "with m.If(p.stale & ~p.secondary):"),
])
def test_a_bug_in_beginning_anew_is_found(smt, right, wrong):
    with pytest.raises(smt.Refuted):
        prove_told(smt, smt.planted(Walker, right, wrong)())


@pytest.mark.slow
def test_the_assumptions_exclude_no_state(smt):
    """A proof from a contradiction would prove anything."""
    design = smt.Design(Walker())
    for state in State:
        (now,) = design.cycles(1)
        with pytest.raises(smt.Refuted):
            smt.prove(now["state"] != int(state), [now],
                      assuming=[invariant(now), environment(now)])


BUGS = [
    ("Mux(p.secondary, ~primary_hash, primary_hash)",
     "Mux(p.secondary, primary_hash, ~primary_hash)"),
    ("update(m, 6, self.updated_r,", "update(m, 7, self.updated_r,"),
    ("(p.hashed[10:] & p.sdr1.htabmask)", "p.hashed[10:]"),
    ("(pte.h == p.secondary)", "1"),
    ("(pte.api == self.ea[22:28])", "(pte.api == self.ea[21:27])"),
    ("~prohibited(p.key, pte.pp, store)", "~prohibited(p.key, pte.pp, ~store)"),
    ("Mux(~pte.r, State.UPDATE_R, Mux(set_c, State.UPDATE_C, State.REFILL))",
     "Mux(set_c, State.UPDATE_C, Mux(~pte.r, State.UPDATE_R, State.REFILL))"),
    ("last = p.index == PTEG_ENTRIES - 1", "last = p.index == PTEG_ENTRIES - 2"),
    ("self.ea.eq(port.ea), self.vsid", "self.ea.eq(self.data.ea), self.vsid"),
    ("m.d.sync += pte.r.eq(1)", "pass"),
]


@pytest.mark.parametrize("right, wrong", BUGS[:2])
def test_a_bug_in_the_search_is_found(smt, right, wrong):
    with pytest.raises(smt.Refuted):
        prove_all(smt, smt.planted(Walker, right, wrong)())


@pytest.mark.slow
@pytest.mark.parametrize("right, wrong", BUGS[2:])
def test_bugs_in_the_search_are_found(smt, right, wrong):
    with pytest.raises(smt.Refuted):
        prove_all(smt, smt.planted(Walker, right, wrong)())
