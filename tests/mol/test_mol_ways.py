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
    registers = [result["registers"] for result in found.values()]
    assert all(other == registers[0] for other in registers[1:])
    made = [result["counters"]["page_fault_ctr"] for result in found.values()]
    assert len(set(made)) == 1
    assert all(result["counters"]["mac_page_fault"] == ways.TIMES for result in found.values())


def test_each_point_costs_what_its_policy_says(found):
    hostl, plan, outcome = found.values()
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
    assert [result["counters"]["pages_touched"] for result in found.values()][0::2] == [0, 0]
    assert plan["counters"]["pages_touched"] >= ways.TIMES
    assert plan["page not there"] > 1.5 * plan["page there"]
    assert outcome["page not there"] < 1.1 * outcome["page there"]


def test_the_table_has_each_point_and_way(found):
    lines = ways.table(found).splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] \
        == ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii"]
    assert all(line.count("|") == 7 for line in lines)
    assert f"message to a port: {found['plan']['call']:,}" in lines[2]
