"""Floating-point instructions a second of the functional model: one kind at a time, and mixed.

Operands are such that results are rounded, unless the name says otherwise.
"""

import sys
import time

from pteg.firmware.asm import assemble
from pteg.machine import Machine

ROUNDS = 7
ORIGIN, END, TURNS = 0x10000, 0x12000, 200_000
#: f1 = 1/3, f2 = 1/7, f3 = 1/11, f4 = 1; of the program's data at r31. f5 to f12 are written.
KINDS = {
    "fadd": "fadd {d}, 1, 2", "fsub": "fsub {d}, 1, 2", "fmul": "fmul {d}, 1, 2",
    "fmadd": "fmadd {d}, 1, 2, 3", "fnmsub": "fnmsub {d}, 1, 2, 3", "fdiv": "fdiv {d}, 1, 2",
    "fadd, exact": "fadd {d}, 4, 4", "fmul, exact": "fmul {d}, 4, 4",
    "fsub, zero": "fsub {d}, 1, 1", "fmul, zero": "fmul {d}, 30, 1",
    "fadds": "fadds {d}, 21, 22", "fmuls": "fmuls {d}, 21, 22",
    "fmadds": "fmadds {d}, 21, 22, 23", "fdivs": "fdivs {d}, 21, 22", "frsp": "frsp {d}, 1",
    "fctiw": "fctiw {d}, 1", "fctiwz": "fctiwz {d}, 1", "fres": "fres {d}, 21",
    "frsqrte": "frsqrte {d}, 1", "fcmpu": "fcmpu 1, 1, 2", "fmr": "fmr {d}, 1",
    "fsel": "fsel {d}, 1, 2, 3", "lfd": "lfd {d}, 0(31)", "lfs": "lfs {d}, 64(31)",
    "stfd": "stfd 1, 128(31)", "stfs": "stfs 21, 128(31)",
}
#: Of each pass of a loop: the parts of a Mandelbrot step, a dot product, a search.
MIXED = {
    "mixed, double": """
        lfd 5, 0(31)
        lfd 6, 8(31)
        fadd 7, 5, 6
        fmul 8, 7, 5
        fmadd 9, 8, 6, 7
        fsub 10, 9, 5
        fmul 11, 10, 10
        fmadd 12, 11, 5, 8
        stfd 12, 128(31)
    """,
    "mixed, single": """
        lfs 5, 64(31)
        lfs 6, 68(31)
        fadds 7, 5, 6
        fmuls 8, 7, 5
        fmadds 9, 8, 6, 7
        fsubs 10, 9, 5
        fmuls 11, 10, 10
        fmadds 12, 11, 5, 8
        stfs 12, 128(31)
    """,
    "compare and move": """
        lfd 5, 0(31)
        lfd 6, 8(31)
        fcmpu 0, 5, 6
        fsel 7, 5, 6, 5
        fabs 8, 7
        fneg 9, 8
        fcmpu 1, 9, 5
        fmr 10, 9
        stfd 10, 128(31)
    """,
}
TEXT = """
    .org {origin:#x}
    mfmsr 3
    ori 3, 3, 0x2000
    mtmsr 3
    lis 31, 0x20
    {constants}
    lis 3, {high}
    ori 3, 3, {low}
    mtctr 3
again:
    {body}
    bdnz again
    b end
    .org {end:#x}
end:
    b end
"""
#: The integers of which the constants are made, with 1.
CONSTANTS = """
    lis 4, 0x3FF0
    stw 4, 0(31)
    li 5, 0
    stw 5, 4(31)
    lfd 4, 0(31)
    fsub 30, 4, 4
    fadd 5, 4, 4
    fadd 5, 5, 4
    fdiv 1, 4, 5
    fadd 6, 5, 5
    fadd 6, 6, 4
    fdiv 2, 4, 6
    fadd 7, 6, 5
    fadd 7, 7, 4
    fdiv 3, 4, 7
    frsp 21, 1
    frsp 22, 2
    frsp 23, 3
    stfd 1, 0(31)
    stfd 2, 8(31)
    stfs 21, 64(31)
    stfs 22, 68(31)
"""


def rate(body):
    """Return floating-point instructions a second: all of the loop but its branch."""
    count = body.strip().count("\n") + 1
    text = TEXT.format(origin=ORIGIN, end=END, body=body, constants=CONSTANTS, high=TURNS >> 16,
                       low=TURNS & 0xFFFF)
    code = bytes(assemble(text, sections={".text": ORIGIN}).image(ORIGIN))
    times = []
    for _ in range(ROUNDS):
        machine = Machine("g3", cpu="functional")
        machine.load(code, at=ORIGIN)
        machine.cpu.pc = ORIGIN
        machine.step(40)    # compiles
        begin = time.process_time()
        machine.run(until=END)
        times.append(time.process_time() - begin)
    return TURNS * count / min(times)


def main(*names):
    loops = {name: "\n".join(line.format(d=5 + n % 8) for n in range(16))
             for name, line in KINDS.items()} | MIXED
    for name in names or loops:
        print(f"{name:18} {rate(loops[name]) / 1e6:7.1f} million a second", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
