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


INTERRUPTED = """
        .org    0xF00
        mfspr   r20, 952                # MMCR0
        mfspr   r21, 955                # SIA
        mfspr   r22, 953                # PMC1
        addi    r23, r23, 1
        mfspr   r24, 953
        rfi
        .org    0x1000
_start: lis     r3, 0x7FFF
        ori     r3, r3, 0xFFF0
        mtspr   953, r3                 # PMC1: sixteen more
        lis     r4, {high}
        ori     r4, r4, {low}
        mtspr   952, r4                 # MMCR0
        li      r5, 0x7FFF
        mtmsr   r6
        li      r7, 40
        mtctr   r7
loop:   addi    r8, r8, 1
        bdnz    loop
        li      r6, {ee}
        ori     r6, r6, 0
        mtmsr   r6
after:  nop
done:   b       done
"""
ENINT, DISCOUNT, ON_PMC1, COMPLETED = 0x0400_0000, 0x0200_0000, 0x8000, 2 << 6


def interrupted(mmcr0, msr=0x8000, ee=0):
    program = assemble(INTERRUPTED.format(high=mmcr0 >> 16, low=mmcr0 & 0xFFFF, ee=ee),
                       sections={".text": 0})
    machine = pteg.Machine("g3", cpu="pipeline", ram="1M")
    machine.memory.write(0, program.image(0))
    with machine.cpu.changed() as state:
        state["pc"], state["msr"], state["gpr"][0][6] = program.symbols["_start"], 0, msr
    machine.run(cycles=20_000, until=program.symbols["done"])
    return machine.cpu, program.symbols


def test_a_negative_counter_interrupts_once_and_the_sampled_address_is_in_the_loop():
    cpu, symbols = interrupted(ENINT | ON_PMC1 | COMPLETED)
    gpr = cpu.gpr
    assert gpr[23] == 1
    assert not gpr[20] & ENINT and gpr[20] & ON_PMC1
    assert symbols["loop"] <= gpr[21] <= symbols["loop"] + 4
    assert gpr[22] >= 0x8000_0000 and gpr[24] > gpr[22]     # it goes on counting
    assert gpr[8] == 40


def test_discount_stops_the_counters():
    cpu, _ = interrupted(ENINT | DISCOUNT | ON_PMC1 | COMPLETED)
    assert cpu.gpr[23] == 1 and cpu.gpr[22] == cpu.gpr[24] <= 0x8000_0001


def test_interrupt_waits_for_msr_ee():
    cpu, symbols = interrupted(ENINT | ON_PMC1 | COMPLETED, msr=0, ee=-0x8000)
    assert cpu.gpr[23] == 1
    assert cpu.spr["SRR0"] == symbols["after"]
    assert symbols["loop"] <= cpu.spr["SIA"] <= symbols["loop"] + 4


def test_no_interrupt_without_enint_or_for_a_counter_that_is_not_chosen():
    for mmcr0 in (ON_PMC1 | COMPLETED, ENINT | COMPLETED, ENINT | 0x4000 | COMPLETED):
        assert interrupted(mmcr0)[0].gpr[23] == 0


def test_a_bit_of_the_time_base_interrupts():
    cpu, _ = interrupted(ENINT | 0x0040_0000)   # INTONBITTRANS, bit 31 of TBL
    assert cpu.gpr[23] == 1


def test_marked_processes_are_counted_or_not():
    # MSR[PM] is clear: DMR freezes the counters, DMS does not.
    assert counts((1, 0, 0, 0), frozen=0x0800)[0] == 0
    assert counts((1, 0, 0, 0), frozen=0x1000)[0] > 0
