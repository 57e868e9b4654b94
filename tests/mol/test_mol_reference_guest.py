"""A guest that was written for KVM-PR passes its own tests under MOL too."""

import struct

import pytest

from pteg.mol.hostb import KVM_POLICIES, Flag, HostB, Option

PARAMETERS = 0x3000


@pytest.mark.parametrize("session", [
    {}, {"options": {Option.PRIVATE_HASH: 1}}, {"options": {Option.TLBIE_FLUSHES: 1}},
    {"options": KVM_POLICIES},
    {"tick": 3000, "flags": Flag.EVICT_AT_TICK},
    pytest.param({"cpu": "pipeline"}, marks=pytest.mark.slow)], ids=str)
def test_its_tests_pass(reference_guest, session):
    """Faults, BATs, segments, changed entries, every exception, user mode, steps, a halt."""
    host = HostB(reference_guest(10), **session)
    assert host.run(12_000_000, until=host.ended) == "address"
    failed, pvr, pte = struct.unpack(">3I", host.read(PARAMETERS + 4, 12))
    assert failed == 0
    assert pvr == host.machine.cpu.spr["PVR"] and pte & 0xFFF == 0x182
    assert b"GUEST: done" in host.machine.console.read()
