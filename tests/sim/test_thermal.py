"""The thermal unit: comparisons become valid after the sample interval, and interrupt."""

import pytest

from pteg import Machine
from pteg.firmware.asm import assemble
from pteg.hw.sizes import JUNCTION_TEMPERATURE as NOW

CODE, VECTOR, EE = 0x2000, 0x1700, 0x8000
TIN, TIV, TID, TIE, V = 1 << 31, 1 << 30, 4, 2, 1
INTERVAL = 1600
ENABLED = INTERVAL << 1 | 1
PROGRAM = f"""    .org {VECTOR:#x}
    addi r10, r10, 1
    mfspr r8, thrm1
    mfspr r9, thrm2
    rfi
    .org {CODE:#x}
    mtspr thrm1, r3
    mtspr thrm2, r4
    mtspr thrm3, r5
again:
    mfspr r6, thrm1
    mfspr r7, thrm2
    b again
"""


@pytest.fixture(scope="module", params=["functional", "pipeline"])
def machine(request):
    return Machine("g3", cpu=request.param)


def start(machine, one=0, two=0, three=ENABLED, msr=EE):
    machine.reset()
    machine.load(assemble(PROGRAM).elf())
    with machine.cpu.changed() as state:
        state["gpr"] = 0
        state["gpr"][0, 3:6] = one, two, three
        state["pc"], state["msr"] = CODE, msr
    return machine.cpu


def threshold(degrees, bits):
    return degrees << 23 | bits


@pytest.mark.parametrize("degrees, direction, crossed", [
    (NOW - 1, 0, True), (NOW, 0, False), (NOW + 1, 0, False),
    (NOW + 1, TID, True), (NOW, TID, False), (NOW - 1, TID, False)])
def test_a_comparison_becomes_valid_after_the_sample_interval(machine, degrees, direction, crossed):
    written = threshold(degrees, direction | V)
    cpu = start(machine, TIN | TIV | written)
    machine.run(cycles=INTERVAL // 2)
    assert cpu.gpr[6] == written, "TIN and TIV cannot be written"
    machine.run(cycles=2 * INTERVAL)
    assert cpu.gpr[6] == written | TIV | (TIN if crossed else 0)
    assert cpu.gpr[7] == 0 and cpu.gpr[10] == 0


def test_a_crossed_threshold_interrupts_once(machine):
    written = threshold(NOW - 5, TIE | V)
    cpu = start(machine, written)
    machine.run(cycles=10 * INTERVAL)
    assert cpu.gpr[10] == 1 and cpu.gpr[8] == written | TIN | TIV
    assert cpu.spr["SRR1"] & EE
    cpu.spr["THRM1"] = written
    machine.run(cycles=10 * INTERVAL)
    assert cpu.gpr[10] == 2, "a written register is compared again"


def test_the_interrupt_waits_until_it_is_enabled(machine):
    cpu = start(machine, two=threshold(NOW + 5, TID | TIE | V), msr=0)
    machine.run(cycles=5 * INTERVAL)
    assert cpu.gpr[10] == 0 and cpu.gpr[7] >> 30 == 3
    cpu.msr = EE
    machine.run(cycles=INTERVAL)
    assert cpu.gpr[10] == 1


def test_two_thresholds_take_turns(machine):
    one, two = threshold(NOW + 9, TIE | V), threshold(NOW - 9, TID | TIE | V)
    cpu = start(machine, one, two)
    machine.run(cycles=INTERVAL + INTERVAL // 2)
    assert (cpu.gpr[6], cpu.gpr[7]) == (one | TIV, two)
    machine.run(cycles=INTERVAL)
    assert (cpu.gpr[6], cpu.gpr[7]) == (one | TIV, two | TIV) and cpu.gpr[10] == 0
    cpu.spr["THRM3"] = ENABLED
    machine.run(cycles=3 * INTERVAL)
    assert cpu.gpr[6] & cpu.gpr[7] & TIV


def test_nothing_happens_unless_it_is_enabled(machine):
    for three in (0, INTERVAL << 1):
        cpu = start(machine, threshold(NOW - 5, TIE | V), three=three)
        machine.run(cycles=5 * INTERVAL)
        assert cpu.gpr[6] & (TIN | TIV) == 0 and cpu.gpr[10] == 0
    cpu = start(machine, threshold(NOW - 5, TIE))
    machine.run(cycles=5 * INTERVAL)
    assert cpu.gpr[6] & (TIN | TIV) == 0


@pytest.mark.parametrize("first, other", [("functional", "pipeline"), ("pipeline", "functional")])
def test_a_waiting_interrupt_goes_to_the_other_model(first, other):
    machine = Machine("g3", cpu=first)
    start(machine, threshold(NOW - 5, TIE | V), msr=0)
    machine.run(cycles=3 * INTERVAL)
    machine.hand_over(other)
    machine.cpu.msr = EE
    machine.run(cycles=INTERVAL)
    assert machine.cpu.gpr[10] == 1
