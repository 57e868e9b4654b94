"""What was recorded on hardware, row by row, comes out of one program with all rows in it."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import pteg
from pteg.hw.isa.registers import Hid0, Msr
from pteg.lockstep.encoding import as_bytes, encode

_path = Path(__file__).parents[1] / "functional" / "vectors.py"
_spec = importlib.util.spec_from_file_location("vectors_of_a_stream", _path)
vectors = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(vectors)

CODE, INPUTS, OUTPUTS = 0x10000, 0x100000, 0x200000
#: RAM is cached.
BATS = {"ibat0u": 0xFE, "ibat0l": 0x2, "dbat0u": 0xFE, "dbat0l": 0x2}


def _integer(row):
    """r3 and r4 from the inputs; r3, XER and CR to the outputs."""
    return [encode("lwzu", rD=3, rA=20, d=4), encode("lwzu", rD=4, rA=20, d=4),
            encode("mtspr", spr=1, rS=0), encode("mtcrf", CRM=255, rS=0), row.word,
            encode("stwu", rS=3, rA=21, d=4),
            encode("mfspr", spr=1, rD=5), encode("stwu", rS=5, rA=21, d=4),
            encode("mfcr", rD=6), encode("stwu", rS=6, rA=21, d=4)]


def _float(row):
    """FPSCR and f4 to f6 from the inputs; f3, FPSCR and CR to the outputs."""
    return [*(encode("lfdu", frD=number, rA=20, d=8) for number in (7, 4, 5, 6)),
            encode("fmr", frD=3, frB=0), encode("mtcrf", CRM=255, rS=0),
            encode("mtfsf", FM=255, frB=7), row.word,
            encode("stfdu", frS=3, rA=21, d=8),
            encode("mffs", frD=8), encode("stfdu", frS=8, rA=21, d=8),
            encode("mfcr", rD=6), encode("stwu", rS=6, rA=21, d=8)]


def run(cpu, code, inputs, step):
    """Execute the program; the words of its outputs."""
    machine = pteg.Machine("g3", cpu=cpu, ram="4M", rom="none")
    end = CODE + 4 * len(code)
    machine.memory.write(CODE, as_bytes([*code, encode("b", LI=0)]))
    machine.memory.write(INPUTS, np.array(inputs, f">u{step}").tobytes())
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = CODE, Msr.IR | Msr.DR | Msr.FP | Msr.ME
        state["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.BHT | Hid0.BTIC
        state["gpr"][0, 20], state["gpr"][0, 21] = INPUTS - step, OUTPUTS - step
        for name, value in BATS.items():
            state[name] = value
    assert machine.run(until=end, cycles=20_000_000) == "address"
    return machine


def outputs(machine, rows, step):
    data = machine.memory.read(OUTPUTS, 3 * step * len(rows))
    return np.frombuffer(data, f">u{step}").reshape(-1, 3).astype(object)


@pytest.mark.parametrize("cpu", ["functional", "pipeline"])
def test_all_integer_rows_agree_as_one_program(cpu):
    rows = vectors.integer_rows()
    assert len(rows) == 5620
    machine = run(cpu, [word for row in rows for word in _integer(row)],
                  [value for row in rows for value in (row.a, row.b)], 4)
    wrong = [(row, tuple(map(hex, got))) for row, got in zip(rows, outputs(machine, rows, 4),
                                                             strict=True)
             if tuple(got) != (row.result, row.xer, row.cr)]
    assert not wrong, f"{len(wrong)} rows disagree, first: {wrong[0]}"


@pytest.mark.parametrize("cpu", ["functional", "pipeline"])
def test_all_floating_point_rows_agree_as_one_program(cpu):
    rows = vectors.float_rows()
    assert len(rows) == 2054
    machine = run(cpu, [word for row in rows for word in _float(row)],
                  [value for row in rows for value in (row.before, *row.operands)], 8)
    wrong = []
    for row, (result, status, condition) in zip(rows, outputs(machine, rows, 8), strict=True):
        got = result, status & 0xFFFFFFFF, condition >> 32
        if got != (row.result, row.fpscr, row.cr):
            wrong.append((row, tuple(map(hex, got))))
    assert not wrong, f"{len(wrong)} rows disagree, first: {wrong[0]}"
