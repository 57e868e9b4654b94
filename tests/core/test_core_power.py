"""Power-save modes: the core stands still until an interrupt."""

import pytest

import pteg
from pteg.cpu import Stop
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0
from pteg.lockstep import Lockstep

CPUS = ("pipeline", "functional")
PROGRAM = """
        .org    0x500
        li      r30, 5                  # external
        rfi
        .org    0x900
        mftb    r31
        addi    r29, r29, 1
        mfmsr   r28
        rfi
        .org    0x1000
_start: lis     r3, {mode}
        mtspr   1008, r3                # HID0
        li      r3, {ticks}
        mtdec   r3
        mftb    r20
        lis     r4, 4                   # POW
        ori     r4, r4, {ee}            # and EE
        sync
        mtmsr   r4
        isync
awake:  mftb    r21
done:   b       done
"""
TICKS = 500


def machine_with(cpu, mode, ee=True):
    program = assemble(PROGRAM.format(mode=int(mode) >> 16, ticks=TICKS, ee=0x8000 * ee),
                       sections={".text": 0})
    machine = pteg.Machine("g3", cpu=cpu, ram="1M")
    machine.memory.write(0, program.image(0))
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = program.symbols["_start"], 0
    return machine, program.symbols


@pytest.mark.parametrize("mode", (Hid0.DOZE, Hid0.NAP))
@pytest.mark.parametrize("cpu", CPUS)
def test_doze_and_nap_last_until_the_decrementer_interrupts(cpu, mode):
    machine, symbols = machine_with(cpu, mode)
    machine.run(cycles=100_000, until=symbols["done"])
    gpr = machine.cpu.gpr
    assert gpr[29] == 1
    assert TICKS <= gpr[31] - gpr[20] <= TICKS + 10
    assert not gpr[28] & 0x40000            # MSR[POW]
    # Next to nothing was executed meanwhile: the program, and the handler.
    assert machine.stats()["instructions"] <= 20


@pytest.mark.parametrize("cpu", CPUS)
def test_no_interrupt_wakes_a_core_that_admits_none(cpu):
    machine, symbols = machine_with(cpu, Hid0.DOZE, ee=False)
    machine.run(cycles=20_000)
    assert machine.cpu.pc < symbols["done"]
    assert machine.cpu.gpr[29] == 0
    ticks = machine.cpu.spr["TBL"] - machine.cpu.gpr[20]
    assert ticks > TICKS        # the time base goes on


@pytest.mark.parametrize("cpu", CPUS)
def test_a_core_that_sleeps_is_not_stuck(cpu, monkeypatch):
    monkeypatch.setattr("pteg.running.PATIENCE", 1000)
    machine, _ = machine_with(cpu, Hid0.DOZE, ee=False)
    assert machine.run(cycles=20_000) is Stop.CYCLES


@pytest.mark.parametrize("cpu", CPUS)
def test_time_base_and_decrementer_stand_still_in_sleep(cpu):
    machine, symbols = machine_with(cpu, Hid0.SLEEP)
    machine.run(cycles=20_000)
    assert machine.cpu.gpr[29] == 0
    assert machine.cpu.spr["TBL"] - machine.cpu.gpr[20] < 20
    assert TICKS - 20 < machine.cpu.spr["DEC"] <= TICKS


@pytest.mark.parametrize("cpu", CPUS)
def test_pow_without_a_mode_is_nothing(cpu):
    machine, symbols = machine_with(cpu, 0)
    machine.run(cycles=2_000, until=symbols["done"])
    assert machine.cpu.gpr[21] - machine.cpu.gpr[20] < 100


def test_models_agree_through_a_doze():
    machine, symbols = machine_with("pipeline", Hid0.DOZE)
    lockstep = Lockstep(machine.model)
    lockstep._control["patience"] = 100     # shorter than the doze
    lockstep.run(50, address=symbols["done"])
    assert machine.cpu.gpr[29] == 1
