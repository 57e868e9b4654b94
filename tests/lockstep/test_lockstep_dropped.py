"""Loads that a wrong prediction drops have used the TLB: the next table search fills another way
than without them, and both models go on with the same entries."""

import pteg
from pteg.cpu import Stop
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0
from pteg.hw.mmu.enums import Side
from pteg.lockstep import Lockstep
from pteg.lockstep.shared import SharedLockstep

TABLE, VSID, DATA = 0x40000, 0x123, 0x20000
#: Three pages of one set of the data TLB, which has two ways.
PAGES = 0x40003000, 0x40043000, 0x40083000

#: A random bit decides a branch, after a division: until then, the load on the path that has been
#: predicted goes ahead. Where that is wrong, the third page takes the place of another one.
PROGRAM = f"""
        .org    0x1000
_start: lis     r3, {TABLE >> 16}
        mtsdr1  r3
        li      r3, {VSID}
        mtsr    4, r3
        li      r3, 0x10                # DR
        mtmsr   r3
        isync
1:      mulli   r26, r26, 1103
        addi    r26, r26, 12345
        rlwinm  r11, r26, 16, 31, 31
        lwz     r6, 0(r20)
        lwz     r6, 0(r21)
        divw    r7, r11, r9
        cmpwi   r7, 0
        beq     2f
        lwz     r6, 0(r20)
2:      lwz     r6, 0(r22)
        addi    r25, r25, 1
        b       1b
"""


def started(processors):
    machine = pteg.Machine("g3", rom="none", processors=processors, ram="1M")
    program = assemble(PROGRAM)
    machine.load(program)
    for n, page in enumerate(PAGES):
        pte = TABLE | ((VSID ^ page >> 12 & 0xFFFF) & 0x3FF) << 6
        machine.memory.write_word(pte, 1 << 31 | VSID << 7 | page >> 22 & 0x3F)
        machine.memory.write_word(pte + 4, DATA + 0x1000 * n | 0x12)        # M, PP = 2
    if processors > 1:
        machine.model.set_held(1, False)
    for number, cpu in enumerate(machine.cpus):
        with cpu.changed() as state:
            state["pc"], state["hid0"] = program.symbols["_start"], Hid0.ICE | Hid0.DCE
            for register, value in ((9, 1), (26, 1 + number),
                                    *zip((20, 21, 22), PAGES, strict=True)):
                state["gpr"][0][register] = value
    return machine


def test_lockstep_of_one_fills_the_same_ways():
    machine = started(1)
    lockstep = Lockstep(machine.model)
    for _ in range(200):
        assert lockstep.run(200) is Stop.INSTRUCTIONS
        theirs = {(way, page) for _, way, _, page, _ in machine.model.tlb(Side.DATA)}
        ours = lockstep._model["tlb_tag"][0, Side.DATA, PAGES[0] >> 12 & 63]
        assert theirs == {(way, int(tag) & 0xFFFF) for way, tag in enumerate(ours) if tag}
    assert machine.cpu.gpr[25] > 1000


def test_lockstep_of_two_fills_the_same_ways():
    machine = started(2)
    assert SharedLockstep(machine.model).run(80_000) is Stop.INSTRUCTIONS
    assert min(cpu.gpr[25] for cpu in machine.cpus) > 1000
