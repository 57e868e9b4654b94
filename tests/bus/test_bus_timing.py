"""Cycle by cycle: single beats, bursts, pipelining, priority, transfer errors."""

import numpy as np
import pytest
from numba import njit

from pteg.components import target as bus_target
from pteg.components.target import READ, TARGET, WRITE
from pteg.engine import compile_design
from pteg.hw.bus.bus import Bus
from pteg.hw.bus.enums import TransferType

MAP = {"dram": (0, 1 << 20), "rom": (0xFFF00000, 1 << 20)}


@njit
def clock(target, ts, a, tt, tsiz, tbst, dbb, artry):
    """Kernels of components can be called by compiled code only."""
    return bus_target.clock(target, ts, a, tt, tsiz, tbst, dbb, artry)


@pytest.fixture(scope="module")
def native():
    return compile_design(Bus(MAP))


#: Request, bus request and bus grant: the clocks before TS.
START = ["", "", ""]


class Machine:
    """The bus, with the targets that the project's components use."""

    def __init__(self, native, first=3, next=1):
        self.native, self.state = native, native.new_state()
        self.targets = {}
        for name, (base, _) in MAP.items():
            target = np.zeros(1, TARGET)
            target["base"], target["first"], target["next"], target["burst"] = base, first, next, 1
            self.targets[name] = target
        self.memory = {name: bytearray(range(256)) * 2 for name in MAP}
        self.requests = {}
        self.data = {}
        self.trace = []

    def get(self, path):
        return self.native.read(self.state, path)

    def put(self, path, value):
        self.native.write(self.state, path, int(value))

    def ask(self, master, address, *, size=8, burst=False, write=None,
            type=None):
        if type is None:
            type = TransferType.READ if write is None else TransferType.WRITE_WITH_FLUSH
        self.put(f"{master}.type", type)
        self.put(f"{master}.addr", address)
        self.put(f"{master}.size", size)
        self.put(f"{master}.burst", burst)
        self.put(f"{master}.valid", 1)
        self.requests[master] = list(write or [])
        self.data[master] = []
        if write:
            self.put(f"{master}.wdata", write[0])

    def cycle(self):
        """One cycle; returns what could be seen in it, in words."""
        self.native.settle(self.state)
        seen = []
        for name in MAP:
            seen += [f"{name}.{signal}" for signal in ("ts", "aack", "ta", "tea")
                     if self.get(f"{name}.{signal}")]
        over = []
        for master in list(self.requests):
            if self.get(f"{master}.beat"):
                self.data[master].append(self.get(f"{master}.rdata"))
            if self.get(f"{master}.done"):
                seen.append(f"{master}.{'error' if self.get(f'{master}.error') else 'done'}")
                over.append(master)
        values = [{signal: self.get(f"{name}.{signal}") for signal in
                   ("ts", "a", "tt", "tsiz", "tbst", "dbb", "artry", "d_w")} for name in MAP]
        beats = {master: self.get(f"{master}.beat") for master in self.requests}
        self.native.step(self.state)
        for (name, target), value in zip(self.targets.items(), values, strict=True):
            d_w = value.pop("d_w")
            action = clock(target, **value)
            where, size, up = (int(target[field][0]) for field in ("offset", "size", "up"))
            self.put(f"{name}.d_r", 0)
            if action == READ:
                number = int.from_bytes(self.memory[name][where:where + size], "big")
                self.put(f"{name}.d_r", number << up)
            elif action == WRITE:
                self.memory[name][where:where + size] = (
                    d_w >> up & (1 << 8 * size) - 1).to_bytes(size, "big")
            for signal in ("aack", "ta", "tea"):
                self.put(f"{name}.{signal}", target[signal][0])
        for master, beat in beats.items():
            if beat and self.requests[master][1:]:
                self.requests[master].pop(0)
                self.put(f"{master}.wdata", self.requests[master][0])
        for master in over:
            del self.requests[master]
            self.put(f"{master}.valid", 0)
        self.trace.append(" ".join(seen))
        return seen

    def run(self, limit=60):
        while self.requests:
            self.cycle()
            assert len(self.trace) < limit
        return self.trace


def test_single_beat_read(native):
    machine = Machine(native)
    machine.ask("fetch", 0x10)
    assert machine.run() == [*START, "dram.ts", "dram.aack", "", "dram.ta fetch.done"]
    assert machine.data["fetch"] == [0x1011121314151617]


def test_burst_is_critical_double_word_first(native):
    machine = Machine(native)
    machine.ask("data", 0x34, burst=True)
    assert machine.run() == [*START, "dram.ts", "dram.aack", "", *["dram.ta"] * 3,
                             "dram.ta data.done"]
    assert [f"{beat:016x}"[:2] for beat in machine.data["data"]] == ["30", "38", "20", "28"]


def test_address_tenure_overlaps_data_tenure(native):
    machine = Machine(native, first=5)
    machine.ask("data", 0x20, burst=True)
    machine.ask("fetch", 0xFFF00100)
    assert machine.run() == [
        *START, "dram.ts", "dram.aack", "", "", "rom.ts", "dram.ta rom.aack", "dram.ta", "dram.ta",
        "dram.ta data.done", "", "rom.ta fetch.done"]   # one clock between two drivers


def test_third_master_waits_for_the_first_data_tenure(native):
    machine = Machine(native, first=12)
    for master, address in (("fetch", 0x20), ("castout", 0xFFF00040), ("data", 0x40)):
        machine.ask(master, address)
    trace = machine.run()
    # Data, then castout, then fetch; fetch starts after the data's tenure has ended.
    assert [entry for line in trace for entry in line.split() if entry.endswith("done")] == [
        "data.done", "castout.done", "fetch.done"]
    starts = [n for n, line in enumerate(trace) if ".ts" in line]
    ends = [n for n, line in enumerate(trace) if "done" in line]
    assert starts[1] < ends[0] < starts[2]


def test_masters_may_be_ranked_otherwise():
    machine = Machine(compile_design(Bus(MAP, ("fetch", "castout", "data"))))
    for master in ("data", "fetch"):
        machine.ask(master, 0x40)
    assert [entry for line in machine.run() for entry in line.split()
            if entry.endswith("done")] == ["fetch.done", "data.done"]


@pytest.mark.parametrize("size", range(1, 9))
def test_single_beats_use_the_lanes_of_their_address(native, size):
    for offset in range(9 - size):
        machine = Machine(native)
        lanes = 0xA0A1A2A3A4A5A6A7
        machine.ask("data", 0x80 + offset, size=size, write=[lanes])
        machine.run()
        machine.cycle()
        expected = bytearray(range(0x80, 0x88))
        expected[offset:offset + size] = range(0xA0 + offset, 0xA0 + offset + size)
        assert machine.memory["dram"][0x80:0x88] == expected
        machine.ask("fetch", 0x80 + offset, size=size)
        machine.run(100)
        mask = int.from_bytes(bytes(0xFF if offset <= n < offset + size else 0
                                    for n in range(8)), "big")
        assert machine.data["fetch"] == [lanes & mask]


def test_burst_write_takes_one_double_word_a_beat(native):
    machine = Machine(native, next=3)
    words = [n * 0x0101010101010101 for n in range(1, 5)]
    machine.ask("data", 0x48, burst=True, write=words)
    machine.run()
    machine.cycle()
    order = (0x48, 0x50, 0x58, 0x40)
    for address, word in zip(order, words, strict=True):
        assert machine.memory["dram"][address:address + 8] == word.to_bytes(8, "big")


@pytest.mark.parametrize("burst", [False, True])
def test_an_address_without_a_target_is_a_transfer_error(native, burst):
    machine = Machine(native)
    machine.ask("data", 0x80000000, burst=burst)
    machine.ask("fetch", 0x20)
    trace = machine.run()
    # The error comes when ARTRY can no longer, and the fetch has its address tenure meanwhile.
    assert trace[:8] == [*START, "", "", "", "", "dram.ts data.error"]
    assert trace[-1] == "dram.ta fetch.done"
    assert machine.data == {"data": [], "fetch": [0x2021222324252627]}


def test_address_only_transaction_has_no_data_tenure(native):
    machine = Machine(native)
    machine.ask("data", 0x20, type=TransferType.SYNC)
    assert machine.run() == [*START, "", "", "data.done"]
    assert machine.data["data"] == []


def retried(native, times, artry, **options):
    """A burst read whose address tenures are cancelled; and a castout beside it. The trace."""
    machine = Machine(native, **options)
    machine.ask("data", 0x20, burst=True)
    machine.ask("castout", 0xFFF00040, write=[1, 2, 3, 4], burst=True)
    while machine.requests:
        machine.native.settle(machine.state)
        window = machine.get("snoop.window") and machine.get("snoop.a") == artry
        machine.put("snoop.artry", bool(window and times > 0))
        times -= bool(window)
        machine.cycle()
        assert len(machine.trace) < 90
    return machine


def test_a_retried_tenure_moves_nothing_and_is_repeated_after_the_others(native):
    machine = retried(native, 1, 0x20)
    started = [line.split()[0] for line in machine.trace if ".ts" in line]
    assert started == ["dram.ts", "rom.ts", "dram.ts"]
    assert [f"{beat:016x}"[:2] for beat in machine.data["data"]] == ["20", "28", "30", "38"]
    assert sum("dram.ta" in line for line in machine.trace) == 4
    assert machine.targets["dram"]["reads"][0] == 1


@pytest.mark.parametrize("first", [1, 3, 5])
def test_a_tenure_can_be_retried_many_times_while_another_waits_for_data(native, first):
    machine = retried(native, 5, 0xFFF00040, first=first)
    assert sum("rom.ts" in line for line in machine.trace) == 6
    assert machine.targets["rom"]["writes"][0] == machine.targets["dram"]["reads"][0] == 1
    assert machine.memory["rom"][0x40:0x60] == b"".join(n.to_bytes(8, "big") for n in (1, 2, 3, 4))


def test_an_address_only_transaction_is_retried_too(native):
    machine = Machine(native)
    machine.ask("data", 0x20, type=TransferType.SYNC)
    windows = 0
    while machine.requests:
        machine.native.settle(machine.state)
        window = machine.get("snoop.window")
        windows += window
        machine.put("snoop.artry", window and windows == 1)
        machine.cycle()
    assert windows == 2
