"""A kernel with CONFIG_SMP on two processors of the pipeline model: the tests of its init find a
machine whose reservations are not lost.

Those of TLBs and of the instruction cache wait for two seconds of the time base before they tell,
too long for this model: see tests/functional/test_functional_smp_linux.py.
"""

import re

import pytest

import pteg

#: What has been printed before the test, which is repeated so often.
BEFORE, ROUNDS = "SMP: tick ok", 300
CYCLES = 30_000_000


def result(path, text, **options):
    """What the next test says on the pipeline model: its name, and ok or BAD."""
    machine = pteg.Machine.restore(path, cpu="pipeline", **options)
    machine.console.read()
    assert machine.run(until=text, cycles=CYCLES) == "console"
    return re.search(r"SMP: ([a-z-]+) (ok|BAD)", machine.console.read().decode()).groups()


@pytest.mark.slow
def test_linux_finds_a_machine_whose_reservations_are_not_lost(smp_linux, tmp_path):
    machine = pteg.Machine("mac99", cpu="functional", rom="none", processors=2)
    machine.boot_linux(smp_linux.KERNEL, smp_linux.tree(tmp_path, 2),
                       append=f"console=ttyPZ0 -- {ROUNDS}")
    assert machine.run(until=BEFORE, instructions=200_000_000) == "console"
    path = tmp_path / "before.checkpoint"
    machine.save(path)
    assert result(path, "BAD", mutant="reservation-not-lost") == ("atomic", "BAD")
    assert result(path, "atomic ok") == ("atomic", "ok")
