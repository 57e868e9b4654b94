"""HostX: the pmap keeps exact slots, control words, R and C; the kernel copies through a window."""

import re
import struct

import pytest

from pteg.firmware.hosts.hostx.checker import GROUP, NO_SLOT

BASE = 0xC0000000


def test_it_boots(hostx):
    assert hostx.banner.startswith("HostX")
    assert "sh" in hostx("ps")
    hostx.check()


def test_address_spaces(hostx):
    before = hostx.free()
    text = hostx("memory a b")
    assert text.endswith("memory: ok\n") and "BAD" not in text, text
    assert hostx.free() == before


@pytest.mark.parametrize("command", [
    "stress 3 60 600 1",        # fits
    "stress 3 150 800 2",       # copies and swap area together
    pytest.param("stress 1 400 500 3", marks=pytest.mark.slow),
])
def test_memory_that_is_swapped_keeps_its_contents(small_hostx, command):
    """C, which the hardware sets in the slot, decides what is written to the swap area."""
    frames, _ = small_hostx.free()
    small_hostx.type(command)
    for _ in range(4):
        small_hostx.machine.run(instructions=170_000)
        small_hostx.check()
    assert small_hostx.read().endswith("stress: ok\n")
    assert small_hostx.free()[0] >= frames


def test_stolen_slots(small_hostx):
    data = small_hostx.checker.data
    evicted = data.hash_evicted
    assert small_hostx("evict") == "evict: ok\n"
    small_hostx.check()
    assert data.hash_evicted - evicted > 40 and data.hash_foreign == 0


def test_pages_are_lost_without_the_harvest_of_c(new_hostx):
    """They leave memory and have never been written to the swap area."""
    session = new_hostx("mem=768K swap=1M hash=64K bug=LOST_DIRTY")
    session.type("stress 3 150 800 2")
    assert session.machine.run(until=" holds ", instructions=10_000_000) == "console"


@pytest.mark.parametrize("bug, finds", [
    ("NO_TLBIE", "TLB"), ("WRONG_GROUP", "not its entry"), ("SWAP_NO_FLUSH", "is no page"),
    ("FORK_NO_FLUSH", "allows stores"), ("EXIT_NO_FLUSH", "is no page")])
def test_planted_faults_are_found(new_hostx, bug, finds):
    # Some show as soon as the first programs run, and no prompt comes.
    session = new_hostx(f"mem=768K swap=1M hash=64K bug={bug}", prompt=bug == "SWAP_NO_FLUSH")
    session.type("stress 3 150 800 2")
    found: list[str] = []
    for _ in range(60):
        session.machine.run(instructions=61_000)
        session.checker.settle()
        found += session.checker.check()
        if any(finds in line for line in found):
            return
    pytest.fail(f"not found, but {set(found)}")


def used(session):
    """A slot that a mapping has, and the physical address of its group's control word."""
    session.check()
    slot = next(slot for *_, slot in session.checker.records() if slot != NO_SLOT)
    return slot, session.checker.data.control - BASE + slot // GROUP * 4


def problems_after(session, address, word):
    """What the checker says while a word of memory is another one."""
    memory, before = session.machine.memory, session.machine.memory.read(address, 4)
    memory.write(address, struct.pack(">I", word))
    found = session.checker.check()
    memory.write(address, before)
    session.check()
    return found


def test_the_checker_sees_a_slot_that_is_not_what_its_record_says(hostx):
    slot, _ = used(hostx)
    at = hostx.checker.data.hash_base + 8 * slot
    assert any("not its entry" in line for line in problems_after(hostx, at, 0))
    tag = hostx.machine.memory.read_word(at)
    assert any("not its entry" in line for line in problems_after(hostx, at, tag ^ 0x80))


def test_the_checker_sees_wrong_control_words(hostx):
    slot, at = used(hostx)
    word = hostx.machine.memory.read_word(at)
    bit = 0x80000000 >> slot % GROUP
    assert any("says free" in line for line in problems_after(hostx, at, word | bit))
    assert any("no page of a block" in line
               for line in problems_after(hostx, at, word | bit >> 16))
    assert any("locked" in line for line in problems_after(hostx, at, word | 1))
    assert any("no cursor" in line for line in problems_after(hostx, at, word & ~0xFF0000))
    free = next(n for n in range(GROUP) if word << n & 0x80000000)
    assert any("says in use" in line
               for line in problems_after(hostx, at, word & ~(0x80000000 >> free)))


def test_the_checker_sees_strangers(hostx):
    """An entry of a VSID that the kernel does not use yet, in a slot that is free."""
    slot, at = used(hostx)
    word = hostx.machine.memory.read_word(at)
    free = next(n for n in range(GROUP) if word << n & 0x80000000)
    vsid = (1 << 20) - hostx.checker.data.vsid_increment
    entry = hostx.checker.data.hash_base + 8 * (slot // GROUP * GROUP + free)
    assert any("stranger" in line
               for line in problems_after(hostx, entry, 1 << 31 | vsid << 7))


def test_spaces_are_spread(hostx):
    """XNU's increment for 256 KB; VSIDs of one process differ in their upper four bits."""
    assert hostx.checker.data.vsid_increment == 0x421
    assert hostx.checker.vsid(3, 0x50000000) == 5 << 20 | 3 * 0x421


def test_the_last_space_is_followed_by_the_first_free_one(new_hostx):
    session = new_hostx(f"space={(1 << 20) - 2}")
    contexts = re.findall(r"^ +\d+ +\d+ \w+ +(\d+)", session("ps"), re.MULTILINE)
    assert {int(n) for n in contexts} == {(1 << 20) - 2, (1 << 20) - 1, 1, 2}
