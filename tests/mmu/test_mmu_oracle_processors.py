"""The oracle of several processors: one uses what another has changed."""

from pathlib import Path

import pytest

import pteg
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.mmu.history import Fault
from pteg.mmu.oracle import Step

SOURCE = Path(__file__).with_name("pte_shared.s")
SEEDS = 30
#: Longer than the sequence of PEM 7.6.3.2, shorter than the program leaves the page alone.
PATIENCE = 40


def run(*omitted, seed=None, patience=PATIENCE, defines=None, **options):
    """Run to the end; return how often the reader was wrong, the oracle's uses, the symbols."""
    omissions = {f"OMIT_{step.name}": 1 for step in omitted}
    program = assemble(SOURCE, defines=omissions | (defines or {}),
                       sections={".vectors": 0x300, ".text": 0x1000})
    machine = pteg.Machine("g3", cpu="functional", rom="none", ram="4M", processors=2,
                           adversary=seed, seed=seed or 1, quantum=7, **options)
    machine.load(program.elf())
    machine.model.set_held(1, False)
    for cpu, name in zip(machine.cpus, ("writer", "reader"), strict=True):
        cpu.pc, cpu.msr = program.symbols[name], 0
    oracle = machine.oracle(patience=patience)
    assert machine.run(until=program.symbols["done"], instructions=50_000) == "address"
    return machine.cpus[1].gpr[20], oracle.uses, program.symbols


def test_correct_code_is_never_wrong():
    for seed in (None, *range(SEEDS)):
        wrong, uses, _ = run(seed=seed)
        assert not wrong and not uses, f"seed {seed}: {wrong} wrong; {uses}"


@pytest.mark.parametrize("step", [Step.TLBIE, Step.EIEIO, Step.TLBSYNC, Step.SYNC_TLBSYNC])
def test_each_omission_fails_with_an_adversary(step):
    broken, named = 0, set()
    for seed in range(SEEDS):
        wrong, uses, _ = run(step, seed=seed)
        broken += wrong > 0
        # None: R or C has been written into what another late R or C had spoilt.
        named |= {(use.missing, use.processor, use.change.processor)
                  for use in uses if use.missing}
    assert broken and named == {(step, 1, 0)}, f"{broken} of {SEEDS} seeds are wrong; {named}"


def test_a_report_names_the_processors():
    wrong, uses, symbols = run(Step.TLBIE)
    use = uses[0]
    assert wrong and use.fault is Fault.UNMAPPED and use.missing is Step.TLBIE
    assert (use.processor, use.ea, use.old_pa) == (1, 0x40003000, 0x100000)
    assert (use.change.processor, use.change.pc) == (0, symbols["remove"])
    assert f"by {use.pc:08x} of processor 1, instruction" in str(use)
    assert f"was changed by {symbols['remove']:08x} of processor 0, instruction" in str(use)


def test_a_processor_that_does_not_broadcast_leaves_the_other_one_its_entry():
    wrong, uses, _ = run(broadcast=False)
    assert wrong and {use.missing for use in uses} == {Step.THERE}


def test_the_entry_that_it_leaves_may_be_used_when_the_page_has_a_new_pte():
    _, uses, _ = run(broadcast=False, defines={"SELDOM": 1})
    assert [(use.fault, use.missing) for use in uses] == [(Fault.MOVED, Step.THERE)]


def test_while_a_change_is_made_the_old_page_may_be_used():
    """With more patience than the whole program lasts, nothing is told."""
    wrong, uses, _ = run(Step.TLBIE, patience=100_000)
    assert wrong and not uses


def test_patience_is_a_number():
    with pytest.raises(UserError, match="patience must be an integer that is not negative"):
        run(patience=-1)
