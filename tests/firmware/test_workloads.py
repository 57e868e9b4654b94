"""The workloads give what Python says, on both processor models."""

import pytest

from pteg import workloads
from pteg.firmware.workloads import WORKLOADS
from pteg.machine import Machine


@pytest.mark.parametrize("translated", [True, False])
@pytest.mark.parametrize("name", WORKLOADS)
def test_workloads_give_what_python_says(name, translated):
    for seed in range(3):
        workloads.run(Machine("g3", cpu="functional"), name, seed=seed, translated=translated)
    small = WORKLOADS[name][1] // 4
    stats = workloads.run(Machine("g3"), name, size=small, translated=translated)
    reference = workloads.run(Machine("g3", cpu="functional"), name, size=small)
    assert stats["instructions"] == reference["instructions"] > 500
    assert (stats["mmu"]["data"]["tlb_misses"] > 0) == translated


def test_a_wrong_result_is_noticed(monkeypatch):
    make, size = WORKLOADS["crc"]

    def wrong(rng, size):
        task = make(rng, size)
        task.gives[3] ^= 1
        return task

    monkeypatch.setitem(WORKLOADS, "crc", (wrong, size))
    with pytest.raises(workloads.WrongResult, match="^crc: r3 is 0x"):
        workloads.run(Machine("g3", cpu="functional"), "crc")


def test_the_report_has_a_line_for_each_workload():
    head, first, second = workloads.report(workloads.measure(["string", "machine"], size=100))
    assert head.split()[:4] == ["workload", "instructions", "cycles", "IPC"]
    assert first.split()[0] == "string" and second.split()[0] == "machine"
    instructions, cycles, ipc = (float(text.replace(",", "")) for text in first.split()[1:4])
    assert ipc == pytest.approx(instructions / cycles, abs=0.001)
