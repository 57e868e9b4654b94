"""What another processor, or a DMA engine, does between lwarx and stwcx., and whether the
reservation is lost: one table for both models (750GX UM p. 131, 142 to 145; docs/processors.md)."""

import pytest

import pteg
from pteg.components.copier import BUSY
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0

RESERVED, FLAGS, COPIER = 0x8000, 0x4000, 0x0C006000
#: An atomic store to the address in r4.
ATOMIC = "lwarx r9, 0, r4\n stwcx. r9, 0, r4"
#: The copier moves 32 bytes from r5 to r4.
DMA = f"""lis r6, {COPIER >> 16}
    ori r6, r6, {COPIER & 0xFFFF}
    li r7, 32
    stw r5, 0(r6)
    stw r4, 4(r6)
    stw r7, 8(r6)
    stw r31, 12(r6)
9:  lwz r7, 12(r6)
    andi. r7, r7, {BUSY}
    bne 9b"""
#: The first processor reserves the block when the second one is `ready`, and tries to store when
#: that has acted. r4: the address acted on.
SOURCE = """
first:  stw     r31, 0x100(r3)
1:      lwz     r7, 4(r8)
        cmpwi   r7, 1
        bne     1b
        lwarx   r6, 0, r3
        stw     r31, 0(r8)
1:      lwz     r7, 8(r8)
        cmpwi   r7, 1
        bne     1b
        stwcx.  r6, 0, r3
        mfcr    r10
end:    b       end
second: {before}
        sync
        stw     r31, 4(r8)
1:      lwz     r7, 0(r8)
        cmpwi   r7, 1
        bne     1b
        isync
        {operation}
        sync
        stw     r31, 8(r8)
done:   b       done
"""
SAME, WORD, NEXT = RESERVED, RESERVED + 28, RESERVED + 32
MODIFIED = "stw r31, 0(r4)"
#: Operation; where; whether the reservation is lost; what the second processor has done before;
#: whether its data cache is on.
CASES = {
    "store": ("stw r9, 0(r4)", SAME, True, "", True),
    "byte": ("stb r9, 3(r4)", WORD, True, "", True),
    "store-inhibited": ("stw r9, 0(r4)", WORD, True, "", False),
    "stwcx": (ATOMIC, WORD, True, "", True),
    "dcbz": ("dcbz 0, r4", SAME, True, "", True),
    "dma-write": (DMA, SAME, True, "", False),
    "store-next": ("stw r9, 0(r4)", NEXT, False, "", True),
    "store-next-hit": ("stw r9, 0(r4)", NEXT, False, MODIFIED, True),
    "stwcx-next": (ATOMIC, NEXT, False, "", True),
    "dcbz-next": ("dcbz 0, r4", NEXT, False, "", True),
    "load-next": ("lwz r9, 0(r4)", NEXT, False, "", True),
    "load-inhibited": ("lwz r9, 0(r4)", WORD, False, "", False),
    "dcbst": ("dcbst 0, r4", SAME, False, "", True),
    "dcbf": ("dcbf 0, r4", SAME, False, "", True),
    "dcbst-next-modified": ("dcbst 0, r4", NEXT, False, MODIFIED, True),
    "dcbf-next-modified": ("dcbf 0, r4", NEXT, False, MODIFIED, True),
}
#: Where the models differ; lost on the pipeline model or else on the functional one. A block is in
#: one cache only, so a load takes it away; the functional model has no caches. After any write by a
#: bus master it forgets the reservations of the processors whose turn it is not.
DIFFERENT = {
    "load": ("lwz r9, 0(r4)", SAME, True, "", True),
    "load-word": ("lwz r9, 0(r4)", WORD, True, "", True),
    "dma-write-next": (DMA, NEXT, False, "", False),
}


@pytest.fixture(scope="module", params=["functional", "pipeline"])
def machine(request):
    return pteg.Machine("g3", cpu=request.param, rom="none", processors=2, ram="1M", dma=True)


def is_lost(machine, operation, where, before, cached):
    machine.reset()
    program = assemble(SOURCE.format(operation=operation, before=before),
                       sections={".text": 0x1000})
    machine.load(program)
    machine.memory.write(FLAGS, bytes(32))
    machine.model.set_held(1, False)
    for cpu, name, caches in zip(machine.cpus, ("first", "second"),
                                 (Hid0.DCE, Hid0.DCE if cached else 0), strict=True):
        with cpu.changed() as state:
            state["pc"], state["msr"], state["hid0"] = program.symbols[name], 0, caches
            for number, value in ((3, RESERVED), (4, where), (5, 0x9000), (8, FLAGS), (31, 1)):
                state["gpr"][0][number] = value
    assert machine.run(until=program.symbols["end"], cycles=50_000) == "address"
    assert machine.cpus[1].pc == program.symbols["done"]
    return not machine.cpu.gpr[10] >> 29 & 1


@pytest.mark.parametrize("case", CASES)
def test_the_reservation_is_lost_by_what_writes_to_the_block_only(machine, case):
    operation, where, lost, before, cached = CASES[case]
    assert is_lost(machine, operation, where, before, cached) == lost


@pytest.mark.parametrize("case", DIFFERENT)
def test_a_load_takes_the_reservation_with_the_block_where_there_are_caches(machine, case):
    operation, where, lost, before, cached = DIFFERENT[case]
    assert is_lost(machine, operation, where, before, cached) == (
        lost if machine.cpu_name == "pipeline" else not lost)
