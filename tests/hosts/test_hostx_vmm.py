"""HostX's facility for virtual machines: the kernel owns the guest's address space."""

import re

from pteg.firmware.hosts.hostx.checker import BASE
from pteg.hw.isa.registers import Msr

#: Where the guest of user/vmm.c begins.
GUEST = 0x60000000


def test_a_monitor_and_its_guest(hostx):
    """user/vmm.c checks registers, faults, R and C, two machines, and what is refused."""
    free = hostx.free()
    for _ in range(3):
        assert hostx("vmm", instructions=60_000_000) == "vmm: ok\n"
        hostx.check()
    assert hostx.free() == free
    assert not any(machine.owner for machine in hostx.checker.data.machines)


def test_the_host_is_whole_while_a_guest_runs(hostx):
    """The guest's pages have records and slots like any others, in a space of their own."""
    machine, data = hostx.machine, hostx.checker.data
    hostx.type("vmm")
    for _ in range(4):
        assert machine.run(instructions=2_000_000, until=GUEST) == "address"
        assert machine.cpu.msr & Msr.PR
        hostx.checker.settle()
        assert hostx.checker.check() == []
        current = machine.cpu.spr["SPRG3"] + BASE
        process = next(some for some in data.processes if some.address == current)
        space = data.at("processes", process.space)
        assert space.context != process.context and space.resident >= 2
        assert {segment.vsid & 0xFFFFF for segment in machine.mmu.segments()[:12]} \
            == {space.context * data.vsid_increment & 0xFFFFF}
        machine.step()
    assert hostx.read().endswith("vmm: ok\n")


def test_a_monitor_that_is_killed_takes_its_machines_with_it(hostx):
    """It is in the guest, which never stops."""
    hostx("echo")
    free = hostx.free()
    pid = re.match(r"\[(\d+)]", hostx("vmm spin &"))[1]
    hostx("sleep 3")
    hostx.check()
    assert any(machine.owner for machine in hostx.checker.data.machines)
    assert hostx(f"kill {pid}") == ""
    hostx("sleep 2")
    hostx.check()
    assert not any(machine.owner for machine in hostx.checker.data.machines)
    assert hostx.free() == free
