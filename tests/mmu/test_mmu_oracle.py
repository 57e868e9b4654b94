"""The stale-translation oracle and the adversarial MMU: what changes of a PTE leave out."""

from pathlib import Path

import pytest
from command import run_pteg

import pteg
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.hw.mmu.enums import AccessKind
from pteg.mmu.diagnosis import SEQUENCE
from pteg.mmu.history import Fault
from pteg.mmu.oracle import Step

SOURCE = Path(__file__).with_name("pte_update.s")
SEEDS = 100

#: A page table at 0x200000, segment 4 with VSID 0x123, and a block at 0 that reaches both.
BEGIN = """
        lis     r3, 0x20
        mtsdr1  r3
        li      r4, 0x123
        mtsr    4, r4
        li      r4, 0xfe
        mtdbatu 0, r4
        li      r4, 0x12
        mtdbatl 0, r4
"""


@pytest.fixture(scope="module")
def program():
    """The function that assembles the program with steps left out."""
    def build(*omitted, **defines):
        omissions = {f"OMIT_{step.name}": 1 for step in omitted}
        return assemble(SOURCE, defines=omissions | defines,
                        sections={".vectors": 0x300, ".text": 0x1000})
    return build


def loaded(program, seed=None, cpu="functional", **options):
    machine = pteg.Machine("g3", cpu=cpu, rom="none", ram="4M", adversary=seed, **options)
    machine.load(program.elf())
    machine.cpu.pc, machine.cpu.msr = program.symbols["start"], 0
    return machine


def run(program, seed=None, **options):
    """Run to the end; return what the program counts as wrong, and the oracle's uses."""
    machine = loaded(program, seed, **options)
    oracle = machine.oracle()
    assert machine.run(until=program.symbols["done"], instructions=20_000) == "address"
    return machine.cpu.gpr[20], oracle.uses


def test_correct_code_is_never_wrong(program):
    right = program()
    for seed in (None, *range(SEEDS)):
        wrong, uses = run(right, seed)
        assert not wrong and not uses, f"seed {seed}: {wrong} wrong; {uses}"


@pytest.mark.parametrize("step", SEQUENCE)
def test_each_omission_fails_with_an_adversary(program, step):
    broken, named, built = 0, set(), program(step)
    for seed in range(SEEDS):
        wrong, uses = run(built, seed)
        broken += wrong > 0
        named |= {use.missing for use in uses}
        assert wrong or not uses, f"seed {seed}: {uses}"
    assert broken and named == {step}, f"{broken} of {SEEDS} seeds are wrong; {named}"


@pytest.mark.parametrize("step", [None, Step.SYNC, Step.EIEIO, Step.TLBSYNC, Step.SYNC_TLBSYNC])
def test_tlbie_of_another_page_of_the_set_counts(program, step):
    """A 750's tlbie takes all of a set (MPC750 UM 5.4.3.2); a pool of VSIDs is flushed so."""
    built = program(*([step] if step else []), BY_SET=1)
    runs = [run(built, seed) for seed in range(40)]
    assert {use.missing for _, uses in runs for use in uses} == ({step} if step else set())
    assert any(wrong for wrong, _ in runs) == bool(step)


#: What software for one processor may leave out, and what it may not.
LONE = {(): True, (Step.EIEIO, Step.TLBSYNC): True, (Step.EIEIO_STORES,): True,
        (Step.SYNC_TLBSYNC, Step.EIEIO, Step.TLBSYNC): False, (Step.TLBIE,): False}


@pytest.mark.parametrize("steps", LONE, ids=lambda steps: "+".join(s.name for s in steps) or "none")
def test_a_lone_adversary_allows_what_one_processor_may_leave_out(program, steps):
    built = program(*steps)
    lone = [run(built, seed, uniprocessor=True) for seed in range(25)]
    assert LONE[steps] == (not any(wrong or uses for wrong, uses in lone))
    several = [run(built, seed) for seed in range(25)]
    assert any(wrong for wrong, _ in several) == bool(steps)


def test_a_report_says_who_and_when(program):
    built = program(Step.TLBIE)
    wrong, uses = run(built)
    use = uses[0]
    assert wrong and use.missing is Step.TLBIE and use.fault is Fault.UNMAPPED
    assert (use.ea, use.old_pa, use.new_pa) == (0x40003000, 0x100000, None)
    change = use.change
    assert change.pc == built.symbols["remove"] + 8 and change.pte == built.symbols["PTE"]
    assert change.instruction < use.instruction
    assert "TLB leads to 00100000, but no PTE maps the page" in str(use)
    assert str(use).endswith("missing: tlbie of the page after V = 0  [PEM 7.6.3.2]")


@pytest.mark.parametrize("cpu", ["functional", "pipeline"])
def test_a_run_stops_at_the_first_stale_use(program, cpu):
    built = program(Step.TLBIE)
    machine = loaded(built, cpu=cpu)
    oracle = machine.oracle(stop=True)
    assert machine.run(instructions=20_000) == "stale"
    later = (4, 8) if cpu == "pipeline" else (4,)     # two can complete in a cycle
    assert len(oracle.uses) == 1 and machine.cpu.pc - oracle.uses[0].pc in later
    assert machine.run(until=built.symbols["done"], instructions=20_000) == "stale"
    assert machine.run(until=built.symbols["done"], instructions=20_000) == "address"
    assert [use.kind for use in oracle.uses] == [AccessKind.LOAD, AccessKind.STORE]


def end(machine):
    """Everything that a run has an effect on."""
    state = machine.cpu.state()
    return ({name: state[name].tobytes() for name in state.dtype.names}, machine.stats(),
            str(machine.mmu.tlb()))


def test_an_oracle_changes_nothing(program):
    """Registers, TLBs and counts are those of a run without it."""
    ends = []
    for watched in (False, True):
        machine = loaded(program(Step.SYNC))
        if watched:
            machine.oracle()
        machine.run(instructions=400)
        ends.append(end(machine))
    assert ends[0] == ends[1]


def test_the_pipeline_model_has_an_oracle_too(program):
    """It finds what the functional model's finds, with the pipeline's cycles, and changes none."""
    for steps in ((), (Step.TLBIE,)):
        built, found = program(*steps), {}
        for cpu in ("functional", "pipeline"):
            machine = loaded(built, cpu=cpu)
            found[cpu] = machine.oracle().uses
            assert machine.run(until=built.symbols["done"], instructions=20_000) == "address"
        alone = loaded(built, cpu="pipeline")
        assert alone.run(until=built.symbols["done"], instructions=20_000) == "address"
        assert (machine.cycle, machine.stats()["mmu"]) == (alone.cycle, alone.stats()["mmu"])
        ours, theirs = found["pipeline"], found["functional"]
        assert [(use.fault, use.ea, use.pc, use.instruction, use.missing, use.change.pc)
                for use in ours] == [(use.fault, use.ea, use.pc, use.instruction, use.missing,
                                      use.change.pc) for use in theirs]
        assert bool(ours) == bool(steps)
        for use in ours:
            assert use.instruction < use.change.cycle < use.cycle <= machine.cycle


def test_what_an_oracle_of_the_pipeline_model_needs(program, tmp_path):
    machine = loaded(program(), cpu="pipeline")
    machine.oracle()
    with machine.ledger(tmp_path / "ledger.jsonl"), pytest.raises(UserError, match="no room for"):
        machine.run(instructions=10)
    machine = loaded(program(), cpu="pipeline")
    machine.run(instructions=40)
    with pytest.raises(UserError, match="begins before the first run"):
        machine.oracle()
    machine = loaded(program(), cpu="pipeline")
    oracle = machine.oracle()
    machine.run(instructions=20)
    machine.cpu.gpr[31] = 5         # from outside, between two runs
    machine.memory.write_word(0x3000, 5)
    machine.run(instructions=100)
    assert oracle.uses == [] and machine.cpu.gpr[31] == 5 and machine.instructions == 120


def test_equal_seeds_make_equal_runs(program):
    def after(seed, pieces):
        machine = loaded(program(Step.SYNC), seed)
        for piece in pieces:
            machine.run(instructions=piece)
        return end(machine)

    assert after(5, [300]) == after(5, [100, 150, 50])
    assert len({str(after(seed, [300])) for seed in range(5)}) > 1


#: A page at r24 with a PTE at r25, its C set; translation of data is on.
SETUP = """
setup:  lis     r25, 0x20
        ori     r25, r25, 0x4800
        mtsdr1  r25
        lis     r4, 0x8000
        ori     r4, r4, 0x9180
        stw     r4, 0(r25)
        lis     r4, 0x10
        ori     r4, r4, 0x12
        stw     r4, 4(r25)
        li      r4, 0x123
        mtsr    4, r4
        li      r4, 0xfe
        mtdbatu 0, r4
        li      r4, 0x12
        mtdbatl 0, r4
        lis     r24, 0x4000
        ori     r24, r24, 0x3000
        li      r4, 0x10
        mtmsr   r4
        isync
        blr
"""


@pytest.mark.parametrize("changed, fault", [
    ({"low": 0x0010_1012}, Fault.MOVED),
    ({"low": 0x0010_0002 | 0x48}, Fault.ATTRIBUTES),
    ({"low": 0x0010_0013}, Fault.PROTECTED),
    ({"low": 0x0010_0012}, Fault.UNCHANGED),
    ({"high": 0}, Fault.UNMAPPED),
])
def test_each_difference_is_told(changed, fault):
    """A store through the TLB after a change of the PTE without tlbie."""
    source = """
        bl      setup
        stw     r3, 0(r24)
        lis     r5, LOW@h
        ori     r5, r5, LOW@l
        stw     r5, 4(r25)
        lis     r5, HIGH@h
        ori     r5, r5, HIGH@l
        stw     r5, 0(r25)
        sync
use:    stw     r3, 4(r24)
done:   b       done
"""
    values = {"HIGH": changed.get("high", 0x80009180), "LOW": changed.get("low", 0x00100192)}
    built = assemble(source + SETUP, defines=values, sections={".text": 0x1000})
    assert [(use.fault, use.pc) for use in uses(built)] == [(fault, built.symbols["use"])]


def test_each_kind_of_use_of_an_entry_is_told_once():
    """A store that gets through is worse than a load that came before it."""
    built = assemble("""
        bl      setup
        stw     r3, 0(r24)
        li      r5, 0
        stw     r5, 0(r25)
        sync
load:   lwz     r3, 4(r24)
        lwz     r3, 4(r24)
store:  stw     r3, 4(r24)
        stw     r3, 4(r24)
        lwz     r3, 4(r24)
done:   b       done
""" + SETUP, sections={".text": 0x1000})
    assert [(use.kind, use.pc) for use in uses(built)] == [
        (AccessKind.LOAD, built.symbols["load"]), (AccessKind.STORE, built.symbols["store"])]


def uses(built):
    """What an oracle tells of a program that begins with `setup`."""
    machine = pteg.Machine("g3", cpu="functional", rom="none", ram="4M")
    machine.load(built.elf())
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    oracle = machine.oracle()
    assert machine.run(until=built.symbols["done"], instructions=1000) == "address"
    return oracle.uses


def test_what_an_adversary_needs():
    with pytest.raises(UserError, match="adversary needs cpu='functional'"):
        pteg.Machine("g3", adversary=1)
    with pytest.raises(UserError, match="adversary must be a number"):
        pteg.Machine("g3", cpu="functional", adversary="x")
    machine = pteg.Machine("g3", cpu="functional", rom="none", adversary=1)
    with pytest.raises(UserError, match="adversary cannot be saved"):
        machine.save("never-written.pteg")
    with pytest.raises(UserError, match="adversary needs"):
        machine.hand_over("pipeline")


def test_on_the_command_line(program, tmp_path):
    file = tmp_path / "stale.elf"
    file.write_bytes(program(Step.TLBIE).elf())

    def pteg_run(*options, cpu="functional"):
        return run_pteg("run", "--kernel", file, "--rom", "none", "--ram", "4M", "--cpu", cpu,
                    "--instructions", 500, "--quiet", *options)

    told = pteg_run("--oracle", "warn")
    assert told.returncode == 0 and "<remove+0x8>" in told.stderr, told.stderr
    stopped = pteg_run("--oracle", "stop")
    assert stopped.returncode == 1, stopped.stderr
    assert stopped.stderr.splitlines()[-1].startswith("pteg: ended at a stale translation, at pc")
    hardware = pteg_run("--oracle", "stop", cpu="pipeline")
    assert hardware.returncode == 1 and "<remove+0x8>" in hardware.stderr, hardware.stderr
    refused = pteg_run("--oracle", "warn", "--vcd", tmp_path / "x.vcd", cpu="pipeline")
    assert refused.returncode == 2 and "goes without --vcd" in refused.stderr

@pytest.mark.parametrize("step", [None, Step.INVALIDATE, Step.SYNC, Step.EIEIO_STORES])
def test_late_r_and_c_over_a_changed_pte_are_told(step):
    """A page is given to another frame before its first use. A search that has read the second word
    of before writes R into the new one, with bits of the old frame: page table and TLB agree then,
    on a wrong frame."""
    source = BEGIN + """
        lis     r5, 0x10
        stw     r5, 0(r5)               # each page begins with its number
        addi    r6, r5, 0x1000
        stw     r6, 0(r6)
        lis     r24, 0x4000
        ori     r24, r24, 0x3000        # EA
        lis     r25, 0x20
        ori     r25, r25, 0x4800        # its PTE
        lis     r26, 0x8000
        ori     r26, r26, 0x9180
        li      r4, 0x10
        mtmsr   r4
        isync
        ori     r3, r5, 0x12
        stw     r3, 4(r25)
        eieio
        stw     r26, 0(r25)
        sync
        ori     r3, r6, 0x12
        li      r4, 0
.ifndef OMIT_INVALIDATE
        stw     r4, 0(r25)
.endif
.ifndef OMIT_SYNC
        sync
        tlbie   r24
        eieio
        tlbsync
        sync
.endif
change: stw     r3, 4(r25)
.ifndef OMIT_EIEIO_STORES
        eieio
.endif
        stw     r26, 0(r25)
        sync
        lwz     r20, 0(r24)
done:   b       done
"""
    built = assemble(source, defines={f"OMIT_{step.name}": 1} if step else {},
                     sections={".text": 0x1000})
    found, silent = [], 0
    for seed in range(SEEDS):
        machine = pteg.Machine("g3", cpu="functional", rom="none", ram="4M", adversary=seed)
        machine.load(built.elf())
        machine.cpu.pc, machine.cpu.msr = 0x1000, 0
        uses = machine.oracle().uses
        machine.run(until=built.symbols["done"], instructions=300)
        found += [use for use in uses if use.fault is Fault.OVERWRITTEN]
        silent += machine.cpu.gpr[20] != machine.cpu.gpr[6] and not uses
    assert not silent and bool(found) == (step is not None)
    for use in found:
        assert use.missing is step and use.change.pc == built.symbols["change"]
        assert "writes R or C with what it has read before" in str(use)
        assert use.old & ~0x100 == 0x00101012 and use.new & ~0x100 == 0x00100012


@pytest.mark.parametrize("step", [None, Step.SYNC, Step.TLBIE, Step.EIEIO, Step.TLBSYNC,
                                  Step.SYNC_TLBSYNC])
def test_r_is_cleared_in_a_pte_that_stays(step):
    """Searches set R as a byte, so V may stay 1; the rest of the sequence is needed, or the next
    use does not set R."""
    source = BEGIN + """
        lis     r24, 0x4000
        ori     r24, r24, 0x3000        # EA
        lis     r25, 0x20
        ori     r25, r25, 0x4800        # its PTE
        lis     r3, 0x10
        ori     r3, r3, 0x12
        stw     r3, 4(r25)
        eieio
        lis     r3, 0x8000
        ori     r3, r3, 0x9180
        stw     r3, 0(r25)
        li      r4, 0x10
        mtmsr   r4
        sync
        isync
        li      r21, 12
round:  lwz     r20, 0(r24)
        sync                            # R = 1
        lbz     r5, 6(r25)
        rlwinm  r5, r5, 0, 24, 30
change: stb     r5, 6(r25)
.ifndef OMIT_SYNC
        sync
.endif
.ifndef OMIT_TLBIE
        tlbie   r24
.endif
.ifndef OMIT_EIEIO
        eieio
.endif
.ifndef OMIT_TLBSYNC
        tlbsync
.endif
.ifndef OMIT_SYNC_TLBSYNC
        sync
.endif
        lwz     r20, 0(r24)
        addi    r21, r21, -1
        cmpwi   r21, 0
        bne     round
done:   b       done
"""
    built = assemble(source, defines={f"OMIT_{step.name}": 1} if step else {},
                     sections={".text": 0x1000})
    found = []
    for seed in range(50):
        machine = pteg.Machine("g3", cpu="functional", rom="none", ram="4M", adversary=seed)
        machine.load(built.elf())
        machine.cpu.pc, machine.cpu.msr = 0x1000, 0
        uses = machine.oracle(references=True).uses
        assert machine.run(until=built.symbols["done"], instructions=1000) == "address"
        found += uses
    assert bool(found) == (step is not None)
    for use in found:
        assert (use.fault, use.missing) == (Fault.UNREFERENCED, step), str(use)
        assert use.change.pc == built.symbols["change"] and "V = 0" not in str(use)


@pytest.mark.parametrize("step", [None, Step.INVALIDATE, Step.SYNC])
def test_halves_of_two_pages_are_told(step):
    """A page takes the PTE of another one, which may stay in the TLB: the page table is a cache.
    But it has to stay there as it was. R and C are set."""
    source = BEGIN + """
        li      r4, 0x124
        mtsr    5, r4
        lis     r5, 0x10
        stw     r5, 0(r5)               # each page begins with its number
        addi    r6, r5, 0x1000
        stw     r6, 0(r6)
        lis     r24, 0x4000
        ori     r24, r24, 0x3000        # EA
        lis     r23, 0x5000
        ori     r23, r23, 0x4000        # EA of the other page
        lis     r25, 0x20
        ori     r25, r25, 0x4800        # a PTE for both
        li      r4, 0x10
        mtmsr   r4
        isync
        ori     r3, r5, 0x192
        stw     r3, 4(r25)
        eieio
        lis     r3, 0x8000
        ori     r3, r3, 0x9180
        stw     r3, 0(r25)
        sync
        lwz     r20, 0(r24)
.ifndef OMIT_INVALIDATE
        li      r4, 0
        stw     r4, 0(r25)
.endif
.ifndef OMIT_SYNC
        sync
.endif
        ori     r3, r6, 0x192
change: stw     r3, 4(r25)
        eieio
        lis     r3, 0x8000
        ori     r3, r3, 0x9200
        stw     r3, 0(r25)
        sync
        tlbie   r23
        eieio
        tlbsync
        sync
        lwz     r20, 0(r24)             # from the TLB, or a page fault
done:   b       done
"""
    built = assemble(source, defines={f"OMIT_{step.name}": 1} if step else {},
                     sections={".text": 0x1000})
    found, silent = [], 0
    for seed in range(SEEDS):
        machine = pteg.Machine("g3", cpu="functional", rom="none", ram="4M", adversary=seed)
        machine.load(built.elf())
        machine.memory.write(0x300, (0x48000002 | built.symbols["done"]).to_bytes(4, "big"))
        machine.cpu.pc, machine.cpu.msr = 0x1000, 0
        uses = machine.oracle().uses
        machine.run(until=built.symbols["done"], instructions=300)
        found += uses
        silent += machine.cpu.gpr[20] != machine.cpu.gpr[5] and not uses
    assert not silent and bool(found) == (step is not None)
    for use in found:
        assert use.fault is Fault.TORN and use.missing is step
        assert use.change.pc == built.symbols["change"]
        assert "with one word of a PTE that has given way to another" in str(use)
