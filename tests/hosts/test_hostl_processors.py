"""HostL and HostX on several processors."""

import pytest

from pteg.lockstep.shared import SharedLockstep

SMALL = "mem=1M swap=2M hash=64K"
SEEDS = [(300, 1), (7, 2), (40, 3)]


@pytest.fixture(scope="module")
def new_host(new_session):
    """HostL with all processors of a machine."""
    return lambda processors=2, arguments=SMALL, **options: new_session(
        f"{arguments} cpus={processors}", processors=processors, **options)


def swapped(session, steps, line="stress 3 150 300"):
    """A program that swaps, looked at on its way."""
    session.type(line)
    for _ in range(steps):
        session.machine.run(instructions=50_011)
        session.check()
    assert "stress: ok" in session.read(100_000_000)
    session.check()
    assert session.checker.data.swap_written > 0


@pytest.mark.parametrize("quantum, seed", SEEDS)
def test_processes_swap_on_two_processors(new_host, quantum, seed):
    host = new_host(quantum=quantum, seed=seed)
    assert host.banner.endswith("2 processors\n")
    swapped(host, 15)
    done = [cpu["instructions"] for cpu in host.machine.stats()["processors"].values()]
    assert min(done) > 100_000


def test_code_is_fetched_from_where_it_is_now(new_host):
    """Pages of code go from frame to frame: an instruction cache may have what was there before."""
    host = new_host(quantum=40)
    host.type("code 200 1500")
    assert host.read(100_000_000).endswith("code: ok\n")
    host.check()
    assert host.checker.data.swap_written > 100


@pytest.mark.slow
def test_four_processors(new_host):
    swapped(new_host(4), 5, "stress 5 100 200")


def test_floating_point_registers_move_with_their_process(new_host):
    """More processes than processors, so that they change places."""
    assert new_host(quantum=20)("floats").endswith("floats: ok\n")


def test_hostx_on_two_processors(new_hostx):
    host = new_hostx(f"{SMALL} cpus=2", processors=2)
    swapped(host, 10)


@pytest.mark.slow
def test_copies_and_swapping_on_the_pipeline(new_host):
    host = new_host(arguments="mem=448K swap=1M hash=64K", cpu="pipeline")
    assert host("stress 2 90 30") == "stress: ok\n"
    host.check()
    assert host.checker.data.swap_written > 0


@pytest.mark.slow
def test_a_session_in_lockstep(new_host):
    """From reset, over the start of the second processor, with copies and swapping."""
    host = new_host(arguments="mem=448K swap=1M hash=64K", cpu="pipeline", prompt=False)
    both = SharedLockstep(host.machine.model, host.machine.symbols)
    assert both.run(2_000_000, text=b"$ ") == "console"
    host.type("stress 2 90 30")
    assert both.run(20_000_000, text=b"$ ") == "console", both.console
    assert b"2 processors" in both.console and b"stress: ok" in both.console
