"""A kernel with CONFIG_SMP on two processors of the pipeline model, each followed by a functional
model of its own: the second one's start, and all tests of init."""

import re

import pytest

import pteg
from pteg.cpu import Stop
from pteg.lockstep.shared import SharedLockstep

#: What has been printed before.
STARTED, INIT = "CPU1", "SMP: user space"


@pytest.fixture(scope="module")
def checkpoints(smp_linux, tmp_path_factory):
    """Of the functional model at both points."""
    folder = tmp_path_factory.mktemp("smp")
    machine = pteg.Machine("mac99", cpu="functional", rom="none", processors=2)
    machine.boot_linux(smp_linux.KERNEL, smp_linux.tree(folder, 2),
                       append="console=ttyPZ0 -- 3")
    paths = {}
    for point in (STARTED, INIT):
        assert machine.run(until=point, instructions=200_000_000) == "console"
        paths[point] = folder / f"{len(paths)}.checkpoint"
        machine.save(paths[point])
    return paths


def lockstep(checkpoint):
    machine = pteg.Machine.restore(checkpoint)
    machine.hand_over("pipeline")
    return SharedLockstep(machine.model, machine.symbols)


@pytest.mark.slow
def test_the_start_of_the_second_processor_agrees(checkpoints):
    assert lockstep(checkpoints[STARTED]).run(300_000) is Stop.INSTRUCTIONS


@pytest.mark.slow
def test_all_tests_of_init_are_ok_and_every_instruction_agrees(checkpoints):
    """Some 17 million instructions."""
    both = lockstep(checkpoints[INIT])
    assert both.run(60_000_000, text=b"SMP: all ok") is Stop.CONSOLE, both.console
    assert len(re.findall(rb"SMP: [a-z-]+ ok", both.console)) == 19 + 1
