"""A page is taken away from two processors that use it (PEM 7.6.3.2): when tlbsync and sync are
over, the other one stores there no more, whatever it was doing; and machines that do less."""

from functools import cache

import pytest
from pages import TRANSLATE, enter, pte_of

import pteg
from pteg.firmware.asm import assemble

PAGE, EA = 0x20000, 0x40003000
PTE = pte_of(EA)
LAST = 127      # block of the page
OWN = 0xFFFFFFFF

#: Processor 1 stores the numbers from 1 on, each to the next block, so that the store queue is
#: full. Processor 0 waits, removes the PTE, and then stores to a block of the page itself.
SOURCE = f"""
.macro  enable                          # HID0[ICE, DCE, ABE]
        li      r3, 0
        ori     r3, r3, 0xC008
        mtspr   1008, r3
        isync
        lis     r24, {EA >> 16}
        ori     r24, r24, {EA & 0xFFFF}
.endm
        .section .vectors, "ax"         # at 0x300
        li      r20, 1
1:      b       1b
        .text
first:  lis     r30, 0x0C00             # the doorbell
        ori     r30, r30, 0xB000
        li      r31, 1
        li      r29, 0
        stw     r31, 0x14(r30)
        stw     r29, 0x14(r30)
        enable
        lis     r25, {PTE >> 16}
        ori     r25, r25, {PTE & 0xFFFF}
        mtctr   r26
1:      bdnz    1b
        stw     r29, 0(r25)
        sync
        tlbie   r24
        eieio
        tlbsync
        sync
        stw     r28, 0(r27)
        sync
done:   b       done

second: enable
{TRANSLATE}
        li      r5, 0
1:      rlwinm  r6, r5, 5, 20, 26
        addi    r5, r5, 1
        stwx    r5, r24, r6
        b       1b
"""
#: How long processor 0 waits: before the other one's first access, during its table search, later.
DELAYS = range(1, 400, 13)


@cache
def program():
    return assemble(SOURCE, sections={".vectors": 0x300, ".text": 0x1000})


def run(machine, delay, block):
    """Returns whether processor 1 has had a page fault, at which store, and what is in the block in
    the end."""
    symbols = program().symbols
    machine.reset()
    machine.load(program())
    machine.memory.write(PAGE, bytes(0x1000))
    enter(machine, EA, PAGE)
    machine.memory.write_word(0x100, 0x48000000 | symbols["second"] - 0x100)
    cpu, other = machine.cpus
    cpu.pc, cpu.msr = symbols["first"], 0
    cpu.gpr[26], cpu.gpr[27], cpu.gpr[28] = delay, PAGE + 32 * block, OWN
    assert machine.run(until=symbols["done"], cycles=100_000) == "address"
    machine.run(cycles=1500)
    return other.gpr[20] == 1, other.gpr[5], machine.memory.read_word(PAGE + 32 * block)


def shootdowns(machine):
    """For each delay, after how many stores the page fault came, or None; and the delays after
    which one of the last two stores came too late."""
    faults, late = {}, set()
    for delay in DELAYS:
        faulted, number, _ = run(machine, delay, LAST)
        faults[delay] = number - 1 if faulted else None
        # Store n goes to block n - 1. Up to the last sync each run is like the first one.
        blocks = range(max(number - 3, 0), number - 1) if faulted else ()
        late |= {delay for block in blocks if run(machine, delay, block)[2] != OWN}
    return faults, late


def test_no_store_comes_after_tlbsync():
    faults, late = shootdowns(pteg.Machine("g3", rom="none", processors=2, ram="1M"))
    assert None not in faults.values() and not late
    assert faults[DELAYS[0]] == 0 and len(set(faults.values())) > 5


@pytest.mark.slow
@pytest.mark.parametrize("mutant, stays, comes_late", [
    ("tlbsync-not-awaited", False, True), ("search-not-begun-anew", True, False),
    ("tlbie-not-heard", True, False)])
def test_machines_that_do_less_are_found_out(mutant, stays, comes_late):
    faults, late = shootdowns(pteg.Machine("g3", rom="none", processors=2, ram="1M", mutant=mutant))
    assert (None in faults.values(), bool(late)) == (stays, comes_late)
