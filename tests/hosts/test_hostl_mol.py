"""MOL as a module of HostL, with HostL as its guest; whatever happens, the host stays whole."""

import re

import pytest

from pteg.firmware.asm import assemble
from pteg.firmware.hosts.hostl.image import build, build_with_mol

#: A guest that does nothing but change its MSR and store, in supervisor state.
BUSY = """
        .globl  _start
_start: li      r3, 0
        lis     r4, 0x20
1:      mtmsr   r3
        stwu    r3, 4096(r4)
        lis     r4, 0x20
        b       1b
"""
#: Uses a PTE, then writes it with stwcx.: once with a reservation, once without. Prints Y or N.
RESERVATION = """
        .macro  answer
        li      r7, 'Y'
        beq     1f
        li      r7, 'N'
1:      stb     r7, 0(r30)
        .endm
        .globl  _start
_start: lis     r30, 0x0c01
        addi    r30, r30, -0x1000
        lis     r3, 8
        mtsdr1  r3
        lis     r4, 0x2000
        ori     r4, r4, 5
        mtsr    5, r4
        ori     r5, r3, (5 ^ 1) << 6    # page 1 of VSID 5, at 0x40000
        lis     r6, 0x8000
        ori     r6, r6, 5 << 7
        stw     r6, 0(r5)
        lis     r6, 4
        ori     r6, r6, 0x12
        stw     r6, 4(r5)
        li      r6, 0x1012              # loads through the PTE
        mtmsr   r6
        lis     r7, 0x5000
        lwz     r8, 0x1000(r7)
        li      r6, 0x1002
        mtmsr   r6
        lwarx   r8, 0, r5
        stwcx.  r8, 0, r5
        answer
        stwcx.  r8, 0, r5
        answer
        lwz     r8, 0(r5)
        lis     r6, 0x8000
        ori     r6, r6, 5 << 7
        cmpw    r6, r8
        answer
2:      b       2b
"""


@pytest.fixture(scope="module")
def new_host(new_session):
    guests = {"guest": build("hash=64K swap=512K"),
              "reserve": assemble(RESERVATION, sections={".text": 0x1000}).elf(),
              "busy": assemble(BUSY, sections={".text": 0x1000}).elf()}
    return lambda arguments="", **options: new_session(
        arguments, elf=build_with_mol(arguments, guests=guests), **options)


def end_guest(host):
    """Ctrl-D, and back at the host's prompt."""
    host.machine.console.write(b"\x04")
    host.read()


@pytest.mark.parametrize("letters", ["", "-ak2lf"], ids=["mol", "kvm"])
def test_a_guest_with_processes_of_its_own(new_host, letters):
    host = new_host()
    vectors, free = host.machine.memory.read(0, 0x3000), host.free()
    assert host("mol guest 6").startswith("mol: no module")
    host("insmod mol")
    banner = host(f"mol {letters} guest 6")
    assert "HostL" in banner and "6144 KB memory" in banner
    host.check()
    assert host.machine.memory.read(0, 0x3000) != vectors
    assert host.checker.data.lent_count == (128 if letters else 0)
    # Each character that the guest echoes is an access of its serial port.
    assert re.search(r"^ +3 +1 .*sh$", host("ps"), re.MULTILINE)
    assert host("stress 2 40 100") == "stress: ok\n"
    host.check()
    end_guest(host)
    host.check()
    assert host.checker.data.lent_count == 0
    assert host.machine.memory.read(0, 0x3000) == vectors
    assert host("rmmod mol") == ""
    assert host.free() == free


def test_a_reservation_outlives_the_hosts_locks(new_host):
    """Flushing the old PTE takes the lock of the hash table with a lwarx of the host."""
    host = new_host()
    host("insmod mol")
    host.type("mol reserve 2")
    assert host.machine.run(until="YNY", instructions=10_000_000) == "console", \
        host.machine.console.read()
    host.machine.console.write(b"\x04")


@pytest.mark.parametrize("letters", ["", pytest.param("-ak2lf", marks=pytest.mark.slow)],
                         ids=["mol", "kvm"])
def test_the_host_swaps_the_guests_memory(new_host, letters):
    """Less memory than the guest uses, and a process of the host that wants it too."""
    host = new_host("mem=1536K swap=8M")
    host("stress 2 220 5000 &")
    host("insmod mol")
    host(f"mol {letters} guest 6")
    host.type("stress 2 120 200")
    text = ""
    for _ in range(40):
        host.machine.run(instructions=2_000_000)
        host.check()
        text += host.machine.console.read().decode()
        if text.count("stress: ok") == 2:
            break
    assert text.count("stress: ok") == 2, text      # one of the guest, one of the host
    assert host("echo still there") == "still there\n"
    assert host.checker.data.swap_written > 200 and host.checker.data.swap_read > 100
    end_guest(host)
    host.check()


def test_a_guest_that_never_ends_can_be_killed(new_host):
    host = new_host()
    vectors, free = host.machine.memory.read(0, 0x3000), host.free()
    host("insmod mol")
    pid = re.match(r"\[(\d+)]", host("mol busy 4 &"))[1]
    assert host("sleep 5", instructions=60_000_000) == ""
    assert re.search(rf"^ *{pid} .* mol$", host("ps", instructions=60_000_000), re.MULTILINE)
    host.check()
    assert host(f"kill {pid}") == ""
    host("sleep 3", instructions=60_000_000)
    assert host.machine.memory.read(0, 0x3000) == vectors
    assert host("rmmod mol") == ""
    assert host.free() == free


def test_the_module_goes_while_a_guest_runs(new_host):
    """Its user part finds no way in any more, and ends."""
    host = new_host()
    vectors = host.machine.memory.read(0, 0x3000)
    host("insmod mol")
    host("mol busy 4 &")
    host("sleep 5", instructions=60_000_000)
    assert host("rmmod mol", instructions=60_000_000) == ""
    host("sleep 3", instructions=60_000_000)
    assert host.machine.memory.read(0, 0x3000) == vectors
    assert "mol" not in host("ps")
    host.check()


@pytest.mark.slow
def test_a_guest_on_the_pipeline(new_host):
    host = new_host(cpu="pipeline")
    host("insmod mol")
    host("mol guest 6")
    assert host("stress 1 20 30") == "stress: ok\n"
    host.check()
    end_guest(host)
    host.check()
