"""VCD files, read back by a reader that is not ours."""

import io
import os
import tempfile

import numpy as np
import pytest
import pywellen
from hypothesis import given, settings
from hypothesis import strategies as st

from pteg.errors import UserError
from pteg.waveforms.capture import Capture
from pteg.waveforms.changes import Changes
from pteg.waveforms.vcd import Signal, Text, VcdFile, columns, timebase
from pteg.waveforms.window import Window

STATE = {0: "IDLE", 1: "PRIMARY_READ", 3: "DONE"}


def pack(signals, values):
    """Rows of words from rows of numbers, as the engine's tracer makes them."""
    places, words = columns(signals)
    rows = np.zeros((len(values), words), np.uint64)
    for row, numbers in zip(rows, values, strict=True):
        for signal, column, number in zip(signals, places, numbers, strict=True):
            for word in range((signal.width + 63) // 64):
                row[column + word] = number >> (64 * word) & 0xFFFF_FFFF_FFFF_FFFF
    return rows


def text(signals, *pieces, **options):
    """The bytes of a file of some pieces (cycle, rows)."""
    file = io.BytesIO()
    vcd = VcdFile(file, signals, **options)
    for cycle, rows in pieces:
        vcd.write(Changes.of(cycle, rows))
    vcd.close()
    return file.getvalue()


def variables(content):
    """What an independent reader finds in a file: variables by full name."""
    handle, path = tempfile.mkstemp(suffix=".vcd")
    try:
        with open(handle, "wb") as file:
            file.write(content)
        return {var.full_name: var for var in pywellen.Waveform(path).all_vars()}
    finally:
        os.unlink(path)


def body(content):
    return content.partition(b"$enddefinitions $end\n")[2].decode()


@st.composite
def traces(draw):
    """Signals, one row of numbers for each cycle, and a place to cut the rows."""
    widths = st.one_of(st.integers(0, 9), st.integers(60, 70), st.integers(120, 200))
    scopes = st.sampled_from(["", "core.", "core.fetch.", "mmu."])
    signals = []
    for number in range(draw(st.integers(1, 120))):
        width = draw(widths)
        enum = draw(st.sampled_from([None, STATE])) if width >= 2 else None
        signals.append(Signal(f"{draw(scopes)}s{number}", width, draw(st.booleans()), enum))
    random = np.random.default_rng(draw(st.integers(0, 2 ** 32)))
    values = []
    for _ in range(draw(st.integers(1, 8))):
        values.append([
            values[-1][index] if values and random.random() < 0.5
            else int.from_bytes(random.bytes(32), "little") % (1 << signal.width)
            >> int(random.integers(0, signal.width + 1))
            for index, signal in enumerate(signals)])
    return signals, values, draw(st.integers(0, len(values)))


@settings(max_examples=60, deadline=None)
@given(traces())
def test_values_and_names_read_back(trace):
    signals, values, cut = trace
    rows = pack(signals, values)
    content = text(signals, (0, rows[:cut]), (cut, rows[cut:]), frequency=500e6)
    found = variables(content)
    assert set(found) == {"top.clk"} | {f"top.{s.path}" for s in signals if s.width}
    for index, signal in enumerate(signals):
        if signal.width == 0:
            continue
        variable = found[f"top.{signal.path}"]
        named = signal.enum is not None and signal.width <= 64
        assert variable.is_string == named
        if not named:
            assert variable.bitwidth == signal.width
        for cycle, row in enumerate(values):
            expected = row[index]
            if named:
                members = {value % (1 << signal.width): name for value, name in STATE.items()}
                expected = members.get(row[index], f"0x{row[index]:X}")
            assert variable.signal.value_at(2 * cycle + 1) == expected


@settings(max_examples=20, deadline=None)
@given(traces(), st.integers(1, 1000))
def test_bytes_do_not_depend_on_how_the_rows_are_cut(trace, first):
    signals, values, cut = trace
    rows = pack(signals, values)
    whole = text(signals, (first, rows))
    assert text(signals, (first, rows[:cut]), (first + cut, rows[cut:])) == whole
    assert text(signals, *[(first + i, rows[i:i + 1]) for i in range(len(rows))]) == whole
    assert text(signals, (first, rows)) == whole


def test_more_rows_than_fit_the_output_buffer():
    signals = [Signal("a", 64), Signal("b", 40)]
    rows = pack(signals, [[n * 0x123456789ABCDEF % 2 ** 64, n] for n in range(20_000)])
    found = variables(text(signals, (0, rows), frequency=500e6))
    assert found["top.b"].signal.value_at(2 * 19_999) == 19_999
    assert found["top.a"].signal.value_at(2 * 12_345) == 12_345 * 0x123456789ABCDEF % 2 ** 64


def test_only_changes_are_written():
    signals = [Signal("a", 8), Signal("wide", 130), Signal("b", 1)]
    rows = pack(signals, [[1, 1 << 129 | 1, 0], [1, 1 << 129 | 1, 0], [2, 1 << 128, 0]])
    lines = body(text(signals, (0, rows), frequency=500e6)).splitlines()
    assert lines == [
        "#0", "$dumpvars", "1!", 'b1 "', "b1" + 128 * "0" + "1 #", "0$", "$end", "#1", "0!",
        "#2", "1!", "#3", "0!",
        "#4", "1!", 'b10 "', "b1" + 128 * "0" + " #", "#5", "0!",
        "#6"]


def test_a_header_has_no_date_and_one_scope_for_each_component():
    signals = [Signal("core.fetch.pc", 32), Signal("mmu.walker.state", 2, enum=STATE),
               Signal("core.pc", 32), Signal("valid", 1)]
    head = text(signals, comment="a comment").partition(b"$enddefinitions")[0].decode()
    assert head == """\
$comment a comment $end
$timescale 1 ps $end
$version pteg $end
$scope module top $end
$var wire 1 ! clk $end
$var wire 1 % valid $end
$scope module core $end
$var wire 32 $ pc $end
$scope module fetch $end
$var wire 32 " pc $end
$upscope $end
$upscope $end
$scope module mmu $end
$scope module walker $end
$var string 1 # state $end
$upscope $end
$upscope $end
$upscope $end
"""


def test_names_have_only_letters_digits_and_underscores():
    signals = [Signal("fifo[0].x$1", 4), Signal("fifo[0].x_1", 4), Signal("a b.ü", 4),
               Signal("fifo[0].x$1", 4)]
    file = io.BytesIO()
    vcd = VcdFile(file, signals)
    assert vcd.names == {"fifo[0].x$1": "top.fifo_0_.x_1", "fifo[0].x_1": "top.fifo_0_.x_1_2",
                         "a b.ü": "top.a_b._"}


def test_members_of_any_characters_and_numbers_on_demand():
    signals = [Signal("s", 3, enum={0: "TWO WORDS", 1: "back\\slash", 7: "MINUS"})]
    rows = pack(signals, [[0], [1], [7], [5]])
    named = variables(text(signals, (0, rows), frequency=500e6))["top.s"]
    assert [named.signal.value_at(2 * n) for n in range(4)] == [
        "TWO WORDS", "back\\slash", "MINUS", "0x5"]
    pure = variables(text(signals, (0, rows), frequency=500e6, pure=True))["top.s"]
    assert [pure.signal.value_at(2 * n) for n in range(4)] == [0, 1, 7, 5]
    assert not pure.is_string


def test_texts_are_asked_for_once_and_their_table_grows():
    asked = []

    def label(value):
        asked.append(value)
        return f"word {value:#x}, {'long' * (value >> 60)}"

    signals = [Text("text", 64, label=label), Signal("n", 8), Text("same", 64, label=label)]
    values = [5, 5, 2 ** 64 - 1, 3, 5, 2 ** 64 - 1]
    rows = np.array([[value, n] for n, value in enumerate(values)], np.uint64)
    file = io.BytesIO()
    vcd = VcdFile(file, signals, [0, 1, 0], frequency=500e6)
    for first in range(0, len(rows), 2):
        vcd.write(Changes.of(first, rows[first:first + 2]))
    vcd.close()
    assert sorted(asked) == [3, 5, 2 ** 64 - 1]
    assert vcd.strings == {"text", "same"}
    found = variables(file.getvalue())
    for path in ("top.text", "top.same"):
        assert [found[path].signal.value_at(2 * n) for n in range(len(values))] == [
            f"word {value:#x}, {'long' * (value >> 60)}" for value in values]
    assert "top.text" not in variables(text(signals, (0, rows[:, [0, 1, 0]]), pure=True))


def test_members_with_negative_values():
    signals = [Signal("s", 3, True, enum={-1: "BACK", 1: "FORTH"})]
    rows = pack(signals, [[7], [1]])
    rows[1, 0] = 1
    rows = np.vstack([rows, np.array([[0xFFFF_FFFF_FFFF_FFFF]], np.uint64)])   # sign-extended
    found = variables(text(signals, (0, rows), frequency=500e6))["top.s"]
    assert [found.signal.value_at(2 * n) for n in range(3)] == ["BACK", "FORTH", "BACK"]


def test_the_clock_rises_where_a_cycle_begins():
    signals = [Signal("clk", 1), Signal("n", 4)]
    found = variables(text(signals, (3, pack(signals, [[0, 3], [0, 4]])), frequency=500e6))
    assert set(found) == {"top.clk", "top.n"}
    clock, number = found["top.clk"].signal, found["top.n"].signal
    assert [clock.value_at(t) for t in (6, 7, 8, 9)] == [1, 0, 1, 0]
    assert [number.value_at(t) for t in (6, 7, 8, 9)] == [3, 3, 4, 4]


def test_a_gap_is_unknown_and_ends_with_a_full_dump():
    signals = [Signal("n", 4), Signal("s", 2, enum=STATE), Signal("b", 1)]
    content = text(signals, (0, pack(signals, [[5, 1, 1]])), (10, pack(signals, [[5, 1, 1]])),
                   frequency=500e6)
    assert body(content).splitlines()[9:-3] == [
        "#2", "$dumpoff", "x!", 'bx "', "sx #", "x$", "$end",
        "#20", "$dumpon", "1!", 'b101 "', "sPRIMARY_READ #", "1$", "$end"]
    found = variables(content)["top.n"].signal
    assert [found.value_at(t) for t in (1, 3, 19, 20)] == [5, "xxxx", "xxxx", 5]


def test_what_is_on_the_disk_can_be_read_before_the_end(tmp_path):
    signals = [Signal("n", 32)]
    path = tmp_path / "cut.vcd"
    with open(path, "wb") as file:
        vcd = VcdFile(file, signals)
        vcd.write(Changes.of(0, pack(signals, [[n] for n in range(100)])))
        content = path.read_bytes()         # neither closed nor marked as ended
    assert content.endswith(b"0!\n")
    assert variables(content)["top.n"].signal.value_at(99 * 5000) == 99


def test_a_file_without_rows_is_valid():
    assert body(text([Signal("n", 3)])) == "#0\n"
    assert set(variables(text([Signal("n", 3)]))) == {"top.clk", "top.n"}
    assert set(variables(text([], (0, np.zeros((3, 0), np.uint64))))) == {"top.clk"}


@pytest.mark.parametrize("frequency, scale, half", [
    (200e6, "1 ps", 2500), (1e9, "1 ps", 500), (500e6, "1 ns", 1), (5e8 / 3, "1 ns", 3),
    (1e3, "1 us", 500), (3e6, "1 fs", 166_666_667), (1e15, "1 fs", 1)])
def test_a_timescale_is_the_coarsest_that_is_exact(frequency, scale, half):
    assert timebase(frequency) == (scale, half)


def test_bad_arguments_are_refused():
    with pytest.raises(UserError, match=r"^a clock frequency must be positive, not 0$"):
        timebase(0)
    vcd = VcdFile(io.BytesIO(), [Signal("n", 65)])
    with pytest.raises(ValueError, match=r"^there must be 2 words, not 1$"):
        vcd.write(Changes.of(0, np.zeros((1, 1), np.uint64)))
    vcd.write(Changes.of(0, np.zeros((3, 2), np.uint64)))
    with pytest.raises(UserError, match=r"^a waveform cannot go back in time, from cycle 3 to 2"):
        vcd.write(Changes.of(2, np.zeros((1, 2), np.uint64)))


def test_signals_in_one_place_are_names_of_one_variable():
    signals = [Signal("a", 8), Signal("core.b", 8), Signal("s", 2, enum=STATE),
               Signal("core.t", 2, enum=STATE), Signal("c", 8)]
    rows = np.array([[1, 3, 2], [2, 0, 2]], np.uint64)
    file = io.BytesIO()
    vcd = VcdFile(file, signals, [0, 0, 1, 1, 2], frequency=500e6)
    vcd.write(Changes.of(0, rows))
    vcd.close()
    assert vcd.strings == {"s", "core.t"} and len(vcd.names) == 5
    found = variables(file.getvalue())
    for time, values in ((0, (1, 1, "DONE", "DONE", 2)), (2, (2, 2, "IDLE", "IDLE", 2))):
        assert tuple(found[f"top.{signal.path}"].signal.value_at(time)
                     for signal in signals) == values
    assert body(file.getvalue()).count("b10 ") == 2     # a and c, each once


# Every identifier has a value in every full dump -------------------------------------------------

def test_a_variable_in_a_low_place_that_is_named_late_is_dumped():
    signals = [Signal("clk", 1), Signal("a", 8), Signal("b", 8), Signal("zero", 1)]
    file = io.BytesIO()
    vcd = VcdFile(file, signals, [0, 1, 2, 0], frequency=500e6)
    vcd.write(Changes.of(0, np.array([[0, 5, 7]], np.uint64)))
    vcd.close()
    assert body(file.getvalue()).splitlines()[:7] == [
        "#0", "$dumpvars", "1!", "0$", 'b101 "', "b111 #", "$end"]


@st.composite
def shared(draw):
    """Signals whose words lie anywhere, also over each other, and rows of such words."""
    words = draw(st.integers(4, 12))
    signals = [Signal("clk", 1), Signal("last", 1)]
    places = [draw(st.integers(0, words - 1)), words - 1]
    for number in range(draw(st.integers(1, 30))):
        width = draw(st.sampled_from([1, 2, 8, 64, 65, 130]))
        signals.append(Signal(f"s{number}", width, draw(st.booleans()),
                              draw(st.sampled_from([None, None, STATE])) if width > 1 else None))
        places.append(draw(st.integers(0, words - (width + 63) // 64)))
    random = np.random.default_rng(draw(st.integers(0, 2 ** 32)))
    rows = random.integers(0, 2 ** 64, (draw(st.integers(1, 12)), words), np.uint64,
                           endpoint=False)
    rows[:, random.random(words) < 0.3] = 0             # constants
    for row in range(1, len(rows)):
        same = random.random(words) < 0.7
        rows[row, same] = rows[row - 1, same]
    return signals, places, rows


def shown(signal, place, row):
    """The text of a value in a file."""
    value = sum(int(word) << (64 * n) for n, word in
                enumerate(row[place:place + (signal.width + 63) // 64])) % (1 << signal.width)
    if signal.enum is not None and signal.width <= 64:
        return STATE.get(value, f"0x{value:X}")
    return f"{value:b}"


@settings(max_examples=100, deadline=None)
@given(shared(), st.data())
def test_every_variable_has_its_value_in_every_full_dump(read_vcd, trace, data):
    """For any sharing of places, any window, and a trigger that fires again and again."""
    signals, places, rows = trace
    start = data.draw(st.integers(0, 3), "start")
    window = Window(start, data.draw(st.none() | st.integers(start + 1, 12), "stop"))
    fires = data.draw(st.none() | st.lists(st.booleans(), min_size=12, max_size=12), "fires")
    capture = Capture(window=window) if fires is None else Capture(
        window=window, trigger=lambda piece: np.array(fires)[piece.cycle:piece.end],
        before=data.draw(st.integers(0, 2), "before"), after=1, again=True)
    numbered = np.column_stack([rows, np.arange(len(rows), dtype=np.uint64)])
    file, kept = io.BytesIO(), []
    vcd = VcdFile(file, signals, places, frequency=500e6)
    for piece in capture.take(Changes.of(0, numbered)):
        vcd.write(piece)
        kept += range(piece.cycle, piece.end)
    vcd.close()

    found, dumps = read_vcd(file.getvalue())
    by_name = {name: variable for variable in found.values() for name in variable.names}
    readers = variables(file.getvalue())
    assert set(readers) == set(by_name) == {f"top.{signal.path}" for signal in signals}
    gaps = [cycle for cycle in kept if cycle - 1 not in kept]
    assert [time for time, keyword in dumps if keyword != "$dumpoff"] == [2 * n for n in gaps]
    for signal, place in zip(signals[1:], places[1:], strict=True):
        name = f"top.{signal.path}"
        for cycle in kept:
            expected = shown(signal, place, rows[cycle])
            assert by_name[name].at(2 * cycle) == expected
            other = readers[name].signal.value_at(2 * cycle)
            assert other == expected if readers[name].is_string else other == int(expected, 2)
        for cycle in set(range(kept[0] if kept else 0, kept[-1] if kept else 0)) - set(kept):
            assert by_name[name].at(2 * cycle) == "x"
