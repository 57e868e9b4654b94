"""A hundred thousand random designs behave as in Amaranth's simulator.

Many are the parts of one design: to compile and simulate them one by one would take days.
"""

import random
import warnings

import pytest
from amaranth.hdl import ClockDomain, DomainRenamer, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator as AmaranthSimulator

from pteg.engine import Simulator

pytestmark = pytest.mark.filterwarnings("ignore")  # Amaranth's, on odd but legal expressions

#: Of the slow tests: random designs in one, such designs in a test, tests.
DESIGNS, ROUNDS, BLOCKS = 100, 10, 100
CYCLES = 15
#: Periods and phases of the clocks: some edges meet.
CLOCKS = {"sync": (8e-9, None), "neg": (12e-9, 3e-9), "late": (8e-9, 1e-9)}


class Many(wiring.Component):
    """Random designs side by side, each with ports of its own.

    Parameters
    ----------
    random_design : type
    seed, count : int
    domains : collection of str
        Each design is in one of these.
    """

    def __init__(self, random_design, seed, count, domains=("sync",)):
        rng = random.Random(seed)
        self.designs = [random_design(rng.randrange, size=2) for _ in range(count)]
        self.domains = [rng.choice(list(domains)) for _ in range(count)]
        ports = {}
        for number, design in enumerate(self.designs):
            for flow, signals in ((In, design.inputs), (Out, design.outputs)):
                signals[:] = filter(len, signals)
                ports |= {f"d{number}_{signal.name}": flow(signal.shape()) for signal in signals}
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        if "late" in self.domains:
            m.domains.late = ClockDomain(async_reset=True)
        if "neg" in self.domains:
            m.domains.neg = ClockDomain(clk_edge="neg")
        for number, (design, domain) in enumerate(zip(self.designs, self.domains, strict=True)):
            m.submodules[f"d{number}"] = DomainRenamer(domain)(design.module)
            m.d.comb += [signal.eq(self.port(number, signal)) for signal in design.inputs]
            m.d.comb += [self.port(number, signal).eq(signal) for signal in design.outputs]
        return m

    def port(self, number, signal):
        return getattr(self, f"d{number}_{signal.name}")


def compare_several_clocks(random_design, seed, count):
    """Compare every named signal after random times."""
    def seen(simulate):
        design = Many(random_design, seed, count, CLOCKS)
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
        rng, values = random.Random(seed), []

        async def testbench(ctx):
            for _ in range(CYCLES):
                for signal in inputs:
                    if rng.random() < 0.5:
                        ctx.set(signal, rng.choice((0, 1, -1, rng.getrandbits(len(signal)))))
                for reset in resets:
                    ctx.set(reset, rng.random() < 0.1)
                await ctx.delay(rng.randrange(1, 20) * 1e-9)
                values.append({path: ctx.get(signal) for path, signal in signals.items()})

        simulator.add_testbench(testbench)
        simulator.run()
        return values

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, found = (seen(simulate) for simulate in (
            AmaranthSimulator, lambda design: Simulator(design, compile_after=0)))
    for step, (one, other) in enumerate(zip(expected, found, strict=True)):
        wrong = {path: (other[path], value) for path, value in one.items() if other[path] != value}
        assert not wrong, f"seed {seed}, step {step}: ours and Amaranth's values are {wrong}"


def test_designs_side_by_side_equal_amaranth(random_design, compare_with_amaranth):
    compare_with_amaranth(Many(random_design, 1, 20), CYCLES, 1, reset_rate=0.1)


def test_designs_of_several_clocks_equal_amaranth(random_design):
    compare_several_clocks(random_design, 1, 20)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_hundred_thousand_designs(block, random_design, compare_with_amaranth):
    for seed in range(1000 + ROUNDS * block, 1000 + ROUNDS * (block + 1)):
        if seed % 2:
            compare_several_clocks(random_design, seed, DESIGNS)
        else:
            compare_with_amaranth(Many(random_design, seed, DESIGNS), CYCLES, seed,
                                  reset_rate=0.1)
