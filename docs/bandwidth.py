"""Draws docs/bandwidth.svg: bytes that the kernels of STREAM move in a cycle.

Each kernel goes through vectors of doubles: copy c = a, scale b = s c, add c = a + b, triad
a = b + s c. As in STREAM, a number that is read or written counts 8 bytes; that a block is read
before it is written does not count. One round fills the caches, the next is measured; PMC1 counts
the cycles.

`python docs/bandwidth.py` takes a minute.
"""

from chart import draw

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0, Msr

KB = 1024
#: Bytes of one vector.
SIZES = [2 * KB, 4 * KB, 8 * KB, 16 * KB, 32 * KB, 64 * KB, 128 * KB]
CODE, STOP, VECTORS, APART = 0x1000, 0x800, 0x10_0000, 0x10_0000
MMCR0_CYCLES = 1 << 6       # PMC1 counts cycles
UNROLLED = 4

#: For each kernel the vectors that it reads and the one that it writes, and its instruction, if it
#: has one: from f1 and f2 to f1; f0 is the scalar.
KERNELS = {
    "copy": ("a", "c", ""), "scale": ("c", "b", "fmul f1,f1,f0"),
    "add": ("ab", "c", "fadd f1,f1,f2"), "triad": ("bc", "a", "fmadd f1,f2,f0,f1"),
}
#: Registers that point to the vectors.
POINTERS = {"a": "r5", "b": "r6", "c": "r7"}


def kernel(name):
    """A function of r3, the number of doubles; r3 becomes its cycles."""
    reads, writes, operation = KERNELS[name]
    body = []
    for number in range(UNROLLED):
        at = f"{8 * number}"
        body += [f"lfd f{1 + index},{at}({POINTERS[vector]})" for index, vector in enumerate(reads)]
        body += [operation, f"stfd f1,{at}({POINTERS[writes]})"]
    body += [f"addi {POINTERS[vector]},{POINTERS[vector]},{8 * UNROLLED}"
             for vector in sorted({*reads, writes})]
    lines = "\n".join(f"        {line}" for line in body)
    return f"""
_start: mflr    r31
        srwi    r4,r3,{UNROLLED.bit_length() - 1}
        bl      round
        mfspr   r10,953
        bl      round
        sync                            # until the stores have been written
        mfspr   r11,953
        subf    r3,r10,r11
        mtlr    r31
        blr
round:  mtctr   r4
        lis     r5,{VECTORS >> 16}
        lis     r6,{VECTORS + APART >> 16}
        lis     r7,{VECTORS + 2 * APART >> 16}
        .balign 32
1:
{lines}
        bdnz    1b
        blr
"""


def bandwidth(name, size, **parameters):
    """Bytes a cycle of a kernel with vectors of `size` bytes, mapped by a BAT."""
    machine = pteg.Machine("g3", rom="none", **parameters)
    machine.load(assemble(kernel(name), sections={".text": CODE}).elf())
    machine.cpu.spr["DBAT0U"], machine.cpu.spr["DBAT0L"] = 0x1FFE, 0x12   # 256 MB from 0, M = 1
    with machine.cpu.changed() as state:
        state["gpr"][0, 3] = size // 8
        state["pc"], state["lr"], state["msr"] = CODE, STOP, int(Msr.DR | Msr.FP)
        state["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.BTIC | Hid0.BHT
    machine.cpu.spr["MMCR0"] = MMCR0_CYCLES
    assert machine.run(until=STOP, cycles=100_000_000) == "address"
    reads, writes, _ = KERNELS[name]
    return size * len(reads + writes) / machine.cpu.gpr[3]


def main():
    lines = [(name, [(size, bandwidth(name, size)) for size in SIZES])
             for name in ("copy", "add", "triad")]
    for name, points in lines:
        print(name, [(size, round(y, 2)) for size, y in points])
    draw("bandwidth.svg", "Bytes a cycle", "bytes of a vector", lines,
         label=lambda size: f"{size // KB}K", top=8, value="{:.0f}".format)


if __name__ == "__main__":
    main()
