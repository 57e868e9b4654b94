"""HostL: processes, the shell, interrupts, floating point."""

import re

import pytest


def test_the_shell_runs_programs(hostl):
    assert "stress" in hostl("ls")
    assert hostl("echo one two") == "one two\n"
    assert hostl("nothing") == "nothing: not found\nnothing: status 127\n"
    assert hostl("") == ""
    assert re.search(r"sh$", hostl("ps"), re.MULTILINE)
    hostl.check()


def test_a_line_can_be_edited(hostl):
    hostl.type("ecgo\b\b\x7f\b\b\bxx\b\becho edited")
    assert hostl.read().endswith("\nedited\n")


def test_programs_end_and_nothing_is_left(hostl):
    before = hostl.free()
    assert hostl("lifetimes 3") == "lifetimes: ok\n"
    assert hostl.free() == before


def test_registers_of_an_interrupted_program_are_kept(hostl):
    """A program that would stop if a register changed runs beside others, until it is killed."""
    pid = re.fullmatch(r"\[(\d+)]\n", hostl("spin &"))[1]
    assert hostl("stress 2 20 200") == "stress: ok\n"
    hostl("sleep 20")
    assert re.search(rf"^ *{pid} .*spin$", hostl("ps"), re.MULTILINE)
    hostl.check()
    assert hostl(f"kill {pid}") == ""
    hostl("sleep 2")
    assert "spin" not in hostl("ps")
    assert hostl(f"kill {pid}") == "kill: failed\n"


def test_two_that_spin_get_the_same_time(hostl):
    pids = [re.fullmatch(r"\[(\d+)]\n", hostl("spin &"))[1] for _ in range(2)]
    hostl("sleep 100", instructions=100_000_000)
    ticks = [int(row.split()[7]) for row in hostl("ps").splitlines() if row.endswith("spin")]
    for pid in pids:
        hostl(f"kill {pid}")
    assert len(ticks) == 2 and min(ticks) > 40 and abs(ticks[0] - ticks[1]) <= 8


def test_each_process_has_its_own_floating_point_registers(hostl):
    assert hostl("floats") == "floats: ok\n"


def test_a_reservation_does_not_pass_to_another_process(hostl):
    assert hostl("reserved") == "reserved: ok\n"


def test_costs_are_in_order(hostl):
    costs = {line[:32].rstrip(): int(line[32:]) for line in hostl("times").splitlines()}
    assert costs["store to a page"] < costs["system call"] < costs["first store to a page"]
    assert costs["store to a page after fork"] < costs["store to a shared page"]
    hostl.check()


def test_nothing_happens_faster_than_the_clock(hostl):
    cycles = hostl.machine.cycle
    hostl("sleep 25")
    ticks = (hostl.machine.cycle - cycles) / 16 / 40_500    # the time base counts each 16th
    assert 24 < ticks < 28


@pytest.mark.parametrize("seed", range(1, 4))
def test_random_system_calls_do_no_harm(new_session, seed):
    session = new_session("mem=2M swap=1M hash=64K")
    before = session.free()
    text = session(f"fuzz 12 {seed}", 100_000_000)
    assert text.endswith("fuzz: done\n"), text
    session.check()
    session("sleep 3")
    assert session("ps").count("\n") == 5, "processes are left"
    assert session.free()[0] >= before[0]
