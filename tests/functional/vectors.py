"""Single instructions recorded on real hardware, for either processor model.

The rows are optional data beside the repository; a test without them is skipped.
"""

import csv
import struct
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


@dataclass
class FloatRow:
    """`f3 = word(f4, f5, f6)`, starting with f3 = CR = 0 and FPSCR as in `before`."""

    name: str
    word: int
    operands: tuple
    before: int
    result: int
    fpscr: int
    cr: int


#: FPSCR before the instruction: rounding modes, and the invalid operation exception enabled.
_BEFORE = {"RTN": 0, "RTZ": 1, "RPI": 2, "RNI": 3, "VEN": 0x80}
_NAMED = {"snan": 0x7FF4 << 48, "qnan": 0x7FF8 << 48, "inf": 0x7FF0 << 48, "-inf": 0xFFF0 << 48,
          "FLT_MAX": 0x47EFFFFFE0000000, "-FLT_MAX": 0xC7EFFFFFE0000000,
          "DBL_MAX": 0x7FEFFFFFFFFFFFFF, "-DBL_MAX": 0xFFEFFFFFFFFFFFFF}


def _double(text):
    """The bits that an operand of the table stands for."""
    if text in _NAMED:
        return _NAMED[text]
    if text.startswith("0x"):
        return int(text, 16)
    return int.from_bytes(struct.pack(">d", float(text)), "big")


def float_rows():
    """All floating-point rows, or skip."""
    path = VECTORS / "ppcfloattests.csv"
    if not path.exists():
        pytest.skip(f"hardware vectors are not there: {path.name}")
    rows = []
    with path.open() as file:
        for name, word, *fields in csv.reader(file):
            values = dict(f.split("=") for f in fields)
            operands = tuple(_double(values.get(key, "0.0")) for key in ("frA", "frB", "frC"))
            rows.append(FloatRow(name, int(word, 0), operands, _BEFORE[values.get("round", "RTN")],
                                 int(values.get("frD", "0"), 0), int(values["FPSCR"], 0),
                                 int(values["CR"], 0)))
    return rows


def run_float_rows(cpu, memory, rows):
    """Execute each row on `cpu`, whose RAM is `memory`, and return the rows that disagree."""
    wrong = []
    for row in rows:
        memory[PLACE:PLACE + 4] = np.frombuffer(row.word.to_bytes(4, "big"), np.uint8)
        state = cpu.get_state()
        state["pc"], state["msr"], state["cr"], state["fpscr"] = PLACE, 0x2000, 0, row.before
        state["fpr"][0][3:7] = (0, *row.operands)
        cpu.set_state(state)
        cpu.run(Limits(instructions=1))
        after = cpu.get_state()[0]
        got = (int(after["fpr"][3]), int(after["fpscr"]), int(after["cr"]), int(after["pc"]))
        if got != (row.result, row.fpscr, row.cr, PLACE + 4):
            wrong.append((row, tuple(map(hex, got))))
    return wrong
