"""The whole MMU against the specification: random registers, page tables and accesses."""

import random

import pytest

from pteg.hw.bus.enums import TransferType
from pteg.hw.isa.registers import SPR_BY_NAME
from pteg.hw.mmu.enums import AccessKind, Translation
from pteg.hw.mmu.walker import State


class Driver:
    """Plays the processor and the memory around a compiled MMU."""

    def __init__(self, native, memory, rng):
        self.native, self.memory, self.rng = native, memory, rng
        self.state = native.new_state()
        self.wait = None
        self.transactions = []

    def get(self, path):
        return self.native.read(self.state, path)

    def set(self, **values):
        for path, value in values.items():
            self.native.write(self.state, path.replace("__", "."), int(value))

    def write_register(self, value, *, spr=0, sr=None):
        self.set(registers__spr=spr, registers__segment=sr is not None, registers__sr=sr or 0,
                 registers__wdata=value, registers__write=1)
        self.clock()
        self.set(registers__write=0)
        self.native.settle(self.state)
        return self.get("registers.rdata")

    def load(self, scenario):
        for number, value in enumerate(scenario.sr):
            assert self.write_register(value, sr=number) == value
        for side, name in ((True, "IBAT0U"), (False, "DBAT0U")):
            first = SPR_BY_NAME[name].number
            for n, pair in enumerate(scenario.bats[side]):
                for half, value in enumerate(pair):
                    assert self.write_register(value, spr=first + 2 * n + half) == value
        value = scenario.sdr1
        assert self.write_register(value, spr=SPR_BY_NAME["SDR1"].number) == value

    def tlbie(self, ea):
        self.set(invalidate__valid=1, invalidate__ea=ea)
        self.clock()
        self.set(invalidate__valid=0)

    def clock(self):
        """One cycle of the memory: any number of wait states, then one answer."""
        self.set(memory__done=0, memory__error=0)
        self.native.settle(self.state)
        if self.get("memory.valid"):
            if self.wait is None:
                self.wait = self.rng.randrange(3)
                self.request = self.fields()
            assert self.fields() == self.request, "a request must be held until it is done"
            if self.wait == 0:
                self.wait = None
                self.answer()
            else:
                self.wait -= 1
        self.native.step(self.state)

    def fields(self):
        return tuple(self.get("memory." + name)
                     for name in ("type", "addr", "size", "burst", "wimg", "wdata"))

    def answer(self):
        kind, address, size, burst, wimg, data = self.fields()
        assert wimg == 0b0010 and not burst and address % size == 0
        write = kind == TransferType.WRITE_WITH_FLUSH
        assert write or kind == TransferType.READ
        self.transactions.append((address, size, write))
        error = address & ~7 in self.memory.broken
        if not error and write:
            lane = 64 - 8 * (address % 8 + size)
            self.memory.write(address, size, data >> lane & (1 << 8 * size) - 1)
        self.set(memory__done=1, memory__error=error,
                 memory__rdata=0 if write or error else self.memory.read(address))

    def access(self, requests):
        """Translate for one side or both at once; {side: (result, pa, wimg)}.

        `requests` is {side: (ea, kind, pr, relocate)}.
        """
        answers = {}
        for side, (ea, kind, pr, relocate) in requests.items():
            self.set(**{f"{side}__valid": 1, f"{side}__ea": ea, f"{side}__kind": kind,
                        f"{side}__pr": pr, f"{side}__relocate": relocate})
        # While an access is speculative, a miss is a miss and starts nothing.
        for _ in range(self.rng.randrange(3)):
            self.clock()
            assert self.get("walker.state") == State.IDLE
        self.set(**{f"{side}__search": 1 for side in requests})
        for _ in range(500):
            self.native.settle(self.state)
            for side in set(requests) - set(answers):
                result = self.get(f"{side}.result")
                if result != Translation.MISS:
                    answers[side] = result, self.get(f"{side}.pa"), self.get(f"{side}.wimg")
                    self.set(**{f"{side}__used": 1})
            self.clock()
            for side in answers:
                self.set(**{f"{side}__{name}": 0 for name in ("valid", "search", "used")})
            if len(answers) == len(requests):
                return answers
        raise AssertionError("a table search must end")


def run(spec, native, seed, accesses):
    scenario = spec.Scenario(seed)
    rng = random.Random(seed)
    model = spec.Mmu(scenario.memory.copy())
    model.sr, model.bats, model.sdr1 = list(scenario.sr), scenario.bats, scenario.sdr1
    driver = Driver(native, scenario.memory, rng)
    driver.load(scenario)
    seen = set()
    for number in range(accesses):
        where = f"seed {seed}, access {number}"
        if rng.random() < 0.05:
            ea = scenario.ea()
            driver.tlbie(ea)
            model.tlbie(ea)
        if rng.random() < 0.05:
            sr, value = rng.randrange(16), scenario.segment()
            driver.write_register(value, sr=sr)
            model.sr[sr] = value
        requests = {}
        if rng.random() < 0.7:
            kind = rng.choice((spec.LOAD, spec.STORE, spec.STORE, spec.TOUCH))
            requests["data"] = (scenario.ea(), kind, rng.randrange(2), rng.random() < 0.95)
        if not requests or rng.random() < 0.3:
            requests["fetch"] = (scenario.ea(), spec.FETCH, rng.randrange(2), rng.random() < 0.95)
        answers = driver.access(requests)
        for side, request in requests.items():
            result, pa, wimg = model.translate(*request)
            assert answers[side][0] == result, f"{where}: {side} {request}"
            if result == spec.OK:
                assert answers[side][1:] == (pa, wimg), f"{where}: {side} {request}"
            seen.add((AccessKind(request[1]), Translation(result)))
        assert driver.transactions == model.transactions, where
        assert driver.memory.bytes == model.memory.bytes, where
    assert driver.get("counters.walks") == model.walks
    assert driver.get("counters.ptes_examined") == model.examined
    assert driver.get("counters.r_updates") == model.r_updates
    assert driver.get("counters.c_updates") == model.c_updates
    return seen


def possible(spec):
    """Every outcome that an access of each kind can have."""
    common = [Translation.OK, Translation.PAGE_FAULT, Translation.PROTECTION,
              Translation.DIRECT_STORE, Translation.BUS_ERROR]
    return {(AccessKind(kind), result) for kind in spec.KINDS for result in common} | {
        (AccessKind.FETCH, Translation.NO_EXECUTE)}


def test_random_accesses_agree_with_the_specification(spec, native):
    seen = set()
    for seed in range(12):
        seen |= run(spec, native, seed, 150)
    assert seen == possible(spec)


@pytest.mark.slow
def test_many_random_accesses_agree_with_the_specification(spec, native):
    for seed in range(1000, 1050):
        run(spec, native, seed, 500)
