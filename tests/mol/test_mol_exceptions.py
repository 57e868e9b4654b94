"""The guest's exceptions, registers, time, floating point (pteg.mol.scenarios.exceptions)."""

import pytest

from pteg.mol.guest import bare
from pteg.mol.scenarios import exceptions


@pytest.mark.parametrize("vector", exceptions.EXCEPTIONS, ids=hex)
def test_exceptions_of_the_guest_are_those_of_the_bare_machine(agree, vector):
    """Scenario 32: SRR0, SRR1, DAR and DSISR are in the log, which is compared."""
    session = agree(exceptions.exception(vector))
    assert int.from_bytes(session.read(0x20000, 4), "big") == vector
    assert session.counters()["mac_trap"] > 0


@pytest.mark.parametrize("cached", [True, False])
def test_a_block_that_is_not_cleared_changes_r_and_c_as_on_the_bare_machine(agree, cached):
    """Scenario 32: the page table entry is compared too."""
    guest = exceptions.block_clear(cached)
    session = agree(guest)
    assert int.from_bytes(session.read(0x20000, 4), "big") == 0x600
    changed = [at for at, word in guest.words.items()
               if session.read(at, 4) != word.to_bytes(4, "big")]
    assert len(changed) == cached


def test_privileged_registers_read_as_on_the_bare_machine(agree):
    """Scenario 33."""
    session = agree(exceptions.registers())
    assert session.machine.cpu.gpr[4] == 0x00080301


@pytest.mark.parametrize("cpu", ["functional", "pipeline"])
def test_the_decrementer_interrupts_as_often_as_on_the_bare_machine(hosted, cpu):
    """Scenario 34, in time of the time base."""
    guest = exceptions.decrementer()
    judge = bare(guest)
    assert judge.run(instructions=1_000_000, until=guest.stop) == "address"
    assert judge.cpu.gpr[10] >= 8
    for tick in (0, 150):
        session = hosted(guest, tick=tick, cpu=cpu)
        assert abs(session.machine.cpu.gpr[10] - judge.cpu.gpr[10]) <= 1


def test_a_masked_decrementer_interrupts_once_afterwards(hosted):
    """Scenario 34: no interrupt while EE = 0."""
    session = hosted(exceptions.masked())
    assert [session.machine.cpu.gpr[n] for n in (14, 15)] == [0, 1]
    assert session.counters()["DEC_exception"] == 1


@pytest.mark.parametrize("tick", [0, 150])
def test_floating_point_registers_are_the_guests(agree, tick):
    """Scenario 35, one side: the processor's registers stay loaded over many exits."""
    assert agree(exceptions.floats(), tick=tick).counters()["enable_fpu"] == 1


def test_a_dozing_guest_wakes_by_its_decrementer(hosted):
    """Scenario 40."""
    session = hosted(exceptions.dozing())
    assert session.machine.cpu.gpr[14] == 1
    assert session.machine.cpu.gpr[15] & 0x40000 == 0
    assert 400 < session.counters()["doze_ticks"] <= 500
