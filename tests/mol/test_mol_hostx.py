"""Scenarios on HostX, with its checker: what a shared hash table breaks, a private one not."""

import pytest

import pteg.mol
from pteg.firmware.hosts.hostx.checker import Checker
from pteg.mol.scenarios import SCENARIOS
from pteg.mol.scenarios.hostx import SCENARIOS as HOSTX


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


@pytest.mark.parametrize("name", ["hostx-plan", "hostx-port", "hostx-trampoline", "hostx-by-user"])
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


def test_two_sessions_are_apart():
    found, text, _ = watched("hostx-two-sessions")
    assert found == []
    assert "S" in text and "X" not in text


def test_each_is_in_the_list():
    assert {scenario.name for scenario in HOSTX} <= set(SCENARIOS)
    assert all(scenario.name.startswith("hostx-") for scenario in HOSTX)
