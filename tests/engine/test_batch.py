"""Simulations in a batch are what each of them is by itself."""

import random
import threading
import time

import numpy as np
import pytest
from amaranth.hdl import Fragment, Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.engine import Batch, compile_design
from pteg.errors import UserError
from pteg.hw.core.divide import Divider
from pteg.hw.isa.instructions import Op


class Sums(wiring.Component):
    """Adds its input to a row of a memory; has ports of many widths."""

    row: In(2)
    value: In(signed(20))
    wide: In(100)
    sum: Out(signed(20))
    last: Out(100)
    done: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.store = store = Memory(shape=signed(20), depth=4, init=[1, -2, 3, -4])
        read, write = store.read_port(domain="comb"), store.write_port()
        last = Signal(100)
        m.d.comb += [read.addr.eq(self.row), write.addr.eq(self.row), write.en.eq(1),
                     write.data.eq(read.data + self.value), self.sum.eq(read.data),
                     self.last.eq(last), self.done.eq(read.data > 1000)]
        m.d.sync += last.eq(self.wide)
        return m


@pytest.fixture(scope="module")
def sums():
    return compile_design(Sums())


@pytest.mark.filterwarnings("ignore")  # Amaranth's, on odd but legal expressions
def test_random_designs_do_what_each_simulation_does_alone(random_design):
    for seed in range(8):
        choice = random.Random(seed)
        design = random_design(choice.randrange)
        native = compile_design(Fragment.get(design.module, None), ports=design.ports, cache=False)
        count, cycles = 5, 40
        feed = {path: np.array([[choice.getrandbits(max(probe.width, 1)) for _ in range(count)]
                                for _ in range(cycles)], object)
                for path, probe in native.inputs.items() if probe.width}
        batch = Batch(native, count, workers=2)
        record = batch.run(feed, "*", cycles)
        tracer = native.tracer("*")
        buffer = tracer.new_buffer()
        for number in range(count):
            state = native.new_state()
            for cycle in range(cycles):
                for path, values in feed.items():
                    native.write(state, path, values[cycle, number])
                tracer.trace(state, buffer)
                for path, value in tracer.read(buffer).items():
                    found = record[path][cycle, number]
                    if np.ndim(found):
                        found = sum(int(word) << 64 * place for place, word in enumerate(found))
                        value %= 1 << native.probe(path).width
                    assert found == value, f"seed {seed}, {path}, cycle {cycle}"
                native.step(state)
            np.testing.assert_array_equal(state, batch.states[number])
        assert np.all(batch.cycles == cycles)


def test_many_quotients_at_once():
    native = compile_design(Divider())
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 1 << 32, 300), rng.integers(1, 1 << 16, 300)
    batch = Batch(native, 300)
    for port, values in {"op": Op.DIVWU, "a": a, "b": b, "valid": 1}.items():
        batch.write(f"port.{port}", values)
    assert np.all(batch.run_until("port.done", 40))
    np.testing.assert_array_equal(batch.read("port.result"), a // b)
    assert set(batch.cycles) == {18}


def test_each_simulation_waits_for_its_own_signal(sums):
    batch = Batch(sums, 4, workers=3)
    batch.write("value", [500, 100, -5, 1000])
    assert list(batch.run_until("done", 50)) == [True, True, False, True]
    assert list(batch.cycles) == [2, 10, 50, 1]
    assert list(batch.read("sum")) == [1001, 1001, 1 - 250, 1001]


def test_memories_are_arrays(sums):
    batch = Batch(sums, 3)
    assert batch.read_memory("store").shape == (3, 4)
    batch.write_memory("store", [10, 20, 30, 40])
    batch.write("row", [0, 1, 3])
    batch.write("value", 1)
    batch.step(5)
    assert batch.read_memory("store").tolist() == [[15, 20, 30, 40], [10, 25, 30, 40],
                                                   [10, 20, 30, 45]]
    batch.write_memory("store", np.arange(12).reshape(3, 4))
    assert list(batch.read("sum")) == [0, 5, 11]


def test_wide_values_are_words(sums):
    batch = Batch(sums, 2)
    values = [3 << 90 | 7, 1 << 64]
    batch.write("wide", values)
    batch.step()
    assert batch.read("last").tolist() == [[value & (1 << 64) - 1, value >> 64] for value in values]
    batch.write("wide", batch.read("last")[::-1])
    batch.step()
    assert batch.read("last").tolist()[0] == [0, 1]


def test_one_sequence_of_inputs_serves_all_simulations(sums):
    batch = Batch(sums, 3)
    batch.write("row", [0, 1, 1])
    record = batch.run({"value": [1, 2, 3]}, ["sum", "row"])
    assert record["sum"].tolist() == [[1, -2, -2], [2, -1, -1], [4, 1, 1]]
    assert record["sum"].dtype == np.int64
    assert record["row"].tolist() == [[0, 1, 1]] * 3


def test_an_interrupted_batch_stops_soon(sums):
    batch = Batch(sums, 8, workers=2)
    main = threading.main_thread()
    timer = threading.Timer(1, lambda: __import__("signal").pthread_kill(main.ident, 2))
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        batch.step(1 << 40)
    assert time.monotonic() - start < 60
    assert batch.cycles.max() < 1 << 40
    before = batch.cycles.copy()
    batch.step(3)
    np.testing.assert_array_equal(batch.cycles, before + 3)


@pytest.mark.parametrize("use, message", [
    (lambda batch: batch.write("value", [1, 2]), r"'value' .* shape \(2,\), .* \(3,\)"),
    (lambda batch: batch.write("value", 1.5), "'value' must be integers, not float64"),
    (lambda batch: batch.write("sum", 1), "'sum' is output: only inputs and registers"),
    (lambda batch: batch.write("nothing", 1), "nothing"),
    (lambda batch: batch.run({"value": [1, 2], "row": [1]}), "'row' has values of 1 cycles, not"),
    (lambda batch: batch.run({}), "how many cycles"),
    (lambda batch: batch.run({"value": [1]}, "no*"), r"no signal .* matches 'no\*'"),
    (lambda batch: batch.run_until("sum", 3), "'sum' has 20 bits"),
    (lambda batch: batch.step(-1), "cycles must not be negative, not -1"),
    (lambda batch: batch.read_memory("shop"), "has no memory 'shop'; it has store"),
    (lambda batch: Batch(batch.native, 0), "count must be a positive integer, not 0"),
    (lambda batch: Batch(batch.native, 2, workers=-1), "workers must be a positive integer"),
])
def test_what_does_not_fit_is_refused(sums, use, message):
    with pytest.raises(UserError, match=message):
        use(Batch(sums, 3))
