"""Cache size against miss rate, with the latency of real memory.

    pteg sweep cache_size.py -o cache_size.csv      # the table
    python cache_size.py                            # table and plot

A program loads one word of each block of a working set, again and again: in a circle, or in random
order. As long as the set fits into the cache, no load misses. Beyond, the order decides. In a
circle, an LRU cache always replaces the block that is needed next, and the miss rate jumps to 1. In
random order, it is the part of the set that does not fit. How much a miss costs depends on the
memory: 5:2:2:2 and 10:2:2:2 are the bus clocks to the beats of a burst.
"""

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0
from pteg.sweep import Table, sweep

PROGRAM = """
_start: bl      circle
        bl      circle
        bl      random
        b       _start

circle: mr      r4,r3
        mtctr   r5              # blocks of the set
1:      lwz     r6,0(r4)
        addi    r4,r4,32
        bdnz    1b
        blr

random: mtctr   r5
1:      mullw   r7,r7,r8        # a linear congruential generator
        addi    r7,r7,1
        mulhwu  r4,r7,r5        # from 0 to r5 - 1
        slwi    r4,r4,5
        lwzx    r6,r3,r4
        bdnz    1b
        blr
"""
DATA, BLOCK = 0x20_0000, 32

#: Each size of the cache is a processor to compile; the others are not.
points = {"dcache": ["8K", "16K", "32K"], "dram": ["5:2:2:2", "10:2:2:2"],
          "order": ["circle", "random"], "kilobytes": [4, 8, 12, 16, 24, 32, 48]}
#: Dashed: in a circle; the faster memory.
LINES = {"circle": "s--", "random": "o-", "5:2:2:2": "o--", "10:2:2:2": "o-"}


def measure(dcache: str, dram: str, order: str, kilobytes: int) -> dict[str, float]:
    """The miss rate, and the cycles of a load with its loop, when the cache is warm."""
    machine = pteg.Machine("g3", rom="none", dcache=dcache, dram=dram)
    machine.cpu.pc = machine.load(assemble(PROGRAM, sections={".text": 0x1000}).elf())
    loads = kilobytes * 1024 // BLOCK
    machine.cpu.msr, machine.cpu.gpr[3], machine.cpu.gpr[5] = 0, DATA, loads
    machine.cpu.gpr[8] = 1664525
    machine.cpu.spr["HID0"] = Hid0.ICE | Hid0.DCE | Hid0.BTIC | Hid0.BHT
    *_, last = machine.regions(order, count=2, cycles=5_000_000)
    return {"miss_rate": last.stats["cache"]["data"]["misses"] / loads,
            "cycles": last.cycles / loads}


def plot(table: Table, path: str) -> None:
    """Two charts side by side: miss rates, and what they cost in random order."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    frame = table.pandas()
    colors = {size: f"C{number}" for number, size in enumerate(points["dcache"])}
    for (dcache, dram, order), rows in frame.groupby(["dcache", "dram", "order"], sort=False):
        if dram == points["dram"][0]:
            left.plot(rows["kilobytes"], rows["miss_rate"], LINES[order], color=colors[dcache],
                      label=f"{dcache}, {order}")
        if order == "random":
            right.plot(rows["kilobytes"], rows["cycles"], LINES[dram], color=colors[dcache],
                       label=f"{dcache}, {dram}")
    left.set(title="Miss rate", xlabel="working set, KB")
    right.set(title="Cycles of a load in random order", xlabel="working set, KB", ylim=(0, None))
    for axes in (left, right):
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(path)


if __name__ == "__main__":
    found = sweep(measure, points)
    found.write("cache_size.csv")
    plot(found, "cache_size.svg")
