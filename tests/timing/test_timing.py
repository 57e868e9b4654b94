"""Every figure of docs/timing.md is what the pipeline model takes."""

import importlib.util
import sys
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("rows", Path(__file__).with_name("rows.py"))
rows = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = rows
_spec.loader.exec_module(rows)

ROWS = [(section, row) for section, found in rows.SECTIONS.items() for row in found]
PAGE = rows.PAGE.read_text().splitlines()


@pytest.mark.parametrize("section, row", [
    pytest.param(*each, id=each[1].what, marks=pytest.mark.slow if "2.5:1" in each[1].what else ())
    for each in ROWS])
def test_the_table_says_what_is_measured(section, row):
    cycles = row.measure()
    stated = [line for line in PAGE if line.startswith(f"| {row.what} | {row.documented} |")]
    assert len(stated) == 1, "python tests/timing/rows.py writes the table"
    assert f"| {cycles:g} | {'yes' if row.agree(cycles) else '**no**'}" in stated[0]


def test_the_table_has_no_other_rows():
    assert PAGE == rows.page({(section, row.what): _stated(row) for section, row in ROWS}
                             ).splitlines()


def _stated(row):
    (line,) = [line for line in PAGE if line.startswith(f"| {row.what} | {row.documented} |")]
    return float(line.split("|")[4])
