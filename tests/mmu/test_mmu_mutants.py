"""Mutants of the machine: each has its fault, which is found, and nothing else is changed."""

import dataclasses
import importlib.util
from pathlib import Path

import pytest

import pteg
from pteg.cli.commands import execute
from pteg.engine import compile_design
from pteg.engine.compiled import digest_design
from pteg.firmware.asm import assemble
from pteg.hw.mmu.mmu import Mmu
from pteg.labs.catalogue import LABS
from pteg.labs.grading import grade
from pteg.lockstep import Lockstep, Mismatch
from pteg.mutants import MUTANTS, NONE
from pteg.pipeline.mutated import MutatedHardware
from pteg.platform import Platform

_SPEC = importlib.util.spec_from_file_location(
    "test_mmu_random", Path(__file__).with_name("test_mmu_random.py"))
random_accesses = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(random_accesses)

#: The others are found by two processors: tests/pipeline.
OF_ONE = {name: mutant for name, mutant in MUTANTS.items() if mutant.processors == 1}
OF_THE_MMU = [name for name, mutant in OF_ONE.items() if mutant.file.startswith("mmu/")]
#: One of each file.
QUICK = {mutant.file: name for name, mutant in OF_ONE.items()}.values()
INSTRUCTIONS = 100_000


def mmu_of(mutant):
    return MutatedHardware(mutant).module("pteg.hw.mmu.mmu").Mmu()


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in OF_THE_MMU])
def test_random_accesses_find_each_mutant_of_the_mmu(spec, name):
    """The unmutated MMU passes: test_mmu_random.py."""
    mmu = compile_design(mmu_of(MUTANTS[name]))
    with pytest.raises(AssertionError):
        for seed in range(12):
            random_accesses.run(spec, mmu, seed, 150)


def test_a_copy_of_the_hardware_is_the_hardware():
    """But for the text that is changed."""
    mutant = MUTANTS["kp-ignored"]
    same = dataclasses.replace(mutant, wrong=mutant.right)
    assert digest_design(mmu_of(same)) == digest_design(Mmu())


@pytest.mark.parametrize("name", MUTANTS)
def test_each_fault_is_at_one_place(name):
    mutant = MUTANTS[name]
    changed = [line for line in mutant.difference().splitlines()[3:] if line[0] in "+-"]
    assert 1 <= len(changed) <= 2 and changed[0][0] == "-"
    assert not mutant.seen_by or mutant.seen_by in LABS


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The program of a lab's solution, as grading writes it."""
    def of(lab):
        folder = tmp_path_factory.mktemp(lab)
        for file, text in LABS[lab].solution(0).items():
            (folder / file).write_text(text)
        result = grade(LABS[lab], folder, 0)
        assert result["points"] == result["max"]
        return folder / "lab.elf"
    return of


def follow(program, mutant):
    """Run a lab's program in lockstep with the functional model, which has no fault."""
    machine = pteg.Machine("g3", rom="none", ram="8M", mutant=mutant)
    machine.cpu.pc, machine.cpu.msr = machine.load(program), 0
    return Lockstep(machine.model, machine.symbols).run(INSTRUCTIONS)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MUTANTS if MUTANTS[name].seen_by])
def test_the_program_of_a_lab_finds_a_mutant(name, program):
    with pytest.raises(Mismatch):
        follow(program(MUTANTS[name].seen_by), name)


@pytest.mark.slow
@pytest.mark.parametrize("lab", sorted({mutant.seen_by for mutant in MUTANTS.values()} - {""}))
def test_the_machine_without_a_fault_passes(lab, program):
    assert follow(program(lab), NONE) == "instructions"


#: Two pages with the same address in two address spaces: EA 0x40000000, VSID 0x100 and 0x101. The
#: first one's PTE is in its secondary PTEG. User programs have key 1 there, the supervisor key 0.
WITNESS = """
        .section .vectors, "ax"         # at 0x300: go on behind the access, as the supervisor
        mfdsisr r27
        add     r26, r26, r27
        mfsrr0  r28
        addi    r28, r28, 4
        mtlr    r28
        li      r28, 0x10
        mtmsr   r28
        isync
        blr
        .text
_start: li      r3, 0
        mtsdr1  r3
        li      r4, 0x1ffe              # all of memory is a block, for the supervisor
        mtdbatu 0, r4
        li      r4, 2
        mtdbatl 0, r4
        mfmsr   r3
        ori     r3, r3, 0x10
        mtmsr   r3
        isync
        lis     r3, 0x4000
        lis     r5, 0x2000              # Kp
        ori     r5, r5, 0x100
        mtsrin  r5, r3
        isync
        stw     r3, 4(r3)               # found in the secondary PTEG; PP = 3: C stays 0
        lwz     r6, 0(r3)
        addi    r5, r5, 1
        mtsrin  r5, r3
        isync
        lwz     r7, 0(r3)               # the page of the other address space
        mfmsr   r8
        ori     r8, r8, 0x4000          # PR
        mtmsr   r8
        isync
        lwz     r9, 0(r3)               # PP = 0: not for user programs
        nop
done:   b       done
"""


def witness(mutant):
    """Run it in lockstep; return what user programs and stores were told."""
    program = assemble(WITNESS, sections={".vectors": 0x300, ".text": 0x1000})
    machine = pteg.Machine("g3", rom="none", ram="1M", mutant=mutant)
    machine.load(program)
    for vsid, group, h, low in ((0x100, ~0x100 & 0x3FF, 0x40, 0x21013), (0x101, 0x101, 0, 0x22010)):
        high = 1 << 31 | vsid << 7 | h
        machine.memory.write(group * 64, (high << 32 | low).to_bytes(8, "big"))
        machine.memory.write(low & ~0xFFF, vsid.to_bytes(4, "big"))
    machine.cpu.pc, machine.cpu.msr = program.symbols["_start"], 0
    assert Lockstep(machine.model).run(200, address=program.symbols["done"]) == "address"
    return machine.cpu.gpr


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in OF_ONE if not OF_ONE[name].seen_by])
def test_a_program_finds_the_other_mutants(name):
    with pytest.raises(Mismatch):
        witness(name)


def test_the_program_runs_on_the_machine_without_a_fault():
    registers = witness(NONE)
    assert (registers[6], registers[7], registers[9]) == (0x100, 0x101, 0)
    assert registers[26] == 0x0A000000 + 0x08000000, "a store and a load were forbidden"


def test_only_the_hardware_has_mutants():
    refusal = "^mutant needs cpu='pipeline': the functional model has no mutants$"
    with pytest.raises(pteg.UserError, match=refusal):
        pteg.Machine("g3", cpu="functional", mutant="kp-ignored")
    machine = pteg.Machine("g3", mutant="kp-ignored")
    with pytest.raises(pteg.UserError, match=refusal):
        machine.hand_over("functional")
    with pytest.raises(pteg.UserError, match="^mutant must be none for a machine with an MMU"):
        pteg.Machine(Platform([], mmu=lambda parameters: Mmu(), mutant="kp-ignored"))


@pytest.mark.slow
def test_a_checkpoint_remembers_the_fault(tmp_path):
    machine = pteg.Machine("g3", rom="none", ram="1M", mutant="kp-ignored")
    machine.save(tmp_path / "a.pteg")
    again = pteg.Machine.restore(tmp_path / "a.pteg")
    assert again.platform.parameters.mutant == "kp-ignored" and again.cycle == machine.cycle
    with pytest.raises(pteg.UserError, match="mutant is none, not kp-ignored as in the checkpoint"):
        pteg.Machine.restore(tmp_path / "a.pteg", mutant="none")
    with pytest.raises(pteg.UserError, match="mutant needs cpu='pipeline'"):
        pteg.Machine.restore(tmp_path / "a.pteg", cpu="functional")
    right = pteg.Machine.restore(tmp_path / "a.pteg", cpu="functional", mutant="none")
    assert right.cycle == machine.cycle


def test_the_command_line_lists_and_shows_faults(capsys):
    def faults(*arguments):
        with pytest.raises(SystemExit) as ended:
            execute(["lab", "faults", *arguments])
        return ended.value.code, capsys.readouterr()

    code, printed = faults()
    assert code == 0 and len(printed.out.splitlines()) == len(MUTANTS)
    assert "Kp" not in printed.out and "PEM 7.5.4" in printed.out
    code, printed = faults("kp-ignored")
    assert code == 0 and "+        key = segment.ks\n" in printed.out
    code, printed = faults("x")
    assert code == 2 and "fault must be one of no-secondary-hash, " in printed.err
