"""Several processors in the pipeline model: locks, false sharing, soft resets, hand-over."""

import json

import pytest

import pteg
from pteg.cpu import Stop
from pteg.firmware.asm import assemble

#: Processor 0 starts the other by a pulse of SRESET. Both enable their caches.
START = """
_start:
    lis r30, 0x0C00
    ori r30, r30, 0xB000
    li r31, 1
    li r29, 0
    stw r31, 0x14(r30)
    stw r29, 0x14(r30)
both:
    lwz r20, 0x100(r30)     # who
    li r0, 0
    ori r0, r0, 0xC000
    mtspr 1008, r0
    isync
    li r10, 0
    lis r3, 0
    ori r3, r3, 0x8000
    li r5, 300
    mtctr r5
"""
SECOND = "\nsecond:\n lis r30, 0x0C00\n ori r30, r30, 0xB000\n b both\n"
#: Each stores to its word and waits for that of the other, by loads of the same block.
HANDSHAKE = """
    slwi r4, r20, 2
    xori r8, r4, 4
1:  mfctr r6
    stwx r6, r3, r4
2:  lwzx r7, r3, r8
    cmpw r7, r6
    bgt 2b
    cmpwi r7, 0
    beq 2b
    bdnz 1b
"""
END = "\nend: b end\n"
ATOMIC = """
1:  lwarx r6, 0, r3
    addi r6, r6, 1
    stwcx. r6, 0, r3
    bne- 1b
    bdnz 1b
"""
#: Each counts in a word of its own: both words are in one block.
FALSE_SHARING = """
    slwi r4, r20, {shift}
1:  lwzx r6, r3, r4
    addi r6, r6, 1
    stwx r6, r3, r4
    bdnz 1b
"""
#: Each has a reservation of a block of its own, and stores to one that both use: the address of a
#: stwcx. is not compared. So neither loses the reservation while the block goes back and forth.
OTHER_BLOCK = """
    slwi r4, r20, 8
    addi r4, r4, 0x100
    slwi r8, r20, 2
1:  lwarx r6, r3, r4
    mfctr r7
    stwcx. r7, r3, r8
    bdnz 1b
"""
#: A lock, and a counter that it protects.
LOCK = """
1:  lwarx r6, 0, r3
    cmpwi r6, 0
    bne- 1b
    stwcx. r31, 0, r3
    bne- 1b
    isync
    lwz r7, 64(r3)
    addi r7, r7, 1
    stw r7, 64(r3)
    sync
    stw r10, 0(r3)
    bdnz 1b
"""


def made(text, cpu="pipeline", preset="g3", **options):
    machine = pteg.Machine(preset, cpu=cpu, rom="none", processors=2, ram="1M", **options)
    program = assemble(START + "li r31, 1\n" + text + END + SECOND, sections={".text": 0x1000})
    machine.load(program.elf())
    second = machine.symbols.address("second")
    machine.memory.write_word(0x100, 0x48000000 | second - 0x100)
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    return machine


def finish(machine, limit=1_500_000):
    end = machine.symbols.address("end")
    while machine.cycle < limit and not all(cpu.pc == end for cpu in machine.cpus):
        assert machine.run(cycles=20_000) is Stop.CYCLES
    assert all(cpu.pc == end for cpu in machine.cpus)


def test_no_atomic_increment_is_lost():
    machine = made(ATOMIC)
    assert [machine.model.is_held(n) for n in range(2)] == [False, True]
    finish(machine)
    assert machine.memory.read_word(0x8000) == 600
    assert machine.cpus[1].spr["SRR0"] == 0xFFF00100 and machine.cpus[1].msr == 0
    counts = machine.stats()["processors"]
    assert counts[0]["instructions"] + counts[1]["instructions"] == machine.instructions
    assert counts[1]["exceptions"] == 1


def traffic(machine, cycles):
    """Stores, reads of blocks, and writes of blocks, while both processors count."""
    def counted():
        memory = machine.stats()["bus"]["dram"]
        return [-sum(cpu.ctr for cpu in machine.cpus), memory["reads"], memory["writes"]]

    before = counted()
    machine.run(cycles=cycles)
    assert all(machine.symbols.name(cpu.pc).startswith("both+") for cpu in machine.cpus)
    return [after - then for after, then in zip(counted(), before, strict=True)]


@pytest.mark.parametrize("shift", [2, 4])
def test_words_of_one_block_that_two_processors_write_keep_every_store(shift):
    """False sharing: the other one takes the block away after the load, and after the store. So
    all of them read it, with intent to modify, and each store is pushed."""
    machine = made(FALSE_SHARING.format(shift=shift))
    machine.run(cycles=4000)
    stores, reads, pushes = traffic(machine, 6000)
    assert 20 < stores < 6000 / 100
    assert abs(pushes - stores) <= 2 and abs(reads - 2 * stores) <= 4
    finish(machine)
    assert [machine.memory.read_word(0x8000 + (n << shift)) for n in range(2)] == [300, 300]


def test_words_of_two_blocks_cost_no_bus_transaction():
    machine = made("li r5, 3000\n mtctr r5" + FALSE_SHARING.format(shift=5))
    machine.run(cycles=4000)
    stores, *transactions = traffic(machine, 6000)
    assert stores > 6000 / 4 and transactions == [0, 0]
    finish(machine)
    assert [machine.memory.read_word(0x8000 + (n << 5)) for n in range(2)] == [3000, 3000]


def test_loads_of_a_block_do_not_keep_a_store_from_it():
    machine = made(HANDSHAKE)
    finish(machine)
    assert [machine.memory.read_word(0x8000 + 4 * n) for n in range(2)] == [1, 1]


def test_stores_of_stwcx_to_a_block_that_neither_has_reserved_end():
    machine = made(OTHER_BLOCK)
    finish(machine)
    assert [machine.memory.read_word(0x8000 + 4 * n) for n in range(2)] == [1, 1]


def test_a_lock_protects_a_counter():
    machine = made(LOCK)
    finish(machine)
    assert machine.memory.read_word(0x8040) == 600 and machine.memory.read_word(0x8000) == 0


def test_the_pipeline_model_takes_over_in_the_middle_of_a_run():
    machine = made(LOCK, cpu="functional")
    machine.run(instructions=2000)
    assert 0 < machine.memory.read_word(0x8040) < 600
    machine.hand_over("pipeline")
    finish(machine)
    assert machine.memory.read_word(0x8040) == 600
    machine.hand_over("functional")
    assert machine.cpus[1].gpr[31] == 1


def test_a_checkpoint_has_all_processors(tmp_path):
    machine = made(LOCK)
    machine.run(cycles=20_000)
    machine.save(tmp_path / "two.ckpt")
    again = pteg.Machine.restore(tmp_path / "two.ckpt")
    assert again.restored == "exact"
    for each in (machine, again):
        each.run(cycles=10_000)
    assert all((ours.state() == theirs.state()).all()
               for ours, theirs in zip(machine.cpus, again.cpus, strict=True))


def test_the_ledger_knows_the_processors(tmp_path):
    machine = made(ATOMIC)
    with machine.ledger(tmp_path / "two.jsonl", kinds="DEVICE_READ"):
        machine.run(cycles=20_000)
    records = [json.loads(line) for line in open(tmp_path / "two.jsonl")]
    assert [(record["core"], int(record["value"], 16)) for record in records
            if record["pa"] == "0x0c00b100"] == [(0, 0), (1, 1)]


@pytest.mark.slow
def test_four_processors_share_a_counter():
    text = START.replace("stw r29, 0x14(r30)", "stw r29, 0x14(r30)\n stw r31, 0x24(r30)\n"
                         " stw r29, 0x24(r30)\n stw r31, 0x34(r30)\n stw r29, 0x34(r30)")
    machine = pteg.Machine("g3", rom="none", processors=4, ram="1M")
    machine.load(assemble(text + ATOMIC + END + SECOND, sections={".text": 0x1000}).elf())
    second = machine.symbols.address("second")
    machine.memory.write_word(0x100, 0x48000000 | second - 0x100)
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    finish(machine, 4_000_000)
    assert machine.memory.read_word(0x8000) == 1200
