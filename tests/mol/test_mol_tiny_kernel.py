"""A kernel with a hash table and processes of its own: the same results bare and under MOL.

The kernel checks itself: each process finds what it has stored, across turns and page faults. What
a process computes is calculated here too.
"""

import struct

import pytest

from pteg.firmware import cbuild
from pteg.firmware.guests.image import PROCESSES, build
from pteg.lockstep import Lockstep
from pteg.mol.guest import Guest, bare
from pteg.mol.hostb import Flag, HostB, Option

RESULTS, STOP = 0x3000, 0x3F00
ROUNDS, PAGES, WORDS, STEP, MASK = 12, 24, 1024, 41, 0xFFFFFFFF


@pytest.fixture(scope="module")
def guest():
    if not cbuild.compilers():
        pytest.skip("needs a C compiler")
    return Guest.of(build(), STOP)


def results(read):
    """sum, referenced, changed, faults, refused of each process."""
    return list(struct.iter_unpack(">5I", read(RESULTS, 20 * PROCESSES)))


@pytest.fixture(scope="module")
def expected(guest):
    machine = bare(guest)
    assert machine.run(until=STOP, instructions=3_000_000) == "address"
    return results(machine.memory.read)


def values(state, first):
    for page in range(first, PAGES, 3):
        for _ in range(page, WORDS, STEP):
            state ^= state << 13 & MASK
            state ^= state >> 17
            state ^= state << 5 & MASK
            yield state


def computed(number):
    """The sum of a process, from user.c's description."""
    total = 1
    for turn in range(ROUNDS):
        for first in range(min(3, turn + 1)):
            for value in values((number + 1) * 0x9E3779B9 + first & MASK, first):
                total = total * 31 + (value + (turn - first) // 3) & MASK
    return total | 1


def test_the_bare_machine_gets_the_right_sums(expected):
    assert [found[0] for found in expected] == [computed(n) for n in range(PROCESSES)]
    # Text is stored to in each round; every second one, and the end, unmaps all pages.
    assert all(refused == ROUNDS for *_, refused in expected)
    assert all(referenced == faults > changed > PAGES
               for _, referenced, changed, faults, _ in expected)


@pytest.mark.parametrize("session", [
    {}, {"tick": 2000}, {"options": {Option.PRIVATE_HASH: 1}}, {"options": {Option.VSID_LIMIT: 32}},
    {"options": {Option.TLBIE_FLUSHES: 1}}, {"tick": 5000, "flags": Flag.EVICT_AT_TICK},
    {"tick": 150_000, "flags": Flag.SWAP_AT_TICK},
    pytest.param({"cpu": "pipeline"}, marks=pytest.mark.slow)], ids=str)
def test_the_same_under_mol(guest, expected, session):
    host = HostB(guest, **session)
    assert host.run(60_000_000) == "address"
    assert results(host.read) == expected
    assert host.counters()["DEC_exception"] > 20


@pytest.mark.slow
def test_a_session_in_lockstep(guest, expected):
    host = HostB(guest, cpu="pipeline")
    both = Lockstep(host.machine.model, host.machine.symbols)
    assert both.run(10_000_000, address=STOP) == "address"
    assert results(host.read) == expected
