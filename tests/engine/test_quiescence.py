"""A cycle that changes nothing but counters is skipped, and nobody can tell."""

import random

import numpy as np
import pytest
from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.engine import compile_design
from pteg.engine.quiescence import Quiescence, find_quiescence


class Waiter(wiring.Component):
    """Serves requests at every n-th cycle; what else it has is chosen at random."""

    go: In(1)
    stop: In(1)
    data: In(8)
    edge: Out(1)
    busy: Out(1)
    sum: Out(8)
    late: Out(8)

    def __init__(self, choose):
        self.choose = choose
        super().__init__()

    def elaborate(self, platform):
        m, choose = Module(), self.choose
        period = choose.randrange(2, 9)
        count, work, total = (Signal(bits, name=name)
                              for name, bits in (("count", 4), ("work", 5), ("total", 8)))
        step = Mux(count == period - 1, 0, count + 1)
        m.d.comb += self.edge.eq(count == period - 1)
        m.d.sync += count.eq(Mux(self.stop, count, step) if choose.random() < 0.5 else step)

        m.d.comb += [self.busy.eq(work != 0), self.sum.eq(total)]
        with m.If(self.busy):
            with m.If(self.edge):
                m.d.sync += [work.eq(work - 1), total.eq(total + self.data)]
        with m.Elif(self.go):
            m.d.sync += work.eq(self.data)
        m.submodules.memory = memory = Memory(shape=8, depth=4, init=[])
        write, read = memory.write_port(), memory.read_port(domain="comb")
        m.d.comb += [read.addr.eq(total), self.late.eq(read.data), write.addr.eq(total),
                     write.en.eq(self.edge & ~self.busy if choose.random() < 0.5 else self.busy),
                     # A memory may count while all registers keep their values.
                     write.data.eq(read.data + 1 if choose.random() < 0.5 else self.data)]
        if choose.random() < 0.5:
            watched = Signal(4)         # sees the whole counter, now and then
            with m.If(self.busy & self.stop):
                m.d.sync += watched.eq(count)
        for _ in range(choose.randrange(3)):
            other = Signal(choose.randrange(2, 6))
            m.d.sync += other.eq(other + 1)
            with m.If((other == choose.randrange(4)) & (work == choose.randrange(4))):
                m.d.sync += total.eq(total ^ choose.randrange(256))
        return m


def skipped(native, state, record):
    """Run one cycle; return whether it was skipped."""
    record[Quiescence.CHANGED] = marker = np.uint64(1 << 63)    # set to 0 by what is not skipped
    native.cycle(state, record)
    return record[Quiescence.CHANGED] == marker


def of(native):
    """Return what the engine has found, with names instead of operations."""
    found = find_quiescence(native.design, list(range(len(native.design.graph))))
    names = {probe.parts[0].word: path for path, probe in native.signals.items() if probe.parts}
    return found and [names[word] for word, _ in found.tickers], found


class Waiters(wiring.Component):
    """Waiters that are alike, one behind the other."""

    go: In(1)
    stop: In(1)
    data: In(8)
    late: Out(8)

    def __init__(self, seed):
        self.waiters = [Waiter(random.Random(seed)) for _ in range(3)]
        super().__init__()

    def elaborate(self, platform):
        m, data = Module(), self.data
        for number, waiter in enumerate(self.waiters):
            m.submodules[f"waiter{number}"] = waiter
            m.d.comb += [waiter.go.eq(self.go), waiter.stop.eq(self.stop ^ (number == 1)),
                         waiter.data.eq(data)]
            data = waiter.sum
        m.d.comb += self.late.eq(waiter.late)
        return m


def run_as_steps(make, seed, paths):
    """Run `cycle` beside `step`; return how many cycles were skipped."""
    native, plain = compile_design(make(), cycle=True), compile_design(make())
    state, expected, record = native.new_state(), plain.new_state(), native.new_record()
    rng, skips = random.Random(seed), 0

    def write(path, value):
        native.write(state, path, value)
        plain.write(expected, path, value)

    for cycle in range(2000):
        if rng.random() < 0.03:
            write("data", rng.getrandbits(8))
            write("go", rng.random() < 0.3)
            write("stop", rng.random() < 0.3)
        if rng.random() < 0.01:     # a debugger
            write(rng.choice(paths), rng.randrange(16))
            record[:] = 0
        skips += skipped(native, state, record)
        plain.step(expected)
        assert (state == expected).all(), f"seed {seed}, cycle {cycle}"
    return skips


def test_cycle_is_step():
    assert sum(run_as_steps(lambda seed=seed: Waiter(random.Random(seed)), seed,
                            ("total", "work", "count")) for seed in range(25)) > 10_000


def test_cycle_is_step_where_modules_share_code(share_always):
    paths = [f"waiter{number}.{name}" for number in range(3) for name in ("total", "work", "count")]
    skips = sum(run_as_steps(lambda seed=seed: Waiters(seed), seed, paths) for seed in range(15))
    assert skips > 500


class Counters(wiring.Component):
    """Counters of all kinds."""

    run: In(1)
    shown: Out(4)
    full: Out(1)

    def elaborate(self, platform):
        m = Module()
        free, wide, seen, asked, held = (Signal(bits, name=name) for name, bits in (
            ("free", 4), ("wide", 40), ("seen", 4), ("asked", 4), ("held", 4)))
        m.d.sync += [free.eq(free + 1), wide.eq(wide + 1), seen.eq(seen + 1)]
        with m.If(self.run):
            m.d.sync += asked.eq(asked + 1)
        with m.If(free == 9):
            m.d.sync += held.eq(held ^ wide[:4])
        m.d.comb += [self.shown.eq(seen), self.full.eq((asked == 15) | (held == 3))]
        return m


def test_tickers_run_from_reset_on_and_are_seen_through_a_waist():
    tickers, found = of(compile_design(Counters()))
    assert tickers == ["free"] and len(found.waist) == 1 and not found.outputs


def test_a_counter_that_starts_later_is_a_ticker_if_one_like_it_is():
    class Processors(wiring.Component):
        ends: Out(2)

        def elaborate(self, platform):
            m = Module()
            for number in range(2):
                stopped = Signal(init=number, name=f"stopped{number}")
                count, other = Signal(4, name=f"count{number}"), Signal(4, name=f"other{number}")
                with m.If(~stopped):
                    m.d.sync += count.eq(count + 1)
                with m.If(stopped):
                    m.d.sync += other.eq(other + 3)
                with m.If(self.ends == 3):
                    m.d.sync += stopped.eq(~stopped)
                m.d.comb += self.ends[number].eq((count == 15) | (other == 7))
            return m

    tickers, _ = of(compile_design(Processors()))
    assert set(tickers) == {"count0", "count1", "other0", "other1"}


def test_a_memory_that_counts_is_a_change():
    class Log(wiring.Component):
        last: Out(8)

        def elaborate(self, platform):
            m = Module()
            m.submodules.memory = memory = Memory(shape=8, depth=2, init=[])
            write, read = memory.write_port(), memory.read_port(domain="comb")
            m.d.comb += [write.en.eq(read.data < 100), write.data.eq(read.data + 1),
                         self.last.eq(read.data)]
            return m

    native = compile_design(Log(), cycle=True)
    state, record = native.new_state(), native.new_record()
    assert [skipped(native, state, record) for _ in range(110)].index(True) == 101
    native.settle(state)
    assert native.read(state, "last") == 100


@pytest.mark.parametrize("ratio", ["4:1", "2.5:1"])
def test_a_processor_skips_while_it_waits_for_memory(ratio):
    from pteg.machine import Machine

    machine = Machine("g3", rom="first", ratio=ratio)
    driver = machine.model.driver
    native, expected = driver.native, driver.native.new_state()
    skips = 0
    for _ in range(4000):
        inputs = [part.word for probe in native.inputs.values() for part in probe.parts]
        driver.record[Quiescence.CHANGED] = marker = np.uint64(1 << 63)
        expected[inputs] = driver.state[inputs]
        native.step(expected)
        native.cycle(driver.state, driver.record)
        skips += driver.record[Quiescence.CHANGED] == marker
        assert (driver.state == expected).all()
    assert skips > 400
