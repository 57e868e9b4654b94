"""The checker finds each fault that can be built into HostL."""

import re
from pathlib import Path

import pytest

from pteg.firmware.hosts import hostl as package

BUGS = re.findall(r"^    BUG_(\w+), +/",
                  (Path(package.__file__).parent / "kernel" / "bugs.h").read_text(), re.MULTILINE)
MEMORY = "mem=768K swap=1M hash=64K"
#: Of several processors: test_hostl_locks.py and test_hostl_oracle.py plant these.
OTHERS = {"HASH_NO_LOCK", "HASH_ORDER", "NO_TLBSYNC"}
#: What must be among the problems.
FINDS = {
    "SWAP_NO_FLUSH": "R, or", "FORK_NO_FLUSH": "allows stores", "EXIT_NO_FLUSH": "is no page",
    "FORK_NO_COUNT": "is counted", "LOST_DIRTY": "allows stores", "FREE_TWICE": "is counted",
    "CONTEXT_TWICE": "context 1 belongs to", "WRONG_GROUP": "is no page",
    "SLOT_LEAK": "named 0 times", "NO_TLBIE": "TLB",
}


def problems(session, steps):
    """The first problems that are found on the way through a session, looking often."""
    session.machine.run(until="swap area", instructions=1_000_000)    # the console works
    session.type("stress 2 130 150")
    for _ in range(steps):
        session.machine.run(instructions=60_000)
        session.checker.settle()
        if found := session.checker.check():
            return found
    return []


def test_every_fault_has_a_test():
    assert set(FINDS) | OTHERS == set(BUGS)


@pytest.mark.parametrize("bug", FINDS)
def test_a_planted_fault_is_found(new_session, bug):
    session = new_session(f"{MEMORY} bug={bug}", prompt=False)
    found = problems(session, 60)
    assert any(FINDS[bug] in line for line in found), found


def test_without_faults_there_is_nothing_to_find(new_session):
    session = new_session(MEMORY, prompt=False)
    assert problems(session, 25) == []
    assert session.checker.data.swap_written > 0
