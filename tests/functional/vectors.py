"""Single instructions recorded on real hardware, for either processor model.

The rows are optional data beside the repository; a test without them is skipped.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pteg.cpu import Limits

VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "dingusppc"
#: Where the instruction under test is put.
PLACE = 0x1000


@dataclass
class IntegerRow:
    """`r3 = word(r3, r4)`, starting with XER = CR = 0."""

    name: str
    word: int
    a: int
    b: int
    result: int
    xer: int
    cr: int


def integer_rows():
    """All integer rows, or skip."""
    path = VECTORS / "ppcinttests.csv"
    if not path.exists():
        pytest.skip(f"hardware vectors are not there: {path.name}")
    rows = []
    with path.open() as file:
        for name, word, *fields in csv.reader(file):
            values = {key: int(value, 0) for key, value in (f.split("=") for f in fields)}
            rows.append(IntegerRow(name, int(word, 0), values.get("rA", 0), values.get("rB", 0),
                                   values["rD"] if "rD" in values else values.get("rA", 0),
                                   values["XER"], values["CR"]))
    return rows


def run_integer_rows(cpu, memory, rows):
    """Execute each row on `cpu`, whose RAM is `memory`, and return the rows that disagree."""
    wrong = []
    for row in rows:
        memory[PLACE:PLACE + 4] = np.frombuffer(row.word.to_bytes(4, "big"), np.uint8)
        state = cpu.get_state()
        state["pc"], state["msr"], state["xer"], state["cr"] = PLACE, 0, 0, 0
        state["gpr"][0][3], state["gpr"][0][4] = row.a, row.b
        cpu.set_state(state)
        cpu.run(Limits(instructions=1))
        after = cpu.get_state()[0]
        got = (int(after["gpr"][3]), int(after["xer"]), int(after["cr"]), int(after["pc"]))
        if got != (row.result, row.xer, row.cr, PLACE + 4):
            wrong.append((row, tuple(map(hex, got))))
    return wrong
