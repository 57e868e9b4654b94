"""Several caches on one bus: memory is one, whoever writes it (MPC750 UM 3.3, 3.9).

Every store is performed in one cycle, when its block is in the cache of its processor alone. So the
model of memory here is as simple as it can be: a load must return what the last store that was
performed anywhere has written. In the end all requests have been answered: nobody waits for ever.
"""

import importlib.util
import random
from pathlib import Path

import pytest

from pteg.engine import compile_design
from pteg.hw.bus.enums import TransferType
from pteg.hw.cache.enums import DataCacheState, DataOp

_spec = importlib.util.spec_from_file_location(
    "pteg_test_shared_bus", Path(__file__).with_name("shared_bus.py"))
shared_bus = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shared_bus)

M = 2
#: Cycles, for each processor, after which a request without an answer is a deadlock, or as good as
#: one: with so many that use the same few blocks, some hundreds are usual.
PATIENCE = 400
BLOCKS = 6


class Processor:
    """Stores through a queue of three, and one access of the load/store unit at a time."""

    def __init__(self, number, rng, world):
        self.number, self.rng, self.world = number, rng, world
        self.queue = []         # (address, value)
        self.access = None      # (op, address, value)
        self.taken = False
        self.walk = None        # address of a read of the table walker
        self.reserved = None    # block
        self.age = self.count = 0
        self.pause = 0
        self.swaps = self.failures = 0

    def drive(self, put):
        n = self.number
        put(f"drained{n}", not self.queue)
        put(f"stores{n}.valid", bool(self.queue))
        if self.queue:
            address, value = self.queue[0]
            self._request(put, f"stores{n}", "addr", address, value)
            put(f"stores{n}.type", TransferType.WRITE_WITH_FLUSH)
        put(f"walker{n}.valid", self.walk is not None)
        if self.walk is not None:
            self._request(put, f"walker{n}", "addr", self.walk, 0)
            put(f"walker{n}.type", TransferType.READ)
        asks = self.access is not None and not self.taken
        put(f"lsu{n}.valid", asks and not self.fails)
        if asks:
            op, address, value = self.access
            self._request(put, f"lsu{n}", "pa", address, value)
            put(f"lsu{n}.op", DataOp.STORE if op == "swap" else
                DataOp.LOAD if op == "reserve" else op)
            put(f"lsu{n}.type", {
                "swap": TransferType.WRITE_WITH_FLUSH_ATOMIC, "reserve": TransferType.READ_ATOMIC,
                DataOp.LOAD: TransferType.READ}.get(op, TransferType.WRITE_WITH_FLUSH))

    @staticmethod
    def _request(put, port, place, address, value):
        for name, given in ((place, address), ("size", 8), ("wimg", M), ("wdata", value)):
            put(f"{port}.{name}", given)

    @property
    def fails(self):
        """A conditional store whose reservation is lost."""
        return self.access is not None and self.access[0] == "swap" and self.reserved is None

    def lose(self, get):
        if get(f"lost{self.number}") and get(f"lost_line{self.number}") == self.reserved:
            self.reserved = None

    def sample(self, get):
        n, world = self.number, self.world
        busy = self.queue or self.access is not None or self.walk is not None
        self.age = self.age + 1 if busy else 0
        assert self.age < PATIENCE * world.processors, f"processor {n} waits for ever"
        if self.walk is not None and get(f"walker{n}.done"):
            world.check(n, self.walk, get(f"walker{n}.rdata"))
            self.walk, self.age = None, 0
        if self.queue and get(f"stores{n}.done"):
            world.write(*self.queue.pop(0))
            self.age = 0
        if self.access is not None:
            self._answer(get)

    def _answer(self, get):
        n, (op, address, value) = self.number, self.access
        hit, taken, done = (get(f"lsu{n}.{name}") for name in ("hit", "taken", "done"))
        over = self.taken and done
        if self.fails:
            self.failures += 1
            over = True
        elif not self.taken:
            over = hit or op == DataOp.TOUCH
            self.taken = bool(taken) and not over
        if not over:
            return
        if op in (DataOp.LOAD, "reserve"):
            self.world.check(n, address, get(f"lsu{n}.rdata"))
        if op == "reserve":
            self.reserved = address >> 5
        elif op == "swap" and not self.fails:
            self.world.write(address, value)
            self.swaps += 1
            self.reserved = None
        self.access, self.taken, self.age = None, False, 0

    def think(self):
        """New requests for the next cycle."""
        rng = self.rng
        self.pause = max(self.pause - 1, 0)
        if self.pause or self.access is not None or self.walk is not None:
            return
        address = 32 * rng.randrange(BLOCKS) + 8 * rng.randrange(4)
        pick = rng.random()
        if pick < 0.3 and len(self.queue) < 3:
            self.queue.append((address, self.world.fresh()))
        elif pick < 0.6:
            if not any(place == address for place, _ in self.queue):
                self.access = DataOp.LOAD, address, 0
        elif not self.queue:
            if pick < 0.9 and self.reserved is not None:
                # The address of a stwcx. is not compared with that of the reservation.
                block = self.reserved if rng.random() < 0.7 else address >> 5
                self.access = "swap", 32 * block + address % 32, self.world.fresh()
            elif pick < 0.8:
                self.access = "reserve", address, 0
            elif pick < 0.85:
                self.walk = address
            elif pick < 0.95:
                self.access = rng.choice((DataOp.CLEAN, DataOp.FLUSH, DataOp.TOUCH,
                                          DataOp.ZERO)), address, 0
        if rng.random() < 0.1:
            self.pause = rng.randrange(60)


class World:
    """What memory holds, by the stores that were performed."""

    def __init__(self, processors):
        self.processors = processors
        self.words, self.count, self.checked = {}, 0, 0

    def fresh(self):
        self.count += 1
        return self.count

    def write(self, address, value):
        self.words[address & ~7] = value

    def check(self, number, address, value):
        self.checked += 1
        expected = self.words.get(address & ~7, 0)
        assert value == expected, (
            f"processor {number} reads {value} at {address:#x}, the last store was {expected}")


def run(native, count, seed, cycles, laziness=0.3):
    rng = random.Random(seed)
    state, world = native.new_state(), World(count)
    processors = [Processor(n, rng, world) for n in range(count)]
    memory = shared_bus.Memory(rng, laziness)

    def put(path, value):
        native.write(state, path, int(value))

    def get(path):
        return native.read(state, path)

    for cycle in range(cycles):
        memory.drive(put)
        for processor in processors:
            processor.drive(put)
        native.settle(state)
        for processor in processors:
            processor.lose(get)
        for processor in processors:
            processor.drive(put)
        native.settle(state)
        try:
            zeroed = [get(f"cache{n}.operation.held.pa") & ~31 for n in range(count)
                      if get(f"cache{n}.operation.state") == DataCacheState.ZERO]
            for processor in processors:
                processor.sample(get)
            check_owners(native, state, count)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, cycle {cycle}: {error}") from error
        for processor in processors:
            processor.think()
        if get("bus_edge"):
            memory.clock(get)
        native.step(state)
        for block in zeroed:    # nobody sees the block before its zeros are complete
            for address in range(block, block + 32, 8):
                world.write(address, 0)
    return processors, world, memory


def check_owners(native, state, count):
    """No block is valid in two caches."""
    owners = {}
    for n in range(count):
        directory = f"cache{n}.directory"
        written = native.read(state, f"{directory}.written")
        valids = native.memories[f"{directory}.valids"]
        for index in range(valids.depth):
            valid = valids.read(state, index) if written >> index & 1 else 0
            for way in range(2):
                if valid >> way & 1:
                    tag = native.memories[f"{directory}.tag{way}"].read(state, index)
                    block = tag * valids.depth + index
                    assert block not in owners, (
                        f"block {32 * block:#x} is in caches {owners[block]} and {n}")
                    owners[block] = n


@pytest.fixture(scope="module", params=[(2, "1:1"), (2, "2.5:1"), (3, "1:1")],
                ids=lambda given: f"{given[0]} caches, {given[1]}")
def design(request):
    count, ratio = request.param
    return compile_design(shared_bus.SharedBus(count, ratio)), count


def test_a_load_returns_the_last_store_of_all_and_everything_ends(design):
    native, count = design
    checked = swaps = failures = 0
    for seed in range(6):
        processors, world, memory = run(native, count, seed, 2500, laziness=0.2 * (seed % 3))
        checked += world.checked
        swaps += sum(processor.swaps for processor in processors)
        failures += sum(processor.failures for processor in processors)
        assert TransferType.WRITE_WITH_KILL in memory.log
    assert checked > 500 and swaps > 10 and failures > 0


@pytest.mark.parametrize("defect", ["blind", "unaware"])
def test_a_defect_of_the_snoopers_is_found(defect):
    native = compile_design(shared_bus.SharedBus(defect=defect))
    with pytest.raises(AssertionError, match="reads|is in caches"):
        for seed in range(6):
            run(native, 2, seed, 2500)
