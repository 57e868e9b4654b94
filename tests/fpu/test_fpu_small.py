"""The pipeline in a small format, with all operands there are, against the definition of rounding.

The widths of the formats are parameters of every component, so this says about the logic what no
number of random doubles could.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from amaranth.hdl import Mux

from pteg.hw.fpu import add, align, round
from pteg.hw.fpu.formats import Format, Formats, normalise
from pteg.hw.fpu.round import round_up
from pteg.hw.isa.instructions import Op


def _load(name):
    path = Path(__file__).with_name(name)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


rtl_bench = _load("rtl_bench.py")
small_floats = _load("small_floats.py")

FORMATS = Formats(Format(3, 3), Format(2, 1), 4)
SPEC = small_floats.Small(FORMATS)
OE, UE, NI = small_floats.OE, small_floats.UE, 4
#: All rounding modes; with exponents adjusted; with non-IEEE mode.
CONTROLS = [enables | mode for enables in (0, OE | UE, NI, NI | OE) for mode in range(4)]
EXCEPTIONS = 0x01F80700 | 0x1E060000


def every(operands):
    """All combinations of so many operands; the rest is zero."""
    count = 1 << FORMATS.wide.width
    numbers = np.meshgrid(*[np.arange(count)] * operands, indexing="ij")
    rows = np.zeros((count ** operands, 3), np.int64)
    for column, values in enumerate(numbers):
        rows[:, column] = values.reshape(-1)
    return rows


def sums(op, narrow, subtract=False):
    def spec(a, b, c, control):
        b = np.where(SPEC.is_nan(b), b, b ^ SPEC.sign) if subtract else b
        return SPEC.multiply_add(a, None, b, narrow, False, control)
    return op, 2, spec


def products(op, narrow):
    def spec(a, c, _, control):
        return SPEC.multiply_add(a, c, None, narrow, False, control)
    return op, 2, spec


def quotients(op, narrow):
    return op, 2, lambda a, b, c, control: SPEC.quotient(a, b, narrow, control)


def fused(op, narrow, subtract, negate):
    def spec(a, b, c, control):
        b = np.where(SPEC.is_nan(b), b, b ^ SPEC.sign) if subtract else b
        return SPEC.multiply_add(a, c, b, narrow, negate, control)
    return op, 3, spec


def narrowed(b, _, __, control):
    return SPEC.multiply_add(b, None, None, True, False, control)


def integers(b, _, __, control):
    return SPEC.to_integer(b, control, control & 3)


OPERATIONS = {
    "add": sums(Op.FADD, False), "add narrow": sums(Op.FADDS, True),
    "subtract": sums(Op.FSUB, False, True),
    "multiply": products(Op.FMUL, False), "multiply narrow": products(Op.FMULS, True),
    "divide": quotients(Op.FDIV, False), "divide narrow": quotients(Op.FDIVS, True),
    "to narrow": (Op.FRSP, 1, narrowed), "to integer": (Op.FCTIW, 1, integers),
}
FUSED = {
    "multiply-add": fused(Op.FMADD, False, False, False),
    "negative multiply-subtract narrow": fused(Op.FNMSUBS, True, True, True),
}


def differences(bench, operation, control, step=1):
    """Rows about which pipeline and definition disagree; of every `step`th combination."""
    op, count, spec = operation
    rows = every(count)[::step]
    fields = rows.copy()
    if op in (Op.FMUL, Op.FMULS):       # the second operand is frC
        fields[:, [1, 2]] = rows[:, [2, 1]]
    if op in (Op.FRSP, Op.FCTIW):       # the only one is frB
        fields[:, [0, 1]] = rows[:, [1, 0]]
    results, statuses, _ = bench.raw(op, fields.astype(np.uint64), control)
    wanted, flags = spec(*rows.T, control)
    mask = (1 << FORMATS.integer) - 1 if op is Op.FCTIW else ~0
    wrong = (results.astype(np.int64) & mask != wanted) | (
        statuses.astype(np.int64) & EXCEPTIONS != flags)
    return [(*map(hex, row), hex(int(r)), hex(int(s) & EXCEPTIONS), "not", hex(w), hex(f))
            for row, r, s, w, f in zip(rows[wrong][:9], results[wrong][:9], statuses[wrong][:9],
                                       wanted[wrong][:9], flags[wrong][:9], strict=True)]


@pytest.fixture(scope="module")
def bench():
    return rtl_bench.RtlBench(FORMATS)


@pytest.mark.parametrize("control", CONTROLS, ids=hex)
@pytest.mark.parametrize("name", OPERATIONS)
def test_all_operands(bench, name, control):
    assert not differences(bench, OPERATIONS[name], control)


@pytest.mark.parametrize("control", [0])
def test_all_triples_to_nearest(bench, control):
    assert not differences(bench, FUSED["multiply-add"], control)


@pytest.mark.slow
@pytest.mark.parametrize("control", CONTROLS, ids=hex)
@pytest.mark.parametrize("name", FUSED)
def test_all_triples(bench, name, control):
    assert not differences(bench, FUSED[name], control)


def without_sticky_bit(value, places):
    return value >> places


def without_ties(rounding, sign, odd, guard, sticky):
    return Mux(rounding == 0, guard, round_up(rounding, sign, odd, guard, sticky))


def without_last_step(m, value, name):
    shifted, zeros = normalise(m, value, name)
    return Mux(zeros == 5, value << 4, shifted)[:len(value)], Mux(zeros == 5, 4, zeros)


@pytest.mark.parametrize(("module", "name", "fault"), [
    (align, "sticky_shift", without_sticky_bit), (round, "sticky_shift", without_sticky_bit),
    (round, "round_up", without_ties), (add, "normalise", without_last_step)])
def test_planted_faults_are_found(monkeypatch, module, name, fault):
    monkeypatch.setattr(module, name, fault)
    bench = rtl_bench.RtlBench(FORMATS)
    assert differences(bench, FUSED["multiply-add"], 0, step=101)
