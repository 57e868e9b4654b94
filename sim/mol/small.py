"""Small guests in assembly, each for one scenario.

The program begins at `start` in supervisor state, with translation on: block 3 maps the first
megabyte at its address, the hash table is at 0x80000, segment n has VSID n and Kp. Exceptions are
logged (pteg.lockstep.exception_log). It ends with `b stop`.
"""

from pteg.firmware.asm import assemble
from pteg.lockstep.exception_log import STOP, exception_log
from pteg.mol.guest import Guest

CODE, TABLE = 0x10000, 0x80000

PRELUDE = """
        .macro load reg, value
        lis \\reg, (\\value)@h
        ori \\reg, \\reg, (\\value)@l
        .endm
stop = 0x3F00
        .globl _start
_start: li      r3, 0
        mtspr   ibat0u, r3
        mtspr   dbat0u, r3
        li      r3, 0x12
        mtspr   ibat3l, r3
        mtspr   dbat3l, r3
        li      r3, 0x1f
        mtspr   ibat3u, r3
        mtspr   dbat3u, r3
        lis     r3, 8
        mtsdr1  r3
        li      r4, 16
        mtctr   r4
        li      r4, 0
        lis     r5, 0x2000
segment: mtsrin r5, r4
        addi    r5, r5, 1
        addis   r4, r4, 0x1000
        bdnz    segment
        li      r4, 0x1032
        mtmsr   r4
        isync
        li      r4, 0
        li      r5, 0
start:
"""


def pte(vsid, ea, real, pp=2, slot=0, secondary=False, r=0, c=0):
    """{address: word} of a PTE."""
    page = ea >> 12 & 0xFFFF
    hashed = vsid ^ page
    at = TABLE + (((~hashed if secondary else hashed) & 0x3FF) << 6) + 8 * slot
    return {at: 1 << 31 | vsid << 7 | secondary << 6 | page >> 10,
            at + 4: real & ~0xFFF | r << 8 | c << 7 | 0x10 | pp}


def pte_at(vsid, ea, slot=0):
    """Address of a PTE in the primary group."""
    return TABLE + (((vsid ^ (ea >> 12 & 0xFFFF)) & 0x3FF) << 6) + 8 * slot


def guest(text, words=(), size=2 << 20):
    """A guest with these instructions after the prelude, and these words of memory."""
    program = assemble(PRELUDE + text + "\n        b stop\n", sections={".text": CODE})
    code = program.image(CODE)
    memory = {**exception_log(False), CODE: code}
    every = {}
    for some in words:
        every |= some
    return Guest(memory, CODE, STOP, 0x1002, size, every, program.elf())
