"""Random testbenches see on our simulator what they see on Amaranth's: each value at each time.

The native circuit is made to take over at every chance, so that it is left and entered often.
"""

import itertools
import random

import pytest
from amaranth.sim import Simulator as AmaranthSimulator
from engine.simulators import interpreted, native, return_at_once

from pteg.engine.kernel import edges

pytestmark = pytest.mark.filterwarnings("ignore")  # Amaranth's, on odd but legal expressions
CLOCKS = {"sync": (8e-9, None), "neg": (12e-9, 3e-9), "late": (8e-9, 1e-9)}


@pytest.fixture
def eager(monkeypatch):
    """Compile conditions, and return to the native circuit, at once."""
    monkeypatch.setattr(edges, "WORTHWHILE", 1)
    return_at_once(monkeypatch)


def compare(random_design, random_bench, seed, ours, *, several=False, calm=False):
    """Run one random testbench on one random design in both simulators; return our engine."""
    logs = []
    for simulate in (AmaranthSimulator, ours):
        design = random_design(random.Random(seed // 5).randrange, size=2)
        domains = CLOCKS if several else None
        run = random_bench.Run(simulate, design.module, design.inputs, seed, domains=domains,
                               calm=calm)
        logs.append(run.run())
    difference = random_bench.first_difference(*logs)
    assert difference is None, f"seed {seed}: {difference}"
    return run.simulator._engine


@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_waits_of_all_kinds_in_the_interpreted_circuit(random_design, random_bench, seed):
    compare(random_design, random_bench, seed, interpreted)


@pytest.mark.parametrize("seed", range(1, 30, 3))
def test_waits_of_all_kinds_while_the_circuits_change_places(random_design, random_bench, seed,
                                                             eager):
    compare(random_design, random_bench, seed, native)


@pytest.mark.parametrize("seed", range(2, 30, 3))
def test_ticks_and_delays_in_the_native_circuit(random_design, random_bench, seed, eager):
    assert compare(random_design, random_bench, seed, native, calm=True).native


@pytest.mark.parametrize("seed", range(6))
def test_several_clocks_and_an_asynchronous_reset(random_design, random_bench, seed):
    compare(random_design, random_bench, seed, native, several=True)


@pytest.mark.parametrize("seed", range(6))
def test_several_clocks_in_the_native_circuit(random_design, random_bench, seed, eager):
    assert compare(random_design, random_bench, seed, native, several=True, calm=True).native


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_many_random_testbenches(random_design, random_bench, block, eager):
    for seed in range(1000 + 50 * block, 1050 + 50 * block):
        compare(random_design, random_bench, seed, interpreted)
        for several, calm in itertools.product((False, True), repeat=2):
            compare(random_design, random_bench, seed, native, several=several, calm=calm)
