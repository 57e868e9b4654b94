"""Windows, triggers and rings, against the plainest possible model of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pteg.errors import UserError
from pteg.waveforms.capture import Capture, Trigger, Window
from pteg.waveforms.vcd import Signal

SIGNALS = [
    Signal("core.pc", 32), Signal("wide", 65), Signal("core.delta", 8, True),
    Signal("mmu.walker.state", 3, enum={0: "IDLE", 3: "UPDATE_R"}), Signal("stall", 1),
    Signal("all", 64),
]


def rows(*cycles):
    """Rows from (pc, delta, state, stall)."""
    return np.array([[pc, 0, 0, delta & 0xFF, state, stall, 2 ** 64 - 1]
                     for pc, delta, state, stall in cycles], np.uint64)


CYCLES = rows((0xFFF00100, -1, 0, 0), (0xFFF00104, 5, 3, 0), (0xFFF00108, -128, 3, 1),
              (0, 127, 7, 1))


@pytest.mark.parametrize("text, hits", [
    ("core.pc == 0xFFF00104", [1]),
    ("mmu.walker.state==UPDATE_R", [1, 2]),
    ("UPDATE_R == mmu.walker.state", [1, 2]),
    ("mmu.walker.state == UPDATE_R and not stall", [1]),
    ("stall", [2, 3]),
    ("not (stall or core.pc == 0xFFF00100)", [1]),
    ("core.delta < 0", [0, 2]),
    ("core.delta == -1", [0]),
    ("core.delta >= -128", [0, 1, 2, 3]),
    ("0 < core.pc <= 0xFFF00104", [0, 1]),
    ("core.pc == -1", []),
    ("core.pc != 0x1_0000_0000", [0, 1, 2, 3]),
    ("all == 0xFFFF_FFFF_FFFF_FFFF", [0, 1, 2, 3]),
    ("core.delta < core.pc", [0, 1, 2]),
    ("mmu.walker.state > 3", [3]),
])
def test_conditions(text, hits):
    assert list(np.flatnonzero(Trigger(text, SIGNALS)(CYCLES))) == hits


def test_paths_of_a_condition_include_its_signals():
    assert {"core.pc", "stall", "UPDATE_R"} <= Trigger.paths("core.pc == UPDATE_R and stall")
    assert Trigger.paths("=") == set()


@pytest.mark.parametrize("text, message", [
    ("core.px == 1", r"^trigger 'core\.px == 1': 'core\.px' and '1' are no signals$"),
    ("core.px", r"^trigger 'core\.px': there is no signal 'core\.px'$"),
    ("mmu.walker.state == UPDATE_X", r"there is no signal 'UPDATE_X'$"),
    ("core.pc == stall == other", r"there is no signal 'other'$"),
    ("wide == 1", r"a signal must have 1 to 64 bits, 'wide' has 65$"),
    ("core.pc in stall", r"comparisons must be one of == != < <= > >=$"),
    ("core.pc == 'x'", r"there is no signal \"'x'\"$"),
    ("core.pc + 1", r"there is no signal 'core\.pc \+ 1'$"),
    ("core.pc ==", r"^a trigger must be a condition such as 'unit\.state == IDLE', not 'core\.pc"),
    ("", r"^a trigger must be a condition"),
    ("(" * 5000, r"^a trigger must be a condition"),
    ("a" + ".a" * 5000 + " == 1", r"^a trigger must be a condition|no signals"),
    ("not " * 5000 + "stall", r"^a trigger must be a condition"),
    ("core.pc == 1\0", r"^a trigger must be a condition"),
])
def test_a_bad_condition_is_one_clear_line(text, message):
    with pytest.raises(UserError, match=message) as error:
        Trigger(text, SIGNALS)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text, window", [
    ("10:20", (10, 20)), (":20", (0, 20)), ("10:", (10, None)), (":", (0, None)),
    (" 1 : 2 ", (1, 2))])
def test_windows(text, window):
    parsed = Window.parse(text)
    assert (parsed.start, parsed.stop) == window


@pytest.mark.parametrize("text", ["", "5", "5:5", "6:5", "-1:5", "a:b", "1:2:3", "1.0:2", "٣:٤"])
def test_a_bad_window_is_one_clear_line(text):
    with pytest.raises(UserError, match=r"^a window must be A:B, cycle numbers with A < B, not '"):
        Window.parse(text)


def kept(capture, values, cuts):
    """Feed values, a row each, in pieces; returns the cycles that come out."""
    found = []
    data = np.array(values, np.uint64).reshape(-1, 1)
    for start, stop in zip([0, *cuts], [*cuts, len(values)], strict=True):
        piece = data[start:stop].copy()
        wanted = capture.wanted(start)
        before = len(found)
        for cycle, rows in capture.take(start, piece):
            assert (rows[:, 0] == data[cycle:cycle + len(rows), 0]).all()
            found += range(cycle, cycle + len(rows))
        if wanted is None:
            assert len(found) == before
        piece[:] = 99       # the buffer is used again
    for cycle, rows in capture.finish():
        assert (rows[:, 0] == data[cycle:cycle + len(rows), 0]).all()
        found += range(cycle, cycle + len(rows))
    return found


def model(values, start, stop, before, after, again):
    """Cycles that a trigger on value 1 keeps, one cycle at a time; and when it fired."""
    marked, fired, cycle = set(), [], start
    stop = len(values) if stop is None else min(stop, len(values))
    while cycle < stop:
        if values[cycle] == 1:
            fired.append(cycle)
            end = stop if after is None else min(stop, cycle + after)
            marked |= set(range(max(start, cycle - before), end))
            if not again:
                break
            cycle = end
        else:
            cycle += 1
    return sorted(marked), fired


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_trigger_keeps_what_the_model_keeps(data):
    values = data.draw(st.lists(st.sampled_from([0, 0, 0, 0, 1]), max_size=60))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=5)))
    start = data.draw(st.integers(0, 20))
    stop = data.draw(st.none() | st.integers(start + 1, 70))
    before, after = data.draw(st.integers(0, 9)), data.draw(st.none() | st.integers(1, 9))
    again = data.draw(st.booleans())
    capture = Capture(window=Window(start, stop), trigger=lambda rows: rows[:, 0] == 1,
                      before=before, after=after, again=again)
    cycles, fired = model(values, start, stop, before, after, again)
    assert kept(capture, values, cuts) == cycles
    assert capture.triggered == fired


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_the_last_cycles_are_kept(data):
    values = data.draw(st.lists(st.integers(0, 50), max_size=60))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=5)))
    last = data.draw(st.integers(1, 70))
    stop = data.draw(st.none() | st.integers(1, 70))
    end = min(len(values), stop or 70)
    capture = Capture(last=last, window=Window(0, stop))
    assert kept(capture, values, cuts) == list(range(max(0, end - last), end))


def test_rows_outside_the_window_are_not_wanted():
    capture = Capture(window=Window(100, 200))
    assert capture.wanted(0) == 100
    assert capture.wanted(150) == 150
    assert capture.wanted(200) is None
    assert Capture().wanted(7) == 7


def test_rows_after_the_last_trigger_are_not_wanted():
    capture = Capture(trigger=lambda rows: rows[:, 0] == 1, after=3)
    assert kept(capture, [0, 1, 0], []) == [1, 2]
    assert capture.wanted(3) == 3
    assert capture.wanted(4) is None


@pytest.mark.parametrize("options, message", [
    ({"before": -1}, r"^before must be at least 0, not -1$"),
    ({"after": 0}, r"^after must be at least 1, not 0$"),
    ({"last": 0}, r"^last must be at least 1, not 0$"),
    ({"last": 5, "trigger": len}, r"^a trace must have a trigger or be the last cycles, not both$"),
])
def test_bad_options_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        Capture(**options)
