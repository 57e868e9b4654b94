"""The pipeline model agrees with every result recorded on hardware."""

import importlib.util
from pathlib import Path

from pteg.components.dram import Dram
from pteg.pipeline.cpu import PipelineCpu
from pteg.platform import Platform

_path = Path(__file__).parents[1] / "functional" / "vectors.py"
_spec = importlib.util.spec_from_file_location("vectors", _path)
vectors = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(vectors)


def test_all_integer_rows_agree_with_hardware():
    rows = vectors.integer_rows()
    ram = Dram()
    wrong = vectors.run_integer_rows(PipelineCpu(Platform([ram])), ram.memory, rows)
    assert len(rows) == 5620
    assert not wrong, f"{len(wrong)} rows disagree, first: {wrong[0]}"


def test_all_floating_point_rows_agree_with_hardware():
    rows = vectors.float_rows()
    ram = Dram()
    wrong = vectors.run_float_rows(PipelineCpu(Platform([ram])), ram.memory, rows)
    assert len(rows) == 2054
    assert not wrong, f"{len(wrong)} rows disagree, first: {wrong[0]}"
