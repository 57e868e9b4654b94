"""Random designs as the parts of one design, which is compiled and simulated much faster."""

import random

from amaranth.hdl import ClockDomain, DomainRenamer, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SideBySide", "random_designs"]


def random_designs(random_design, seed, count):
    """Return small random designs."""
    rng = random.Random(seed)
    return [random_design(rng.randrange, size=2) for _ in range(count)]


class SideBySide(wiring.Component):
    """Designs with ports of their own: `d0_i0` is the input `i0` of the first.

    Parameters
    ----------
    designs : list of RandomDesign
    domains : list of str
        The first design is in the first of these, and so on by turns. `neg` has a falling edge,
        `late` an asynchronous reset.
    """

    def __init__(self, designs, domains=("sync",)):
        self.designs, self.domains = designs, list(domains)
        ports = {}
        for number, design in enumerate(designs):
            for flow, signals in ((In, design.inputs), (Out, design.outputs)):
                signals[:] = filter(len, signals)
                ports |= {f"d{number}_{signal.name}": flow(signal.shape()) for signal in signals}
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        if "neg" in self.domains:
            m.domains.neg = ClockDomain(clk_edge="neg")
        if "late" in self.domains:
            m.domains.late = ClockDomain(async_reset=True)
        for number, design in enumerate(self.designs):
            domain = self.domains[number % len(self.domains)]
            m.submodules[f"d{number}"] = DomainRenamer(domain)(design.module)
            m.d.comb += [signal.eq(self.port(number, signal)) for signal in design.inputs]
            m.d.comb += [self.port(number, signal).eq(signal) for signal in design.outputs]
        return m

    def port(self, number, signal):
        """Return the port for an input or output of a design."""
        return getattr(self, f"d{number}_{signal.name}")
