"""Draws docs/latency.svg and docs/tlb-reach.svg: what a load costs, as measured on a real G3.

Both follow a chain of pointers: each load needs the address that the load before it brings, so the
time of a round divided by its loads is the latency of one. PMC1 counts the cycles.

The first chart: a chain through all blocks of more and more memory, mapped by a BAT, without an L2
and with one. The second: a chain with one block in each of more and more pages, mapped by the page
table. Its blocks stay in the data cache; what grows is the cost of the table searches.

`python docs/latency.py` takes minutes.
"""

import struct

from chart import draw

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0, L2cr, Msr

KB = 1024
SIZES = [n * KB for n in (4, 8, 16, 24, 32, 40, 48, 64, 96, 128, 192, 256, 320, 384, 512)]
PAGES = [16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 192, 256]
L2 = "256K"
BLOCK, PAGE = 32, 4096
CODE, STOP, TABLE, DATA = 0x1000, 0x800, 0x10_0000, 0x20_0000
MMCR0_CYCLES = 1 << 6       # PMC1 counts cycles

#: r3: the first pointer; CTR: loads of a round, in eighths. One round fills the caches, the next is
#: measured. r3 becomes its cycles.
CHASE = """
_start: mtctr   r5
        bl      round
        mtctr   r5
        mfspr   r10,953
        bl      round
        mfspr   r11,953
        subf    r3,r10,r11
        mtlr    r6
        blr
        .balign 32
round:  .rept   8
        lwz     r3,0(r3)
        .endr
        bdnz    round
        blr
"""


def chain(addresses):
    """The words of a chain backwards through these addresses, by address."""
    before = [addresses[-1], *addresses[:-1]]
    return dict(zip(addresses, before, strict=True))


def chase(machine, pointers, msr):
    """Cycles of one load of a chain."""
    for address, pointer in pointers.items():
        machine.memory.write(address, struct.pack(">I", pointer))
    machine.load(assemble(CHASE, sections={".text": CODE}).elf())
    loads = max(len(pointers), 256) // 8
    with machine.cpu.changed() as state:
        state["gpr"][0, 3], state["gpr"][0, 5], state["gpr"][0, 6] = max(pointers), loads, STOP
        state["pc"], state["msr"] = CODE, int(msr)
        state["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.BTIC | Hid0.BHT
    machine.cpu.spr["MMCR0"] = MMCR0_CYCLES
    assert machine.run(until=STOP, cycles=100_000_000) == "address"
    return machine.cpu.gpr[3] / (8 * loads)


def latency(size, **parameters):
    """Cycles of a load from `size` bytes that a BAT maps."""
    machine = pteg.Machine("g3", rom="none", **parameters)
    machine.cpu.spr["DBAT0U"], machine.cpu.spr["DBAT0L"] = 0x1FFE, 0x12   # 256 MB from 0, M = 1
    if machine.platform.parameters.l2:
        # L2SIZ 256 KB, at the core's clock. It is empty after reset.
        machine.cpu.spr["L2CR"] = L2cr.L2E.mask | L2cr.L2SIZ.put(1) | L2cr.L2CLK.put(1)
    return chase(machine, chain(range(DATA, DATA + size, BLOCK)), Msr.DR)


def tlb_latency(pages, **parameters):
    """Cycles of a load from each of so many pages that the page table maps."""
    machine = pteg.Machine("g3", rom="none", **parameters)
    first = DATA // PAGE
    for page in range(first, first + pages):
        machine.memory.write(TABLE + (page & 0x3FF) * 64, struct.pack(
            ">II", 0x8000_0000 | page >> 10, page * PAGE | 0x192))        # R, C, M; PP = 2
    machine.cpu.spr["SDR1"] = TABLE
    # A block of each page, each in another set of the cache.
    return chase(machine, chain([DATA + n * PAGE + n * BLOCK % PAGE for n in range(pages)]), Msr.DR)


def main():
    lines = [("without L2", [(size, latency(size)) for size in SIZES]),
             (f"L2 of {L2}", [(size, latency(size, l2=L2)) for size in SIZES])]
    reach = [(f"{2 * sets} entries", [(n, tlb_latency(n, tlb_sets=sets)) for n in PAGES])
             for sets in (64, 32)]
    for name, points in [*lines, *reach]:
        print(name, [(x, round(y, 2)) for x, y in points])
    draw("latency.svg", "Cycles of a load", "bytes that the chain goes through", lines,
         label=lambda size: f"{size // KB}K", top=_top(lines), value="{:.0f}".format)
    draw("tlb-reach.svg", "Cycles of a load", "pages that the chain goes through", reach,
         top=_top(reach), value="{:.0f}".format)


def _top(lines):
    """A round number above all values."""
    most = max(y for _, points in lines for _, y in points)
    return next(top for top in (4, 8, 12, 16, 20, 24, 32, 40, 60, 80, 100, 120, 160, 200)
                if top >= most)


if __name__ == "__main__":
    main()
