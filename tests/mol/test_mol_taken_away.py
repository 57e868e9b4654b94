"""What the host takes away: pages, entries of the hash table (pteg.mol.scenarios.host)."""

import pytest

from pteg.mol.hostb import Flag, Option
from pteg.mol.scenarios import host


def test_one_flush_by_the_host_removes_all_aliases(hosted):
    """Scenario 8: the mappings that existed are gone; each comes back with one fault."""
    session, without = hosted(host.aliases()), hosted(host.aliases(False)).counters()
    counters = session.counters()
    assert session.result("swaps") == 1 and counters["do_flush"] == 1
    assert [session.machine.cpu.gpr[4 + n] for n in range(3)] == [host.ALIASES[0]] * 3
    assert counters["ptes_zeroed"] - without["ptes_zeroed"] == 3
    assert counters["page_fault_ctr"] - without["page_fault_ctr"] == 3


def test_evicted_entries_come_back(agree):
    """Scenario 13: the records are used again."""
    quiet = agree(host.checksum(), limit=10_000_000).counters()
    session = agree(host.checksum(), limit=10_000_000, tick=20_000, flags=Flag.EVICT_AT_TICK)
    assert session.result("ticks") > 5
    assert session.counters()["pte_reused"] > quiet["pte_reused"] + 100


@pytest.mark.parametrize("options", [{}, {Option.PRIVATE_HASH: 1}], ids=["shared", "private"])
def test_all_memory_moves_twice_during_a_checksum(agree, options):
    """Scenario 17: every page gets another frame; what was in the old ones is not used any more."""
    session = agree(host.checksum(), limit=10_000_000, tick=120_000, flags=Flag.SWAP_AT_TICK,
                    options=options)
    assert session.result("swaps") >= 2 * 512
    assert session.counters()["do_flush"] >= 2 * 512
