"""Measures what docs/real-machines.md compares: `python docs/real_machines.py`.

Each program does what was run there, without the operating system around it.
"""

from typing import NamedTuple

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0

CODE, STOP = 0x1000, 0x800
MMCR0_CYCLES = 1 << 6       # PMC1 counts cycles

#: The delay loop that Linux 2.4 and 2.6.8 count. r3: how often; then its cycles.
DELAY = """
_start: mfspr   r10,953
        mtctr   r3
1:      bdnz    1b
        mfspr   r11,953
        subf    r3,r10,r11
        blr
"""

#: Cycles of r3 ticks of the time base.
TICKS = """
_start: mftb    r4
1:      mftb    r5
        cmpw    r4,r5
        beq     1b
        mfspr   r10,953
        add     r4,r5,r3
2:      mftb    r5
        cmpw    r4,r5
        bne     2b
        mfspr   r11,953
        subf    r3,r10,r11
        blr
"""


#: A loop over arrays of words, or limbs, in the data cache: r7 and r8 are read, r9 is written. Its
#: second round is measured. r3: how many passes; then their cycles.
LOOP = """
_start: lis     r7,1
        li      r12,{words}
        mtctr   r12
        lis     r13,0x1234
fill:   mulli   r13,r13,0x6789          # limbs of all sizes up to 32 bits
        addi    r13,r13,0x4321
        stwu    r13,4(r7)
        bdnz    fill
        {setup}
        li      r12,2
round:  lis     r7,1
        lis     r8,1
        lis     r9,2
        addi    r7,r7,{start}
        addi    r9,r9,{start}
        mfspr   r10,953
        mtctr   r3
        addic   r0,r0,0
        .align  5
1:      {body}
        bdnz    1b
2:      mfspr   r11,953
        addic.  r12,r12,-1
        bne     round
        subf    r3,r10,r11
        blr
"""
WORDS = 2048


class Loop(NamedTuple):
    """A loop of GMP, of which its authors say how many cycles a limb takes on a 750."""

    what: str
    published: float
    body: str
    setup: str = ""
    limbs: int = 1      # of a pass, or of what bdz ends
    start: int = 0      # offset at which pointers begin


_PRODUCT = """lwz r20,4(r7)
        mullw   r21,r22,r19
        adde    r23,r24,r25
        mulhwu  r25,r22,r19
        stw     r23,4(r9)
        bdz     2f
        lwzu    r22,8(r7)
        mullw   r24,r20,r19
        adde    r23,r21,r25
        mulhwu  r25,r20,r19
        stwu    r23,8(r9)"""

LOOPS = {
    "com": Loop("complement, `mpn_com`", 2, """nor r20,r21,r21
        lwzx    r21,r17,r9
        stwu    r20,4(r9)""", "lis r17,-1"),
    "mod_34lsub1": Loop("three sums with carry, `mpn_mod_34lsub1`", 3, """lwz r20,4(r7)
        adde    r23,r23,r20
        bdz     2f
        lwz     r20,8(r7)
        adde    r24,r24,r20
        bdz     2f
        lwzu    r20,12(r7)
        adde    r25,r25,r20"""),
    "lshift": Loop("shift to the left, `mpn_lshift`", 3, """lwzu r20,-4(r7)
        srw     r22,r21,r18
        or      r23,r23,r22
        stwu    r23,-4(r9)
        slw     r23,r21,r19
        bdz     2f
        lwzu    r21,-4(r7)
        srw     r22,r20,r18
        or      r23,r23,r22
        stwu    r23,-4(r9)
        slw     r23,r20,r19""", "li r19,3\n li r18,29", start=4 * WORDS),
    "add_n": Loop("addition, `mpn_add_n`", 3.5, "\n".join(
        f"lwz r{20 + n},{4 * n + 4}(r7)\n adde r28,r{20 + (n + 2) % 4},r{24 + (n + 2) % 4}\n"
        f" lwz r{24 + n},{4 * n + 4}(r8)\n stw r28,{4 * n + 4}(r9)" for n in range(3))
        + "\n lwzu r23,16(r7)\n adde r28,r21,r25\n stwu r28,16(r9)\n lwzu r27,16(r8)", limbs=4),
    "sqr_diagonal": Loop("squares, `mpn_sqr_diagonal`", 10.5, """lwzu r20,4(r7)
        stw     r21,4(r9)
        mullw   r21,r22,r22
        stwu    r23,8(r9)
        mulhwu  r23,r22,r22
        bdz     2f
        lwzu    r22,4(r7)
        stw     r24,4(r9)
        mullw   r24,r20,r20
        stwu    r25,8(r9)
        mulhwu  r25,r20,r20"""),
    "mul_1 small": Loop("product with a small number, `mpn_mul_1`", 4.5, _PRODUCT, "li r19,7"),
    "mul_1 large": Loop("product with a large number, `mpn_mul_1`", 11, _PRODUCT,
                        "lis r19,0xF654"),
    "divexact_by3": Loop("exact division by 3, `mpn_divexact_by3`", 9, """mullw r20,r19,r21
        lwzu    r21,4(r7)
        mulhwu  r22,r20,r18
        subfe   r21,r22,r21
        stwu    r20,4(r9)""", "lis r19,0xAAAA\n ori r19,r19,0xAAAB\n li r18,3"),
}


def run(source, argument, **parameters):
    """Run a program on a machine with caches on; returns its r3."""
    machine = pteg.Machine("g3", rom="none", **parameters)
    machine.load(assemble(source, sections={".text": CODE}).elf())
    machine.cpu.spr["MMCR0"] = MMCR0_CYCLES
    with machine.cpu.changed() as state:
        state["gpr"][0, 3] = argument
        state["pc"], state["lr"], state["msr"] = CODE, STOP, 0
        state["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.BTIC | Hid0.BHT
    assert machine.run(until=STOP, cycles=10_000_000) == "address"
    return machine.cpu.gpr[3]


def delay(**parameters):
    """Cycles of a round of Linux's delay loop."""
    rounds = 10_000
    return run(DELAY, rounds, **parameters) / rounds


def tick(**parameters):
    """Core cycles of a tick of the time base."""
    ticks = 1000
    return run(TICKS, ticks, **parameters) / ticks


def limb(name):
    """Cycles of a limb in one of the `LOOPS`."""
    loop, passes = LOOPS[name], 240
    source = LOOP.format(words=WORDS, start=loop.start, setup=loop.setup, body=loop.body)
    return (run(source, 2 * passes) - run(source, passes)) / passes / loop.limbs


def main():
    for name, loop in LOOPS.items():
        print(f"{loop.what}: {limb(name):.2f} cycles a limb, published {loop.published:g}")
    print(f"delay loop: {delay():.3f} cycles a round")
    for ratio in ("4:1", "6:1"):
        print(f"time base at {ratio}: {tick(ratio=ratio):.2f} cycles a tick")


if __name__ == "__main__":
    main()
