"""The functional model agrees with every result recorded on hardware."""

from pteg.components.dram import Dram
from pteg.functional import FunctionalCpu
from pteg.platform import Platform


def test_all_integer_rows_agree_with_hardware(load):
    vectors = load("vectors.py")
    rows = vectors.integer_rows()
    ram = Dram()
    wrong = vectors.run_integer_rows(FunctionalCpu(Platform([ram])), ram.memory, rows)
    assert len(rows) == 5620
    assert not wrong, f"{len(wrong)} rows disagree, first: {wrong[0]}"


def test_all_floating_point_rows_agree_with_hardware(load):
    vectors = load("vectors.py")
    rows = vectors.float_rows()
    ram = Dram()
    wrong = vectors.run_float_rows(FunctionalCpu(Platform([ram])), ram.memory, rows)
    assert len(rows) == 2054
    assert not wrong, f"{len(wrong)} rows disagree, first: {wrong[0]}"
