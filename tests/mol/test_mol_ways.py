"""The ways to solve the eight points: one guest, the same results, other costs."""

import pytest

from pteg.firmware import cbuild
from pteg.mol import ways

pytestmark = pytest.mark.skipif(not cbuild.compilers(), reason="needs a C compiler")


@pytest.fixture(scope="module")
def found():
    """In instructions."""
    return {name: ways.measure(name, "functional") for name in ways.WAYS}


def test_every_way_gives_the_same_guest(found):
    found = {name: result for name, result in found.items() if name != "vmm"}
    registers = [result["registers"] for result in found.values()]
    assert all(other == registers[0] for other in registers[1:])
    made = [found[name]["counters"]["page_fault_ctr"] for name in ("hostl", "plan", "outcome")]
    assert len(set(made)) == 1
    assert all(result["counters"]["mac_page_fault"] == ways.TIMES for result in found.values())


def test_each_point_costs_what_its_policy_says(found):
    hostl, plan, outcome = (found[name] for name in ("hostl", "plan", "outcome"))
    # i: a message is copied twice, and names are looked up.
    assert hostl["call"] < plan["call"] and outcome["call"] < plan["call"]
    # iii: all 2 MB are in memory if they are wired.
    assert outcome["resident"] > 512 > plan["resident"]
    # vi: two groups of 64 bytes are copied; the call of C costs too.
    assert (plan["page fault of the guest"] - plan["mtspr dbat1u"]
            > outcome["page fault of the guest"] - outcome["mtspr dbat1u"])
    # vii, scenario 30: a return to the user part and a call cost more than a trampoline.
    assert hostl["mtspr dbat1u"] < outcome["mtspr dbat1u"] < plan["mtspr dbat1u"]
    # viii: who touches faults three times; wired pages are as quick as pages that are there.
    assert hostl["counters"]["pages_touched"] == outcome["counters"]["pages_touched"] == 0
    assert plan["counters"]["pages_touched"] >= ways.TIMES
    assert plan["page not there"] > 1.5 * plan["page there"]
    assert outcome["page not there"] < 1.1 * outcome["page there"]


def test_kvms_policies_cost_where_they_differ(found):
    mol, kvm = found["hostl"], found["kvm"]
    # Known VSIDs are found in C, modes and BATs forget what is known.
    assert kvm["mtsr, known"] > 5 * mol["mtsr, known"]
    assert kvm["mode"] > 3 * mol["mode"]
    assert kvm["mtspr dbat1u"] > 3 * mol["mtspr dbat1u"]
    # Who does not look at stores only pays for tlbie.
    assert kvm["changed entry"] < mol["changed entry"]
    counters = kvm["counters"]
    assert counters["pt_intercept_taken"] == 0 < mol["counters"]["pt_intercept_taken"]
    assert counters["fix_sr"] > 10 * mol["counters"]["fix_sr"]
    assert counters["ptes_zeroed"] > 2 * mol["counters"]["ptes_zeroed"]
    # What the policies leave alone costs the same.
    for kind in ("call", "hypercall", "resident"):
        assert kvm[kind] == pytest.approx(mol[kind], abs=20)


def test_the_kernels_own_facility_costs_traps_and_no_locks(found):
    plan, vmm = found["plan"], found["vmm"]
    # A trap is cheaper than a message; the monitor does what MOL does in assembly.
    assert vmm["call"] < plan["call"] / 3
    assert vmm["mtsr, known"] > 3 * plan["mtsr, known"]
    # Who maps pages one call each waits twice: for the monitor, then for the hash table.
    assert vmm["hypercall"] < vmm["page there"] < vmm["page not there"] < plan["page not there"]


def test_the_tables_have_each_point_way_and_counter(found):
    costs, counters = (part.splitlines() for part in ways.table(found).split("\n\n"))
    assert [line.split(" | ")[0].strip("| ") for line in costs[2:]] \
        == [point for point, *_ in ways.POINTS]
    assert {point for point, *_ in ways.POINTS} \
        == {"i", "ii", "iii", "iv", "v", "vi", "vii", "viii"}
    assert all(line.count("|") == 9 for line in costs)
    assert f"message to a port: {found['plan']['call']:,}" in costs[2]
    assert [line.split(" | ")[0].strip("| ") for line in counters[2:]] == [*ways.COUNTERS]
    assert all(line.count("|") == 6 for line in counters)
    vectors = next(line for line in costs if line.startswith("| vii |"))
    assert vectors.endswith("| 1,807 |")
    alone = ways.table(found, cycles=False).splitlines()
    assert all(line.endswith(" |  |") for line in alone[2:len(costs)])
