"""Litmus tests on both models: the order of memory accesses, as other processors see it.

What the pipeline shows must be what its rule allows (`litmus.allowed`): loads may be early, stores
are performed one at a time in program order. That is less than the architecture allows. SB must
show its weak result: a test that never sees one is blind.
"""

import importlib.util
import random
from pathlib import Path

import pytest

import pteg


def _load(path):
    spec = importlib.util.spec_from_file_location(f"pteg_test_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


litmus = _load(Path(__file__).with_name("litmus.py"))


@pytest.fixture(scope="module")
def machine():
    return pteg.Machine("g3", rom="none", processors=2, ram="1M")


def check(machine, names, rounds, seed):
    """How often each program's weak result was seen, on a bus with random waits."""
    print("seed", seed)
    rng, seen = random.Random(seed), {}
    for name in names:
        threads, weak = litmus.CLASSIC[name]
        found = litmus.observed(machine, threads, rounds, rng.randrange(1 << 15), rng)
        surplus = set(found) - litmus.allowed(threads)
        assert not surplus, f"seed {seed}: {name}: {surplus}"
        seen[name] = found[weak]
    print(seen)
    return seen


def test_weak_results_are_seen_where_nothing_forbids_them(machine):
    seen = check(machine, ["SB", "SB+sync+sync", "MP"], 160, random.randrange(1 << 31))
    assert seen["SB"] and not seen["SB+sync+sync"]


@pytest.mark.slow
def test_results_are_among_those_allowed_and_weak_ones_are_seen(machine):
    seen = check(machine, litmus.CLASSIC, 1000, random.randrange(1 << 31))
    assert seen["SB"] and {name for name, count in seen.items() if count} <= litmus.WEAK


@pytest.mark.slow
def test_results_are_among_those_allowed_on_a_bus_with_retries():
    agent = _load(Path(__file__).parents[1] / "lockstep" / "agent.py")
    retried = pteg.Machine("g3", rom="none", processors=2, ram="1M")
    retried._made["model"] = cpu = agent.retried_cpu(retried.platform)
    seen = check(retried, litmus.CLASSIC, 500, random.randrange(1 << 31))
    assert seen["SB"] and {name for name, count in seen.items() if count} <= litmus.WEAK
    assert cpu.native.read(cpu.driver.state, "agent.retries") > 1000


@pytest.mark.slow
def test_results_of_random_programs_are_among_those_allowed(machine):
    seed = random.randrange(1 << 31)
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(100):
        threads = litmus.random_threads(rng)
        found = litmus.observed(machine, threads, 100, rng.randrange(1 << 15), rng)
        surplus = set(found) - litmus.allowed(threads)
        assert not surplus, f"seed {seed}: {threads}: {surplus}"


def test_the_functional_model_is_sequentially_consistent():
    machine = pteg.Machine("g3", cpu="functional", rom="none", processors=2, ram="1M", quantum=3)
    for name, (threads, weak) in litmus.CLASSIC.items():
        found = litmus.observed(machine, threads, 100, seed=1)
        assert set(found) <= litmus.sequential(threads), name
        assert weak not in found and len(found) > 1, name


def test_what_is_allowed_is_what_the_literature_says():
    for name, (threads, weak) in litmus.CLASSIC.items():
        if weak is not None:
            assert weak not in litmus.sequential(threads), name
            assert (weak in litmus.allowed(threads)) == (name in litmus.WEAK), name
