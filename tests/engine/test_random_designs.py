"""Random designs behave in the engine as in Amaranth's simulator: every signal, every cycle."""

import random

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib.memory import Memory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pteg.engine import objects

pytestmark = pytest.mark.filterwarnings("ignore")  # Amaranth's, on odd but legal expressions


@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_small_random_designs_equal_amaranth(data, random_design, compare_with_amaranth):
    def pick(count):
        return data.draw(st.integers(0, count - 1)) if count > 1 else 0

    design = random_design(pick, size=2)
    compare_with_amaranth(design.module, 30, seed=1, ports=design.ports, reset_rate=0.1)


@pytest.mark.parametrize("optimised", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_large_random_designs_equal_amaranth(seed, optimised, random_design, compare_with_amaranth,
                                             monkeypatch):
    monkeypatch.setattr(objects, "OPTIMISED", range(10 ** 9 if optimised else 0))
    design = random_design(random.Random(seed).randrange, size=5)
    compare_with_amaranth(design.module, 40, seed, ports=design.ports, reset_rate=0.1)


@pytest.mark.parametrize("seed", [1, 5])
def test_a_memory_that_nothing_writes_is_traced(seed, compare_with_amaranth):
    m = Module()
    m.submodules.table = table = Memory(shape=8, depth=4, init=[3, 1, 4, 1])
    port, address, value = table.read_port(domain="comb"), Signal(2), Signal(8)
    m.d.comb += [port.addr.eq(address), value.eq(port.data + 1)]
    compare_with_amaranth(m, 40, seed, ports=[address, value])


@pytest.mark.parametrize("seed", [1, 2, 5, 6])
def test_a_memory_that_an_input_or_a_register_enables_is_traced(seed, compare_with_amaranth):
    m = Module()
    m.submodules.table = table = Memory(shape=8, depth=2, init=[])
    enable, late, data = Signal(), Signal(), Signal(8)
    m.d.sync += late.eq(enable)
    for row, when in enumerate((enable, late)):
        writer, reader = table.write_port(), table.read_port(domain="comb")
        m.d.comb += [writer.en.eq(when), writer.addr.eq(row), writer.data.eq(data),
                     reader.addr.eq(row), Signal(8, name=f"seen{row}").eq(reader.data)]
    compare_with_amaranth(m, 40, seed, ports=[enable, data])


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_many_random_designs_equal_amaranth(block, random_design, compare_with_amaranth):
    for seed in range(1000 + 25 * block, 1025 + 25 * block):
        design = random_design(random.Random(seed).randrange, size=4)
        compare_with_amaranth(design.module, 60, seed, ports=design.ports, reset_rate=0.1)
