"""Scenarios on HostX, with its checker: what a shared hash table breaks, a private one not."""

import pytest

import pteg.mol
from pteg.firmware.hosts.hostx.checker import Checker
from pteg.firmware.hosts.hostx.image import build_with_mol
from pteg.mol.hostl import HostL
from pteg.mol.scenarios import SCENARIOS, table
from pteg.mol.scenarios.hostx import PLAN, PORT
from pteg.mol.scenarios.hostx import SCENARIOS as HOSTX
from pteg.mol.ways import elf


def watched(name, steps=24, piece=2_500_000):
    """What the checker finds during a scenario, and what is printed."""
    session = SCENARIOS[name].session()
    checker, found = Checker(session.machine, session.elf), []
    for _ in range(steps):
        stop = session.run(piece)
        checker.settle()
        found += checker.check()
        if stop == "console":
            break
    text = session.machine.console.read().decode("latin-1")
    return found, text.rpartition(SCENARIOS[name].lines[-1])[2], session


@pytest.mark.parametrize("name", [
    "hostx-plan", "hostx-port", pytest.param("hostx-swapping", marks=pytest.mark.slow),
    pytest.param("hostx-trampoline", marks=pytest.mark.slow),
    pytest.param("hostx-by-user", marks=pytest.mark.slow)])
def test_the_guest_counts_and_the_host_stays_whole(name):
    found, text, _ = watched(name)
    assert found == []
    assert "L" in text and "X" not in text


def test_ways_to_call_c_give_the_same_shadow_state():
    """Scenario 30, in instructions."""
    trampoline, by_user = (pteg.mol.run(name) for name in ("hostx-trampoline", "hostx-by-user"))
    assert trampoline["counters"]["page_fault_ctr"] == by_user["counters"]["page_fault_ctr"]
    assert trampoline["exits"]["DSI"]["instructions"] < by_user["exits"]["DSI"]["instructions"]


def test_a_private_table_keeps_the_invariants():
    found, text, session = watched("hostx-private")
    assert found == [] and "C" in text
    assert session.data.hash_foreign == 0


def test_a_shared_table_breaks_them():
    """The host does not know whose entries are where its control words say free."""
    found, text, _ = watched("hostx-shared")
    assert any("stranger" in line for line in found) and "C" in text


@pytest.mark.parametrize("letters", [PLAN, PORT])
def test_stores_to_unused_entries_stay_in_assembly(letters):
    """Scenario 20."""
    def counters(stores):
        guest = table.unused(stores)
        session = HostL({"guest": elf(guest)},
                        ["insmod mol", "insmod molport", f"mol {letters} guest 2"],
                        build=build_with_mol)
        while session.run(20_000_000, until=guest.stop) == "address" and not session.in_guest:
            session.machine.step()
        assert session.in_guest and session.machine.cpu.pc == guest.stop
        return session.counters()

    many, none = counters(1000), counters(0)
    assert many["pt_intercept_not_taken"] - none["pt_intercept_not_taken"] == 1000
    for name in ("kernel_calls", "ptes_zeroed", "pt_intercept_taken"):
        assert many[name] == none[name]


def test_two_sessions_are_apart():
    found, text, _ = watched("hostx-two-sessions")
    assert found == []
    assert "S" in text and "X" not in text


@pytest.mark.parametrize("letters", [PLAN, PORT])
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_hostile_guests_leave_the_host_alone(hostile, letters, seed):
    """Random words as code of a guest's supervisor, in the background of a shell."""
    session = HostL({"hostile": elf(hostile(seed))},
                    ["insmod mol", "insmod molport", f"mol {letters} hostile 2 &", "echo"],
                    build=build_with_mol)
    checker = Checker(session.machine, session.elf)
    session.run(3_000_000, until="no such text")
    checker.settle()
    assert checker.check() == [], f"seed {seed}"
    session.machine.console.write(b"ps\r")
    assert session.run(60_000_000, until="pagedaemon") == "console", f"seed {seed}"
    checker.settle()
    assert checker.check() == [], f"seed {seed}"


def test_each_is_in_the_list():
    assert {scenario.name for scenario in HOSTX} <= set(SCENARIOS)
    assert all(scenario.name.startswith("hostx-") for scenario in HOSTX)
