"""Exits in cycles of the pipeline model, and a session in lockstep of both models."""

import pytest

from pteg.lockstep import Lockstep
from pteg.mol import exits
from pteg.mol.hostb import HostB


@pytest.fixture(scope="module")
def costs():
    return exits.measure()


@pytest.mark.parametrize("kind", exits.ASSEMBLY)
def test_exits_in_assembly_cost_a_quarter_of_kvms(costs, kind):
    count, instructions, cycles = costs[kind]
    assert count >= 20 and instructions > 50
    assert cycles <= exits.KVM[kind] / 4


@pytest.mark.parametrize("kind", sorted(set(exits.KVM) - set(exits.ASSEMBLY)
                                        - {"host's timer tick"}))
def test_other_exits_cost_at_most_kvms(costs, kind):
    assert costs[kind][2] <= exits.KVM[kind]


def test_the_table_has_all_kinds(costs):
    lines = exits.table(costs).splitlines()
    assert len(lines) == 2 + len(exits.KVM) + len(exits.OWN) - 1
    assert lines[2].startswith("| mfmsr |")


def test_the_functional_model_counts_the_same_instructions(costs):
    functional = exits.measure("functional")
    for kind, (_, instructions, _) in costs.items():
        if kind in exits.ASSEMBLY:
            assert functional[kind][1] == instructions, kind


@pytest.mark.slow
def test_the_hosts_tick_costs_less_than_kvms():
    found = exits.measure(tick=2000)
    assert found["host's timer tick"][2] < exits.KVM["host's timer tick"]


def test_a_session_runs_in_lockstep(mmu_guest):
    session = HostB(mmu_guest(3, length=30), cpu="pipeline", tick=3000)
    lockstep = Lockstep(session.machine.model, session.machine.symbols)
    assert lockstep.run(3_000_000, address=session.guest.stop) == "address"
    assert lockstep.instructions > 50_000
    assert session.counters()["mac_trap"] > 0
