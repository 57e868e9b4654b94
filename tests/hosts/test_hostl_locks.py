"""What goes wrong on two processors without the lock of the hash table, with stores in the wrong
order, and with a lock that needs the hash table; and the detectors that show it."""

import pytest

from pteg.firmware.hosts.hostl.locks import LockWatch

MEMORY = "mem=768K swap=1M hash=64K cpus=2"


def group(context, segment=5):
    """Of page 0 of a segment in the hash table."""
    return context * 897 * 16 + segment * 0x111 & 0x3FF


#: Of the program `evict`, which is process 5; and the page of segment 13, which is the kernel's,
#: that belongs there too.
GROUP = group(5)
PAGED = 0xD0000000 | (GROUP ^ group(0, 13)) << 12


@pytest.fixture(scope="module")
def watched(new_session):
    """A session with two processors, and the detectors."""
    def begin(arguments="", **options):
        host = new_session(f"{MEMORY} {arguments}", processors=2, **options)
        return host, LockWatch(host.machine, host.elf)
    return begin


def looks(host, watch, instructions):
    host.type("stress 3 130 200")
    host.machine.run(instructions=300_000)
    return watch.torn(instructions)


def hammer(host, watch, instructions):
    """Two processes, each on a processor of its own, whose entries belong into the same group: all
    that they do is to make them go."""
    for number, context in enumerate((5, 6)):
        host.type(f"evict 1000000 {GROUP ^ group(context)}" + " &" * (number == 0))
        host.machine.run(instructions=1_000_000)
    inserted = watch.data.hash_inserted
    found = watch.torn(instructions, step=40)
    assert watch.data.hash_inserted - inserted > instructions // 1000
    return found


@pytest.mark.slow
def test_no_entry_is_ever_torn(watched):
    host, watch = watched(quantum=5)
    assert looks(host, watch, 100_000) == []
    assert watch.data.hash_inserted > 100


def test_stores_in_the_wrong_order_tear_entries(watched):
    host, watch = watched("bug=HASH_ORDER", quantum=5)
    found = looks(host, watch, 100_000)
    assert found and "the processors are at" in found[0]


@pytest.mark.parametrize("instructions", [
    200_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_two_processors_that_fill_one_group_agree(watched, instructions):
    """Scenario 24."""
    assert hammer(*watched(quantum=7), instructions) == []


def test_without_the_lock_they_do_not(watched):
    """Both take the same slot: its words are of two pages."""
    assert any(hammer(*watched("bug=HASH_NO_LOCK", quantum=7, seed=seed), 800_000)
               for seed in range(3))


def test_a_lock_that_needs_the_hash_table_waits_for_itself(watched):
    """As soon as its page has left the hash table and the TLB."""
    host, watch = watched(f"lock={PAGED}")
    host("evict 100000 &")
    host.type("stress 1 70 1000")
    host.machine.run(instructions=5_000_000)
    assert "which it holds itself" in watch.deadlock()


def test_a_lock_in_a_bat_does_not(watched):
    host, watch = watched()
    host("evict 100000 &")
    assert host("stress 1 70 1000") == "stress: ok\n"
    assert watch.deadlock() is None
