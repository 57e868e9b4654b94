"""Runs that are cut into pieces by a number of instructions take the cycles of a whole run."""

import random

import pytest

import pteg
from pteg.workloads import prepare

CYCLES = 20_000


@pytest.fixture
def machine():
    """A machine that is about to sort, with caches."""
    machine = pteg.Machine("g3", rom="none")
    prepare(machine, "sort")
    return machine


@pytest.fixture(scope="module")
def whole():
    """The same, after one run."""
    machine = pteg.Machine("g3", rom="none")
    prepare(machine, "sort")
    machine.run(cycles=CYCLES)
    return machine


def test_steps_take_the_cycles_of_an_uninterrupted_run(machine, whole):
    completed = []
    while machine.cycle < whole.cycle:
        before = machine.instructions
        machine.run(instructions=1, cycles=whole.cycle - machine.cycle, undisturbed=True)
        completed.append(machine.instructions - before)
    assert machine.instructions == whole.instructions
    assert max(completed) >= 2      # two in a cycle: the pieces are not of one instruction
    assert machine.model.get_state() == whole.model.get_state()


def test_pieces_of_any_length_take_the_cycles_of_an_uninterrupted_run(machine, whole):
    seed = random.randrange(1 << 32)
    choice = random.Random(seed)
    while machine.cycle < whole.cycle:
        machine.run(instructions=choice.randrange(1, 400), cycles=whole.cycle - machine.cycle,
                    undisturbed=True)
    assert machine.instructions == whole.instructions, f"seed {seed}"


def test_a_number_of_instructions_is_exact_unless_undisturbed(machine, whole):
    for count in range(whole.instructions):
        assert machine.instructions == count
        machine.step()
    assert machine.cycle > whole.cycle
