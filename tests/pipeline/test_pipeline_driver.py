"""The cycle loop and the bus side of the devices, driven through the real bus."""

import random
import re
from collections import Counter

import numpy as np
import pytest
from numba.core.ccallback import CFunc

from pteg.components.dram import Dram
from pteg.components.flipper_pic import FlipperPic
from pteg.components.open_bus import OpenBus
from pteg.components.rom import Rom
from pteg.components.uart16550 import Uart16550
from pteg.cpu import Limits, Stop
from pteg.devices import Devices
from pteg.hw.bus.memory_map import NOWHERE
from pteg.pipeline.driver import Driver, Signals, Tap
from pteg.pipeline.system import TARGETS, numbered
from pteg.platform import Platform, Wire

READ, WRITE, BURST_READ, BURST_WRITE = 0b01010, 0b00010, 0b01110, 0b00110
MASTERS = ("data", "castout", "fetch")


@pytest.fixture(scope="module", params=["named", "numbered"])
def native(request):
    return compile_bus(make_platform(), request.param == "numbered")


def compile_bus(platform, numbers=False):
    """The bus for a platform; with numbers, what has devices' names when it is loaded."""
    from pteg.engine import compile_design
    from pteg.hw.bus.bus import Bus

    memory_map, names = numbered(platform) if numbers else (platform.memory_map, {})
    return compile_design(Bus(memory_map), cycle=True).renamed(names)


def make_platform():
    return Platform([Dram(size=0x1000), Rom(size=0x1000), Uart16550(timed=True), FlipperPic()],
                    [Wire("uart", "pic", 6), Wire("pic")])


class Bench:
    """The bus with three masters played by Python."""

    def __init__(self, native):
        self.platform = make_platform()
        self.driver = Driver(self.platform, native)

    def put(self, path, value):
        self.driver.native.write(self.driver.state, path, value)

    def get(self, path):
        return self.driver.native.read(self.driver.state, path)

    def start(self, master, address, size=4, value=0, burst=False, write=False):
        kind = (BURST_WRITE if burst else WRITE) if write else (BURST_READ if burst else READ)
        lanes = value if burst else value << 64 - 8 * ((address & 7) + size)
        for name, number in {"valid": 1, "type": kind, "addr": address, "size": size,
                             "burst": burst, "wdata": lanes, "wimg": 0}.items():
            self.put(f"{master}.{name}", number)

    def cycle(self):
        """One clock; the beats and the end that each master saw in it."""
        assert self.driver.run(Limits(cycles=1)) is Stop.CYCLES
        return {m: {name: self.get(f"{m}.{name}") for name in ("beat", "rdata", "done", "error")}
                for m in MASTERS}

    def finish(self, master, words=()):
        """Run to the end of a transaction: (double words read, error, cycle of each beat)."""
        words, got, beats = list(words), [], []
        for cycle in range(100):
            seen = self.cycle()[master]
            if seen["beat"]:
                got.append(seen["rdata"])
                beats.append(cycle)
                if words:
                    words.pop(0)
                    self.put(f"{master}.wdata", words[0] if words else 0)
            if seen["done"]:
                self.put(f"{master}.valid", 0)
                return got, seen["error"], beats
        raise AssertionError("the transaction did not end")

    def read(self, address, size, master="data"):
        self.start(master, address, size)
        (word,), error, _ = self.finish(master)
        assert not error
        return word >> 64 - 8 * ((address & 7) + size) & (1 << 8 * size) - 1

    def write(self, address, size, value, master="data"):
        self.start(master, address, size, value, write=True)
        assert not self.finish(master)[1]


@pytest.fixture
def bench(native):
    return Bench(native)


@pytest.mark.parametrize("size, address", [(1, 0x123), (2, 0x106), (4, 0x104), (8, 0x108),
                                           (3, 0x101), (5, 0x102)])
def test_single_beats_move_the_lanes_of_their_bytes(bench, size, address):
    value = int.from_bytes(bytes(range(0x81, 0x81 + size)), "big")
    bench.write(address, size, value)
    assert bench.platform["dram"].memory[address:address + size].tobytes() == bytes(
        range(0x81, 0x81 + size))
    assert bench.platform["dram"].memory.astype(bool).sum() == size
    assert bench.read(address, size) == value


def test_bursts_begin_with_the_critical_double_word_and_wrap(bench):
    memory = bench.platform["dram"].memory
    memory[:64] = np.arange(64)
    bench.start("fetch", 0x34, burst=True)
    got, error, _ = bench.finish("fetch")
    lines = [int.from_bytes(bytes(range(a, a + 8)), "big") for a in (0x30, 0x38, 0x20, 0x28)]
    assert got == lines and not error
    bench.start("data", 0x10, value=1, burst=True, write=True)
    bench.finish("data", [1, 2, 3, 4])
    assert memory[:32].tobytes() == b"".join(n.to_bytes(8, "big") for n in (3, 4, 1, 2))


def test_latencies_are_those_of_the_device(bench):
    dram = bench.platform["dram"]
    for first, step in ((4, 1), (7, 1), (5, 3)):
        for target in bench.driver.targets[:1]:
            target["first"], target["next"] = first, step
        bench.start("data", 0, burst=True)
        started = None
        beats = []
        for cycle in range(60):
            seen = bench.cycle()
            if bench.get("dram.ts"):
                started = cycle
            if seen["data"]["beat"]:
                beats.append(cycle - started)
            if seen["data"]["done"]:
                break
        bench.put("data.valid", 0)
        bench.cycle()
        assert beats == [first + i * step for i in range(4)]
    assert dram.first == 5


def test_a_burst_to_a_device_without_bursts_ends_with_tea(bench):
    bench.start("data", 0x0C003000, burst=True)
    got, error, _ = bench.finish("data")
    assert error and not got
    assert bench.driver.stats()["pic"]["errors"] == 1
    bench.write(0x0C003004, 4, 0x55)
    assert bench.read(0x0C003004, 4) == 0x55


def test_the_devices_were_compiled_ahead(tmp_path, monkeypatch):
    # Nothing is compiled in this cache, and no other test has this platform.
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path))
    platform = Platform([Dram(size=0x1000), Rom(size=0x1000), Uart16550(timed=True), FlipperPic(),
                         Dram("more", 0x12340000, size=0x1000)])
    assert Devices(platform).compile_ahead().result() is not None
    monkeypatch.setattr(CFunc, "_compile_uncached", None)
    driver = Driver(platform, compile_bus(platform))
    assert driver.run(Limits(cycles=1)) is Stop.CYCLES


def test_numbered_targets_look_like_devices():
    platform = make_platform()
    named, numbers = compile_bus(platform), compile_bus(platform, True)
    for table in ("signals", "inputs", "outputs"):
        # A second signal of the same name in a module has a number.
        paths, others = (Counter(re.sub(r"\$\d+", "", path) for path in getattr(native, table))
                         for native in (named, numbers))
        assert paths == others and sum(paths.values()) > 15
    port = named.tracer("*.dram*"), numbers.tracer("*.dram*")
    assert len(port[0].paths) == len(port[1].paths) > 20


@pytest.mark.parametrize("placed, everywhere", [
    (1, 0), (TARGETS - 1, 0), (TARGETS, 0), (0, 1), (TARGETS - 1, 1), (TARGETS, 1)])
def test_there_is_a_target_for_each_device(placed, everywhere):
    devices = [Dram(f"d{number}", base=number << 16, size=0x1000) for number in range(placed)]
    platform = Platform([OpenBus()] * everywhere + devices)
    memory_map, names = numbered(platform)
    assert list(names) == list(memory_map) and set(memory_map.values()) == {NOWHERE}
    assert list(filter(None, names.values())) == [device.name for device in platform.devices]
    assert len(names) == TARGETS * (1 if placed < TARGETS else 2)
    assert list(names.values())[-1] == ("open_bus" if everywhere else None)


def test_nothing_there_ends_with_tea(bench):
    bench.start("data", 0x40000000)
    assert bench.finish("data")[1] == 1
    assert bench.read(0xFFF00000, 4) == 0xFFFFFFFF


def test_device_interrupts_reach_the_processor_pin_through_the_controller(native):
    platform = make_platform()
    driver = Driver(platform, native, Signals(interrupt="data.valid"))  # any input will do
    platform["pic"].state["mask"] = 1 << 6
    platform["uart"].state["ier"] = 2
    functions = platform.functions()
    functions.bus_write(platform.arrays, 0x0C00F000, 1, 0)  # becomes empty with the next clock
    levels = []
    for _ in range(3):
        driver.run(Limits(cycles=1))
        levels.append(native.read(driver.state, "data.valid"))
    assert levels == [1, 1, 1]
    functions.bus_read(platform.arrays, 0x0C00F002, 1)
    driver.run(Limits(cycles=1))
    assert native.read(driver.state, "data.valid") == 0


def test_random_traffic_of_three_masters_reads_what_was_written(bench):
    """Every beat read is compared with a model of memory; masters overlap at random."""
    seed = 20240
    rng = random.Random(seed)
    model = bytearray(0x1000)
    # Each master has its own third of memory, so that their order does not matter.
    pending = dict.fromkeys(MASTERS)
    reads = writes = 0
    for _ in range(6000):
        for n, master in enumerate(MASTERS):
            if pending[master] is None and rng.random() < 0.5:
                burst, write = rng.random() < 0.4, rng.random() < 0.5
                size = rng.choice([1, 2, 3, 4, 8])
                address = n * 0x500 + rng.randrange(0, 0x400, 8) + rng.randrange(0, 9 - size)
                words = [rng.getrandbits(64 if burst else 8 * size) for _ in range(4)]
                bench.start(master, address, size, words[0], burst, write)
                pending[master] = [address, size, burst, write, words, 0]
            elif pending[master] is None:
                bench.put(f"{master}.valid", 0)
        seen = bench.cycle()
        for master, transaction in pending.items():
            if transaction is None:
                assert not seen[master]["beat"] and not seen[master]["done"]
                continue
            address, size, burst, write, words, beat = transaction
            if seen[master]["beat"]:
                if burst:
                    at, size = address & ~31 | (address + 8 * beat) & 24, 8
                else:
                    at = address
                if write:
                    model[at:at + size] = words[beat].to_bytes(size, "big")
                    if burst and beat < 3:
                        bench.put(f"{master}.wdata", words[beat + 1])
                else:
                    got = seen[master]["rdata"] >> 64 - 8 * ((at & 7) + size)
                    expected = int.from_bytes(model[at:at + size], "big")
                    assert got & (1 << 8 * size) - 1 == expected, (seed, master, hex(at))
                transaction[5] += 1
            if seen[master]["done"]:
                assert not seen[master]["error"]
                assert transaction[5] == (4 if burst else 1)
                reads, writes = reads + (not write), writes + write
                pending[master] = None
    assert bytes(bench.platform["dram"].memory) == bytes(model)
    stats = bench.driver.stats()["dram"]
    assert 0 <= stats["reads"] - reads <= 3 and 0 <= stats["writes"] - writes <= 3
    assert reads > 200 and writes > 200


def test_taps_see_every_cycle_of_their_window_once(native):
    bench = Bench(native)
    tracer = native.tracer(["dram.ts", "data.done"])
    rows, cycles = [], []

    class Sink:
        def wanted(self, cycle):
            return max(cycle, 3) if cycle < 9000 else None

        def write(self, cycle, buffer):
            rows.extend(buffer.tolist())
            cycles.extend(range(cycle, cycle + len(buffer)))

    bench.driver.taps.append(Tap(tracer, Sink()))
    bench.start("data", 0)
    bench.driver.run(Limits(cycles=5))
    bench.driver.run(Limits(cycles=10_000))
    assert cycles == list(range(3, cycles[-1] + 1)) and 9000 <= len(cycles) < 10_005
    untapped = Bench(native)
    untapped.start("data", 0)
    for cycle in range(300):
        seen = untapped.cycle()
        if 3 <= cycle:
            assert rows[cycle - 3] == [untapped.get("dram.ts"), seen["data"]["done"]]
    assert sum(row[1] for row in rows[:297]) > 10
