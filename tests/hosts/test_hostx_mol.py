"""MOL on HostX: the e-mail's plan, the port's outcome, and why the hash table cannot be shared."""

import re

import pytest

from pteg.firmware.asm import assemble
from pteg.firmware.hosts.hostl.image import build
from pteg.firmware.hosts.hostx import checker
from pteg.firmware.hosts.hostx.image import build_with_mol

#: Letters of the program `mol` (hostl/mol/mol.c, hostx/mol/interface.c).
PLAN, OUTCOME = "-ivckt", "-vcw"
BUSY = """
        .globl  _start
_start: li      r3, 0
        lis     r4, 0x20
1:      mtmsr   r3
        stwu    r3, 4096(r4)
        lis     r4, 0x20
        b       1b
"""


@pytest.fixture(scope="module")
def new_host(new_session):
    guests = {"guest": build("hash=64K swap=512K"),
              "busy": assemble(BUSY, sections={".text": 0x1000}).elf()}

    def new(arguments=""):
        host = new_session(elf=build_with_mol(arguments, guests=guests), checker=checker.Checker)
        host("insmod mol")
        host("insmod molport")
        return host
    return new


@pytest.fixture(scope="module")
def host(new_host):
    return new_host()


def end_guest(host):
    host.machine.console.write(b"\x04")
    host.read()


@pytest.mark.parametrize("letters", [
    PLAN, OUTCOME, "-v", "-vak2lf",
    *(pytest.param(letters, marks=pytest.mark.slow) for letters in ("-vt", "-vk", "-vi"))])
def test_a_guest_with_processes_of_its_own(host, letters):
    vectors, free = host.machine.memory.read(0, 0x3000), host.free()
    assert "6144 KB memory" in host(f"mol {letters} guest 6")
    assert host("stress 2 40 100") == "stress: ok\n"
    host.check()
    end_guest(host)
    host.check()
    assert host.machine.memory.read(0, 0x3000) == vectors
    assert host.free() == free


def test_a_shared_hash_table_breaks_the_invariants(host):
    """Scenario 15: MOL puts entries where control words say free, and takes slots of records."""
    host("mol guest 6")
    assert host("stress 2 40 100") == "stress: ok\n"
    host.checker.settle()
    found = host.checker.check()
    assert any("stranger" in line for line in found)
    end_guest(host)


@pytest.mark.parametrize("letters, breaks", [("-s", True), ("-vs", False)])
def test_a_flush_of_an_old_slot_takes_an_entry_of_the_host(new_host, letters, breaks):
    """Scenario 15: the host has put its own entry there. R and C are lost, a record is wrong."""
    host = new_host("hash=64K")
    host("stress 2 220 30000 &")
    assert "HostL" in host(f"mol {letters} guest 6")
    host.type("stress 2 120 200")
    found: list[str] = []
    for _ in range(20):
        host.machine.run(instructions=500_000)
        host.checker.settle()
        found += host.checker.check()
    lost = host.checker.data.hash_foreign
    assert (any("not its entry" in line for line in found) or lost > 0) == breaks
    assert bool(found) == breaks


@pytest.mark.parametrize("letters", [PLAN, pytest.param("-v", marks=pytest.mark.slow)])
def test_the_host_swaps_the_guests_memory(new_host, letters):
    host = new_host("mem=2200K swap=8M hash=64K")
    host("stress 2 300 2000 &")
    assert "HostL" in host(f"mol {letters} guest 6")
    host.type("stress 2 120 100")
    text = ""
    for _ in range(40):
        host.machine.run(instructions=1_500_000)
        host.check()
        text += host.machine.console.read().decode()
        if text.count("stress: ok") == 2:
            break
    assert text.count("stress: ok") == 2, text
    assert host.checker.data.swap_written > 100
    end_guest(host)
    host.check()


def test_wired_memory_is_not_swapped(new_host):
    """The outcome: no page of the guest goes; who wants memory finds none."""
    host = new_host("mem=6M swap=8M")
    host(f"mol {OUTCOME} guest 4")
    assert host("stress 1 40 100") == "stress: ok\n"
    end_guest(host)
    text = host(f"mol {OUTCOME} guest 16", instructions=60_000_000)
    assert "out of memory" in text or "no memory" in text
    host.check()


@pytest.mark.parametrize("letters", [PLAN, OUTCOME])
def test_a_guest_that_never_ends_can_be_killed(new_host, letters):
    host = new_host()
    vectors, free = host.machine.memory.read(0, 0x3000), host.free()
    pid = re.match(r"\[(\d+)]", host(f"mol {letters} busy 4 &"))[1]
    assert host("sleep 5", instructions=60_000_000) == ""
    host.check()
    assert host(f"kill {pid}") == ""
    host("sleep 3", instructions=60_000_000)
    host.check()
    assert host.machine.memory.read(0, 0x3000) == vectors
    assert host.free() == free


def test_the_host_reaches_the_identifiers_that_mol_has_taken(new_host):
    """Point ii: nothing reserves them. The last spaces are used, then the first ones again."""
    host = new_host(f"space={(1 << 20) - 0x8000 - 2}")
    found = []
    for _ in range(8):                  # each command is a process
        host("echo")
        host.checker.settle()
        found += host.checker.check()
    assert any("not the kernel's to use" in line for line in found)


def test_the_host_leaves_out_the_spaces_that_it_has_been_asked_for(new_host):
    """Point ii, the other way: whatever number comes next, it is not one of MOL's."""
    host = new_host()
    host("mol -va busy 4 &")
    host("sleep 3", instructions=60_000_000)
    host.check()
    data = host.checker.data
    lent = [data.lent_contexts[n] for n in range(data.lent_count)]
    assert len(lent) == 128
    place = data.address("next_space") - checker.BASE
    host.machine.memory.write_word(place, lent[0])
    assert host("echo there") == "there\n"
    host.check()
    assert data.next_space == lent[-1] + 2 and lent == [*range(lent[0], lent[-1] + 1)]
