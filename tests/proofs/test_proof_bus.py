"""No bus tenure is lost or doubled: bounded model checking of the whole bus from reset.

Three masters and two targets; masters ask for anything they may ask for, targets answer whenever
they may, and a snooper cancels any transaction (ARTRY). The whole bus has one clock, so that a
cycle here is a bus clock. A scoreboard, written here in Python, follows what goes on at both ends,
and says which master each transfer at a target must reach. So many cycles are looked at that
transactions of all masters follow and overlap each other. That a request is not forgotten is
claimed for one alone on the bus: with others, the one of the highest priority may make it wait for
ever.
"""

import importlib

import pytest

from pteg.hw.bus.bus import Bus
from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.memory_map import pack_ranges
from pteg.hw.sizes import BEATS

z3 = pytest.importorskip("z3")

MAP = {"low": (0x0, 0x1000), "high": (0x8000_0000, 0x1000)}
MASTERS = "data", "castout", "fetch"
#: Tenures that a target may have to finish: two outstanding at most (MPC750 UM 8.1).
QUEUE = 2
#: A request that is alone on the bus does not wait so many cycles for its TS.
PATIENCE = 6
#: Bus clocks that the proofs look at: two transactions, the second beside the data of the first;
#: and three.
SHORT, LONG = 11, 14
READ, WRITE, SYNC = (int(kind) for kind in (
    TransferType.READ, TransferType.WRITE_WITH_FLUSH, TransferType.SYNC))
HELD = "type", "addr", "size", "burst", "wimg"


def both(*terms):
    return z3.And(True, *terms, True)


def number(value):
    return z3.BitVecVal(value, 3)


class Target:
    """The tenures at a target that still need data, the oldest first: whose, and how many beats."""

    def __init__(self):
        self.count = number(0)
        self.owner = [number(0)] * QUEUE
        self.beats = [number(0)] * QUEUE
        # Of the newest: AACK is due; it was in the cycle before, and ARTRY counts now.
        self.address = self.window = z3.BoolVal(False)

    @property
    def certain(self):
        """Tenures that ARTRY can no longer cancel."""
        return self.count - z3.If(z3.Or(self.address, self.window), number(1), number(0))


def sender(address):
    """The master that has sent this address: by two bits of it, which the rules below fix."""
    return z3.Extract(8, 7, address)


def mapped(now, name):
    """A target has the address that this master wants."""
    return z3.Or([now[f"{name}__addr"] & ~(size - 1) == base for base, size in MAP.values()])


def masters_keep_the_rules(now, after):
    """A request is one that exists, and is held until it is done."""
    rules = []
    for name in MASTERS:
        kind = now[f"{name}__type"]
        size = now[f"{name}__size"]
        rules += [
            z3.Or(kind == READ, kind == WRITE, kind == SYNC),
            z3.UGE(size, 1), z3.ULE(size, 8),
            sender(now[f"{name}__addr"]) == MASTERS.index(name),
            z3.Implies(kind == SYNC, z3.Not(now[f"{name}__burst"]))]
        if after is not None:
            rules.append(z3.Implies(
                z3.And(now[f"{name}__valid"], z3.Not(now[f"{name}__done"])),
                both(after[f"{name}__valid"],
                     *(after[f"{name}__{field}"] == now[f"{name}__{field}"] for field in HELD))))
    return both(*rules)


def targets_keep_the_rules(now, targets):
    """AACK once for each TS, then the beats, one at a time, of the tenure that DBB shows."""
    rules = []
    for name, target in targets.items():
        aack, ta, tea = (now[f"{name}__{port}"] for port in ("aack", "ta", "tea"))
        rules += [
            z3.Implies(aack, target.address),
            z3.Implies(z3.Or(ta, tea), both(
                now[f"{name}__dbb"], z3.Not(z3.And(ta, tea)),
                # Not before the second clock after the address acknowledge.
                target.certain != 0))]
        # Data are zero but with TA.
        rules.append(z3.Implies(z3.Not(ta), now[f"{name}__d_r"] == 0))
    return both(*rules)


def transfers(now, targets):
    """For each master: whether a beat, an error, or the last one of both, must reach it now."""
    beat = {name: z3.BoolVal(False) for name in MASTERS}
    error, last, data = dict(beat), dict(beat), {name: z3.BitVecVal(0, 64) for name in MASTERS}
    for target_name, target in targets.items():
        ta, tea = now[f"{target_name}__ta"], now[f"{target_name}__tea"]
        for index, name in enumerate(MASTERS):
            mine = target.owner[0] == index
            beat[name] = z3.Or(beat[name], both(ta, mine))
            error[name] = z3.Or(error[name], both(tea, mine))
            last[name] = z3.Or(last[name], both(mine, ta, target.beats[0] == 1))
            data[name] = z3.If(both(ta, mine), now[f"{target_name}__d_r"], data[name])
    return beat, error, last, data


def claims(now, started, targets):
    """What must be seen in this cycle. `started`: of which masters a TS has been seen."""
    found = []
    beat, error, last, data = transfers(now, targets)
    for target_name, target in targets.items():
        base, size = MAP[target_name]
        ts, address = now[f"{target_name}__ts"], now[f"{target_name}__a"]
        for index, name in enumerate(MASTERS):
            wanted = now[f"{name}__addr"]
            found.append(z3.Implies(z3.And(ts, sender(address) == index), both(
                # A transaction that is wanted, for this target, and the first of its request.
                now[f"{name}__valid"], now[f"{name}__type"] != SYNC, z3.Not(started[name]),
                now[f"{target_name}__tt"] == now[f"{name}__type"],
                now[f"{target_name}__tbst"] == now[f"{name}__burst"],
                address == z3.If(now[f"{name}__burst"], wanted & ~0x7, wanted),
                wanted & ~(size - 1) == base)))
        found += [now[f"{target_name}__artry"] == both(target.window, now["snoop__artry"]),
                  z3.Implies(ts, z3.ULT(target.count, QUEUE)),
                  z3.Implies(now[f"{target_name}__dbb"], target.count != 0)]
    found += [z3.Not(z3.And(now["low__dbb"], now["high__dbb"])),
              z3.Not(z3.And(now["low__ts"], now["high__ts"]))]
    for name in MASTERS:
        valid, done = now[f"{name}__valid"], now[f"{name}__done"]
        has_data = both(now[f"{name}__type"] != SYNC, mapped(now, name))
        found += [
            # TS of a master is seen by the target.
            z3.Implies(both(now[f"{name}.bus__ts"], has_data), z3.Or(
                [both(now[f"{target}__ts"], sender(now[f"{target}__a"]) == MASTERS.index(name))
                 for target in MAP])),
            # Each transfer at a target reaches the master that wants it, and no other.
            z3.Implies(z3.Or(beat[name], error[name]), both(valid, has_data)),
            z3.Implies(has_data, now[f"{name}__beat"] == beat[name]),
            z3.Implies(beat[name], now[f"{name}__rdata"] == data[name]),
            # A request is over with its last beat or an error, after its one transaction.
            z3.Implies(done, valid),
            z3.Implies(z3.And(valid, has_data), both(
                done == z3.Or(last[name], error[name]),
                z3.Implies(done, both(started[name], now[f"{name}__error"] == error[name])))),
            z3.Implies(z3.And(done, now[f"{name}__type"] == SYNC), z3.Not(now[f"{name}__error"]))]
    return both(*found)


def follow(now, started, targets):
    """The scoreboard after this cycle."""
    for target_name, target in targets.items():
        ts, ta, tea, aack, artry = (
            now[f"{target_name}__{port}"] for port in ("ts", "ta", "tea", "aack", "artry"))
        ends = z3.Or(tea, z3.And(ta, target.beats[0] == 1))
        one, none = number(1), number(0)
        left = target.count - z3.If(ends, one, none)
        target.window = aack
        target.address = z3.Or(ts, z3.And(target.address, z3.Not(aack)))
        target.beats[0] -= z3.If(ta, one, none)
        for queue, new in ((target.owner, z3.ZeroExt(1, sender(now[f"{target_name}__a"]))),
                           (target.beats, z3.If(now[f"{target_name}__tbst"], number(BEATS), one))):
            queue[0] = z3.If(ends, queue[1], queue[0])
            if queue is target.owner:
                for index, name in enumerate(MASTERS):
                    newest = z3.If(left == 1, queue[0], queue[1])
                    started[name] = z3.And(started[name],
                                           z3.Not(z3.And(artry, newest == index)))
            for place in range(QUEUE):
                queue[place] = z3.If(z3.And(ts, left == place), new, queue[place])
        target.count = left + z3.If(ts, one, none) - z3.If(artry, one, none)
    for index, name in enumerate(MASTERS):
        begins = z3.Or([z3.And(now[f"{target}__ts"], sender(now[f"{target}__a"]) == index)
                        for target in MAP])
        started[name] = z3.And(z3.Or(started[name], begins), z3.Not(now[f"{name}__done"]))


def alone(now, name, targets):
    """This master asks for data, no other asks, and nothing else is going on."""
    others = [z3.Not(now[f"{other}__valid"]) for other in MASTERS if other != name]
    idle = [both(target.count == 0, z3.Not(target.address), z3.Not(now["snoop__window"]))
            for target in targets.values()]
    return both(now[f"{name}__valid"], now[f"{name}__type"] != SYNC, mapped(now, name),
                *others, *idle)


def prove_all(smt, component, depth):
    cycles = smt.Design(component).cycles(depth, reset=True)
    started = dict.fromkeys(MASTERS, z3.BoolVal(False))
    targets = {name: Target() for name in MAP}
    rules, found, waits = [], [], {name: [] for name in MASTERS}
    for now, after in zip(cycles, [*cycles[1:], None], strict=True):
        rules += [now["ranges"] == pack_ranges(MAP), masters_keep_the_rules(now, after),
                  targets_keep_the_rules(now, targets)]
        found.append(claims(now, started, targets))
        for name, cycles_alone in waits.items():
            cycles_alone.append(alone(now, name, targets))
            if len(cycles_alone) >= PATIENCE:
                found.append(z3.Not(both(*cycles_alone[-PATIENCE:])))
        follow(now, started, targets)
    smt.prove(both(*found), cycles, assuming=rules)


def bus():
    return Bus(MAP, masters=MASTERS)


def test_no_tenure_is_lost_or_doubled(smt):
    prove_all(smt, bus(), SHORT)


@pytest.mark.slow
def test_no_tenure_is_lost_or_doubled_in_more_cycles(smt):
    prove_all(smt, bus(), LONG)


#: Where a part is used, its right text, and a wrong one.
BUGS = [
    # The second of two tenures is forgotten when the first ends with a new one beginning.
    ("pteg.hw.bus.arbiter.TenureQueue", "with m.Elif(self.start):\n                m.d.sync += "
     "[self.current.eq(self.who)", "with m.Elif(self.start & ~self.end):\n                "
     "m.d.sync += [self.current.eq(self.who)"),
    ("pteg.hw.bus.decoder.TenureQueue", "(beats == BEATS - 1)", "(beats == BEATS - 2)"),
    # A tenure that ARTRY cancels while the one before it ends.
    ("pteg.hw.bus.decoder.TenureQueue", "(waiting == 0) | self.end", "waiting == 0"),
    ("pteg.hw.bus.bus.Arbiter", "retry.eq(window & snoop.artry)", "retry.eq(snoop.artry)"),
    ("pteg.hw.bus.bus.Master", "with m.If(bus.artry):", "with m.If(bus.artry & memory.burst):"),
    ("pteg.hw.bus.bus.Decoder", "tenures.cancel.eq(bus.artry & moves)", "tenures.cancel.eq(0)"),
    ("pteg.hw.bus.arbiter.TenureQueue", "self.full.eq((waiting != 0) & ~self.end)",
     "self.full.eq(0)"),
    # Two masters are granted the bus at once.
    ("pteg.hw.bus.bus.Arbiter", "granted.eq(first)", "granted.eq(wanted)"),
    ("pteg.hw.bus.bus.Arbiter", "master.ta.eq(bus.ta & tenures.current[n])",
     "master.ta.eq(bus.ta & owner[n])"),
    ("pteg.hw.bus.bus.Master", "m.d.sync += [state.eq(State.IDLE), beats.eq(0)]",
     "m.d.sync += beats.eq(0)"),
    ("pteg.hw.bus.bus.Master", "m.d.sync += state.eq(State.ADDRESS)",
     "m.d.sync += state.eq(Mux(bus.aack, State.ADDRESS, State.TRANSFER_START))"),
    ("pteg.hw.bus.bus.Decoder", "target.dbb.eq(tenures.current[n])", "target.dbb.eq(bus.dbb)"),
]


def find(smt, monkeypatch, place, right, wrong, depth=LONG):
    module, _, name = place.rpartition(".")
    cls = getattr(importlib.import_module(module), name)
    monkeypatch.setattr(place, smt.planted(cls, right, wrong))
    with pytest.raises(smt.Refuted):
        prove_all(smt, bus(), depth)


@pytest.mark.parametrize("place, right, wrong", BUGS[:1])
def test_bugs_in_the_order_of_tenures_are_found(smt, monkeypatch, place, right, wrong):
    find(smt, monkeypatch, place, right, wrong, SHORT)


@pytest.mark.slow
@pytest.mark.parametrize("place, right, wrong", BUGS[1:])
def test_bugs_in_the_bus_are_found(smt, monkeypatch, place, right, wrong):
    find(smt, monkeypatch, place, right, wrong)
