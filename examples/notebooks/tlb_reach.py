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
        A loop loads from each of so many random pages, again and again. The data TLB has 64 sets.
        A load whose page has no entry in it needs a table search. How many pages does a TLB reach?
        """)
    return


@app.cell
def _(assemble):
    # r3: a list of addresses, in real memory; r5: how many.
    program = assemble("""
    _start: bl      round
            b       _start

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
    def page_table(pages):
        """A hash table of 64 KB: a PTE in the primary group of each page, whose VSID is 0."""
        groups = [b""] * 1024
        for page in pages:
            valid_api, frame = 1 << 31 | page >> 22 & 0x3F, 0x20_0192
            groups[page >> 12 & 0x3FF] += struct.pack(">II", valid_api, frame)
        return b"".join(group.ljust(64, b"\0") for group in groups)
    return (page_table,)


@app.cell
def _(Msr, page_table, program, pteg, random, struct):
    def measure(pages, tlb_ways):
        """Table searches of a load, in the third round."""
        addresses = [page << 12 for page in random.Random(1).sample(range(1 << 16), pages)]
        machine = pteg.Machine("g3", cpu="functional", rom="none", tlb_ways=tlb_ways)
        machine.cpu.pc = machine.load(program)
        machine.memory.write(0x10_0000, page_table(addresses))
        machine.memory.write(0x8_0004, struct.pack(f">{pages}I", *addresses))
        machine.cpu.spr["SDR1"] = 0x10_0000
        # A BAT maps the list, at 0xF0080000.
        machine.cpu.spr["DBAT0U"], machine.cpu.spr["DBAT0L"] = 0xF000_001E, 0x12
        machine.cpu.gpr[3], machine.cpu.gpr[5] = 0xF008_0000, pages
        machine.cpu.msr = Msr.DR
        *_, last = machine.regions("round", count=3, instructions=100_000)
        return {"searches": last.stats["mmu"]["table_searches"]["count"] / pages}
    return (measure,)


@app.cell
def _(mo):
    ways = mo.ui.dropdown({"64": 1, "128, as in a 750": 2, "256": 4, "512": 8},
                          value="128, as in a 750", label="entries of the TLB")
    ways
    return (ways,)


@app.cell
def _(measure, sweep, ways):
    table = sweep(measure, {"pages": [32, 64, 128, 256, 512], "tlb_ways": [ways.value]}, workers=1)
    table
    return (table,)


@app.cell
def _(mo, table):
    mo.md(f"With {table['pages'][-1]} pages, {table['searches'][-1]:.0%} of the loads need a table "
          "search.")
    return


if __name__ == "__main__":
    app.run()
