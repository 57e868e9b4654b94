"""The reach of the TLB, as a marimo notebook: `marimo edit tlb_reach.py`."""

import marimo

app = marimo.App()


@app.cell
def _():
    import sys
    from pathlib import Path

    import marimo as mo

    # The sweep is the one of the gallery.
    sys.path.insert(0, str(Path(__file__).parents[1] / "gallery"))
    import tlb_reach
    return mo, tlb_reach


@app.cell
def _(mo):
    fill = mo.ui.slider(0.1, 0.9, step=0.1, value=0.5, label="part of the page table that is used")
    fill
    return (fill,)


@app.cell
def _(fill, tlb_reach):
    from pteg.sweep import sweep

    points = {"pages": [32, 128, 256, 512], "fill": [fill.value], "seed": [1]}
    table = sweep(tlb_reach.measure, points, workers=1)
    table
    return (table,)


@app.cell
def _(mo, table):
    mo.md(f"With {table['pages'][-1]} pages, {table['searches'][-1]:.0%} of the loads need a table "
          f"search, which examines {table['ptes_examined'][-1]:.1f} entries.")
    return


if __name__ == "__main__":
    app.run()
