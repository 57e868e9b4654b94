"""The bus under random masters and targets: no beat lost, doubled, interleaved or misdirected.

Every transaction is written down twice, by the master that asked for it and by the target that
performed it; in the end the two must tell the same story. A snooper cancels transactions at random
(ARTRY). Beside that, the rules of the protocol are checked in every cycle.
"""

import random
from collections import Counter, deque

import pytest

from pteg.engine import compile_design
from pteg.hw.bus.bus import Bus
from pteg.hw.bus.enums import TransferType
from pteg.hw.sizes import BEATS

MAP = {"dram": (0, 1 << 16), "device": (0x0C003000, 0x100), "rom": (0xFFF00000, 1 << 20)}
MASTERS = ("data", "castout", "fetch")
NOWHERE = 0x50000000
ADDRESS_ONLY = (TransferType.SYNC, TransferType.EIEIO, TransferType.KILL_BLOCK,
                TransferType.TLB_INVALIDATE, TransferType.ICBI)
LANES = (1 << 64) - 1


@pytest.fixture(scope="module")
def native():
    return compile_design(Bus(MAP))


class Master:
    """Makes random requests and writes down what came of them."""

    def __init__(self, name, rng, eagerness):
        self.name, self.rng, self.eagerness = name, rng, eagerness
        self.request = None
        self.log = []       # (type, address, size or None for a burst, data of the beats, error)
        self.age = 0

    def think(self):
        """New request for the next cycle, or none."""
        rng = self.rng
        if self.request is None and rng.random() < self.eagerness:
            base, size = rng.choice([*MAP.values(), *MAP.values(), (NOWHERE, 1 << 16)])
            length = rng.choice((1, 2, 3, 4, 8))
            address = base + rng.randrange(size // 8) * 8 + rng.randrange(9 - length)
            burst = rng.random() < 0.4
            kind = rng.choice((TransferType.READ, TransferType.WRITE_WITH_FLUSH,
                               TransferType.READ_ATOMIC, TransferType.WRITE_WITH_KILL,
                               TransferType.EXTERNAL_CONTROL_WORD_READ,
                               rng.choice(ADDRESS_ONLY)))
            data = [rng.getrandbits(64) for _ in range(BEATS)]
            self.request = kind, address, None if burst else length, data
            self.done, self.age, self.started = [], 0, False

    def drive(self, put):
        put("valid", self.request is not None)
        if self.request:
            kind, address, length, data = self.request
            put("type", kind)
            put("addr", address)
            put("burst", length is None)
            # Of a burst the size is not looked at.
            put("size", length or 5)
            put("wdata", data[len(self.done)])

    def sample(self, get):
        beat, done, error, rdata = (get(name) for name in ("beat", "done", "error", "rdata"))
        if self.request is None:
            assert not beat and not done
            return
        self.age += 1
        assert self.age < 1000, f"{self.name}: a request must end"
        kind, address, length, data = self.request
        if beat:
            assert not error
            self.done.append(rdata if is_read(kind) else data[len(self.done)])
        if done:
            if not error:
                assert len(self.done) == (
                    0 if kind in ADDRESS_ONLY else BEATS if length is None else 1)
            self.log.append((kind, address, length, tuple(self.done), bool(error)))
            self.request = None


class Target:
    """Performs transactions after random delays, as a Moore machine."""

    def __init__(self, name, rng, laziness):
        self.name, self.rng, self.laziness = name, rng, laziness
        self.eager = rng.random() < 0.5
        self.queue = deque()        # [type, address, tsiz, burst, data]
        self.unacknowledged = False
        self.window = 0             # clocks in which ARTRY may cancel the newest one
        self.aack = self.ta = self.tea = self.d_r = 0
        self.log = []

    def drive(self, put):
        for name in ("aack", "ta", "tea", "d_r"):
            put(name, getattr(self, name))

    def clock(self, get):
        """One clock edge, with the values of the cycle that ends."""
        lazy = self.rng.random() < self.laziness
        data_bus = get("dbb")
        if self.ta or self.tea:
            kind, address, tsiz, burst, data = self.queue[0]
            if self.ta:
                data.append(self.d_r if is_read(kind) else get("d_w"))
            if self.tea or not burst or len(data) == BEATS:
                self.log.append((kind, address, tsiz, burst, tuple(data), bool(self.tea)))
                self.queue.popleft()
                data_bus &= self.eager
        self.ta = self.tea = self.d_r = 0
        if get("artry"):
            assert self.window == 1, "ARTRY comes in the clock after AACK"
            assert not self.queue.pop()[-1]
        self.window = max(self.window - 1, 0)
        certain = len(self.queue) - (self.unacknowledged or self.window > 0)
        if get("ts"):
            self.unacknowledged = True
            self.queue.append([get("tt"), get("a"), get("tsiz"), get("tbst"), []])
        self.aack = int(self.unacknowledged and not lazy)
        if self.aack:
            self.unacknowledged, self.window = False, 2
        # No beat before ARTRY has not come.
        if certain and data_bus and self.rng.random() >= self.laziness:
            if self.rng.random() < 0.03:
                self.tea = 1
            else:
                self.ta = 1
                if is_read(self.queue[0][0]):
                    self.d_r = self.rng.getrandbits(64)


class Checker:
    """Rules that hold in every cycle."""

    def __init__(self):
        self.address = None             # attributes of the address tenure
        self.outstanding = deque()      # names of targets in the order of address tenures
        self.overlaps = self.cycles = self.retries = 0
        self.window = False             # the clock after AACK

    def check(self, get):
        self.cycles += 1
        starting = [name for name in MAP if get(f"{name}.ts")]
        assert len(starting) <= 1
        driving = [name for name in MAP if get(f"{name}.dbb")]
        assert len(driving) <= 1
        answering = [name for name in MAP if get(f"{name}.ta") or get(f"{name}.tea")]
        assert set(answering) <= set(driving), "targets answer only during their data tenure"
        beats = [name for name in MASTERS if get(f"{name}.beat")]
        assert len(beats) <= 1
        assert bool(beats) == any(get(f"{name}.ta") for name in answering)
        if driving:
            assert driving[0] in self.outstanding, "a data tenure follows an address tenure"
            assert driving[0] == self.outstanding[0], "data tenures keep the order of addresses"
            self.overlaps += bool(starting)
        if starting:
            name = starting[0]
            assert self.address is None, "one address tenure at a time"
            self.address = name, self.attributes(get, name)
            base, size = MAP[name]
            assert base <= get(f"{name}.a") < base + size
            self.outstanding.append(name)
            assert len(self.outstanding) <= 2, "one level of pipelining"
        if self.address:
            name, attributes = self.address
            assert self.attributes(get, name) == attributes, "held until AACK"
            if self.window:
                self.address = None
                if get(f"{name}.artry"):
                    assert self.outstanding.pop() == name
                    self.retries += 1
            self.window = bool(get(f"{name}.aack"))

    def end(self, target):
        assert self.outstanding.popleft() == target

    @staticmethod
    def attributes(get, name):
        return tuple(get(f"{name}.{field}") for field in ("a", "tt", "tsiz", "tbst"))


def is_read(kind):
    return bool(kind & 0b01000)


def expected_at_target(entry):
    """What a target must have seen of a master's transaction."""
    kind, address, length, data, error = entry
    if length is None:
        return kind, address & ~7, 2, 1, data, error
    return kind, address, length % 8, 0, data, error


def run(native, seed, cycles):
    rng = random.Random(seed)
    state = native.new_state()
    masters = [Master(name, rng, rng.choice((0.05, 0.5, 1))) for name in MASTERS]
    targets = [Target(name, rng, rng.choice((0, 0.3, 0.8))) for name in MAP]
    snooper = rng.choice((0, 0.2, 0.7))
    checker = Checker()

    def get(path):
        return native.read(state, path)

    for cycle in range(cycles + 500):
        for party in (*masters, *targets):
            party.drive(lambda name, value, party=party: native.write(
                state, f"{party.name}.{name}", int(value)))
        native.write(state, "snoop.artry", rng.random() < snooper)
        native.settle(state)
        try:
            checker.check(get)
            for party in masters:
                party.sample(lambda name, party=party: get(f"{party.name}.{name}"))
            for party in targets:
                ended = len(party.log)
                party.clock(lambda name, party=party: get(f"{party.name}.{name}"))
                if len(party.log) > ended:
                    checker.end(party.name)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, cycle {cycle}: {error}") from error
        if cycle < cycles:
            for party in masters:
                party.think()
        native.step(state)

    assert not any(party.request for party in masters), f"seed {seed}"
    assert not any(party.queue for party in targets), f"seed {seed}"
    asked, performed = Counter(), Counter()
    for entry in (entry for party in masters for entry in party.log):
        kind, address, _, data, error = entry
        if kind in ADDRESS_ONLY:
            assert not error and not data
        elif NOWHERE <= address < NOWHERE + (1 << 16):
            assert error and not data, f"seed {seed}: {address:#x} must end with TEA"
        else:
            asked[expected_at_target(entry)] += 1
    for party in targets:
        performed.update(party.log)
    assert asked == performed, f"seed {seed}"
    return checker, sum(asked.values())


def test_no_beat_is_lost_doubled_or_misdirected(native):
    overlaps = transactions = retries = 0
    for seed in range(10):
        checker, count = run(native, seed, 900)
        overlaps += checker.overlaps
        transactions += count
        retries += checker.retries
    assert transactions > 500
    assert overlaps > 50, "address tenures must overlap data tenures"
    assert retries > 50


@pytest.mark.slow
def test_no_beat_is_lost_in_many_cycles(native):
    for seed in range(100, 140):
        run(native, seed, 5000)


def test_checker_sees_a_doubled_beat(native, monkeypatch):
    """The tests can fail: a target that transfers a beat too many is found out."""
    honest = Target.clock

    def dishonest(self, get):
        last = self.ta
        honest(self, get)
        if last and not self.queue and self.rng.random() < 0.1:
            self.ta = 1

    monkeypatch.setattr(Target, "clock", dishonest)
    with pytest.raises((AssertionError, IndexError)):
        for seed in range(10):
            run(native, seed, 600)
