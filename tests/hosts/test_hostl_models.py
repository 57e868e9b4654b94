"""HostL on the pipeline model, and both models in lockstep."""

import pytest

from pteg.firmware.hosts.hostl.image import build_with_mol
from pteg.lockstep import Lockstep

ARGUMENTS = "mem=448K swap=1M hash=64K"


@pytest.mark.slow
def test_copies_and_swapping_on_the_pipeline(new_session):
    session = new_session(ARGUMENTS, cpu="pipeline")
    assert session("stress 1 90 30") == "stress: ok\n"
    assert session("code 90 60") == "code: ok\n"       # other code was in the instruction cache
    session.check()
    assert session.checker.data.swap_written > 0


def lockstep(session, *lines, instructions):
    """A whole session, both models side by side."""
    session.machine.model.settle()
    both = Lockstep(session.machine.model, session.machine.symbols)
    for line in (None, *lines):
        if line is not None:
            session.type(line)
        stop = both.run(instructions, text=b"$ ")
        assert stop == "console", both.console
    return both.console.decode().replace("\r\n", "\n")


def test_a_session_in_lockstep(new_session):
    session = new_session("mem=1M swap=1M hash=64K", cpu="pipeline", prompt=False)
    text = lockstep(session, "insmod watch", "stress 1 10 20", "watch", instructions=2_000_000)
    assert "stress: ok" in text


@pytest.mark.slow
def test_everything_in_lockstep(new_session):
    session = new_session(ARGUMENTS, cpu="pipeline", prompt=False)
    text = lockstep(session, "memory a b", "floats", "lifetimes 1", "stress 2 90 300",
                    "code 90 300", instructions=30_000_000)
    for name in ("memory", "floats", "lifetimes", "stress", "code"):
        assert f"{name}: ok" in text
    session.check()


@pytest.mark.slow
def test_a_guest_in_lockstep(new_session):
    """Both models agree through a whole session of the hypervisor and its guest."""
    session = new_session(elf=build_with_mol(), cpu="pipeline", prompt=False)
    text = lockstep(session, "insmod mol", "mol guest 6", "stress 1 20 30", "\x04",
                    instructions=20_000_000)
    assert "6144 KB memory" in text and "stress: ok" in text
    session.check()
