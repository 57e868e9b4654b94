"""KVM-PR's policies in place of MOL's: the same results, other entries, other costs."""

import numpy as np
import pytest

from pteg.mmu.table import HashTable
from pteg.mol.hostb import KVM_POLICIES, Flag, HostB, Option
from pteg.mol.scenarios import devices, modes, shadow, table
from pteg.mol.small import guest, pte

#: Those that are right for any guest, and those that need tlbie behind each change of an entry.
ALONE = [{option: 1} for option in (Option.VSID_MAP, Option.SECONDARY_FIRST, Option.LISTS,
                                    Option.BAT_FLUSHES, Option.MODE_FLUSHES)]
SESSIONS = [
    *({"options": options} for options in ALONE),
    {"options": {Option.UNWATCHED: 1, Option.TLBIE_FLUSHES: 1}},
    {"options": {Option.UNWATCHED: 1, Option.TLBIE_FLUSHES: 1, Option.LISTS: 1}},
    {"options": {Option.VSID_MAP: 1, Option.LISTS: 1}},
    {"options": KVM_POLICIES},
    {"options": KVM_POLICIES | {Option.PRIVATE_HASH: 1}},
    {"options": KVM_POLICIES | {Option.CONTEXT_LIMIT: 64}},
    {"options": KVM_POLICIES, "tick": 2000, "flags": Flag.EVICT_AT_TICK},
    {"options": KVM_POLICIES, "tick": 10_000, "flags": Flag.SWAP_AT_TICK},
    {"options": KVM_POLICIES, "flags": Flag.SWAP_AT_PAGE_IN},
]
#: Of KVM-PR's map; bytes of a record in it (struct vsid_ent), whose second word is the key.
PLACES, RECORD = 512, 20


def name(session):
    return ", ".join(f"{option.name}" for option in session["options"]) \
        if session["options"] is not KVM_POLICIES else f"all {session.get('flags', '')!r}"


@pytest.mark.parametrize("session", SESSIONS, ids=name)
def test_random_mmu_programs_agree(differential, mmu_guest, whole, session):
    for seed in range(20, 24):
        found, hosted = differential.compare(mmu_guest(seed), limit=1_000_000, **session)
        assert not found, f"seed {seed}: {found}"
        assert list(whole(hosted)) == [], f"seed {seed}"


def own(session):
    """The session's entries of the hash table."""
    return [entry for entry in HashTable(session.sdr1, session.machine.memory.read)
            if session.session_of(entry.vsid) == 0]


# -- Secondary group first ---------------------------------------------------------------------

def same_group(pages=12, rounds=3):
    """Loads from pages of one group, again and again: r7 is the sum of what they hold."""
    eas = [0x50001000 + (n << 22) for n in range(pages)]
    loads = "".join(f"load r20, {ea:#x}\n        lwz r6, 0(r20)\n        add r7, r7, r6\n        "
                    for ea in eas)
    words = [pte(5, ea, 0x40000 + 4096 * n, slot=n % 8, secondary=n > 7)
             for n, ea in enumerate(eas)]
    return guest(f"li r7, 0\n        li r10, {rounds}\n1:\n        {loads}"
                 "addic. r10, r10, -1\n        bne 1b\n",
                 [*words, *({0x40000 + 4096 * n: 1 << n} for n in range(pages))])


def test_a_full_secondary_group_leaves_one_slot_of_the_primary(agree):
    """12 pages: MOL has room for all. KVM-PR has nine places; the last four pages share one."""
    mol = agree(same_group())
    kvm = agree(same_group(), options={Option.SECONDARY_FIRST: 1})
    entries = [[entry for entry in own(session) if entry.ea & 0xF03FF000 == 0x1000]
               for session in (mol, kvm)]
    assert [sum(not entry.h for entry in some) for some in entries] == [8, 1]
    assert [len(some) for some in entries] == [12, 9]
    assert mol.counters()["pte_evicted"] == 0
    assert kvm.counters()["pte_evicted"] == 4 * 3 - 1
    first, = (entry for entry in entries[1] if not entry.h)
    assert first.address % 64 == 0
    # What a free slot of the primary group would have saved.
    assert kvm.counters()["dsi"] - mol.counters()["dsi"] == 4 * 2


def test_every_entry_is_in_the_secondary_group_while_it_has_room(agree):
    session = agree(shadow.protection(), options=KVM_POLICIES)
    entries = own(session)
    assert len(entries) > 8 and all(entry.h for entry in entries)


# -- The map of VSIDs --------------------------------------------------------------------------

def final_map(keys, turn, user=1 << 29):
    """KVM-PR's map as its source describes it, after these keys have got records, and how many
    have lost their places. A key gets a record only if it has none. Records take the first and the
    other one of their places in turn."""
    places, lost = [None] * PLACES, 0
    for number, key in enumerate(keys):
        first = (key ^ key >> 9 ^ key >> 18 ^ bool(key & user)) & PLACES - 1
        assert not any(place is not None and keys[place] == key
                       for place in (places[first], places[PLACES - 1 - first]))
        at = PLACES - 1 - first if (number + turn) % 2 else first
        lost += places[at] is not None
        places[at] = number
    return places, lost


@pytest.mark.parametrize("spaces", [100, 600])
def test_the_map_keeps_and_loses_what_kvm_would(agree, spaces):
    """Two rounds. With 600 VSIDs some lose their places, and are new again in the second."""
    session = agree(shadow.address_spaces(spaces), options={Option.VSID_MAP: 1}, limit=1_000_000)
    variables = session.data.at("sessions", session.kvars)
    records = session.machine.memory.read(variables.vsids, RECORD * variables.vsid_count)
    keys = [int(key) for key in np.frombuffer(records, ">u4")[1::RECORD // 4]]
    places, lost = final_map(keys, (len(keys) + variables.map_backwards) % 2)
    assert [*variables.vsid_map] == [0xFFFF if place is None else place for place in places]
    counters = session.counters()
    assert counters["vsid_lost"] == lost and counters["context_wrap"] == 0
    again = len(keys) - len(set(keys))
    assert (again > 100) == (spaces > PLACES)


def test_all_vsids_are_used_before_any_comes_back(agree):
    """2,048, of which one stands for segments that are not known. Then all are forgotten."""
    counters = agree(shadow.address_spaces(2100, 1), options={Option.VSID_MAP: 1},
                     limit=1_000_000).counters()
    assert counters["context_wrap"] == 1
    assert agree(shadow.address_spaces(1900, 1), options={Option.VSID_MAP: 1},
                 limit=1_000_000).counters()["context_wrap"] == 0


def test_vsids_are_those_of_spaces_that_the_host_has_given(hosted, finished):
    session = hosted(shadow.lazy_segments(), options={Option.VSID_MAP: 1})
    contexts = {int(entry.vsid) for entry in own(session)}
    assert contexts and session.data.last_space == 1 + 128
    mol = hosted(shadow.lazy_segments())
    assert contexts.isdisjoint(int(entry.vsid) for entry in own(mol))
    assert mol.data.last_space == 1
    over = finished(devices.nothing(), options={Option.VSID_MAP: 1})
    assert over.data.last_space == 1


def test_a_host_without_spaces_refuses():
    """All that were taken go back, and the session ends."""
    session = HostB(devices.nothing(), options={Option.VSID_MAP: 1})
    place = session.data.address("last_space")
    session.machine.memory.write_word(place, 32_700)
    assert session.run(1_000_000, until=session.ended) == "address"
    assert b"ioctl" in session.machine.console.read() and session.result("status") == 100
    assert session.data.last_space == 32_700


# -- Flushes -----------------------------------------------------------------------------------

def changed_with_tlbie():
    return table.changed("stw r22, 4(r21)\n        sync\n        tlbie r20\n        sync")


@pytest.mark.parametrize("lists", [0, 1])
def test_without_tlbie_an_old_entry_stays(hosted, lists):
    """KVM-PR does not look at the guest's stores: what the architecture allows."""
    options = {Option.UNWATCHED: 1, Option.TLBIE_FLUSHES: 1, Option.LISTS: lists}
    for made, second in ((table.changed(), 0x11), (changed_with_tlbie(), 0x22)):
        session = hosted(made, options=options)
        assert [session.machine.cpu.gpr[n] for n in (4, 5)] == [0x11, second]
        counters = session.counters()
        assert counters["pt_intercept_taken"] == counters["pt_intercept_not_taken"] == 0


def test_stores_to_the_guests_table_cost_nothing(hosted):
    options = {Option.UNWATCHED: 1, Option.TLBIE_FLUSHES: 1}
    watched, not_watched = (hosted(table.unused(), options=some) for some in ({}, options))
    assert watched.counters()["pt_intercept_not_taken"] >= 1000
    assert watched.machine.instructions - not_watched.machine.instructions > 50_000


def test_a_bat_takes_everything_with_it(agree):
    mol, kvm = (agree(table.blocks(), options=options).counters()
                for options in ({}, {Option.BAT_FLUSHES: 1}))
    assert kvm["ptes_zeroed"] > mol["ptes_zeroed"] + 400
    assert kvm["page_fault_ctr"] > mol["page_fault_ctr"] + 400


def test_another_mode_forgets_all_segments(agree):
    mol, kvm = (agree(modes.modes(), options=options).counters()
                for options in ({}, {Option.MODE_FLUSHES: 1}))
    assert mol["MMU_change"] > 10 and kvm["fix_sr"] > mol["fix_sr"] + 5
    # The pages are there: only their segments are learnt again.
    assert kvm["page_fault_ctr"] == mol["page_fault_ctr"]


# -- Lists -------------------------------------------------------------------------------------

@pytest.mark.parametrize("made, session", [
    (shadow.address_spaces, {"tick": 20_000, "flags": Flag.SWAP_AT_TICK}),
    (table.storm, {"options": {Option.TLBIE_FLUSHES: 1}}),
    (lambda: table.changed(table.CLEAR_BLOCK["dcbz"]), {})], ids=["swap", "tlbie", "store"])
def test_lists_flush_what_the_other_index_flushes(hosted, whole, made, session):
    found = []
    for lists in (0, 1):
        options = session.get("options", {}) | {Option.LISTS: lists}
        host = hosted(made(), **session | {"options": options}, limit=20_000_000)
        assert list(whole(host)) == []
        counters = host.counters()
        found.append([*(host.machine.cpu.gpr[n] for n in range(4, 11)), host.memory()[0x40000:],
                      *((counters[name] for name in ("do_flush",)) if "tick" not in session else
                        ())])
    assert found[0] == found[1]


def test_a_store_upgrades_an_entry_by_making_it_anew(agree):
    mol, kvm = (agree(shadow.first_touch(), options=options).counters()
                for options in ({}, {Option.LISTS: 1}))
    assert (mol["pte_reused"], kvm["pte_reused"]) == (1, 0)
    assert kvm["page_fault_ctr"] == mol["page_fault_ctr"]
    assert kvm["ptes_zeroed"] == mol["ptes_zeroed"] + 1


def test_what_a_flush_of_the_host_costs(hosted):
    """It looks at all entries, not at a ring of the page's own."""
    costs = {}
    for lists in (0, 1):
        for pages in (1, 30):
            eas = [0x50001000 + 4096 * n for n in range(pages)]
            loads = "".join(f"load r20, {ea:#x}\n        lwz r6, 0(r20)\n        " for ea in eas)
            words = [pte(5, ea, 0x40000 + (ea & 0xFF000)) for ea in eas]
            session = hosted(guest(loads, words), options={Option.LISTS: lists}, tick=100_000,
                             flags=Flag.SWAP_AT_TICK)
            costs[lists, pages] = _cost(session, session.machine.symbols.address("flush_owner"))
    assert costs[1, 30] - costs[1, 1] > 29 * 4
    assert costs[0, 30] == costs[0, 1]


def _cost(session, function):
    """Instructions of the next call of a function for a page that nothing maps."""
    machine = session.machine
    for _ in range(1000):
        assert machine.run(instructions=20_000_000, until=function) == "address"
        back, begin, flushed = machine.cpu.lr, machine.instructions, session.counters()
        assert machine.run(instructions=100_000, until=back) == "address"
        if session.counters()["ptes_zeroed"] == flushed["ptes_zeroed"]:
            return machine.instructions - begin
    raise AssertionError("each page is mapped")
