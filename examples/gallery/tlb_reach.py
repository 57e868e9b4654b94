"""The reach of the TLB, and the fill of the page table.

    pteg sweep tlb_reach.py -o tlb_reach.csv        # the table
    python tlb_reach.py                             # table and plot

A loop loads from each of so many random pages. The data TLB has 128 entries, two for each set: even
a few pages can need more entries of one set than it has, and with more than 128 pages most loads
miss. Each miss is a table search. How long a search is depends on how full the hash table is: in a
full one, a page's PTE is rarely the first of its group, and often in the secondary group. The
functional model counts both, so this sweep takes seconds.
"""

import random
import struct

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Msr
from pteg.sweep import Table, sweep

PROGRAM = """
_start: bl      round
        b       _start

round:  mr      r4,r3           # a list of addresses, in real memory
        mtctr   r5
1:      lwzu    r6,4(r4)
        lwz     r7,0(r6)
        bdnz    1b
        blr
"""
TABLE, GROUPS, LIST, FRAME = 0x10_0000, 1024, 0x8_0000, 0x20_0000
V = 1 << 31

points = {"pages": [32, 64, 96, 128, 160, 256, 512], "fill": [0.1, 0.5, 0.75, 0.95], "seed": [1]}


def page_table(rng: random.Random, pages: list[int], fill: float) -> bytes:
    """A hash table of 64 KB that has these pages, among others until so much of it is used.

    Each PTE goes into a free place of its primary group, or else of its secondary one, as an
    operating system does it. If both are full, it replaces another program's in the latter.
    """
    table: list[list[tuple[int, bytes]]] = [[] for _ in range(GROUPS)]
    others = [(rng.randrange(1, 1 << 24), rng.randrange(1 << 16))
              for _ in range(int(8 * GROUPS * fill) - len(pages))]
    every = others + [(0, page >> 12) for page in pages]
    rng.shuffle(every)
    for vsid, index in every:
        first = (vsid & 0x7FFFF ^ index) % GROUPS
        secondary = len(table[first]) == 8
        group = table[~first % GROUPS if secondary else first]
        if len(group) == 8:
            victims = [place for place, (owner, _) in enumerate(group) if owner]
            if vsid or not victims:
                continue
            del group[victims[-1]]
        group.append((vsid, struct.pack(
            ">II", V | vsid << 7 | secondary << 6 | index >> 10, FRAME | 0x192)))
    return b"".join(b"".join(entry for _, entry in group).ljust(64, b"\0") for group in table)


def measure(pages: int, fill: float, seed: int) -> dict[str, float]:
    """Table searches of a load, and PTEs examined by a search, when the TLB is warm."""
    rng = random.Random(seed)
    addresses = [page << 12 for page in rng.sample(range(1 << 16), pages)]
    machine = pteg.Machine("g3", cpu="functional", rom="none")
    machine.cpu.pc = machine.load(assemble(PROGRAM, sections={".text": 0x1000}).elf())
    machine.memory.write(TABLE, page_table(rng, addresses, fill))
    machine.memory.write(LIST + 4, struct.pack(f">{pages}I", *addresses))
    # A BAT maps the list. The segment registers are 0, so all pages have VSID 0.
    listed = 0xF000_0000 + LIST
    machine.cpu.spr["DBAT0U"], machine.cpu.spr["DBAT0L"] = 0xF000_001E, 0x12
    machine.cpu.spr["SDR1"] = TABLE
    machine.cpu.gpr[3], machine.cpu.gpr[5] = listed, pages
    machine.cpu.msr = int(Msr.DR)
    *_, last = machine.regions("round", count=3, instructions=100_000)
    searches = last.stats["mmu"]["table_searches"]
    return {"searches": searches["count"] / pages,
            "ptes_examined": searches["ptes_examined"] / max(1, searches["count"])}


def plot(table: Table, path: str) -> None:
    """Two charts side by side: how often a search is needed, and how long it is."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    frame = table.pandas()
    reach = frame[frame["fill"] == points["fill"][0]]
    left.plot(reach["pages"], reach["searches"], "o-")
    left.axvline(128, linestyle=":", label="entries of the TLB")
    length = frame[frame["pages"] == max(points["pages"])]
    right.plot(length["fill"], length["ptes_examined"], "o-")
    left.set(title="Searches of a load", xlabel="pages")
    right.set(title="PTEs examined by a search", xlabel="part of the page table that is used")
    left.legend()
    figure.savefig(path)


if __name__ == "__main__":
    found = sweep(measure, points)
    found.write("tlb_reach.csv")
    plot(found, "tlb_reach.svg")
