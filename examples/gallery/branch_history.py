"""The branch history table against wrong predictions.

    pteg sweep branch_history.py -o branch_history.csv      # the table
    python branch_history.py                                # table and plot

A loop has many branches, each of which always goes the same way. A table with an entry of its own
for each of them predicts all of them. In a smaller one, branches that go different ways share an
entry, and each changes what the other needs. The performance monitor counts, as it would for
software on a real 750.
"""

import random

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0
from pteg.sweep import Table, sweep

#: Events: MMCR0 with the number of PMC2's, right predictions; MMCR1 with that of PMC4's, wrong.
RIGHT, WRONG = 16, 8 << 22

#: Each size of the table is a processor to compile.
points = {"bht": [128, 512], "branches": [16, 32, 64, 128, 256], "seed": [1]}


def program(branches: int, seed: int) -> str:
    """Branches whose conditions come late, so that they are predicted; half of them are taken."""
    rng = random.Random(seed)
    parts = [f" mullw r5,r4,r4\n cmpwi r5,{rng.randrange(2)}\n beq 1f\n nop\n1:\n"
             for _ in range(branches)]
    return f"_start: li r4,0\nround:\n{''.join(parts)} b round\n"


def measure(bht: int, branches: int, seed: int) -> dict[str, float]:
    """The part of the predictions that is wrong, without those of the first rounds."""
    machine = pteg.Machine("g3", rom="none", bht=bht)
    elf = assemble(program(branches, seed), sections={".text": 0x1000}).elf()
    machine.cpu.pc = machine.load(elf)
    machine.cpu.msr = 0
    machine.cpu.spr["HID0"] = Hid0.ICE | Hid0.BHT | Hid0.BTIC
    machine.cpu.spr["MMCR0"], machine.cpu.spr["MMCR1"] = RIGHT, WRONG
    counts = []
    for number, _ in enumerate(machine.regions("round", "round", count=11, cycles=1_000_000)):
        if number in (3, 10):
            counts.append((machine.cpu.spr["PMC2"], machine.cpu.spr["PMC4"]))
    (right_before, wrong_before), (right, wrong) = counts
    wrong -= wrong_before
    return {"wrong": wrong / (wrong + right - right_before)}


def plot(table: Table, path: str) -> None:
    """A line for each size of the table."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for bht, rows in table.pandas().groupby("bht"):
        axes.plot(rows["branches"], rows["wrong"], "o-", label=f"{bht} entries")
    axes.set(title="Wrong predictions", xlabel="branches in the loop", ylim=(0, None))
    axes.legend()
    figure.savefig(path)


if __name__ == "__main__":
    found = sweep(measure, points)
    found.write("branch_history.csv")
    plot(found, "branch_history.svg")
