"""Compiled designs in the cache and in memory."""

import os
import subprocess
import sys

import pytest
from amaranth.hdl import (
    Array,
    ClockDomain,
    Module,
    Signal,
    signed,
)
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from pteg.engine import (
    Native,
    cache,
    compile_design,
    compiled,
    load_design,
)
from pteg.engine.compiled import plan_function
from pteg.engine.frontend.netlist import LATCH


@pytest.fixture(autouse=True)
def latest(monkeypatch):
    """The designs that stay in memory; none is there at first, so that the cache is asked."""
    kept = {}
    monkeypatch.setattr(compiled, "_latest", kept)
    return kept


class Alike(wiring.Component):
    """Modules that share code, a latch, and perhaps a second clock."""

    shown: Out(32)

    def __init__(self, second):
        self.second = second
        super().__init__()

    def elaborate(self, platform):
        m, values = Module(), []
        if self.second:
            m.domains.other = ClockDomain(clk_edge="neg", async_reset=True)
        for number in range(3):
            m.submodules[f"unit{number}"] = unit = Module()
            registers = Array(Signal(32, name=f"r{n}", init=n) for n in range(8))
            for n, register in enumerate(registers):
                unit.d.sync += register.eq(registers[n - 1] * 3 + registers[n - 7] + number)
            values.append(registers[5])
        latch, slow = Signal(32, attrs={LATCH: "1"}), Signal(32)
        m.d["other" if self.second else "sync"] += slow.eq(slow + latch)
        with m.If(values[0][3]):
            m.d.comb += latch.eq(values[1] ^ values[2])
        with m.Else():
            m.d.comb += latch.eq(latch)
        m.d.comb += self.shown.eq(slow)
        return m


@pytest.mark.parametrize("second", [False, True])
def test_a_stored_design_whose_code_is_gone_compiles_it_again(second, share_always):
    native = compile_design(Alike(second), cache=False)     # its code is not in the cache
    again = Native.from_blobs(native.to_blobs())
    assert second or plan_function(again.design, "step")[0].parts
    states = native.new_state(), again.new_state()
    for cycle in range(40):
        for each, state in zip((native, again), states, strict=True):
            (each.reset if cycle == 20 else each.step)(state)
        assert (states[0] == states[1]).all()
    assert native.read(states[0], "shown")


class Inner(wiring.Component):
    count: Out(signed(12), init=-5)

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.count.eq(self.count + 1)
        return m


DRIVER = """
import sys
from pathlib import Path
from numba import njit
sys.path.insert(0, str(Path(__file__).parent))
from pteg.engine import load_design


def build():
    print("elaborated")
    from counter import Counter
    return Counter(int(sys.argv[1]))


@njit(cache=True)
def run(step, state, cycles):
    for _ in range(cycles):
        step(state)


native = load_design(build, sources=[Path(__file__).parent / "counter.py"],
                     parameters={"step": int(sys.argv[1])}, name="counter")
state = native.new_state()
run(native.step, state, 100)
print(native.read(state, "count"), sum(run.stats.cache_hits.values()), "amaranth" in sys.modules)
tracer = native.tracer("double")
buffer = tracer.new_buffer()
tracer.trace(state, buffer)
print(tracer.read(buffer)["double"])
native.reset(state)
print(native.read(state, "count"))
"""

COUNTER = """
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out


class Counter(wiring.Component):
    count: Out(32)

    def __init__(self, by):
        self.by = by
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        double = Signal(32)
        m.d.sync += self.count.eq(self.count + self.by)
        m.d.comb += double.eq(self.count << 1)
        return m
"""


@pytest.fixture
def driver(tmp_path):
    """Runs the driver script in a process of its own; returns its output lines."""
    (tmp_path / "driver.py").write_text(DRIVER)
    (tmp_path / "counter.py").write_text(COUNTER)

    def run(by):
        result = subprocess.run(
            [sys.executable, str(tmp_path / "driver.py"), str(by)], capture_output=True, text=True,
            env={**os.environ, "PTEG_CACHE": str(tmp_path / "cache")}, check=True)
        return result.stdout.split("\n")[:-1]

    run.folder = tmp_path
    return run


def test_cached_designs_and_cached_drivers_work_in_other_processes(driver):
    assert driver(3) == ["elaborated", "300 0 True", "600", "0"]
    # Nothing is elaborated, Amaranth isn't imported, numba takes its driver from its cache.
    assert driver(3) == ["300 1 False", "600", "0"]
    # Another design, the same driver.
    assert driver(5) == ["elaborated", "500 1 True", "1000", "0"]
    source = driver.folder / "counter.py"
    source.write_text(source.read_text().replace("count + self.by", "count - self.by"))
    assert driver(5)[:2] == ["elaborated", f"{2**32 - 500} 1 True"]


def test_damaged_cache_entries_are_rebuilt(driver):
    assert driver(3)[0] == "elaborated"
    entries = [file for file in (driver.folder / "cache").iterdir() if file.is_file()]
    assert entries
    for number, file in enumerate(entries):
        content = file.read_bytes()
        file.write_bytes(content[:len(content) // 2] if number % 2 else content[:-1] + b"x")
    assert driver(3) == ["elaborated", "300 1 True", "600", "0"]
    assert driver(3)[0] == "300 1 False"


def test_cache_entries_may_be_gone_one_by_one(driver):
    driver(3)
    entries = [file for file in (driver.folder / "cache").iterdir() if file.is_file()]
    assert len(entries) > 2  # design, its functions, reset, tracer
    for file in entries:
        file.unlink()
        assert driver(3)[-2:] == ["600", "0"]
        assert file.exists()


def test_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("PTEG_CACHE", str(blocked / "cache"))
    native = load_design(Inner, sources=[__file__], parameters=1, name="inner")
    assert native.read(native.new_state(), "count") == -5
    assert cache.get("anything") is None


def test_a_design_with_several_clocks_is_kept(tmp_path, monkeypatch, latest):
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path))
    source = tmp_path / "source.py"
    source.write_text("")

    def build():
        m, a, b = Module(), Signal(8, name="a"), Signal(8, name="b")
        m.d.sync += a.eq(a + 1)
        m.d.video += b.eq(b + 2)
        m.ports = [a, b]
        return m

    values = []
    for _ in range(2):
        latest.clear()
        native = load_design(build, sources=[source], parameters={}, name="two")
        state = native.new_state()
        native.step(state)
        native.reset(state)
        native.advance(state)
        native.step(state)
        values.append([int(value) for value in state])
    assert values[0] == values[1] and any(values[0])


def test_the_latest_designs_stay_in_memory(latest):
    def load(number):
        return load_design(Inner, sources=[__file__], parameters=number, name="inner")

    load(1)     # compiles
    first = load(1)
    assert load(1) is first
    others = [(load(number), load(number))[1] for number in range(2, 2 + compiled.LATEST)]
    assert first not in latest.values() and load(1) is not first
    assert load(1 + compiled.LATEST) is others[-1]
