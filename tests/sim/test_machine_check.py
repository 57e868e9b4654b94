"""A machine check that belongs to no instruction is taken once, whichever model it meets."""

import pytest

from pteg import Machine
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0, Msr

CODE, HANDLER, TEA = 0x2000, 0x200, 0x4_0000
#: Nothing answers at the address in r3: the store has completed when its block cannot be read.
PROGRAM = f"""    .org {HANDLER:#x}
    addi r10, r10, 1
    mfsrr1 r11
    rfi
    .org {CODE:#x}
    stw r4, 0(r3)
again:
    addi r5, r5, 1
    b again
"""


def start(cpu, me=Msr.ME):
    machine = Machine("g3", cpu=cpu, rom="none")
    machine.load(assemble(PROGRAM).elf())
    with machine.cpu.changed() as state:
        state["pc"], state["msr"], state["hid0"] = CODE, me, Hid0.DCE
        state["gpr"][0][3] = 0x7000_0000
    return machine


@pytest.fixture(scope="module")
def taken():
    """The cycle in which the pipeline model takes it."""
    machine = start("pipeline")
    machine.run(until=HANDLER, cycles=1000)
    assert machine.cpu.pc == HANDLER
    return machine.cycle


@pytest.mark.parametrize("before", range(8))
def test_it_is_not_lost_by_a_hand_over(taken, before):
    machine = start("pipeline")
    machine.run(cycles=taken - before)
    machine.hand_over("functional")
    machine.run(instructions=100)
    assert machine.cpu.gpr[10] == 1 and machine.cpu.gpr[11] & TEA


@pytest.mark.parametrize("first, other", [("functional", "pipeline"), ("pipeline", "functional")])
def test_one_that_waits_is_taken_first(first, other, tmp_path):
    machine = start(first)
    machine.cpu.gpr[3] = 0
    pending = machine.model.get_pending()
    pending["machine_check"] = 1
    machine.model.set_pending(pending)
    machine.save(tmp_path / "waiting")
    machine.hand_over(other)
    for this in (machine, Machine.restore(tmp_path / "waiting", cpu=other)):
        this.run(instructions=50)
        assert this.cpu.gpr[10] == 1 and this.cpu.gpr[11] & TEA


def test_without_me_the_functional_model_stops_too():
    machine = start("functional", me=0)
    pending = machine.model.get_pending()
    pending["machine_check"] = 1
    machine.model.set_pending(pending)
    for _ in range(2):
        assert machine.run(instructions=10) == "checkstop"
        assert machine.cpu.gpr[10] == 0
