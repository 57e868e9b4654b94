"""The guest's exceptions, privileged registers, time and floating point (point vii)."""

from dataclasses import replace

from pteg.firmware.asm import assemble
from pteg.lockstep.encoding import as_bytes, encode, to_spr
from pteg.mol import accel
from pteg.mol.guest import Guest
from pteg.mol.scenarios.scenario import Scenario
from pteg.mol.small import guest, pte

__all__ = ["SCENARIOS", "EXCEPTIONS", "exception", "external", "block_clear", "registers",
           "decrementer", "masked", "floats", "dozing"]

#: Instructions that cause an exception of the guest, by its vector.
EXCEPTIONS = {
    0x300: "lis r20, 0x7000\n        lwz r3, 0(r20)",
    0x400: "lis r20, 0x7000\n        mtctr r20\n        bctrl",
    0x600: "li r20, 0x2002\n        lwarx r3, 0, r20",
    0x700: "twi 31, r3, 0",
    0x800: "fadd f1, f1, f1",
    0x900: "li r3, 1\n        mtdec r3\n        li r3, 400\n        mtctr r3\n1:      bdnz 1b\n"
           "        load r3, 0x9032\n        mtmsr r3\n        nop\n        li r3, 0x1032\n"
           "        mtmsr r3",
    0xC00: "sc",
    0xD00: "load r3, 0x1432\n        mtmsr r3\n        nop\n        mfmsr r4\n        nop\n"
           "        li r3, 0x1032\n        mtmsr r3",
}
#: W of a page table entry.
WRITE_THROUGH = 0x40


def exception(vector: int) -> Guest:
    """Causes one, which is logged."""
    return guest(f"        {EXCEPTIONS[vector]}\n")


def exceptions() -> Guest:
    """Causes all of them, one after the other."""
    return guest("".join(f"        {code}\n" for code in EXCEPTIONS.values()))


def external(guest_device: bool) -> Guest:
    """An external interrupt behind the mtmsr that sets EE; r14 to r17: SRR0, SRR1, MSR, how many.

    The line is raised by the test device of the user part, or by the serial port of a bare board.
    """
    device, trigger = ((0x0E000000, "stw r5, 0xc(r30)\n        nop") if guest_device else
                       (0x0C000000, "stb r5, 1(r31)\n        stw r6, 0x3004(r30)"))
    made = guest(f"""
        load    r3, {device | 0x2A:#x}
        mtspr   dbat2l, r3
        load    r3, 0xe0000003
        mtspr   dbat2u, r3
        isync
        load    r30, 0xe0000000
        load    r31, 0xe000f000
        li      r17, 0
        li      r5, 2                   # the serial port: its transmitter is empty
        li      r6, 0x40
        {trigger}
        load    r3, 0x9032
        mtmsr   r3
        li      r3, 0x1032
        mtmsr   r3
""")
    handler = assemble("""
        mfspr   r14, srr0
        mfspr   r15, srr1
        mfmsr   r16
        addi    r17, r17, 1
        rlwinm  r3, r15, 0, 17, 15
        mtspr   srr1, r3
        rfi
""", sections={".text": 0x500})
    return replace(made, memory={**made.memory, 0x500: handler.image(0x500)})


def block_clear(cached: bool) -> Guest:
    """dcbz that causes an alignment exception: of a write-through page, or without a data cache.

    The first sets C of the page before, the second not even R.
    """
    before = "lwz r3, 0(r20)" if cached else """mfspr r3, hid0
        andi. r3, r3, 0xbfff
        sync
        mtspr hid0, r3"""
    entry = pte(5, 0x50001000, 0x40000)
    entry[max(entry)] |= WRITE_THROUGH if cached else 0
    return guest(f"""
        load    r20, 0x50001008
        {before}
        dcbz    0, r20
""", [entry])


def registers() -> Guest:
    """Reads and writes privileged registers; r4 is PVR."""
    return guest("""
        mfpvr   r4
        mfspr   r5, hid0
        mfspr   r6, hid1
        mfmsr   r7
        mfsr    r8, 5
        mfspr   r9, sdr1
        li      r3, 0x7f
        mtspr   ear, r3
        mfspr   r10, ear
        mtsprg  1, r7
        mfsprg  r11, 1
        mfspr   r12, dbat3u
""")


def _counting(text):
    """Vector 0x900 counts in r10 and sets the decrementer again."""
    made = guest(text)
    return Guest({**made.memory, 0x900: as_bytes([
        encode("addi", rD=10, rA=10, SIMM=1), encode("addi", rD=13, rA=0, SIMM=399),
        to_spr("DEC", 13), encode("rfi")])}, made.entry, made.stop, made.msr, made.size,
        made.words, made.elf)


def decrementer() -> Guest:
    """Counts decrementer exceptions in r10 for 4,000 ticks of the time base."""
    return _counting("""
        li      r10, 0
        mftb    r11
        li      r3, 400
        mtdec   r3
        load    r3, 0x9032
        mtmsr   r3
1:      mftb    r12
        subf    r12, r11, r12
        cmpwi   r12, 4000
        blt     1b
        li      r3, 0x1032
        mtmsr   r3
""")


def masked() -> Guest:
    """The decrementer passes zero while EE = 0: r14 and r15 count before and after EE = 1."""
    return _counting("""
        li      r10, 0
        li      r3, 20
        mtdec   r3
        mftb    r11
1:      mftb    r12
        subf    r12, r11, r12
        cmpwi   r12, 2000
        blt     1b
        mr      r14, r10
        load    r3, 0x9032
        mtmsr   r3
        nop
        mr      r15, r10
        li      r3, 0x1032
        mtmsr   r3
""")


def floats() -> Guest:
    """Floating point over many exits."""
    return guest("""
        load    r3, 0x3032
        mtmsr   r3
        li      r20, 0x2100
        lis     r3, 0x4009
        stw     r3, 0(r20)
        stw     r3, 4(r20)
        lfd     f1, 0(r20)
        li      r4, 20
        mtctr   r4
1:      fadd    f2, f2, f1
        fmul    f3, f2, f1
        mfmsr   r5
        mtsr    9, r4
        bdnz    1b
        stfd    f3, 8(r20)
""")


def dozing() -> Guest:
    """Sleeps until its decrementer wakes it; r14 counts the exception, r15 is the MSR then."""
    return _counting("""
        li      r10, 0
        lis     r3, 0x80
        mfspr   r4, hid0
        or      r4, r4, r3
        mtspr   hid0, r4
        li      r3, 500
        mtdec   r3
        load    r3, 0x49032
        sync
        mtmsr   r3
        isync
        mr      r14, r10
        mfmsr   r15
""")


SCENARIOS = [
    Scenario("exceptions", 32, "vii", "Each exception of the guest is that of the bare machine",
             exceptions),
    Scenario("block-clear", 32, "vii", "dcbz of a write-through page sets C, then is an exception",
             lambda: block_clear(True)),
    Scenario("block-clear-uncached", 32, "vii", "dcbz without a data cache is an exception at once",
             lambda: block_clear(False)),
    Scenario("registers", 33, "vii", "Privileged registers read as on the bare machine", registers),
    Scenario("decrementer", 34, "vii", "The guest's decrementer under a host with a tick",
             decrementer, tick=150, as_bare=False),
    Scenario("masked-decrementer", 34, "vii", "The decrementer passes zero while EE = 0", masked,
             as_bare=False),
    Scenario("floats", 35, "vii", "Floating-point registers stay loaded over many exits", floats,
             tick=150),
    Scenario("emuaccel", 39, "vii", "The guest has replaced its privileged instructions",
             lambda: accel.guest(True), as_bare=False),
    Scenario("emuaccel-trapped", 39, "vii", "The same guest as it is: they are trapped",
             lambda: accel.guest(False)),
    Scenario("dozing", 40, "vii", "The guest sleeps until its decrementer wakes it", dozing,
             as_bare=False),
]
