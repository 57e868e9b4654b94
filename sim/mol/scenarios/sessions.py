"""Sessions of MOL on HostL (points ii and v): two at once, and a host whose pages are evicted."""

import struct

from pteg.firmware.asm import assemble
from pteg.mol.scenarios.scenario import HostScenario
from pteg.mol.small import guest

__all__ = ["SCENARIOS", "counting", "floating", "crowd", "sleeping"]

#: A hypercall: the character in r6, or the end of the session with the status in r6.
_OSI = """
        .macro  osi selector
        load    r3, 0x113724fa
        load    r4, 0x77810f9b
        li      r5, \\selector
        sc
        .endm
"""
_END = """
        li      r6, 0
        osi     6
"""
#: Writes the entry of page r6 of segment 5, whose VSID is 5, into slot r8 of its group. The frame
#: is in r9; r12 masks the group's offset.
_ENTRY = """
        xori    r7, r6, 5
        rlwinm  r7, r7, 6, 0, 25
        and     r7, r7, r12
        add     r7, r7, r8
        oris    r7, r7, {table:#x}
        rlwinm  r8, r6, 22, 26, 31
        oris    r8, r8, 0x8000
        ori     r8, r8, 5 << 7
        ori     r9, r9, 0x12
        stw     r9, 4(r7)
        stw     r8, 0(r7)
"""


def counting(letter: str, rounds: int) -> bytes:
    """An ELF file: counts in 64 pages, checks what it finds, and prints its letter or X."""
    text = f"""
        li      r6, 1
        load    r12, 0xffff
entry:  li      r8, 0
        rlwinm  r9, r6, 12, 0, 19
        addis   r9, r9, 9
{_ENTRY.format(table=8)}
        addi    r6, r6, 1
        cmpwi   r6, 65
        blt     entry
        li      r10, 0
        li      r13, '{letter}'
round:  lis     r20, 0x5000
        load    r3, 0x20000005
        mtsr    5, r3
        isync
        li      r6, 64
        mtctr   r6
word:   addi    r20, r20, 0x1000
        lwz     r11, 0(r20)
        cmpw    r11, r10
        beq     1f
        li      r13, 'X'
1:      addi    r11, r11, 1
        stw     r11, 0(r20)
        bdnz    word
        addi    r10, r10, 1
        load    r3, {rounds}
        cmpw    r10, r3
        blt     round
        mr      r6, r13
        osi     4
{_END}"""
    elf = guest(_OSI + text).elf
    assert elf is not None
    return elf


def floating(letter: str, step: int, rounds: int = 12) -> bytes:
    """An ELF file: adds a number to a floating-point register, seldom, and prints its letter or X.

    Between two additions there is integer work for some time slices of the host.
    """
    text = f"""
        li      r3, 0x3032
        mtmsr   r3
        li      r20, 0x2100
        load    r3, {struct.unpack(">I", struct.pack(">f", step))[0]:#x}
        stw     r3, 0(r20)
        lfs     f1, 0(r20)
        fsub    f2, f1, f1
        li      r10, {rounds}
1:      fadd    f2, f2, f1
        lis     r3, 20
        mtctr   r3
2:      bdnz    2b
        mfmsr   r4
        addic.  r10, r10, -1
        bne     1b
        fctiwz  f3, f2
        stfd    f3, 8(r20)
        lwz     r11, 12(r20)
        li      r6, '{letter}'
        cmpwi   r11, {step * rounds}
        beq     3f
        li      r6, 'X'
3:      osi     4
{_END}"""
    elf = guest(_OSI + text).elf
    assert elf is not None
    return elf


def crowd(pages: int = 20, rounds: int = 3) -> bytes:
    """An ELF file: more pages than a group has entries, in each 16th group of 64 KB.

    The guest's own table has 1 MB, where they do not meet.
    """
    text = f"""
        li      r3, 0x7f                # 4 MB of data at their addresses
        mtspr   dbat3u, r3
        lis     r3, 0x20
        ori     r3, r3, 0xf
        mtsdr1  r3
        li      r14, {pages - 1}
        load    r12, 0xfffff
alias:  li      r15, 63
entry:  rlwinm  r6, r14, 10, 0, 21
        rlwimi  r6, r15, 4, 22, 27
        rlwinm  r8, r14, 31, 28, 28     # 16 pages later they meet in this table too
        rlwinm  r9, r15, 12, 0, 19
        addis   r9, r9, 0x10
{_ENTRY.format(table=0x20)}
        addic.  r15, r15, -1
        bge     entry
        addic.  r14, r14, -1
        bge     alias
        isync
        li      r16, {rounds}
round:  li      r14, {pages - 1}
2:      li      r15, 63
3:      rlwinm  r20, r14, 22, 0, 9
        rlwimi  r20, r15, 16, 10, 15
        oris    r20, r20, 0x5000
        lwz     r11, 0(r20)
        addi    r11, r11, 1
        stw     r11, 0(r20)
        addic.  r15, r15, -1
        bge     3b
        addic.  r14, r14, -1
        bge     2b
        addic.  r16, r16, -1
        bne     round
        lis     r20, 0x5000
        lwz     r11, 0(r20)
        load    r3, {pages * rounds}
        li      r6, 'C'
        cmpw    r11, r3
        beq     4f
        li      r6, 'X'
4:      osi     4
{_END}"""
    elf = guest(_OSI + text).elf
    assert elf is not None
    return elf


def sleeping() -> bytes:
    """An ELF file: prints Z and sleeps. It echoes what is typed, prints w, and sleeps again.

    In real mode. It listens to its serial port through the board's interrupt controller.
    """
    return assemble("""
        .globl  _start
_start: lis     r30, 0x0c01
        addi    r30, r30, -0x1000       # the serial port
        lis     r31, 0x0c00
        li      r3, 1                   # an interrupt when a character is there
        stb     r3, 1(r30)
        li      r3, 0x40
        stw     r3, 0x3004(r31)
        mfspr   r3, 1008
        oris    r3, r3, 0x0080          # HID0[DOZE]
        mtspr   1008, r3
        li      r3, 'Z'
1:      stb     r3, 0(r30)
        lis     r4, 4
        ori     r4, r4, 0x9002          # MSR: POW EE ME RI
        mtmsr   r4
        li      r3, 'w'
        b       1b
        .section .interrupt, "ax"
        lbz     r5, 0(r30)
        stb     r5, 0(r30)
        rfi
""", sections={".text": 0x1000, ".interrupt": 0x500}).elf()


SCENARIOS = [
    HostScenario("two-sessions", 3, "ii", "Two guests at once; one ends before the other",
                 lambda: {"long": counting("L", 6000), "short": counting("S", 6000)},
                 ("insmod mol", "mol short 2 &", "mol long 2")),
    HostScenario("two-floats", 35, "vii", "Two guests with other values in the same registers",
                 lambda: {"ones": floating("O", 1), "threes": floating("T", 3)},
                 ("insmod mol", "mol ones 2 &", "mol threes 2")),
    HostScenario("host-evicted", 14, "v", "The guest's entries drive out those of the host",
                 lambda: {"crowd": crowd()}, ("insmod mol", "stress 2 100 60000 &", "mol crowd 4"),
                 "hash=64K"),
    HostScenario("asleep", 40, "vii", "A guest sleeps, and a process of the host works meanwhile",
                 lambda: {"sleeper": sleeping()},
                 ("insmod mol", "stress 1 50 60000 &", "mol sleeper 2"), ends="stress: ok"),
]
