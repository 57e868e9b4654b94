"""Who owns the processor: in the ledger of both models, in the time line, in the waveform."""

import pytest
import pywellen

from pteg.ledger import Kind, Ledger, to_json
from pteg.mol.hostb import HostB
from pteg.timeline import events
from pteg.worlds import World

#: Supervisor code, then user code from in_user on, both with privileged instructions.
TEXT = """
        load    r3, in_user
        mtsrr0  r3
        li      r3, 0x5032
        mtsrr1  r3
        mfmsr   r4
        rfi
in_user:
        mfmsr   r4
        mtsprg  1, r4
        lwz     r5, 0(r0)
user_end:
"""


@pytest.fixture(scope="module")
def guest(small_guests):
    return small_guests.guest(TEXT)


def recorded(guest, cpu, **options):
    session = HostB(guest, cpu=cpu, **options)
    book = Ledger(kinds="exception, return, tlbie, mode")
    session.machine.model.ledger(book.add)
    assert session.run(3_000_000) == "address"
    return session, book.records


def test_both_models_know_the_same_worlds(mmu_guest):
    """Random changes of the guest's modes, and user programs in it."""
    found = [recorded(mmu_guest(3, length=30), cpu)[1] for cpu in ("functional", "pipeline")]
    seen = [list(zip(records["kind"], records["pc"], records["world"], strict=True))
            for records in found]
    assert seen[0] == seen[1]
    assert {World(world) for _, _, world in seen[0]} == set(World) - {World.NONE}


@pytest.mark.parametrize("cpu", ["functional", "pipeline"])
def test_the_guests_state_is_what_it_believes(guest, cpu):
    """The hardware's MSR[PR] is 1 in both."""
    session, records = recorded(guest, cpu)
    names = session.machine.symbols.of(World.GUEST_USER)
    user = range(names.address("in_user"), names.address("user_end"))
    exceptions = records[records["kind"] == Kind.EXCEPTION]
    inside = [record for record in exceptions if record["pc"] in user]
    assert len(inside) >= 2 and all(record["world"] == World.GUEST_USER for record in inside)
    start = range(names.address("_start"), names.address("in_user"))
    before = [record for record in exceptions if record["pc"] in start]
    assert len(before) > 20
    assert all(record["world"] == World.GUEST_SUPERVISOR for record in before)


def test_each_world_has_its_own_symbols(guest):
    session, records = recorded(guest, "functional")
    symbols = session.machine.symbols
    found = {to_json(record, symbols).get("symbol", "").split("+")[0] for record in records
             if record["world"] == World.GUEST_USER}
    assert found == {"in_user"}
    others = {to_json(record, symbols).get("symbol", "").split("+")[0] for record in records
              if record["world"] == World.HYPERVISOR}
    assert "enter_guest" in others and "in_user" not in others
    assert symbols.of(World.HOST_KERNEL) is symbols


def test_the_time_line_has_a_track_of_worlds(guest):
    session, records = recorded(guest, "pipeline")
    slices = [event for event in events(records, symbols=session.machine.symbols)
              if event["ph"] == "X" and event["tid"] == 0]
    assert {event["name"] for event in slices} >= {"GUEST_USER", "HYPERVISOR", "HOST_KERNEL"}
    for before, after in zip(slices, slices[1:], strict=False):
        assert before["ts"] + before["dur"] == pytest.approx(after["ts"])
        assert before["name"] != after["name"]


def test_the_waveform_has_the_world_as_text(guest, tmp_path):
    """Each cycle agrees with the records of the ledger, and with SPRG2 and MSR."""
    session = HostB(guest, cpu="pipeline")
    machine, book = session.machine, Ledger(kinds="exception, return")
    assert session.run(3_000_000, until=machine.symbols.address("mac_entry")) == "address"
    machine.model.ledger(book.add)
    begin = machine.cycle
    with machine.trace(tmp_path / "w.vcd", "world, core.special.msr, core.special.sprg2"):
        assert session.run(3_000_000) == "address"
    signals = {var.full_name: var.signal
               for var in pywellen.Waveform(str(tmp_path / "w.vcd")).all_vars()}
    world = signals["top.world"]
    inside = [record for record in book.records if record["cycle"] >= begin]
    assert len(inside) > 100
    for record in inside:
        assert world.value_at(5000 * int(record["cycle"]) + 1) == World(record["world"]).name
    for cycle in range(begin, machine.cycle, 7):
        at = 5000 * cycle + 1
        guest_in = (signals["top.core.special.sprg2"].value_at(at) == 0x1779
                    and signals["top.core.special.msr"].value_at(at) & 0x4000 != 0)
        assert world.value_at(at).startswith("GUEST") == guest_in
