"""Changes from cycle to cycle, against rows with all values; and what files make of them."""

import numpy as np
import pywellen
from hypothesis import given, settings
from hypothesis import strategies as st

from pteg.outputs import OutputFile
from pteg.waveforms import fst
from pteg.waveforms.changes import Changes
from pteg.waveforms.fst import FstFile
from pteg.waveforms.signals import Signal, columns
from pteg.waveforms.vcd import VcdFile


@st.composite
def runs(draw, words=4):
    """Rows of all values, with the row before them; and the same as changes in any order."""
    count = draw(st.integers(1, 12))
    values = st.integers(0, 3) | st.just((1 << 64) - 1)
    row = [draw(values) for _ in range(words)]
    rows, pairs, ends = [row], [], [0]
    for _ in range(count):
        row = row.copy()
        for word in draw(st.permutations(range(words)))[:draw(st.integers(0, words))]:
            value = draw(values)
            if value != row[word]:
                row[word] = value
                pairs.append((word, value))
        rows.append(row)
        ends.append(len(pairs))
    rows = np.array(rows, np.uint64)
    first = draw(st.integers(0, 100))
    return rows, Changes(first, rows[0], np.array(ends),
                         np.array(pairs, np.uint64).reshape(-1, 2))


def check(changes, rows, cycle):
    """A piece has the values of these rows, the first of which is the one before."""
    assert changes.cycle == cycle and len(changes) == len(rows) - 1
    assert changes.end == cycle + len(rows) - 1
    assert (changes.before == rows[0]).all()
    everything = range(rows.shape[1])
    assert (changes.rows(everything) == rows[1:]).all()
    for index in range(-1, len(changes)):
        assert (changes.row(index) == rows[index + 1]).all()
    for index in range(len(changes)):
        pairs = changes.pairs[changes.ends[index]:changes.ends[index + 1]]
        assert sorted(pairs[:, 0]) == np.flatnonzero(rows[index + 1] != rows[index]).tolist()


@settings(max_examples=200, deadline=None)
@given(runs(), st.data())
def test_the_values_are_those_of_the_rows(run, data):
    rows, changes = run
    cycle = changes.cycle
    check(changes, rows, cycle)
    check(Changes.of(cycle, rows[1:], rows[0]), rows, cycle)
    check(Changes.of(cycle, rows[1:]), np.concatenate([rows[1:2], rows[1:]]), cycle)
    begin = data.draw(st.integers(0, len(changes)))
    end = data.draw(st.integers(begin, len(changes)))
    part = changes.part(cycle + begin, cycle + end)
    check(part, rows[begin:end + 1], cycle + begin)
    check(part.copy(), rows[begin:end + 1], cycle + begin)
    words = data.draw(st.lists(st.integers(0, rows.shape[1] - 1), min_size=1, max_size=6))
    assert (part.rows(words) == rows[begin + 1:end + 1, words]).all()
    if len(part):
        row = np.array(data.draw(st.lists(st.integers(0, 3), min_size=2, max_size=4)), np.uint64)
        after = part.following(row)
        assert (after.before[:len(row)] == row).all()
        assert (after.rows(range(rows.shape[1])) == part.rows(range(rows.shape[1]))).all()
        check(after, np.concatenate([after.before[np.newaxis], rows[begin + 1:end + 1]]),
              cycle + begin)


@settings(max_examples=100, deadline=None)
@given(runs())
def test_more_words_are_joined(run):
    rows, changes = run
    fewer = Changes.of(changes.cycle, rows[1:, :2], rows[0, :2])
    room = Changes(fewer.cycle, np.append(fewer.before, np.array([7, 7], np.uint64)), fewer.ends,
                   fewer.pairs)
    check(room.joined(2, rows[1:, 2:], rows[0, 2:]), rows, changes.cycle)


SIGNALS = [Signal("a.bit", 1), Signal("a.wide", 130), Signal("b.word", 64),
           Signal("b.names", 2, enum={0: "NONE", 2: "TWO"})]


def shown(signal, row, column):
    """The value of a signal, as text."""
    value = sum(int(row[column + n]) << 64 * n for n in range((signal.width + 63) // 64))
    value &= (1 << signal.width) - 1
    return signal.enum.get(value, f"0x{value:X}") if signal.enum else value


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(runs(sum((signal.width + 63) // 64 for signal in SIGNALS)),
                          st.integers(0, 2)), min_size=1, max_size=4))
def test_files_have_the_values_of_every_cycle(tmp_path_factory, pieces):
    """Pieces that follow each other, with gaps; their words change in any order."""
    folder, places = tmp_path_factory.mktemp("changes"), columns(SIGNALS)[0]
    limit, fst.BLOCK_CHANGES = fst.BLOCK_CHANGES, 8
    try:
        for kind, name in ((VcdFile, "a.vcd"), (FstFile, "a.fst")):
            file = OutputFile(folder / name)
            waves, cycle, expected = kind(file, SIGNALS, frequency=500e6), 0, {}
            for (rows, changes), gap in pieces:
                if gap:
                    expected[cycle] = None
                cycle += gap
                waves.write(Changes(cycle, changes.before, changes.ends, changes.pairs))
                expected |= {cycle + n: row for n, row in enumerate(rows[1:])}
                cycle += len(changes)
            waves.close()
            file.close()
            found = {var.full_name: var for var in pywellen.Waveform(str(folder / name)).all_vars()}
            for signal, place in zip(SIGNALS, places, strict=True):
                values = list(found[f"top.{signal.path}"].tv)
                for cycle, row in expected.items():
                    value = [value for time, value in values if time <= 2 * cycle][-1:]
                    if row is None:
                        assert not value or str(value[0]).strip("x") == ""
                    else:
                        assert value == [shown(signal, row, place)]
    finally:
        fst.BLOCK_CHANGES = limit
