"""The kernels give what Python says, on both processor models."""

import pytest

from pteg import kernels
from pteg.firmware.kernels import KERNELS
from pteg.machine import Machine


@pytest.mark.parametrize("translated", [True, False])
@pytest.mark.parametrize("name", KERNELS)
def test_kernels_give_what_python_says(name, translated):
    for seed in range(3):
        kernels.run(Machine("g3", cpu="functional"), name, seed=seed, translated=translated)
    small = KERNELS[name][1] // 4
    stats = kernels.run(Machine("g3"), name, size=small, translated=translated)
    reference = kernels.run(Machine("g3", cpu="functional"), name, size=small)
    assert stats["instructions"] == reference["instructions"] > 500
    assert (stats["mmu"]["data"]["tlb_misses"] > 0) == translated


def test_a_wrong_result_is_noticed(monkeypatch):
    make, size = KERNELS["crc"]

    def wrong(rng, size):
        task = make(rng, size)
        task.gives[3] ^= 1
        return task

    monkeypatch.setitem(KERNELS, "crc", (wrong, size))
    with pytest.raises(kernels.WrongResult, match="^crc: r3 is 0x"):
        kernels.run(Machine("g3", cpu="functional"), "crc")


def test_the_report_has_a_line_for_each_kernel():
    head, first, second = kernels.report(kernels.measure(["string", "machine"], size=100))
    assert head.split()[:4] == ["kernel", "instructions", "cycles", "IPC"]
    assert first.split()[0] == "string" and second.split()[0] == "machine"
    instructions, cycles, ipc = (float(text.replace(",", "")) for text in first.split()[1:4])
    assert ipc == pytest.approx(instructions / cycles, abs=0.001)
