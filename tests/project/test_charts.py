"""The scripts that measure the charts of the documentation, with small settings."""

import importlib
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import pteg

DOCS = Path(pteg.__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def scripts():
    sys.path.insert(0, str(DOCS))
    yield importlib.import_module
    sys.path.remove(str(DOCS))


def test_a_load_costs_more_when_the_chain_leaves_the_data_cache(scripts):
    latency = scripts("latency").latency
    inside, outside = latency(4 << 10), latency(64 << 10)
    assert 2 <= inside < 2.05           # two cycles (IBM 750GX UM table 6-9)
    assert latency(32 << 10) < 2.05     # the whole cache
    assert outside > 6                  # arbitration, allocation, at least one beat


def test_a_load_costs_a_table_search_more_beyond_the_reach_of_the_tlb(scripts):
    tlb_latency = scripts("latency").tlb_latency
    assert tlb_latency(128) == pytest.approx(tlb_latency(16), abs=0.01)
    # Three pages for each set of two entries: each load misses. The PTEs are in the data cache.
    assert tlb_latency(192) - tlb_latency(128) == pytest.approx(7, abs=0.1)


def test_vectors_that_leave_the_data_cache_cost_more(scripts):
    bandwidth = scripts("bandwidth").bandwidth
    inside, outside = bandwidth("copy", 4 << 10), bandwidth("copy", 64 << 10)
    # A load or a store of 8 bytes a cycle at most; 32 bytes of a block in 6 cycles to read it, and
    # 4 to copy the block that leaves (MPC750 UM 3.6).
    assert outside < inside <= 8
    assert outside <= 2 * 32 / 10


def test_misses_begin_where_the_cache_ends(scripts):
    sweep = scripts("sweep")
    found = dict(sweep.miss_rates("data", sweep.walk, [16 << 10, 48 << 10]))
    assert found[16 << 10] < 0.01 and found[48 << 10] > 0.9


def test_a_history_table_of_512_predicts_most_branches(scripts):
    assert 0.1 < scripts("sweep").wrong_predictions(512) < 0.4


def test_what_real_machines_measured(scripts):
    machines = scripts("real_machines")
    assert machines.delay() == pytest.approx(1, abs=0.005)
    assert machines.tick(ratio="4:1") == pytest.approx(16, abs=0.05)


def test_cycles_of_a_limb_are_those_of_the_table(scripts):
    machines = scripts("real_machines")
    page = (DOCS / "real-machines.md").read_text()
    for name, loop in machines.LOOPS.items():
        (row,) = re.findall(rf"^\| {re.escape(loop.what)} \| (\S+) \| (\S+) \|", page, re.M)
        assert float(row[0]) == loop.published
        assert machines.limb(name) == pytest.approx(float(row[1]), abs=0.05), name


@pytest.mark.slow
def test_what_a_real_machine_with_another_ratio_measured(scripts):
    assert scripts("real_machines").tick(ratio="6:1") == pytest.approx(24, abs=0.05)


def test_a_chart_is_an_svg_with_its_lines(scripts, tmp_path, monkeypatch):
    chart = scripts("chart")
    monkeypatch.setattr(chart, "__file__", str(tmp_path / "chart.py"))
    chart.draw("x.svg", "Title", "axis", [("one", [(1, 0), (2, 5), (4, 10)])], top=10, value=str)
    root = ElementTree.parse(tmp_path / "x.svg").getroot()
    lines = [element for element in root if element.tag.endswith("polyline")]
    assert lines[0].get("points") == "60.0,250.0 300.0,145.0 540.0,40.0"
