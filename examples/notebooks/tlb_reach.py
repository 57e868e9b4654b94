"""The reach of the TLB, as a marimo notebook: `marimo edit tlb_reach.py`."""

import marimo

app = marimo.App()


@app.cell
def _():
    import random
    import struct

    import marimo as mo

    import pteg
    from pteg.firmware.asm import assemble
    from pteg.hw.isa.registers import Msr
    from pteg.sweep import sweep
    return Msr, assemble, mo, pteg, random, struct, sweep


@app.cell
def _(mo):
    mo.md("""
        A loop loads from each of so many random pages, again and again. The data TLB has 128
        entries, two for each set. A load that misses needs a table search; how many entries the
        search examines depends on how full the hash table is.
        """)
    return


@app.cell
def _(assemble):
    # r3: a list of addresses, in real memory; r5: how many.
    program = assemble("""
    _start: li      r10,4           # rounds
    again:  bl      round
            addic.  r10,r10,-1
            bne     again
    done:   b       done

    round:  mr      r4,r3
            mtctr   r5
    1:      lwzu    r6,4(r4)
            lwz     r7,0(r6)
            bdnz    1b
            blr
    """, sections={".text": 0x1000}).elf()
    return (program,)


@app.cell
def _(struct):
    def page_table(rng, pages, fill):
        """A hash table of 64 KB with PTEs for these pages, among those of other programs."""
        groups = 1024
        table = [[] for _ in range(groups)]
        entries = [(0, page >> 12) for page in pages]
        entries += [(rng.randrange(1, 1 << 24), rng.randrange(1 << 16))
                    for _ in range(int(8 * groups * fill) - len(pages))]
        rng.shuffle(entries)
        for vsid, index in entries:
            first = (vsid & 0x7FFFF ^ index) % groups
            secondary = len(table[first]) == 8      # its primary group is full
            group = table[~first % groups if secondary else first]
            if len(group) == 8:                     # and so is the other: ours replace others'
                theirs = [place for place, (owner, _) in enumerate(group) if owner]
                if vsid or not theirs:
                    continue
                del group[theirs[-1]]
            group.append((vsid, struct.pack(">II", 1 << 31 | vsid << 7 | secondary << 6
                                            | index >> 10, 0x20_0192)))
        return b"".join(b"".join(pte for _, pte in group).ljust(64, b"\0") for group in table)
    return (page_table,)


@app.cell
def _(Msr, page_table, program, pteg, random, struct):
    def measure(pages, fill):
        """Searches of a load, and PTEs examined by a search, in the last round."""
        rng = random.Random(1)
        addresses = [page << 12 for page in rng.sample(range(1 << 16), pages)]
        machine = pteg.Machine("g3", cpu="functional", rom="none")
        machine.cpu.pc = machine.load(program)
        machine.memory.write(0x10_0000, page_table(rng, addresses, fill))
        machine.memory.write(0x8_0004, struct.pack(f">{pages}I", *addresses))
        machine.cpu.spr["SDR1"] = 0x10_0000
        # A BAT maps the list, at 0xF0080000.
        machine.cpu.spr["DBAT0U"], machine.cpu.spr["DBAT0L"] = 0xF000_001E, 0x12
        machine.cpu.gpr[3], machine.cpu.gpr[5] = 0xF008_0000, pages
        machine.cpu.msr = Msr.DR
        searches = list(machine.regions("round", "round", instructions=100_000)
                        )[-1].stats["mmu"]["table_searches"]
        return {"searches": searches["count"] / pages,
                "ptes_examined": searches["ptes_examined"] / max(1, searches["count"])}
    return (measure,)


@app.cell
def _(mo):
    fill = mo.ui.slider(0.1, 0.9, step=0.1, value=0.5, label="part of the page table that is used")
    fill
    return (fill,)


@app.cell
def _(fill, measure, sweep):
    table = sweep(measure, {"pages": [32, 128, 256, 512], "fill": [fill.value]}, workers=1)
    table
    return (table,)


@app.cell
def _(mo, table):
    mo.md(f"With {table['pages'][-1]} pages, {table['searches'][-1]:.0%} of the loads need a table "
          f"search, which examines {table['ptes_examined'][-1]:.1f} entries.")
    return


if __name__ == "__main__":
    app.run()
