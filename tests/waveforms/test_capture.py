"""Windows, triggers and rings, against the plainest possible model of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pteg.errors import UserError
from pteg.waveforms.capture import Capture
from pteg.waveforms.changes import Changes
from pteg.waveforms.trigger import Condition, Trigger
from pteg.waveforms.vcd import Signal
from pteg.waveforms.window import Window, Windows

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
    assert list(np.flatnonzero(Trigger(text, SIGNALS)(Changes.of(0, CYCLES)))) == hits


def test_paths_of_a_condition_include_its_signals():
    assert {"core.pc", "stall", "UPDATE_R"} <= Condition("core.pc == UPDATE_R and stall").paths



@pytest.mark.parametrize("text, message", [
    ("core.px == 1", r"^trigger 'core\.px == 1': there is no signal 'core\.px'$"),
    ("core.px", r"^trigger 'core\.px': there is no signal 'core\.px'$"),
    ("mmu.walker.state == UPDATE_X", r"there is no signal and no value 'UPDATE_X'; values are "
     r"IDLE, .*UPDATE_R"),
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

    def add(pieces):
        for kept in pieces:
            assert (kept.rows([0]) == data[kept.cycle:kept.end]).all()
            found.extend(range(kept.cycle, kept.end))

    for start, stop in zip([0, *cuts], [*cuts, len(values)], strict=True):
        piece = Changes.of(start, data[start:stop], data[start - 1] if start else None)
        wanted = capture.wanted(start)
        before = len(found)
        add(capture.take(piece))
        if wanted is None:
            assert len(found) == before
        for array in (piece.before, piece.ends, piece.pairs):
            array[:] = 99       # the buffers are used again
    add(capture.finish())
    return found


def model(values, windows, *, trigger, before, after, again, first, last):
    """Cycles that are kept, one cycle at a time; and when the trigger, a value of 1, fired."""
    cycles = [cycle for cycle in range(len(values)) if any(
        start <= cycle and (stop is None or cycle < stop) for start, stop in windows)]
    if not trigger and first is last is None:
        return cycles, []
    begun = cycles[0] + (first or 0) if cycles else 0
    marked = {*range(begun), *(cycles[-last:] if last else ())}
    fired, ready = [], begun
    for cycle in cycles:
        if trigger and cycle >= ready and values[cycle] == 1:
            fired.append(cycle)
            ready = len(values) if after is None or not again else cycle + after
            marked |= set(range(cycle - before, len(values) if after is None else cycle + after))
    return sorted(marked & set(cycles)), fired


@settings(max_examples=500, deadline=None, print_blob=True)
@given(st.data())
def test_what_the_model_keeps_is_kept(data):
    values = data.draw(st.lists(st.sampled_from([0, 0, 0, 0, 1]), max_size=60))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=5)))
    starts = st.integers(0, 40)
    windows = [(start, data.draw(st.none() | st.integers(start + 1, start + 40)))
               for start in data.draw(st.lists(starts, min_size=1, max_size=3))]
    some = st.none() | st.integers(1, 70)
    options = {"before": data.draw(st.integers(0, 9)), "after": data.draw(some),
               "again": data.draw(st.booleans()), "first": data.draw(some),
               "last": data.draw(some)}
    trigger = data.draw(st.booleans())
    capture = Capture(
        window=windows, **options,
        trigger=(lambda piece: piece.rows([0])[:, 0] == 1) if trigger else None)
    cycles, fired = model(values, windows, trigger=trigger, **options)
    assert kept(capture, values, cuts) == cycles
    assert capture.triggered == fired


@pytest.mark.parametrize("text, parts", [
    ("10:20", [(10, 20)]), ("30:40,10:20", [(10, 20), (30, 40)]), ("5:20,20:30", [(5, 30)]),
    ("50:,5:6", [(5, 6), (50, 100)]), ("0:90,20:30", [(0, 90)])])
def test_several_windows(text, parts):
    windows = Windows.of(text)
    assert list(windows.parts(0, 100)) == parts and str(windows) == text
    for cycle in range(100):
        wanted = [max(cycle, start) for start, stop in parts if cycle < stop]
        assert windows.next(cycle) == (wanted[0] if wanted else None)


def test_rows_outside_the_window_are_not_wanted():
    capture = Capture(window=Window(100, 200))
    assert capture.wanted(0) == 100
    assert capture.wanted(150) == 150
    assert capture.wanted(200) is None
    assert Capture().wanted(7) == 7


def test_rows_after_the_last_trigger_are_not_wanted():
    capture = Capture(trigger=lambda piece: piece.rows([0])[:, 0] == 1, after=3)
    assert kept(capture, [0, 1, 0], []) == [1, 2]
    assert capture.wanted(3) == 3
    assert capture.wanted(4) is None


@pytest.mark.parametrize("options, message", [
    ({"before": -1}, r"^before must be at least 0, not -1$"),
    ({"after": 0}, r"^after must be at least 1, not 0$"),
    ({"last": 0}, r"^last must be at least 1, not 0$"),
    ({"first": 0}, r"^first must be at least 1, not 0$"),
])
def test_bad_options_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        Capture(**options)
