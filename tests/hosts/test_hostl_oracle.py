"""HostL changes PTEs by the rules: no stale translation is used, even with adversaries."""

import pytest

SMALL = "mem=1M swap=2M hash=64K"


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_hostl_uses_no_stale_translation(new_session, seed):
    """Processes, copy-on-write and swapping, with a page table that is too small."""
    session = new_session(SMALL, prompt=False, adversary=seed)
    oracle = session.machine.oracle()
    session.read()
    assert session("stress 2 60 100") == "stress: ok\n"
    assert oracle.uses == [], "\n".join(use.text(session.machine.symbols)
                                        for use in oracle.uses[:5])
    session.check()
