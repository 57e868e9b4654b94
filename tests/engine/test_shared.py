"""Modules that are alike share code, and do what each does alone."""

import random

import pytest
from amaranth.hdl import DomainRenamer, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator as AmaranthSimulator
from engine.simulators import is_native, native

from pteg.engine import compile_design
from pteg.engine.compiled import plan_function

pytestmark = pytest.mark.filterwarnings("ignore")  # Amaranth's, on odd but legal expressions


class System(wiring.Component):
    """Modules that are alike but for a number, connected at random."""

    def __init__(self, seed, random_design, size, domains=("sync",)):
        self.choose, self.count, self.domains = random.Random(seed), 2 + seed % 3, domains
        self.units = [random_design(random.Random(seed).randrange, size=size)
                      for _ in range(self.count)]
        super().__init__({"a": In(8), "b": In(8), "shown": Out(8)})

    def wire(self, readable):
        a, b, c = self.choose.choices(readable, k=3)
        return self.choose.choice([a, a ^ b, a + b, a & b, Mux(a.bool(), b, c)])

    def elaborate(self, platform):
        m, held = Module(), [Signal(8, name=f"held{n}") for n in range(2)]
        readable = [self.a, self.b, *held]
        for number, unit in enumerate(self.units):
            domain = self.domains[number % len(self.domains)]
            m.submodules[f"unit{number}"] = DomainRenamer(domain)(unit.module)
            first, *others = unit.inputs
            # A wire from before may come through another module.
            m.d.comb += [first.eq(self.choose.choice([number, self.wire(readable)])),
                         *(wire.eq(self.wire(readable)) for wire in others)]
            readable += unit.outputs
        m.d.sync += [register.eq(self.wire(readable)) for register in held]
        m.d.comb += self.shown.eq(self.wire(readable))
        return m


def shown(simulate, system, seed):
    """The values of an output while inputs change at random and two clocks tick."""
    m, count, choose, seen = Module(), Signal(8), random.Random(seed), []
    m.submodules.system = system
    m.d.other += count.eq(count + system.shown)

    async def testbench(ctx):
        for _ in range(100):
            ctx.set(system.a, choose.getrandbits(8))
            ctx.set(system.b, choose.getrandbits(8))
            await ctx.tick(choose.choice(["sync", "other"]))
            seen.append((ctx.get(system.shown), ctx.get(count)))
        assert simulate is not native or is_native(simulator)

    simulator = simulate(m)
    simulator.add_clock(2e-6)
    simulator.add_clock(3e-6, domain="other")
    simulator.add_testbench(testbench)
    simulator.run()
    return seen


def parts(native):
    return plan_function(native.design, "step")[0].parts


@pytest.mark.parametrize("seed", range(12))
def test_random_systems_equal_amaranth(seed, share_always, random_design, compare_with_amaranth):
    compare_with_amaranth(System(seed, random_design, 4), 60, seed, reset_rate=0.05)


@pytest.mark.parametrize("domains", [("sync",), ("sync", "other")])
def test_random_systems_with_two_clocks_equal_amaranth(domains, share_always, random_design):
    for seed in range(5):
        expected, found = (shown(simulate, System(seed, random_design, 3, domains), seed)
                           for simulate in (AmaranthSimulator, native))
        assert found == expected, f"seed {seed}"


def test_most_random_systems_share(share_always, random_design):
    shares = [bool(parts(compile_design(System(seed, random_design, 4), cache=False)))
              for seed in range(6)]
    assert sum(shares) > 3


class Ring(wiring.Component):
    """Registers of which each is the difference of itself and its neighbour, at the same place."""

    run: In(1)
    shown: Out(8)

    def elaborate(self, platform):
        m = Module()
        held = [Signal(8, name="held", init=1 + number) for number in range(3)]
        for number, own in enumerate(held):
            m.submodules[f"unit{number}"] = unit = Module()
            with unit.If(self.run):
                unit.d.sync += own.eq(own - held[number - 2])
        m.d.comb += self.shown.eq(held[0])
        return m


def test_what_a_neighbour_holds_is_a_parameter(share_always, compare_with_amaranth):
    part, = parts(compare_with_amaranth(Ring(), 60, 0))
    assert len(part.paths) == 3 and len(part.parameters) == 2      # and whether to run


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_many_random_systems_equal_amaranth(block, share_always, random_design,
                                            compare_with_amaranth):
    for seed in range(1000 + 25 * block, 1025 + 25 * block):
        compare_with_amaranth(System(seed, random_design, 4), 60, seed, reset_rate=0.05)
