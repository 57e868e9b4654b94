"""HostL changes PTEs by the rules: no stale translation is used, even with adversaries."""

import pytest

from pteg.mmu.oracle import Step

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


@pytest.mark.parametrize("seed", [None, 1])
def test_two_processors_use_no_stale_translation(new_session, seed):
    session = new_session(f"{SMALL} cpus=2", prompt=False, adversary=seed, processors=2, quantum=40)
    oracle = session.machine.oracle()
    session.read()
    assert session("stress 3 60 60") == "stress: ok\n"
    assert oracle.uses == [], "\n".join(use.text(session.machine.symbols)
                                        for use in oracle.uses[:5])
    session.check()


@pytest.mark.parametrize("step, seeds", [(Step.TLBIE, [None]), (Step.TLBSYNC, range(1, 6))])
def test_what_is_left_out_is_named_on_two_processors(new_session, step, seeds):
    missing = set()
    for seed in seeds:
        session = new_session(f"mem=768K swap=1M hash=64K cpus=2 bug=NO_{step.name}", prompt=False,
                              adversary=seed, processors=2, quantum=40)
        session.machine.run(until="swap area", instructions=2_000_000)
        oracle = session.machine.oracle()
        session.type("stress 3 130 150")
        session.machine.run(instructions=300_000)
        missing |= {use.missing for use in oracle.uses}
    assert missing == {step}
