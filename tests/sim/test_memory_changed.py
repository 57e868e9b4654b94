"""What the host changes is executed and loaded as changed, whatever the processor has of it."""

import random

import pytest

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0, Msr

ICE = 0x8000


@pytest.mark.parametrize("cpu", ["pipeline", "functional"])
def test_code_written_between_two_runs_is_executed(cpu):
    m = pteg.Machine("g3", cpu=cpu)
    m.reset()
    # loop: addi r3,r3,1; b loop
    m.memory.write(0x1000, bytes.fromhex("38630001 4bfffffc"))
    m.cpu.spr["HID0"] = ICE
    m.cpu.pc, m.cpu.gpr[3] = 0x1000, 0
    m.step(100)
    assert m.cpu.gpr[3] == 50
    m.memory.write(0x1000, bytes.fromhex("38630064"))  # addi r3,r3,100
    m.step(2)
    assert m.cpu.gpr[3] == 150


#: Copies a word from each of 16 blocks to a table, and changes the next word of the block. In each
#: cache they are of the same set, which has fewer ways.
COPIES = assemble("""
        .org    0x1000
_start: li      r6,16
        mtctr   r6
        lis     r4,2
        li      r5,0x3000
next:   lwz     r3,0(r4)
        stw     r3,0(r5)
        stw     r3,4(r4)
        addis   r4,r4,2
        addi    r5,r5,4
        bdnz    next
        b       _start
""", sections={".text": 0})
BLOCKS = range(0x20000, 0x220000, 0x20000)


@pytest.mark.parametrize("cpu, l2", [
    ("functional", 0), pytest.param("pipeline", 0, marks=pytest.mark.slow), ("pipeline", "256K")])
def test_memory_written_at_any_cycle_is_what_a_script_and_the_program_read(cpu, l2):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    m = pteg.Machine("g3", cpu=cpu, ram="4M", l2=l2)
    m.memory.write(0, COPIES.image(0))
    with m.cpu.changed() as state:
        state["pc"], state["msr"] = 0x1000, Msr.ME
        state["hid0"], state["l2cr"] = Hid0.ICE | Hid0.DCE, 0x92000000 if l2 else 0
    for _ in range(60):
        m.run(cycles=chance.randrange(1, 600))
        values = [chance.getrandbits(32) for _ in BLOCKS]
        for address, value in zip(BLOCKS, values, strict=True):
            m.memory.write_word(address, value)
            assert m.memory.read_word(address) == value
        m.run(instructions=2 * 6 * 16 + 20)
        assert [m.memory.read_word(0x3000 + 4 * n) for n in range(16)] == values
        assert [m.memory.read_word(address + 4) for address in BLOCKS] == values
