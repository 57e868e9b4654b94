"""A hundred thousand random designs behave as in Amaranth's simulator.

Many are the parts of one design: to compile and simulate them one by one would take days.
"""

import random
import warnings

import pytest
from amaranth.sim import Simulator as AmaranthSimulator
from engine.side_by_side import SideBySide, random_designs
from engine.simulators import is_native, native, return_at_once

pytestmark = pytest.mark.filterwarnings("ignore")  # Amaranth's, on odd but legal expressions

#: Of the slow tests: random designs in one, such designs in a test, tests.
DESIGNS, ROUNDS, BLOCKS = 25, 40, 100
CYCLES = 15
#: Periods and phases of the clocks: some edges meet.
CLOCKS = {"sync": (8e-9, None), "neg": (12e-9, 3e-9), "late": (8e-9, 1e-9)}


def compare_several_clocks(random_design, seed, count):
    """Compare every named signal after random times."""
    def seen(simulate):
        design = SideBySide(random_designs(random_design, seed, count), CLOCKS)
        simulator = simulate(design)
        for name, (period, phase) in CLOCKS.items():
            simulator.add_clock(period, phase=phase, domain=name, if_exists=True)
        fragments = simulator._design.fragments
        domains = simulator._design.fragment.domains
        resets = [domains[name].rst for name in sorted(domains)]
        signals = {".".join((*info.name, name)): signal for info in fragments.values()
                   if len(info.name) > 1    # the top numbers its signals as it likes
                   for signal, name in info.signal_names.items() if len(signal)}
        inputs = [design.port(number, signal) for number, each in enumerate(design.designs)
                  for signal in each.inputs]
        rng, values, natively = random.Random(seed), [], []

        async def testbench(ctx):
            for _ in range(CYCLES):
                for signal in inputs:
                    if rng.random() < 0.5:
                        ctx.set(signal, rng.choice((0, 1, -1, rng.getrandbits(len(signal)))))
                for reset in resets:
                    ctx.set(reset, rng.random() < 0.1)
                await ctx.delay(rng.randrange(1, 20) * 1e-9)
                values.append({path: ctx.get(signal) for path, signal in signals.items()})
                natively.append(simulate is native and is_native(simulator))

        simulator.add_testbench(testbench)
        simulator.run()
        if simulate is native:  # but for what follows resets that are like clock edges
            assert sum(natively) > CYCLES // 2, natively
        return values

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, found = seen(AmaranthSimulator), seen(native)
    for step, (one, other) in enumerate(zip(expected, found, strict=True)):
        wrong = {path: (other[path], value) for path, value in one.items() if other[path] != value}
        assert not wrong, f"seed {seed}, step {step}: ours and Amaranth's values are {wrong}"


def test_designs_side_by_side_equal_amaranth(random_design, compare_with_amaranth):
    design = SideBySide(random_designs(random_design, 1, 20))
    compare_with_amaranth(design, CYCLES, 1, reset_rate=0.1)


def test_designs_of_several_clocks_equal_amaranth(random_design, monkeypatch):
    return_at_once(monkeypatch)
    compare_several_clocks(random_design, 1, 20)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_hundred_thousand_designs(block, random_design, compare_with_amaranth, monkeypatch):
    return_at_once(monkeypatch)
    for seed in range(1000 + ROUNDS * block, 1000 + ROUNDS * (block + 1)):
        if seed % 2:
            compare_several_clocks(random_design, seed, DESIGNS)
        else:
            design = SideBySide(random_designs(random_design, seed, DESIGNS))
            compare_with_amaranth(design, CYCLES, seed, reset_rate=0.1)
