"""One processor saves a page and clears its C while another one stores there (PEM 7.6.3.2): what is
stored later sets C again, whenever that is; and machines that lose C."""

from functools import cache

import pytest
from pages import RIGHTS, TRANSLATE, C, enter, pte_of

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0

PAGE, SAVED, EA = 0x20000, 0x30000, 0x40003000
PTE = pte_of(EA)
BLOCKS = 8

#: The second processor stores a number to each block of the page, from the first one on. The first
#: one waits, clears C, and saves what is in the blocks, from the last one on. No other processor
#: sends a tlbie: that needs no lock.
SOURCE = f"""
first:  mtctr   r26
1:      bdnz    1b
        stb     r28, 7(r25)
        sync
        tlbie   r24
        eieio
        tlbsync
        sync
        mtctr   r27
1:      lwzu    r5, -32(r22)
        stwu    r5, -4(r23)
        bdnz    1b
        sync
done:   b       done

second: mtctr   r27
{TRANSLATE}
1:      addi    r5, r5, 1
        stw     r5, 0(r24)
        addi    r24, r24, 32
        bdnz    1b
        sync
end:    b       end
"""


@cache
def program():
    return assemble(SOURCE, sections={".text": 0x1000})


def clean(machine, delay, c):
    """How many blocks are not as they have been saved in the end, and C in the end."""
    symbols = program().symbols
    machine.reset()
    machine.load(program())
    machine.memory.write(PAGE, bytes(0x1000))
    enter(machine, EA, PAGE, c | RIGHTS)
    machine.model.set_held(1, False)
    for cpu, name in zip(machine.cpus, ("first", "second"), strict=True):
        with cpu.changed() as state:
            state["pc"], state["msr"] = symbols[name], 0
            state["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.ABE
            for register, value in ((5, 0), (22, PAGE + 32 * BLOCKS), (23, SAVED + 4 * BLOCKS),
                                    (24, EA), (25, PTE), (26, delay), (27, BLOCKS), (28, RIGHTS)):
                state["gpr"][0][register] = value
    begin = machine.cycle
    while machine.cpus[0].pc != symbols["done"] or machine.cpus[1].pc != symbols["end"]:
        assert machine.cycle - begin < 20_000, delay
        machine.run(cycles=100)
    there = [machine.memory.read_word(PAGE + 32 * n) for n in range(BLOCKS)]
    assert there == [*range(1, BLOCKS + 1)], delay
    saved = [machine.memory.read_word(SAVED + 4 * n) for n in range(BLOCKS)]
    return sum(map(int.__ne__, saved, there)), machine.memory.read_word(PTE + 4) & C != 0


def lost(machine, delays):
    """After which delays, and with which C at first, a block has changed and C is 0; and what else
    has been seen."""
    seen = {(delay, c): clean(machine, delay, c) for delay in delays for c in (0, C)}
    return {key for key, (changed, c) in seen.items() if changed and not c}, set(seen.values())


@pytest.mark.parametrize("delays", [
    range(1, 220, 13), pytest.param(range(1, 221), marks=pytest.mark.slow)], ids=["few", "many"])
def test_c_is_never_lost(delays):
    late, seen = lost(pteg.Machine("g3", rom="none", processors=2, ram="1M"), delays)
    assert not late
    # The last store has been saved, or several ones have come later.
    assert (0, False) in seen and {changed for changed, c in seen if c} >= {1, 2}


@pytest.mark.slow
@pytest.mark.parametrize("mutant, c", [
    ("search-not-begun-anew", {C}), ("tlbie-not-heard", {0, C}), ("tlbsync-not-awaited", {0, C})])
def test_machines_that_lose_c_are_found_out(mutant, c):
    """A search that goes on knows a C that has been cleared meanwhile. An entry that stays does so
    for ever. A store that is not waited for comes when its block has been saved."""
    late, _ = lost(pteg.Machine("g3", rom="none", processors=2, ram="1M", mutant=mutant),
                   range(1, 221, 3))
    assert {first for _, first in late} == c
