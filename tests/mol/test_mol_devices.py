"""Devices and hypercalls of the guest (pteg.mol.scenarios.devices)."""

import pytest

from pteg.mol.scenarios import devices
from pteg.mol.small import guest


def test_devices_see_address_size_and_value(finished):
    """Scenario 36: the cookie is that of the 8 bytes."""
    session = finished(devices.stores())
    lines = session.machine.console.read().decode().splitlines()
    assert lines == [line for _, line in devices.STORES]
    assert session.counters()["io_read_write"] >= len(devices.STORES)


@pytest.mark.parametrize("code, value", devices.LOADS)
def test_devices_are_read(hosted, code, value):
    """Scenario 36: loads, with update and byte-reversed."""
    session = hosted(devices.load(code))
    if value is not None:
        assert session.machine.cpu.gpr[4] == value
    if "u r4" in code:
        assert session.machine.cpu.gpr[20] == 0xE0000100


@pytest.mark.parametrize("access", ["stw r4, 0(r29)", "lwz r4, 0(r29)"])
def test_nobody_answers_at_an_address(hosted, access):
    """A machine check, whatever instruction has left the guest before."""
    before = "lwz r5, 4(r30)" if access.startswith("s") else "stw r5, 4(r30)"
    text = devices.DEVICE + """
        load    r3, 0x0f00002a
        mtspr   dbat1l, r3
        load    r3, 0xd0000003
        mtspr   dbat1u, r3
        isync
        lis     r29, 0xd000
"""
    session = hosted(guest(f"{text}        {before}\n        {access}\n        nop\n"))
    assert session.machine.console.read() == b""
    log = [int.from_bytes(session.read(0x20000 + at, 4), "big") for at in (0, 32)]
    assert log == [0x200, 0]


def test_hypercalls(hosted):
    """Scenario 37: without the magics sc is the guest's own."""
    session = hosted(devices.hypercalls())
    gpr = session.machine.cpu.gpr
    assert [gpr[n] for n in (20, 21, 23)] == [1, 0, 0xFFFFFFFF]
    assert session.machine.console.read() == b"!MOL: unknown hypercall 00000063\n"
    assert int.from_bytes(session.read(0x20000, 4), "big") == 0xC00
