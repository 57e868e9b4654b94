"""Two processors that want each other's modified blocks: both are granted the bus for their pushes,
whatever else is retried."""

import itertools

import pytest
from amaranth.sim import Simulator

from pteg.hw.bus.arbiter import Arbiter

#: Masters of two processors, in the order of their priority.
MASTERS = "data0", "castout0", "data1", "castout1"


@pytest.mark.parametrize("retries", list(itertools.product(range(4), repeat=2)))
def test_no_master_is_kept_off_the_bus(retries):
    """A read is cancelled until the other processor has pushed its block; other snoopers cancel
    each push so many times."""
    arbiter = Arbiter(len(MASTERS), groups=(2, 2))
    left = dict(zip(("castout0", "castout1"), retries, strict=True))
    passed = []

    def cancels(name):
        if name in left:
            left[name] -= 1
            return left[name] >= 0
        return f"castout{1 - int(name[-1])}" not in passed

    async def bus(ctx):
        for port in arbiter.masters:
            ctx.set(port.br, 1)
        for _ in range(400):
            if len(passed) == len(MASTERS):
                break
            await ctx.tick()
            owner = ctx.get(arbiter.owner)
            if not owner:
                continue
            number = owner.bit_length() - 1
            port = arbiter.masters[number]
            ctx.set(port.br, 0)
            ctx.set(port.ts, 1)
            await ctx.tick()
            ctx.set(port.ts, 0)
            ctx.set(arbiter.bus.aack, 1)
            await ctx.tick()
            ctx.set(arbiter.bus.aack, 0)
            retried = cancels(MASTERS[number])
            ctx.set(arbiter.snoop.artry, retried)
            if not retried:
                passed.append(MASTERS[number])
            await ctx.tick()
            ctx.set(arbiter.snoop.artry, 0)
            ctx.set(port.br, retried)
            # Its data tenure.
            while ctx.get(arbiter.bus.dbb):
                ctx.set(arbiter.bus.ta, 1)
                await ctx.tick()
                ctx.set(arbiter.bus.ta, 0)

    simulator = Simulator(arbiter)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bus)
    simulator.run()
    assert sorted(passed) == sorted(MASTERS)
