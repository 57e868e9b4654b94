"""The guest's hash table: stores to it, tlbie, BATs (pteg.mol.scenarios.table)."""

import pytest

from pteg.mol.hostb import Option
from pteg.mol.scenarios import table
from pteg.mol.small import TABLE, guest


def seen(session):
    """What the guest read before and after the change of its entry."""
    return session.machine.cpu.gpr[4], session.machine.cpu.gpr[5]


def test_a_changed_entry_takes_effect_without_tlbie(hosted):
    """Scenario 19."""
    session = hosted(table.changed())
    assert seen(session) == (0x11, 0x22)
    assert session.counters()["pt_intercept_taken"] == 1


def test_stores_to_unused_entries_stay_in_assembly(hosted):
    """Scenario 20."""
    many, one = (hosted(table.unused(stores)).counters() for stores in (1000, 0))
    assert many["pt_intercept_not_taken"] - one["pt_intercept_not_taken"] == 1000
    for name in ("kernel_calls", "ptes_zeroed", "pt_intercept_taken"):
        assert many[name] == one[name]


@pytest.mark.parametrize("store", table.STORES)
def test_every_store_to_an_entry_is_noticed(hosted, store):
    """Scenario 21."""
    session = hosted(table.changed(table.STORES[store]))
    before, after = seen(session)
    assert session.counters()["pt_intercept_taken"] == 1
    assert before == 0x11 and after != 0x11


@pytest.mark.parametrize("offset", [1, 2, 3])
def test_a_store_that_ends_in_the_table_stores_its_end_there(agree, offset):
    """It begins in the page before, in real mode; the fault's address is that of the table."""
    agree(guest(f"""
        load    r21, {TABLE:#x}
        load    r22, 0x11223344
        stw     r22, 8(r21)
        li      r4, 0x1002
        mtmsr   r4
        isync
        stw     r22, 16(r21)
        stw     r22, -{offset}(r21)
        li      r4, 0x1032
        mtmsr   r4
        isync
"""))


@pytest.mark.parametrize("store", table.CLEAR_BLOCK)
def test_block_stores_flush_every_entry(hosted, store):
    """Scenario 21: dcbz and stmw; with the fault of the original, stale mappings are left."""
    for options in ({}, {Option.BLOCK_INTERCEPT: 1}):
        session = hosted(table.block(table.CLEAR_BLOCK[store]), options=options)
        found = [session.machine.cpu.gpr[10 + n] for n in range(4)]
        assert (0x11 in found) == bool(options)
        assert (session.counters()["mac_page_fault"] == 4) == (not options)


def test_a_device_that_writes_the_hash_table_is_noticed(hosted):
    """Scenario 22: the user part announces what its devices write."""
    session = hosted(table.changed(table.DEVICE_STORE))
    assert session.machine.cpu.gpr[3] == 0
    assert seen(session) == (0x11, 0x22)


def test_a_storm_of_tlbie_flushes_nothing(agree):
    """Scenario 23: KVM's policy flushes; both are right."""
    quiet, mol = (agree(table.storm(rounds)).counters() for rounds in (0, 100))
    kvm = agree(table.storm(), options={Option.TLBIE_FLUSHES: 1}).counters()
    assert mol["tlbie"] == kvm["tlbie"] == 6400
    assert mol["ptes_zeroed"] == quiet["ptes_zeroed"]
    assert kvm["ptes_zeroed"] - quiet["ptes_zeroed"] >= 100


def test_changes_of_bats_take_effect(agree, hosted):
    """After 256 changes of BATs the original stopped to flush: its fault leaves stale blocks."""
    for session, second in ((agree(table.blocks()), 0x22),
                            (hosted(table.blocks(), options={Option.BAT_HACK: 1}), 0x11)):
        assert [session.machine.cpu.gpr[n] for n in (7, 8)] == [0x11, second]
        assert session.counters()["do_mtbat"] > 256
