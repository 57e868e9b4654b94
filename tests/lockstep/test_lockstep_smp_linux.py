"""A kernel with CONFIG_SMP on two processors of the pipeline model, each followed by a functional
model of its own: the second one's start, and all tests of init."""

import pytest

import pteg
from pteg.cpu import Stop
from pteg.lockstep.shared import SharedLockstep

#: What has been printed before.
STARTED, INIT = "CPU1", "SMP: user space"
PIECE = 300_000
#: Init takes some 20 million instructions.
MOST = 200


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
    return machine, SharedLockstep(machine.model, machine.symbols)


@pytest.mark.slow
def test_the_start_of_the_second_processor_agrees(checkpoints):
    _, both = lockstep(checkpoints[STARTED])
    assert both.run(PIECE) is Stop.INSTRUCTIONS


@pytest.mark.slow
def test_all_tests_of_init_are_ok_and_every_instruction_agrees(checkpoints):
    machine, both = lockstep(checkpoints[INIT])
    printed = ""
    for _ in range(MOST):
        assert both.run(PIECE) is Stop.INSTRUCTIONS
        printed += machine.console.read().decode(errors="replace")
        if "SMP: failed" in printed or "SMP: all ok" in printed:
            break
    assert "SMP: all ok" in printed and printed.count(" ok") == 20, printed
