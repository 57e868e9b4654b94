"""A kernel with CONFIG_SMP on two processors of the pipeline model, each followed by a functional
model of its own, for a stretch behind some points of its boot and of the tests of its init."""

import pytest

import pteg
from pteg.cpu import Stop
from pteg.lockstep.shared import SharedLockstep

#: What has been printed when a stretch begins; its length, which is that of the next tests.
POINTS = ("CPU1", "SMP: atomic ok", "SMP: lock ok", "SMP: membarrier ok", "SMP: tlb-protect ok",
          "SMP: icache-user ok")
STRETCH = 300_000


@pytest.fixture(scope="module")
def checkpoints(smp_linux, tmp_path_factory):
    """Of the functional model at the points."""
    folder = tmp_path_factory.mktemp("smp")
    machine = pteg.Machine("mac99", cpu="functional", rom="none", processors=2)
    machine.boot_linux(smp_linux.KERNEL, smp_linux.tree(folder, 2),
                       append="console=ttyPZ0 -- 3")
    paths = {}
    for point in POINTS:
        assert machine.run(until=point, instructions=200_000_000) == "console"
        paths[point] = folder / f"{len(paths)}.checkpoint"
        machine.save(paths[point])
    return paths


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_linux_on_two_processors_agrees(checkpoints, point):
    machine = pteg.Machine.restore(checkpoints[point])
    machine.hand_over("pipeline")
    lockstep = SharedLockstep(machine.model, machine.symbols)
    assert lockstep.run(STRETCH) is Stop.INSTRUCTIONS
