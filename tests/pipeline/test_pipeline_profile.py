"""Profiles: every cycle is counted once, where it was spent and for what."""

import json

import numpy as np
import pytest

import pteg
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0
from pteg.profile import Profile, Samples, Stall
from pteg.symbols import Symbols

#: Each function waits for something else.
PROGRAM = """
_start: bl      divide
        bl      outer
        bl      float
        bl      away
        .long   0
done:   b       done

divide: li      r4,100
        mtctr   r4
        li      r5,7
1:      divwu   r5,r5,r5
        bdnz    1b
        blr

outer:  mflr    r20
        bl      loads
        bl      loads
        mtlr    r20
        blr

loads:  lis     r4,0x10
        li      r5,200
        mtctr   r5
1:      lwz     r6,0(r4)
        add     r7,r6,r6
        addi    r4,r4,32
        bdnz    1b
        blr

float:  li      r5,50
        mtctr   r5
1:      fdiv    f1,f2,f3
        bdnz    1b
        blr

away:   blr
"""
#: Goes on after the instruction that is illegal.
HANDLER = """
handler: mfsrr0 r10
        addi    r10,r10,4
        mtsrr0  r10
        rfi
"""


@pytest.fixture(scope="module")
def profiled():
    """The program's profile, and the statistics of the same cycles."""
    machine = pteg.Machine("g3", rom="none")
    machine.load(assemble(HANDLER, sections={".text": 0x700}).elf())
    machine.load(assemble(PROGRAM, sections={".text": 0x1000}).elf())
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0x2000     # MSR[FP]
    machine.cpu.spr["HID0"] = Hid0.ICE | Hid0.DCE | Hid0.BHT | Hid0.BTIC
    with machine.measure() as measured, machine.profile() as profile:
        assert machine.run(until=machine.symbols.address("done"), cycles=100_000) == "address"
    return profile, measured.stats


def of(profile, symbol):
    (row,) = (row for row in profile.by_symbol() if row["symbol"] == symbol)
    return row


def test_a_profile_counts_what_the_statistics_count(profiled):
    profile, stats = profiled
    table = profile.by_symbol()
    assert sum(table["cycles"]) == profile.cycles == stats["cycles"]
    assert sum(table["instructions"]) == stats["instructions"]
    assert sum(table["icache_misses"]) == stats["cache"]["instruction"]["misses"] > 0
    assert sum(table["dcache_misses"]) == stats["cache"]["data"]["misses"] == 200
    assert sum(profile.stacks.values()) == stats["cycles"]


def test_each_function_waits_for_what_it_uses(profiled):
    profile, _ = profiled
    divide, loads, floats = (of(profile, name) for name in ("divide", "loads", "float"))
    # A division takes 19 cycles, a double-precision one 31 (MPC750 UM tables 6-5, 6-6).
    assert 100 * 17 <= divide["integer"] <= 100 * 19
    assert 50 * 29 <= floats["float"] <= 50 * 31
    assert loads["dcache_misses"] == 200 and loads["data_miss"] > loads["cycles"] / 2
    assert divide["data_miss"] == floats["data_miss"] == 0
    assert sum(profile.by_symbol()["exception"]) > 0


def test_the_cycles_of_an_address_are_part_of_its_symbol(profiled):
    profile, _ = profiled
    rows = {row["address"]: row for row in profile.by_address()}
    # 0x1018 is the first of `divide`, the division its fourth instruction.
    assert rows[0x1024]["cycles"] > 0.9 * of(profile, "divide")["cycles"]


def test_calls_and_exceptions_are_found(profiled):
    """`away` is nothing but a branch, which is folded: it takes no cycle."""
    profile, _ = profiled
    assert set(profile.stacks) == {
        ("_start",), ("_start", "divide"), ("_start", "outer"), ("_start", "outer", "loads"),
        ("_start", "float"), ("_start", "handler")}


def test_collapsed_stacks_and_speedscope_say_the_same(profiled):
    profile, _ = profiled
    lines = dict(line.rsplit(" ", 1) for line in profile.collapsed().splitlines())
    assert {tuple(stack.split(";")): int(count) for stack, count in lines.items()} == profile.stacks
    scope = json.loads(profile.speedscope())
    names = [frame["name"] for frame in scope["shared"]["frames"]]
    (found,) = scope["profiles"]
    assert {tuple(names[frame] for frame in stack): weight for stack, weight in
            zip(found["samples"], found["weights"], strict=True)} == profile.stacks
    assert found["endValue"] == profile.cycles


def test_the_ending_of_the_name_says_what_is_written(profiled, tmp_path):
    profile, _ = profiled
    profile.write(tmp_path / "p.csv")
    assert (tmp_path / "p.csv").read_text().startswith("symbol,cycles,")
    profile.write(tmp_path / "p.folded")
    assert (tmp_path / "p.folded").read_text() == profile.collapsed()
    profile.write(tmp_path / "p.speedscope.json")
    assert (tmp_path / "p.speedscope.json").read_text() == profile.speedscope()
    with pytest.raises(UserError, match=r"^a profile's name must end in .*, not '.*p.svg'$"):
        profile.write(tmp_path / "p.svg")


def test_a_profile_in_pieces_is_the_same():
    tables = []
    for pieces in ([5000], [1, 2, 3, 994, 4000]):
        machine = pteg.Machine("g3", rom="first")
        with machine.profile() as profile:
            for cycles in pieces:
                machine.run(cycles=cycles)
        assert profile.cycles == 5000
        tables.append(profile.by_address())
    assert tables[0] == tables[1]


def test_what_runs_before_and_after_is_not_counted():
    machine = pteg.Machine("g3", rom="first")
    machine.run(cycles=1000)
    with machine.profile() as profile:
        machine.run(cycles=500)
    machine.run(cycles=500)
    assert profile.cycles == 500
    with machine.profile() as unused:
        pass
    assert unused.cycles == 0 and len(unused.by_symbol()) == 0


def test_the_functional_model_has_no_profile():
    with pytest.raises(UserError, match=r"^a profile needs cpu='pipeline'"):
        pteg.Machine("g3", cpu="functional").profile()


def test_returns_that_were_not_seen_do_not_make_stacks_without_end():
    class Names(Symbols):
        def function(self, address):
            return f"f{address}"

    profile, count = Profile(Names()), 2000
    pcs, zeros = np.arange(count) * 4, np.zeros(count, np.int64)
    profile.add(Samples(pcs, pcs, zeros + Stall.NONE, *[zeros] * 5, lr=pcs, exception=zeros))
    assert max(map(len, profile.stacks)) <= 256 and profile.stacks.total() == count
