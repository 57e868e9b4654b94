"""Random supervisor and user programs give the same result bare and under MOL."""

import pytest

from pteg.lockstep.random_programs import Options
from pteg.mol.hostb import Flag, Option

KINDS = {
    "supervisor": Options(length=300),
    "user": Options(length=300, user=True),
    "real": Options(length=300, translation=False),
    "floating": Options(length=200, floating=True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_random_programs_agree(differential, kind):
    for seed in range(16):
        found, _ = differential.compare(differential.random_guest(seed, KINDS[kind]))
        assert not found, f"seed {seed}: {found}"


@pytest.mark.parametrize("session", [
    {"options": {Option.PRIVATE_HASH: 1}}, {"options": {Option.TLBIE_FLUSHES: 1}},
    {"options": {Option.VSID_LIMIT: 32}}, {"options": {Option.CONTEXT_LIMIT: 64}},
    {"options": {Option.CALL_BY_USER: 1}},
    {"flags": Flag.SWAP_AT_PAGE_IN},
    {"tick": 2000, "flags": Flag.EVICT_AT_TICK}, {"tick": 2000, "flags": Flag.EVICT_QUIETLY},
    {"tick": 3000, "flags": Flag.SWAP_AT_TICK},
    {"tick": 150},
], ids=str)
def test_random_programs_agree_whatever_the_host_does(differential, session):
    hosts = 0
    for seed in range(100, 105):
        guest = differential.random_guest(seed, KINDS["supervisor"])
        found, hosted = differential.compare(guest, **session)
        assert not found, f"seed {seed}: {found}"
        hosts += hosted.counters()["host_interrupt"]
    assert hosts > 0 or not session.get("tick")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_random_programs_agree(differential, kind):
    for seed in range(1000, 3500):
        found, _ = differential.compare(differential.random_guest(seed, KINDS[kind]))
        assert not found, f"seed {seed}: {found}"
