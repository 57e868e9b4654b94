"""Waveform files that are read again: values by cycle, pictures, and where two files differ."""

import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from command import run_pteg
from hypothesis import given, settings
from hypothesis import strategies as st

from pteg.errors import UserError
from pteg.waveforms.changes import Changes
from pteg.waveforms.difference import Difference, describe, differences
from pteg.waveforms.gtkw import View
from pteg.waveforms.picture import Lane, Shown, lanes, svg, wavejson
from pteg.waveforms.reader import Waves
from pteg.waveforms.signals import Signal
from pteg.waveforms.trace import Trace

SIGNALS = [Signal("unit.n", 8), Signal("unit.bit", 1), Signal("state", 2, enum={0: "IDLE_NOW"}),
           Signal("part.wide", 100)]


def write(path, rows, first=10, **options):
    with Trace(path, SIGNALS, **options) as trace:
        trace.write(Changes.of(first, np.array(rows, np.uint64)))
    return Waves(path)


@pytest.fixture(params=["a.vcd", "a.fst"])
def path(request, tmp_path):
    return tmp_path / request.param


def test_values_are_those_that_were_written(path):
    random = np.random.default_rng(1)
    rows = random.integers(0, 4, (300, 5), np.uint64) & np.array([255, 1, 3, 3, 1], np.uint64)
    waves = write(path, rows, window="20:100,150:300")
    assert (waves.begin, waves.end) == (20, 300)
    for cycle in (20, 21, 99, 150, 299):
        row = rows[cycle - 10].tolist()
        names = ("unit.n", "unit.bit", "state", "part.wide")
        assert [waves.values(name, cycle, cycle + 1)[0] for name in names] == [
            row[0], row[1], "IDLE_NOW" if row[2] == 0 else f"0x{row[2]}", row[3] | row[4] << 64]
    assert waves.values("unit.n", 98, 152)[2:-2] == [None] * 50     # not recorded
    assert waves.widths == {"clk": 1, "unit.n": 8, "unit.bit": 1, "state": None, "part.wide": 100}


def test_files_that_are_no_waveforms(tmp_path):
    (tmp_path / "empty.vcd").write_text("")
    (tmp_path / "text.fst").write_text("hello")
    (tmp_path / "cut.vcd").write_text("$timescale 1 ps $end $scope module top $end $var wire")
    for name, message in [("empty.vcd", "it is empty"),
                          ("text.fst", "be read as a waveform: unknown file format"),
                          ("cut.vcd", "be read as a waveform: failed to load Vcd, [^,]+$"),
                          ("absent.vcd", "No such file")]:
        with pytest.raises(UserError, match=message) as error:
            Waves(tmp_path / name)
        assert name in str(error.value) and "\n" not in str(error.value)


ROWS = [[5, 0, 0, 1, 0], [5, 1, 1, 1, 0], [6, 1, 0, 1, 0], [6, 0, 0, 1, 1]]


def test_wavejson_of_a_window(path):
    waves = write(path, ROWS)
    rows = lanes(waves, [Shown("unit.n", "number", valid="unit.bit"), Shown("unit.bit"),
                         Shown("state", valid="unit.n", blank=5)], 10, 14)
    assert json.loads(wavejson(rows, 10)) == {
        "signal": [{"name": "clk", "wave": "p..."},
                   {"name": "number", "wave": "x==x", "data": ["05", "06"]},
                   {"name": "unit.bit", "wave": "01.0"},
                   {"name": "state", "wave": "x.=.", "data": ["IDLE NOW"]}],
        "head": {"tick": 10}}


def test_an_svg_has_every_value_and_label(path):
    waves = write(path, ROWS)
    rows = lanes(waves, [Shown("unit.n"), Shown("unit.bit", "a < b"), Shown("state")], 10, 14)
    tree = ElementTree.fromstring(svg(rows, 10))
    texts = [node.text for node in tree.iter() if node.tag.endswith("text")]
    assert {"clk", "unit.n", "a < b", "state", "05", "06", "IDLE NOW", "0x1", "10", "13"} <= {
        *texts}
    # The bit rises after one cycle and falls after three: four levels, of equal cycles.
    line = [node.get("points") for node in tree.iter() if node.tag.endswith("polyline")][-1]
    points = [tuple(map(float, point.split(","))) for point in line.split()]
    widths = [b[0] - a[0] for a, b in zip(points, points[1:], strict=False) if a[1] == b[1]]
    assert len(points) == 6 and widths[1] == 2 * widths[0] == 2 * widths[2]


def test_a_picture_that_nobody_could_read_is_refused(path):
    waves = write(path, ROWS * 200)
    with pytest.raises(UserError, match="^a picture must have 1 to 400 cycles, not 800$"):
        lanes(waves, [Shown("unit.n")], 10, 810)


@settings(max_examples=100, deadline=None, print_blob=True)
@given(st.data())
def test_first_differences_are_those_of_a_plain_search(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("diff")
    width = st.lists(st.sampled_from([0, 0, 0, 1]), min_size=5, max_size=5)
    both, offsets = [], []
    common = data.draw(st.lists(width, min_size=12, max_size=30))
    for name in ("a.vcd", "b.fst"):
        rows = [list(row) for row in common]
        for _ in range(data.draw(st.integers(0, 2))):
            rows[data.draw(st.integers(0, len(rows) - 1))][data.draw(st.integers(0, 4))] ^= 1
        offsets.append(data.draw(st.integers(0, 5)))
        both.append(write(folder / name, rows[offsets[-1]:], 10 + offsets[-1]))
    begin = 10 + max(offsets)
    wanted = {}
    for name in ("unit.n", "unit.bit", "state", "part.wide"):
        values = [waves.values(name, begin, both[0].end) for waves in both]
        differ = [cycle for cycle, (a, b) in enumerate(zip(*values, strict=True), begin) if a != b]
        if differ:
            wanted[name] = differ[0]
    found = differences(*both)
    assert {f"{each.component}.{each.name}".strip("."): each.cycle for each in found} == wanted
    assert [each.cycle for each in found] == sorted(wanted.values())


def test_what_differs_in_words():
    text = describe([Difference(1234, "core.lsu", name, ("0f", "10")) for name in "abcdef"]
                    + [Difference(2000, "mmu", "state", ("IDLE", "HASH"))])
    assert text.splitlines()[1:] == [
        "       1,234  core.lsu   a 0f / 10, b 0f / 10, c 0f / 10, d 0f / 10, and 2 more",
        "       2,000  mmu        state IDLE / HASH"]


def pteg(folder, *arguments):
    return run_pteg(*arguments, cwd=folder)


def test_the_commands(tmp_path):
    write(tmp_path / "a.vcd", ROWS)
    changed = [list(row) for row in ROWS]
    changed[2][0] = 7
    write(tmp_path / "b.fst", changed)
    same = pteg(tmp_path, "waves", "diff", "a.vcd", "a.vcd")
    assert (same.returncode, same.stdout, same.stderr) == (0, "", "")
    differ = pteg(tmp_path, "waves", "diff", "a.vcd", "b.fst")
    assert differ.returncode == 1
    assert re.fullmatch(r" +12  unit +n 06 / 07", differ.stdout.splitlines()[1])
    assert pteg(tmp_path, "waves", "diff", "a.vcd", "b.fst", "--signals", "part").returncode == 0
    assert pteg(tmp_path, "picture", "a.vcd", "-o", "a.svg", "--window", "11:13").returncode == 0
    ElementTree.parse(tmp_path / "a.svg")
    assert pteg(tmp_path, "picture", "b.fst", "-o", "b.json", "--signals", "unit").returncode == 0
    names = [lane["name"] for lane in json.loads((tmp_path / "b.json").read_text())["signal"]]
    assert names == ["clk", "unit.n", "unit.bit"]
    write(tmp_path / "long.vcd", ROWS * 200)
    for arguments, message in [
            (["picture", "long.vcd", "-o", "x.svg"],
             "a picture has at most 400 cycles, not 800: choose them with --window"),
            (["picture", "a.vcd", "-o", "a.png"], "a picture's name must end in .svg or .json, "
                                                  "not 'a.png'"),
            (["picture", "a.vcd", "-o", "x.svg", "--window", "90:99"],
             "a.vcd has the cycles 10:14, none of 90:99"),
            (["picture", "a.vcd", "-o", "x.svg", "--signals", "nothing"],
             "no signal matches 'nothing'")]:
        done = pteg(tmp_path, *arguments)
        assert (done.returncode, done.stderr) == (2, f"pteg: {message}\n")
    assert not (tmp_path / "x.svg").exists()


def test_of_many_signals_a_picture_has_those_that_viewers_show_first(tmp_path):
    signals = [Signal(f"unit.s{number}", 8) for number in range(101)]
    view = View([("absent", ["no"]), ("first", ["unit.s7", "unit.s3"]), ("second", ["unit.s9"])])
    with Trace(tmp_path / "a.fst", signals, view=view) as trace:
        trace.write(Changes.of(0, np.zeros((3, 101), np.uint64)))
    assert pteg(tmp_path, "picture", "a.fst", "-o", "a.json").returncode == 0
    names = [lane["name"] for lane in json.loads((tmp_path / "a.json").read_text())["signal"]]
    assert names == ["clk", "unit.s7", "unit.s3"]
    refusal = ("pteg: a picture has at most 100 signals, not {}: choose them with --signals and "
               "--depth\n")
    chosen = pteg(tmp_path, "picture", "a.fst", "-o", "b.svg", "--signals", "unit")
    assert (chosen.returncode, chosen.stderr) == (2, refusal.format(101))
    (tmp_path / "a.sucl").unlink()      # as for a waveform of another simulator
    alone = pteg(tmp_path, "picture", "a.fst", "-o", "b.svg")
    assert (alone.returncode, alone.stderr) == (2, refusal.format(102))
    assert not (tmp_path / "b.svg").exists()


def test_runs_of_equal_values():
    assert Lane("x", False, ("A", "A", None, "B")).runs == [(0, 2, "A"), (2, 3, None), (3, 4, "B")]
