"""A kernel with CONFIG_SMP on two processors of the pipeline model: the tests of its init find a
machine with a fault, each the one that is about it.

Those of TLBs and of the instruction cache wait for two seconds before they tell. So the kernel gets
a device tree that says that the time base is slow.
"""

import re

import pytest

import pteg

CYCLES = 60_000_000
#: In Hz: init believes no less.
SLOW_TIMEBASE = 1_000_001


@pytest.fixture(scope="module")
def checkpoints(smp_linux, tmp_path_factory):
    """Of the functional model, at the ends of tests."""
    folder = tmp_path_factory.mktemp("smp")

    def boot(rounds, *texts, **tree):
        machine = pteg.Machine("mac99", cpu="functional", rom="none", processors=2)
        machine.boot_linux(smp_linux.KERNEL, smp_linux.tree(folder, 2, **tree),
                           append=f"console=ttyPZ0 -- {rounds}")
        for text in texts:
            assert machine.run(until=text, instructions=200_000_000) == "console"
            machine.save(folder / text)
            yield text, folder / text

    return dict([*boot(300, "tick ok"),
                 *boot(10, "membarrier ok", "mm ok", timebase=SLOW_TIMEBASE)])


def result(path, test, **options):
    """What the next test says on the pipeline model: its name, and ok or BAD."""
    machine = pteg.Machine.restore(path, cpu="pipeline", **options)
    machine.console.read()
    assert machine.run(until=f"SMP: {test} ", cycles=CYCLES) == "console"
    machine.run(until="\n", cycles=CYCLES)
    return re.search(r"SMP: ([a-z-]+) (ok|BAD)", machine.console.read().decode()).groups()


@pytest.mark.slow
@pytest.mark.parametrize("before, test, mutant", [
    ("tick ok", "atomic", "reservation-not-lost"),
    ("membarrier ok", "tlb-protect", "tlbie-not-heard"),
    ("mm ok", "icache-user", "icbi-not-heard")])
def test_linux_finds_a_machine_with_a_fault(checkpoints, before, test, mutant):
    assert result(checkpoints[before], test, mutant=mutant) == (test, "BAD")
    assert result(checkpoints[before], test) == (test, "ok")


@pytest.mark.slow
@pytest.mark.parametrize("before, test, mutant", [
    ("membarrier ok", "tlb-protect", "icbi-not-heard"),
    ("mm ok", "icache-user", "tlbie-not-heard")])
def test_linux_tells_tlbs_and_instruction_caches_apart(checkpoints, before, test, mutant):
    assert result(checkpoints[before], test, mutant=mutant) == (test, "ok")
