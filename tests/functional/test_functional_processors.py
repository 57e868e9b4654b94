"""Several processors in the functional model: turns, reservations, broadcasts, resets."""

import pytest

import pteg
from pteg.errors import UserError
from pteg.firmware.asm import assemble

#: Processor 0 starts the others, by a pulse of SRESET, and goes on at `first`; the others branch
#: from the vector to `second`.
START = """
_start:
    lis r30, 0x0C00
    ori r30, r30, 0xB000
    li r31, 1
    li r29, 0
    stw r31, 0x14(r30)
    stw r29, 0x14(r30)
    stw r31, 0x24(r30)
    stw r29, 0x24(r30)
    b first
"""
#: Adds 1 to the word at 0x8000 a thousand times, with or without a reservation.
ADD = """
    li r5, 1000
    mtctr r5
    lis r3, 0
    ori r3, r3, 0x8000
1:  {load} r6, 0, r3
    addi r6, r6, 1
    {store} r6, 0, r3
    {again}
    bdnz 1b
"""
ATOMIC = ADD.format(load="lwarx", store="stwcx.", again="bne- 1b")
PLAIN = ADD.format(load="lwzx", store="stwx", again="")
ENOUGH = 40_000


def made(text, processors=2, cpu="functional", **options):
    machine = pteg.Machine("g3", cpu=cpu, rom="none", processors=processors, ram="1M",
                           **{"quantum": 7} | options)
    program = assemble(START + text, sections={".text": 0x1000})
    machine.load(program.elf())
    second = machine.symbols.address("second")
    machine.memory.write_word(0x100, 0x48000000 | second - 0x100)
    machine.cpu.pc, machine.cpu.msr = 0x1000, 0
    return machine


def test_processors_but_the_first_wait_for_a_soft_reset():
    machine = made("first: b first\nsecond: b second\n")
    assert [machine.model.is_held(n) for n in range(2)] == [False, True]
    machine.step(4)
    assert machine.cpus[1].pc == 0xFFF00100 and machine.cpus[1].tb == 0
    machine.step(200)
    assert not machine.model.is_held(1)
    assert machine.cpus[1].pc == machine.symbols.address("second")
    assert machine.cpus[1].spr["SRR0"] == 0xFFF00100


@pytest.mark.parametrize("seed", range(1, 6))
def test_increments_with_a_reservation_are_never_lost_and_others_are(seed):
    atomic = made(f"first: {ATOMIC}\nend: b end\nsecond: {ATOMIC}\nb end\n", seed=seed)
    atomic.run(instructions=ENOUGH)
    assert atomic.memory.read_word(0x8000) == 2000
    plain = made(f"first: {PLAIN}\nend: b end\nsecond: {PLAIN}\nb end\n", seed=seed)
    plain.run(instructions=ENOUGH)
    assert 1000 <= plain.memory.read_word(0x8000) < 1990


@pytest.mark.parametrize("stored,lost", [(0x8000, True), (0x801C, True), (0x8020, False)])
@pytest.mark.parametrize("store", ["stw r9, 0(r4)", "stb r9, 3(r4)", "dcbz 0, r4"])
def test_a_store_to_the_block_by_another_processor_kills_the_reservation(store, stored, lost):
    """The second processor stores once, between lwarx and stwcx. of the first, to a page to which
    it has stored before: the fast way for stores must not hide it."""
    wait = "2: lwz r7, {0}(r8)\n cmpwi r7, 1\n bne 2b\n"
    machine = made(f"""
first:
    li r8, 0x4000
    lis r3, 0
    ori r3, r3, 0x8000
    {wait.format(4).replace("2", "1")}
    lwarx r6, 0, r3
    stw r31, 0(r8)
    {wait.format(8).replace("2", "3")}
    stwcx. r6, 0, r3
    mfcr r10
end: b end
second:
    mfspr r4, 1008
    ori r4, r4, 0x4000      # HID0[DCE], for dcbz
    mtspr 1008, r4
    li r31, 1
    li r8, 0x4000
    lis r4, 0
    ori r4, r4, {stored}
    stw r9, 0x100(r4)
    stw r31, 4(r8)
    {wait.format(0)}
    {store}
    stw r31, 8(r8)
    b end
""")
    machine.run(instructions=3000)
    assert machine.cpu.pc == machine.cpus[1].pc == machine.symbols.address("end")
    assert machine.cpu.gpr[10] >> 28 == (0 if lost else 2)


#: The second processor's MMU translates 0xA000 by a PTE that the first one changes, with tlbie,
#: between two loads.
SHOOTDOWN = """
first:
    mfspr r4, 1008
    ori r4, r4, {abe}
    mtspr 1008, r4
    li r8, 0x4000
1:  lwz r7, 0(r8)
    cmpwi r7, 1
    bne 1b
    lis r3, 0
    ori r3, r3, 0xA000
    lwz r5, 8(r8)       # new second word, and where it is
    lwz r6, 12(r8)
    stw r5, 4(r6)
    sync
    tlbie r3
    sync
    tlbsync
    sync
    stw r31, 4(r8)
end: b end
second:
    li r8, 0x4000
    li r31, 1
    lwz r3, 16(r8)
    mtspr 25, r3        # SDR1
    lis r3, 0
    ori r3, r3, 0xA000
    mfmsr r9
    ori r10, r9, 0x10   # MSR[DR]
    mtmsr r10
    isync
    lwz r11, 0(r3)
    mtmsr r9
    isync
    stw r31, 0(r8)
1:  lwz r7, 4(r8)
    cmpwi r7, 1
    bne 1b
    mtmsr r10
    isync
    lwz r12, 0(r3)
    mtmsr r9
    isync
    b end
"""


@pytest.mark.parametrize("abe,broadcast,seen,cpu", [
    (8, True, 0xBBBB, "functional"), (0, True, 0xAAAA, "functional"),
    (8, False, 0xAAAA, "functional"), (8, True, 0xBBBB, "pipeline"),
    (0, True, 0xAAAA, "pipeline")])
def test_tlbie_reaches_the_other_processor_if_it_is_broadcast(abe, broadcast, seen, cpu):
    machine = made(SHOOTDOWN.format(abe=abe), cpu=cpu, broadcast=broadcast)
    table, old, new = 0x10000, 0x20000, 0x21000
    place = table + (0x0A << 6)         # VSID 0: the hash is the page index
    machine.memory.write_word(place, 1 << 31)
    machine.memory.write_word(place + 4, old | 0x12)    # M, PP = 2
    machine.memory.write_word(old, 0xAAAA)
    machine.memory.write_word(new, 0xBBBB)
    for at, word in ((0x4008, new | 0x12), (0x400C, place), (0x4010, table)):
        machine.memory.write_word(at, word)
    machine.run(instructions=5000)
    assert machine.cpu.pc == machine.cpus[1].pc == machine.symbols.address("end")
    assert machine.cpus[1].gpr[11] == 0xAAAA
    assert machine.cpus[1].gpr[12] == seen


@pytest.mark.parametrize("seen,options", [
    (2, {}), (1, {"broadcast": False}), (2, {"cpu": "pipeline"}),
    *(pytest.param(1, {"cpu": "pipeline"} | fault, marks=pytest.mark.slow)
      for fault in ({"broadcast": False}, {"mutant": "icbi-not-heard"}))], ids=str)
def test_code_that_another_processor_writes_needs_the_broadcast_of_icbi(seen, options):
    machine = made("""
first:
    mfspr r4, 1008
    ori r4, r4, 0xC008      # HID0[ICE, DCE, ABE]
    mtspr 1008, r4
    li r8, 0x4000
1:  lwz r7, 0(r8)
    cmpwi r7, 1
    bne 1b
    li r3, 0x6000
    lis r5, 0x3860          # li r3, 2
    ori r5, r5, 2
    stw r5, 0(r3)
    dcbst 0, r3
    sync
    icbi 0, r3
    sync
    isync
    stw r31, 4(r8)
end: b end
second:
    li r4, 0
    ori r4, r4, 0xC000      # HID0[ICE, DCE]
    mtspr 1008, r4
    li r8, 0x4000
    li r31, 1
    li r4, 0x6000
    mtctr r4
    li r5, 100
2:  bctrl
    addi r5, r5, -1
    cmpwi r5, 0
    bne 2b
    mr r11, r3
    stw r31, 0(r8)
1:  lwz r7, 4(r8)
    cmpwi r7, 1
    bne 1b
    isync
    bctrl
    mr r12, r3
    b end
""", quantum=50, **options)
    machine.memory.write(0x6000, bytes.fromhex("38600001 4e800020"))    # li r3, 1; blr
    machine.run(instructions=40_000)
    assert machine.cpu.pc == machine.cpus[1].pc == machine.symbols.address("end")
    assert machine.cpus[1].gpr[11] == 1 and machine.cpus[1].gpr[12] == seen


#: The second one dozes until the first one rings; it answers, and the first one dozes meanwhile.
DOORBELL = """
first:
    bl doze
    stw r31, 0x10(r30)      # rings for processor 1
    li r8, 0x4000
    lwz r20, 0x100(r30)
    bl sleep
end: b end
second:
    lis r30, 0x0C00
    ori r30, r30, 0xB000
    li r31, 1
    bl doze
    lwz r20, 0x100(r30)
    bl sleep
    stw r29, 0x10(r30)
    stw r31, 0(r30)         # rings for processor 0
    b end
doze:
    mfspr r4, 1008
    oris r4, r4, 0x80       # HID0[DOZE]
    mtspr 1008, r4
    blr
sleep:
    mfmsr r9
    oris r10, r9, 4         # MSR[POW]
    ori r10, r10, 0x8000    # MSR[EE]
    sync
    mtmsr r10
    isync
    cmpwi r21, 1
    bne sleep
    blr
"""


@pytest.mark.parametrize("cpu", ["functional", "pipeline"])
def test_processors_interrupt_each_other_by_the_doorbell_also_while_they_doze(cpu):
    machine = made(DOORBELL, cpu=cpu)
    # The handler at 0x500: r21 = 1; return with MSR[EE] = 0.
    handler = assemble("_start: li r21, 1\n mtspr 27, r9\n rfi\n", sections={".text": 0x500})
    machine.load(handler.elf())
    machine.run(instructions=400)
    assert machine.cpu.pc == machine.cpus[1].pc == machine.symbols.address("end")
    assert [cpu.gpr[21] for cpu in machine.cpus] == [1, 1]
    assert [cpu.gpr[20] for cpu in machine.cpus] == [0, 1]


MIXED = f"first: {ATOMIC}{PLAIN}\nend: b end\nsecond: {PLAIN}{ATOMIC}\nb end\n"


def picture(machine):
    return ([cpu.state().tobytes() for cpu in machine.cpus], machine.memory.read(0x8000, 4),
            machine.cycle, machine.instructions)


@pytest.mark.parametrize("processors", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_runs_with_equal_seeds_are_equal_however_they_are_cut_into_pieces(processors):
    whole, pieces = (made(MIXED, processors, seed=5) for _ in range(2))
    whole.run(cycles=9_000)
    left = 9_000
    for piece in (1, 2, 3, 5, 8, 13, 1000, 1, 1, 6, 7, 7, 7, 500):
        pieces.run(cycles=piece)
        left -= piece
    while left:
        pieces.run(cycles=min(left, 11))
        left -= min(left, 11)
    assert picture(whole) == picture(pieces)
    other = made(MIXED, processors, seed=6)
    other.run(cycles=9_000)
    assert picture(other) != picture(whole)


def test_sleep_does_not_depend_on_the_pieces_of_a_run():
    whole, pieces = (made(DOORBELL, seed=2) for _ in range(2))
    handler = assemble("_start: li r21, 1\n mtspr 27, r9\n rfi\n", sections={".text": 0x500})
    for machine in (whole, pieces):
        machine.load(handler.elf())
    whole.run(cycles=2000)
    for _ in range(2000):
        pieces.run(cycles=1)
    assert picture(whole) == picture(pieces)


def test_a_checkpoint_has_all_processors(tmp_path):
    machine = made(MIXED, seed=3)
    machine.run(cycles=3_003)
    machine.save(tmp_path / "two.ckpt")
    again = pteg.Machine.restore(tmp_path / "two.ckpt")
    assert again.restored == "exact" and len(again.cpus) == 2
    for one in (machine, again):
        one.run(cycles=5_000)
    assert picture(again) == picture(machine)


def test_each_processor_has_its_own_time_and_counts():
    machine = made("first: b first\nsecond: b second\n")
    machine.cpu.spr["DEC"] = 0x7FFFFFFF
    machine.run(cycles=10_000)
    ticks = machine.platform.ratio.cycles_per_tick
    assert abs(machine.cpus[0].tb - 10_000 // ticks) <= 1
    assert 0 < machine.cpus[1].tb < machine.cpus[0].tb
    counted = machine.stats()["processors"]
    assert list(counted) == [0, 1]
    assert sum(one["instructions"] for one in counted.values()) == machine.instructions
    assert all(4_000 < one["instructions"] < 6_000 for one in counted.values())


def test_it_is_the_same_time_for_all_wherever_a_run_ends():
    """Their time bases differ by as much as one was held longer, in the other model, too."""
    machine = made("first: b first\nsecond: b second\n", quantum=1_000)

    def ahead():
        return machine.cpus[0].tb - machine.cpus[1].tb

    machine.run(cycles=10_000)
    first = ahead()
    for piece in range(1, 1_500, 97):
        machine.run(cycles=piece)
        assert abs(ahead() - first) <= 1, piece
    machine.hand_over("pipeline")
    machine.run(cycles=1_000)
    assert abs(ahead() - first) <= 1


def test_the_ledger_names_the_processor_and_is_in_order(tmp_path):
    import json

    machine = made("first: mtmsr r29\n b first\nsecond: mtmsr r29\n b second\n")
    with machine.ledger(tmp_path / "two.jsonl", kinds="MODE"):
        machine.run(cycles=2_000)
    cores = [json.loads(line)["core"] for line in open(tmp_path / "two.jsonl")]
    assert {0, 1} == set(cores)
    # Turns of 1 to 13 cycles: neither processor has a long run of events.
    changes = sum(a != b for a, b in zip(cores, cores[1:], strict=False))
    assert changes > 100


def test_numbers_of_processors_that_a_model_cannot_run_are_refused():
    with pytest.raises(UserError, match="processors must be 1 with cpu='pipeline' and an L2"):
        pteg.Machine("g3", processors=2, l2="256K")
    machine = pteg.Machine("g3", cpu="functional", processors=2, l2="256K")
    with pytest.raises(UserError, match="processors must be 1 with cpu='pipeline' and an L2"):
        machine.hand_over("pipeline")
    with pytest.raises(UserError, match="processors must be a number from 1 to 4, not 5"):
        pteg.Machine("g3", cpu="functional", processors=5)
