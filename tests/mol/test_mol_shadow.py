"""Shadow translation: faults, protection, segments, contexts (pteg.mol.scenarios.shadow)."""

import numpy as np
import pytest

from pteg.mol.hostb import HostB, Option
from pteg.mol.occupancy import contexts_of
from pteg.mol.scenarios import shadow
from pteg.mol.small import guest, pte_at


def test_first_load_and_first_store_fault_once_each(agree):
    """Scenario 6: then R and C of the guest's entry are as on the bare machine."""
    faults = []
    for store in ("nop", "stw r20, 0(r20)", "stw r20, 0(r20)\n        stw r20, 8(r20)"):
        session = agree(shadow.first_touch(store))
        faults.append(session.counters()["dsi"])
        entry = int.from_bytes(session.read(pte_at(5, 0x50001000) + 4, 4), "big")
        assert entry & 0x180 == (0x100 if store == "nop" else 0x180)
    assert faults == [1, 2, 2]


@pytest.mark.parametrize("user", [False, True])
def test_protection_is_the_architectures(agree, user):
    """Scenario 7."""
    agree(shadow.protection(user))


def test_segments_are_looked_up_when_they_are_used(agree):
    """Scenario 9."""
    plain, counters = (agree(program).counters()
                       for program in (guest(""), shadow.lazy_segments()))
    assert counters["vsid_missing"] - plain["vsid_missing"] == 15
    assert counters["fix_sr"] - plain["fix_sr"] == 2


@pytest.mark.parametrize("keys, shadows", [(0x6000, 1), (0x0000, 1), (0x2000, 2)])
def test_states_with_the_same_key_share_shadow_entries(agree, keys, shadows):
    """Scenario 10."""
    used, unused = (agree(shadow.keys(keys, use)).counters() for use in ("lwz r5, 0(r20)", "nop"))
    assert used["page_fault_ctr"] - unused["page_fault_ctr"] == shadows - 1


def test_contexts_that_run_out_begin_again(agree):
    """Scenario 11: 100 address spaces with 64 contexts, twice."""
    session = agree(shadow.address_spaces(), options={Option.CONTEXT_LIMIT: 64})
    assert session.counters()["context_wrap"] > 2
    roomy = agree(shadow.address_spaces())
    assert roomy.counters()["context_wrap"] == 0


@pytest.mark.parametrize("fault", [0, 1])
def test_a_session_stays_within_its_contexts(fault):
    """Scenario 5: MOL's formula takes 16 more, which belong to the next session."""
    session = HostB(shadow.address_spaces(), options={Option.CONTEXT_LIMIT: 64,
                                                      Option.OVERLAPPING_SESSIONS: fault})
    first, used, stop = (0xFFFFF - 0x10000) << 4, set(), "instructions"
    entry = session.machine.symbols.address("mac_entry")
    assert session.run(1_000_000, until=entry) == "address"
    while stop == "instructions":
        stop = session.run(1000)
        sdr1 = session.machine.cpu.spr["SDR1"]
        table = np.frombuffer(session.machine.memory.read(sdr1 & 0xFFFF0000, 1 << 16), ">u4")
        vsids = table[::2][table[::2] >> 31 == 1].astype(int) >> 7 & 0xFFFFFF
        used |= {number for number in contexts_of(vsids) - first if number >= 0}
    assert stop == "address" and len(used) > 10
    assert max(used) < (80 if fault else 64)
    assert (max(used) >= 64) == bool(fault)


@pytest.mark.parametrize("sdr1", [0x40000000, 0x00200000, 0x00080005, 0xFFFF01FF])
def test_a_hash_table_outside_memory_is_refused(sdr1):
    """Scenario 12: 64 KB at 0 instead; nothing of the host changes."""
    session = HostB(shadow.outside_memory(sdr1))
    machine = session.machine
    size = machine.symbols.address("rodata_end") - 0x4000
    assert session.run(1_000_000, until=machine.symbols.address("mac_entry")) == "address"
    before = machine.memory.read(0x4000, size)
    assert session.run(3_000_000) == "address"
    assert session.counters()["bad_sdr1"] >= 1
    assert machine.cpu.gpr[7] == sdr1 & 0xFFFF01FF
    assert machine.memory.read(0x4000, size) == before
