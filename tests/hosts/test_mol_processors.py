"""MOL on two processors: one runs the guest, the other one takes its pages away, or its session."""

import pytest

from pteg.firmware.hosts.hostl.image import build, build_with_mol
from pteg.firmware.hosts.hostx.image import build_with_mol as build_hostx_with_mol
from pteg.firmware.mol.image import names
from pteg.mol.hostb import counter_offsets, read_counters

MEMORY = "mem=10M swap=8M hash=64K cpus=2"
SWAPS = "stress 2 1500 {} &"


@pytest.fixture(scope="module")
def guests(new_session):
    return {"guest": build("hash=64K swap=512K")}


def begin(host, rounds, letters=""):
    """Two processes that swap everything, and a guest at its prompt."""
    host("insmod mol")
    host(SWAPS.format(rounds))
    assert "6144 KB memory" in host(f"mol {letters} guest 6")


def counters(host):
    """Those of the first session."""
    return read_counters(host.machine, host.checker.data.session_phys[0], counter_offsets(names()))


def stress_guest(host, rose=("do_flush", "secondary")):
    """The guest forks and copies while its memory is swapped; the host is looked at meanwhile.

    Scenario 29: the other processor takes pages away that a handler fetches an opcode from.
    Counters that must have risen often: by default those of flushes, and of such fetches.
    """
    before, counted = host.checker.data.swap_written, counters(host)
    host.type("stress 2 40 100")
    for _ in range(5):
        host.machine.run(instructions=200_003)
        host.check()
    assert "stress: ok" in host.read(100_000_000)
    host.check()
    assert host.checker.data.swap_written > before
    now = counters(host)
    for name in rose:
        assert now[name] > counted[name] + 20, name


@pytest.mark.parametrize("quantum, seed, letters", [
    (300, 1, ""), pytest.param(11, 2, "", marks=pytest.mark.slow),
    pytest.param(11, 2, "-ak2lf", marks=pytest.mark.slow)])
def test_a_guest_while_another_processor_swaps(new_session, guests, quantum, seed, letters):
    host = new_session(elf=build_with_mol(MEMORY, guests=guests), processors=2, quantum=quantum,
                       seed=seed)
    begin(host, 6000, letters)
    # With KVM-PR's policies no handler loses its page in this run.
    stress_guest(host, ["do_flush"] if letters else ["do_flush", "secondary"])


def test_a_session_ends_while_its_pages_are_flushed(new_session, guests):
    host = new_session(elf=build_with_mol(MEMORY, guests=guests), processors=2, quantum=50)
    vectors, free = host.machine.memory.read(0, 0x3000), host.free()
    begin(host, 800)
    host.machine.console.write(b"\x04")     # the end of the guest, and back at HostL's prompt
    host.read()
    while len(host("ps").splitlines()) > 6:
        host.check()
    assert host.machine.memory.read(0, 0x3000) == vectors
    assert host("rmmod mol") == ""
    assert host.free() == free


def test_a_guest_on_hostx(new_hostx, guests):
    """With a hash table of its own, beside the kernel's on the other processor."""
    host = new_hostx(elf=build_hostx_with_mol(MEMORY, guests=guests), processors=2)
    host("insmod mol")
    host(SWAPS.format(6000))
    assert "6144 KB memory" in host("mol -v guest 6")
    stress_guest(host)


def test_the_oracle_knows_a_table_that_another_processor_searches(new_hostx, guests):
    """One takes an entry out of the guest's hash table while the other one uses it: its SDR1 is the
    kernel's."""
    host = new_hostx(elf=build_hostx_with_mol(MEMORY, guests=guests), processors=2, quantum=11,
                     seed=111)
    host("insmod mol")
    host(SWAPS.format(6000))
    host("mol -v guest 6")
    oracle = host.machine.oracle()
    host.type("stress 2 40 100")
    host.machine.run(instructions=25_000_000)
    host.check()
    assert oracle.uses == [], oracle.uses[0].text(host.machine.symbols)
