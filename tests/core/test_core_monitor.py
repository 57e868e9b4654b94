"""The performance monitor counts what the program does."""

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.core.monitor import EVENTS, Event

PASSES = 20
PROGRAM = """
        .org    0x1000
_start: li      r3, {passes}
        mtctr   r3
        lis     r4, {high}
        ori     r4, r4, {low}
        lis     r5, {other}
        mtspr   956, r5                 # MMCR1
        mtspr   952, r4                 # MMCR0
loop:   add     r6, r7, r8
        add     r9, r7, r8
        add     r10, r7, r8
        bdnz    loop
        lis     r4, 0x8000              # freeze
        mtspr   952, r4
done:   b       done
"""


def counts(selects, frozen=0):
    """PMC1 to PMC4 after the loop, with the events of these numbers."""
    one, two, three, four = selects
    program = assemble(PROGRAM.format(
        passes=PASSES, high=frozen, low=one << 6 | two, other=three << 11 | four << 6),
        sections={".text": 0})
    machine = pteg.Machine("g3", cpu="pipeline", ram="1M")
    machine.memory.write(0, program.image(0))
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = program.symbols["_start"], 0
    machine.run(cycles=20_000, until=program.symbols["done"])
    return [machine.cpu.spr[f"PMC{n}"] for n in range(1, 5)]


def test_instructions_and_cycles_are_counted():
    cycles, completed, dispatched, _ = counts((1, 2, 4, 0))
    # Four instructions a pass (bdnz is not folded), and the few that stop the counters.
    assert 4 * PASSES <= completed <= 4 * PASSES + 4
    assert completed <= dispatched <= completed + 12
    assert cycles >= completed / 2


def test_nothing_is_counted_when_frozen_or_not_selected():
    assert counts((1, 2, 0, 0), frozen=0x8000) == [0, 0, 0, 0]
    assert counts((0, 0, 0, 0)) == [0, 0, 0, 0]


def test_branches_that_are_not_taken_are_counted():
    assert counts((0, 8, 0, 0))[1] == 1     # the last bdnz


def test_every_counter_has_the_four_common_events():
    for events in EVENTS:
        assert [events[n] for n in range(1, 5)] == [
            Event.CYCLES, Event.COMPLETED, Event.TIME_BASE, Event.DISPATCHED]
