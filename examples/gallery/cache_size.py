"""Cache size against miss rate, with the latency of real memory.

    pteg sweep cache_size.py -o cache_size.csv      # the table
    python cache_size.py                            # table and plot

A loop loads one word of each block of a working set, again and again. As long as the set fits into
the cache, no load misses. Beyond, an LRU cache that is filled in a circle always replaces the block
that is needed next: the miss rate does not rise slowly, it jumps. How much a miss costs depends on
the memory: 5:2:2:2 and 10:2:2:2 bus clocks to the beats of a burst.
"""

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0
from pteg.sweep import Table, sweep

PROGRAM = """
_start: li      r10,6           # rounds
again:  bl      round
        addic.  r10,r10,-1
        bne     again
done:   b       done

round:  mr      r4,r3
        mtctr   r5
1:      lwz     r6,0(r4)
        addi    r4,r4,32
        bdnz    1b
        blr
"""
DATA, BLOCK = 0x20_0000, 32

#: Each size of the cache is a processor to compile; memory and working set are not.
points = {"dcache": ["8K", "16K", "32K"], "dram": ["5:2:2:2", "10:2:2:2"],
          "kilobytes": [4, 8, 12, 16, 24, 32, 48]}


def measure(dcache: str, dram: str, kilobytes: int) -> dict[str, float]:
    """The miss rate, and the cycles of a load, of one round when the cache is warm."""
    machine = pteg.Machine("g3", rom="none", dcache=dcache, dram=dram)
    machine.cpu.pc = machine.load(assemble(PROGRAM, sections={".text": 0x1000}).elf())
    loads = kilobytes * 1024 // BLOCK
    machine.cpu.msr, machine.cpu.gpr[3], machine.cpu.gpr[5] = 0, DATA, loads
    machine.cpu.spr["HID0"] = Hid0.ICE | Hid0.DCE | Hid0.BTIC | Hid0.BHT
    last = list(machine.regions("round", "round", cycles=5_000_000))[-1]
    return {"miss_rate": last.stats["cache"]["data"]["misses"] / loads,
            "cycles": last.cycles / loads}


def plot(table: Table, path: str) -> None:
    """Two charts side by side: miss rates, and what they cost."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    frame = table.pandas()
    for (dcache, dram), rows in frame.groupby(["dcache", "dram"], sort=False):
        if dram == points["dram"][0]:
            left.plot(rows["kilobytes"], rows["miss_rate"], "o-", label=dcache)
        right.plot(rows["kilobytes"], rows["cycles"], "o-", label=f"{dcache}, {dram}")
    left.set(title="Miss rate", xlabel="working set, KB")
    right.set(title="Cycles of a load", xlabel="working set, KB")
    left.legend()
    right.legend()
    figure.savefig(path)


if __name__ == "__main__":
    found = sweep(measure, points)
    found.write("cache_size.csv")
    plot(found, "cache_size.svg")
