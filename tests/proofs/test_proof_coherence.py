"""One block, two processors: a load returns what the last store has written, the block is never in
both caches, and nobody waits for ever. All states are looked at that the components can reach.

The caches have one way, so that a state has no old blocks. What memory may delay, it delays as long
as it likes. That nobody waits for ever is claimed for a moment from which on nobody wants more.
"""

import pytest

from pteg.engine import compile_design
from pteg.hw.cache import data

#: Cycles for the quick tests: enough for a push and the transaction that waits for it.
SHORT = 18


@pytest.fixture
def wants(one_block):
    return [one_block.Want.NOTHING, one_block.Want.LOAD, one_block.Want.STORE]


def test_two_processors_agree_on_a_block(one_block, reach, wants):
    found = reach.explore(compile_design(one_block.OneBlock()), wants, SHORT)
    assert found.depth == SHORT and len(found.rests) > 20_000


@pytest.mark.slow
def test_they_agree_in_all_states_that_there_are(one_block, reach, wants):
    assert reach.explore(compile_design(one_block.OneBlock()), wants).complete


def test_they_agree_with_cache_instructions(one_block, reach):
    """With dcbz, dcbf and dcbst there are too many states for all of them."""
    found = reach.explore(compile_design(one_block.OneBlock()), list(one_block.Want), 10)
    assert len(found.rests) > 5000


#: The part, its right text, a wrong one, and what is found.
BUGS = {
    "no push": ("DataLookup", "found & self.modified & (asked.op != DataOp.INVALIDATE)",
                "found & self.modified & (asked.op != DataOp.INVALIDATE) & ~snoop", "loads"),
    # Each cancels the transaction of the other one, before either has passed the bus.
    "deadlock": ("DataLookup", "& (self.owned | ~snoop))", ")", "waits for ever"),
    "two owners": ("DataLookup", "stays = asked.op == DataOp.CLEAN",
                   "stays = (asked.op == DataOp.CLEAN) | snoop", "loads|both"),
    "push not awaited": ("DataLookup", "with m.If(~self._leaves()):",
                         "with m.If(self._leaves() | ~self._leaves()):", "loads"),
    "no ARTRY": ("Snooper", "snooped & ~(same & caches.done)", "snooped & ~same", "loads|both"),
    "snoop of before": ("Snooper", " | caches.passed & here", "", "loads|both|waits"),
}


def find(smt, one_block, reach, wants, monkeypatch, name, depth=None):
    part, right, wrong, message = BUGS[name]
    user = data if part == "DataLookup" else one_block.shared_bus
    monkeypatch.setattr(user, part, smt.planted(getattr(user, part), right, wrong))
    with pytest.raises(reach.Violated, match=message):
        reach.explore(compile_design(one_block.OneBlock()), wants, depth)


def test_a_bug_is_found_in_a_few_cycles(smt, one_block, reach, wants, monkeypatch):
    find(smt, one_block, reach, wants, monkeypatch, "no push", SHORT)


@pytest.mark.slow
@pytest.mark.parametrize("name", BUGS)
def test_bugs_are_found(smt, one_block, reach, wants, monkeypatch, name):
    find(smt, one_block, reach, wants, monkeypatch, name)
