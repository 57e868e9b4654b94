"""What the host takes away: pages, entries of the hash table (pteg.mol.scenarios.host)."""

import pytest

from pteg.mol.hostb import Flag, HostB, Option
from pteg.mol.scenarios import host
from pteg.worlds import World

#: What HostB leaves in a frame that it takes away.
FORMER = bytes.fromhex("deadbeef") * 1024


def test_one_flush_by_the_host_removes_all_aliases(hosted):
    """Scenario 8: the mappings that existed are gone; each comes back with one fault."""
    session, without = hosted(host.aliases()), hosted(host.aliases(False)).counters()
    counters = session.counters()
    assert session.result("swaps") == 1 and counters["do_flush"] == 1
    assert [session.machine.cpu.gpr[4 + n] for n in range(3)] == [host.ALIASES[0]] * 3
    assert counters["ptes_zeroed"] - without["ptes_zeroed"] == 3
    assert counters["page_fault_ctr"] - without["page_fault_ctr"] == 3


@pytest.mark.parametrize("fault", [0, 1])
def test_a_slot_that_the_host_uses_again_is_left_alone(fault):
    """Scenario 15: the host has taken the slots of three shadow PTEs for its own when the page is
    flushed. The original zeroed the host's PTEs."""
    session = HostB(host.aliases(), options={Option.STALE_SLOT: fault})
    machine, memory = session.machine, session.machine.memory
    move = machine.symbols.of(World.GUEST_SUPERVISOR).address("move")
    assert machine.run(until=move, instructions=3_000_000) == "address" and session.in_guest
    table = machine.cpu.spr["SDR1"] & 0xFFFF0000
    frame = int(session.frames(0x40, 1)[0])
    slots = [at for at in range(table, table + 0x10000, 8) if memory.read_word(at) >> 31
             and memory.read_word(at + 4) & ~0xFFF == frame]
    assert len(slots) == 3
    hosts = 1 << 31 | 7 << 7            # VSID 7 is the host's
    for at in slots:
        memory.write_word(at, hosts)
    assert session.run(3_000_000) == "address"
    assert [memory.read_word(at) == hosts for at in slots] == [not fault] * 3
    # Whatever happens to the slots, the guest sees its page.
    assert [machine.cpu.gpr[4 + n] for n in range(3)] == [host.ALIASES[0]] * 3


def test_evicted_entries_come_back(agree):
    """Scenario 13: the records are used again."""
    quiet = agree(host.checksum(), limit=10_000_000).counters()
    session = agree(host.checksum(), limit=10_000_000, tick=20_000, flags=Flag.EVICT_AT_TICK)
    assert session.result("ticks") > 5
    assert session.counters()["pte_reused"] > quiet["pte_reused"] + 100


@pytest.mark.parametrize("options", [{}, {Option.PRIVATE_HASH: 1}], ids=["shared", "private"])
def test_all_memory_moves_twice_during_a_checksum(agree, options):
    """Scenario 17: every page gets another frame; nobody loads from the old ones, which are filled
    with another number, nor stores to them."""
    session = agree(host.checksum(), limit=10_000_000, tick=120_000, flags=Flag.SWAP_AT_TICK,
                    options=options)
    assert session.result("swaps") >= 2 * 512
    assert session.counters()["do_flush"] >= 2 * 512
    first, pages = 0x0100_0000, session.guest.size // 4096
    free = set(range(first, first + 2 * pages * 4096, 4096)) - set(session.frames(0, pages))
    assert len(free) == pages
    assert all(session.machine.memory.read(frame, 4096) == FORMER for frame in free)
