"""The latency of a load: from the data cache, and from memory.

A chain of pointers: each load needs the address that the load before it brings. So the cycles of a
call of `chase`, divided by its loads, are the latency of one.
"""

import struct

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0

PROGRAM = """
_start: bl      chase           # brings code and data into the caches
        bl      chase
done:   b       done

chase:  li      r5,512
        mtctr   r5
1:      .rept   8
        lwz     r3,0(r3)
        .endr
        bdnz    1b
        blr
"""
LOADS, DATA, BLOCK = 512 * 8, 0x20_0000, 32


def latency(size: int) -> float:
    """Cycles of a load from a chain through all blocks of so many bytes."""
    machine = pteg.Machine("g3", rom="none")
    machine.cpu.pc = machine.load(assemble(PROGRAM, sections={".text": 0x1000}).elf())
    machine.cpu.msr = 0
    machine.cpu.spr["HID0"] = Hid0.ICE | Hid0.DCE | Hid0.BTIC | Hid0.BHT
    for offset in range(0, size, BLOCK):
        following = DATA + (offset + BLOCK) % size
        machine.memory.write(DATA + offset, struct.pack(">I", following))
    machine.cpu.gpr[3] = DATA
    first, second = machine.regions("chase", count=2, cycles=2_000_000)
    return second.cycles / LOADS


for kilobytes in (16, 64):
    print(f"{kilobytes:3} KB: {latency(kilobytes << 10):5.2f} cycles a load")
