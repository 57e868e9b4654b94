"""Slowdowns of guests, and the shares of host and guest."""

import numpy as np
import pytest

from pteg import ledger
from pteg.firmware.workloads import work
from pteg.mol import numbers, share
from pteg.mol.hostb import HostB


@pytest.mark.parametrize("name", ["sort", "list"])
def test_a_workload_gives_the_right_result_as_a_guest(name):
    host = HostB(numbers.workload(name))
    assert host.run(5_000_000) == "address"
    task = work(name)
    for register, value in task.gives.items():
        assert host.machine.cpu.gpr[register] == value
    if task.writes:
        address, contents = task.writes
        assert host.read(address, len(contents)) == contents


def test_cycles_belong_to_the_guest_or_to_the_host():
    """Two entries; the host's own exceptions and returns in between do not count."""
    exception, returns, enters = ledger.Kind.EXCEPTION, ledger.Kind.RETURN, 0x5000
    events = [(exception, 10, 0x300), (returns, 20, 0x900), (returns, 30, enters),
              (exception, 100, 0x1000), (exception, 120, 0x2000), (returns, 130, 0x900),
              (returns, 150, enters), (exception, 155, 0x1004), (returns, 170, 0x900)]
    records = np.zeros(len(events), ledger.RECORD)
    for record, (kind, cycle, pc) in zip(records, events, strict=True):
        record["kind"], record["cycle"], record["pc"] = kind, cycle, pc
    assert share.shared(records, {enters}) == share.Share(entries=2, guest=75, host=50)


@pytest.mark.slow
def test_a_computation_is_hardly_slower():
    alone, shared, private = numbers.slowdown("sort")
    assert alone > 100_000
    assert alone <= shared < 1.5 * alone and alone <= private < 1.5 * alone
