"""HostL: address spaces, copy-on-write, swapping, the hash table as a cache."""

import pytest


def test_address_spaces(hostl):
    before = hostl.free()
    text = hostl("memory a b")
    assert text.endswith("memory: ok\n") and "BAD" not in text, text
    assert hostl.free() == before


def test_address_spaces_without_much_memory(small):
    assert small("memory a b").endswith("memory: ok\n")
    small.check()


def test_evicted_entries_come_back(small):
    """A full group of the hash table: nothing is lost, whoever's entry has to go."""
    before = small.free()
    evicted = small.checker.data.hash_evicted
    assert small("evict") == "evict: ok\n"
    small.check()
    assert small.checker.data.hash_evicted - evicted > 40
    assert small.free() == before


@pytest.mark.parametrize("command", [
    "stress 3 60 600 1",        # fits
    "stress 3 150 800 2",       # copies and swap area together
    "stress 1 400 500 3",       # one address space is larger than memory
])
def test_memory_that_is_swapped_keeps_its_contents(small, command):
    frames, _ = small.free()
    small.type(command)
    assert small.read_checked(170_000).endswith("stress: ok\n")
    assert small.free()[0] >= frames


def test_slots_are_written_once_while_a_page_stays_clean(small):
    """C decides: more pages are read from the swap area than written to it."""
    small.check()
    data = small.checker.data
    written, read = data.swap_written, data.swap_read
    small("stress 2 220 60 4")
    small.check()
    assert data.swap_read > read and data.swap_written > written
    assert data.swap_written - written < 2 * 220 + 100


def test_who_wants_more_than_there_is_ends(small):
    frames = small.free()[0]
    text = small("stress 2 740 100", instructions=100_000_000)
    assert "out of memory" in text
    assert abs(small.free()[0] - frames) < 10
    assert small("echo still here") == "still here\n"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
def test_many_seeds(new_session, seed):
    session = new_session("mem=1M swap=3M hash=64K")
    session.type(f"stress 5 120 4000 {seed}")
    assert session.read_checked(400_000).endswith("stress: ok\n")
