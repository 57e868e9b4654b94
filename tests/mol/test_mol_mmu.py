"""Random set-ups of the guest's MMU give the same result bare and under MOL (scenarios 7, 10, 31).

BATs that differ for data and instructions, all modes of [IR DR] in both states, segments that share
VSIDs, direct-store and no-execute segments, changes of the guest's hash table.
"""

import pytest

from pteg.mol.hostb import Flag, Option

SESSIONS = [
    {}, {"options": {Option.PRIVATE_HASH: 1}}, {"options": {Option.VSID_LIMIT: 32}},
    {"options": {Option.CONTEXT_LIMIT: 64}}, {"options": {Option.TLBIE_FLUSHES: 1}},
    {"options": {Option.TOUCH: 1, Option.COPY: 1}},
    {"tick": 2000, "flags": Flag.EVICT_AT_TICK}, {"tick": 10_000, "flags": Flag.SWAP_AT_TICK},
    {"flags": Flag.SWAP_AT_PAGE_IN}, {"tick": 120},
]


@pytest.mark.parametrize("session", SESSIONS, ids=str)
def test_random_mmu_programs_agree(differential, mmu_guest, session):
    total = {}
    for seed in range(7):
        found, hosted = differential.compare(mmu_guest(seed), limit=1_000_000, **session)
        assert not found, f"seed {seed}: {found}"
        for name, value in hosted.counters().items():
            total[name] = total.get(name, 0) + value
    for name in ("split_prepared", "splitm_access", "pt_intercept_taken", "pt_intercept_not_taken",
                 "memory_forced_segment", "vsid_found", "do_mtbat", "segment_divided",
                 "mac_page_fault"):
        assert total[name] > 0, name


@pytest.mark.parametrize("seed", [2251, 2363])
def test_a_direct_store_segment_shows_nothing_of_the_segment_before(differential, mmu_guest, seed):
    """The guest has BATs in the segment, and sets T with the same low bits in its register."""
    found, _ = differential.compare(mmu_guest(seed), limit=30_000)
    assert not found


def test_a_missing_reservation_is_found(differential, mmu_guest):
    """A page that the host takes in the middle of an insertion: MOL must notice (scenario 16)."""
    guest = mmu_guest(1)
    session = {"flags": Flag.SWAP_AT_PAGE_IN}
    found, hosted = differential.compare(guest, limit=1_000_000, **session)
    assert not found and hosted.counters()["reservation_lost"] == 1
    found, hosted = differential.compare(guest, limit=30_000,
                                         options={Option.NO_RESERVATION: 1}, **session)
    assert found and hosted.counters()["reservation_lost"] == 0


@pytest.mark.slow
def test_ten_thousand_random_mmu_programs_agree(differential, mmu_guest):
    for seed in range(1000, 11_000):
        found, _ = differential.compare(mmu_guest(seed), limit=30_000)
        assert not found, f"seed {seed}: {found}"
