"""Who has modified a block that another one wants is granted the bus for the push, whatever else is
retried or asked for: between two processors, and beside a device that is a master."""

import itertools

import pytest
from amaranth.sim import Simulator

from pteg.hw.bus.arbiter import Arbiter

#: Masters of two processors, in the order of their priority.
MASTERS = "data0", "castout0", "data1", "castout1"


def tenures(arbiter, names, cancels, repeat=()):
    """Have all masters ask for the bus; return the names of those whose tenures passed, in order.

    Parameters
    ----------
    cancels : callable
        Whether a snooper cancels a tenure, given the name of the master and those that passed.
    repeat : collection of str
        Masters that ask again when they have had the bus.
    """
    passed = []

    async def bus(ctx):
        for port in arbiter.masters:
            ctx.set(port.br, 1)
        for _ in range(400):
            if set(passed) == set(names):
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
            retried = cancels(names[number], passed)
            ctx.set(arbiter.snoop.artry, retried)
            if not retried:
                passed.append(names[number])
            await ctx.tick()
            ctx.set(arbiter.snoop.artry, 0)
            ctx.set(port.br, retried or names[number] in repeat)
            # Its data tenure.
            while ctx.get(arbiter.bus.dbb):
                ctx.set(arbiter.bus.ta, 1)
                await ctx.tick()
                ctx.set(arbiter.bus.ta, 0)

    simulator = Simulator(arbiter)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bus)
    simulator.run()
    return passed


@pytest.mark.parametrize("retries", list(itertools.product(range(4), repeat=2)))
def test_no_master_is_kept_off_the_bus(retries):
    """A read is cancelled until the other processor has pushed its block; other snoopers cancel
    each push so many times."""
    left = dict(zip(("castout0", "castout1"), retries, strict=True))

    def cancels(name, passed):
        if name in left:
            left[name] -= 1
            return left[name] >= 0
        return f"castout{1 - int(name[-1])}" not in passed

    passed = tenures(Arbiter(len(MASTERS), groups=(2, 2)), MASTERS, cancels)
    assert sorted(passed) == sorted(MASTERS)


@pytest.mark.parametrize("others", [("data", "castout", "fetch"), ("castout", "data", "fetch"),
                                    ("fetch", "data", "castout"), ("data", "fetch", "castout")])
def test_loads_that_wait_for_a_device_do_not_keep_a_push_off_the_bus(others):
    """The device reads a block that the processor has modified, and the loads always pass."""
    passed = tenures(Arbiter(4, groups=(3,)), ("device", *others),
                     lambda name, passed: name == "device" and "castout" not in passed,
                     repeat=("data", "fetch"))
    assert {"device", "castout"} < set(passed)
    assert max(passed.index("castout"), passed.index("device")) < 8
