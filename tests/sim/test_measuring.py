"""Measurements of parts of a run."""

import pytest

import pteg
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.statistics import difference

PROGRAM = """
_start: li      r3,3
        bl      work
        li      r3,5
        bl      work
        li      r3,2
        bl      deep
end:    b       end

# 2 * r3 + 2 instructions.
work:   mtctr   r3
1:      addi    r4,r4,1
        bdnz    1b
        blr

# Calls itself r3 times.
deep:   stwu    r1,-16(r1)
        mflr    r0
        stw     r0,12(r1)
        addic.  r3,r3,-1
        beq     1f
        bl      deep
1:      lwz     r0,12(r1)
        mtlr    r0
        addi    r1,r1,16
        blr
"""
CPUS = ("pipeline", "functional")


def loaded(cpu):
    machine = pteg.Machine("g3", cpu=cpu, rom="none")
    machine.load(assemble(PROGRAM, sections={".text": 0x1000}).elf())
    machine.cpu.pc, machine.cpu.msr, machine.cpu.gpr[1] = 0x1000, 0, 0x8000
    return machine


@pytest.mark.parametrize("cpu", CPUS)
def test_a_measurement_is_the_difference_of_two_statistics(cpu):
    machine = loaded(cpu)
    machine.step(3)
    before = machine.stats()
    with machine.measure() as measured:
        machine.step(4)
        assert measured.instructions == 4
        machine.step(4)
    after = machine.stats()
    machine.step(2)
    assert measured.instructions == 8 and measured.cycles == after["cycles"] - before["cycles"]
    assert measured.stats == difference(after, before)
    assert measured.stats.keys() == after.keys()
    if cpu == "pipeline":
        ram = machine.ram.name
        reads = [stats["bus"][ram]["reads"] for stats in (before, measured.stats, after)]
        assert reads[1] == reads[2] - reads[0] > 0
        assert measured.stats["cycles_per_instruction"] == round(measured.cycles / 8, 3)


@pytest.mark.parametrize("cpu", CPUS)
def test_a_region_is_each_call_of_a_function(cpu):
    machine = loaded(cpu)
    found = [region.instructions for region in machine.regions("work", cycles=10_000)]
    assert found == [2 * 3 + 2, 2 * 5 + 2]
    machine = loaded(cpu)
    found = [region.instructions for region in machine.regions("deep", instructions=1000)]
    assert found == [10 + 9]        # the call inside is part of it


@pytest.mark.parametrize("cpu", CPUS)
def test_the_run_ends_with_the_last_region(cpu):
    machine = loaded(cpu)
    (only,) = machine.regions("work", count=1, cycles=10_000)
    assert only.instructions == 2 * 3 + 2
    assert machine.cpu.pc == machine.cpu.lr and machine.instructions < 20
    (second,) = machine.regions("work", count=2, cycles=10_000)      # there is no third
    assert second.instructions == 2 * 5 + 2 and machine.cycle >= 10_000
    for bad in (0, True, "2"):
        with pytest.raises(UserError, match=f"^count must be a number from 1 on, not {bad!r}$"):
            next(machine.regions("work", count=bad))


@pytest.mark.parametrize("cpu", CPUS)
def test_a_region_lies_between_two_places(cpu):
    machine = loaded(cpu)
    start = machine.symbols.address("_start")
    (region,) = machine.regions(start, "work", cycles=1000)
    assert region.instructions == 2
    assert machine.cycle < 1200         # the limit counts what is between the regions too


@pytest.mark.parametrize("cpu", CPUS)
def test_a_region_that_is_not_left_is_none(cpu):
    machine = loaded(cpu)
    assert list(machine.regions("end", "work", cycles=500)) == []
    assert list(machine.regions("_start", cycles=0)) == []


def test_a_place_that_does_not_exist_is_refused():
    machine = loaded("functional")
    with pytest.raises(UserError, match=r"^there is no symbol 'nowhere' in what has been loaded$"):
        next(machine.regions("nowhere"))
    with pytest.raises(UserError, match=r"^a place must be the address of an instruction or a "
                                        r"symbol, not 4098$"):
        next(machine.regions(0x1002))


@pytest.mark.parametrize("act", [lambda machine: machine.reset(),
                                 lambda machine: machine.hand_over("pipeline")])
def test_a_measurement_does_not_outlive_what_it_counts_from(act):
    machine = loaded("functional")
    measured = machine.measure()
    act(machine)
    with pytest.raises(UserError, match=r"^a measurement cannot go on after a reset or"):
        measured.end()
