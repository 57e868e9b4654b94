"""A trace as a whole: the two files, and what they hold after the run ended well or badly."""

import tracemalloc

import numpy as np
import pytest
import pywellen

from pteg.errors import UserError
from pteg.waveforms import growing
from pteg.waveforms.changes import Changes
from pteg.waveforms.gtkw import View, aliases, arrange
from pteg.waveforms.trace import Trace, select
from pteg.waveforms.vcd import Signal, Text
from pteg.waveforms.window import Window

SIGNALS = [
    Signal("core.completion.pc", 32), Signal("core.offset", 8, signed=True),
    Signal("mmu.walker.state", 2, enum={0: "IDLE", 1: "READ"}), Signal("mmu.dmmu.tlb_hit", 1),
    Signal("bus.arbiter.bus__a", 32), Signal("interrupt", 1),
]


def rows(count):
    data = np.zeros((count, len(SIGNALS)), np.uint64)
    data[:, 0] = 0xFFF00100 + 4 * np.arange(count)
    data[:, 2] = np.arange(count) % 7 == 6
    return data


def times(path, name="top.core.completion.pc"):
    """Cycles of a file in which the program counter is known, in a 500 MHz trace."""
    signal = {v.full_name: v for v in pywellen.Waveform(str(path)).all_vars()}[name].signal
    return [cycle for cycle in range(40) if isinstance(signal.value_at(2 * cycle + 1), int)]


@pytest.mark.parametrize("window", ["5:9", (5, 9), Window(5, 9)])
def test_a_window(tmp_path, window):
    path = tmp_path / "run.vcd"
    with Trace(path, SIGNALS, window=window, frequency=500e6) as trace:
        assert trace.wanted(0) == 5
        trace.write(Changes.of(0, rows(20)))
    content = path.read_bytes()
    assert content.count(b"$dumpvars") == 1 and content.endswith(b"\n#18\n")
    assert times(path)[:5] == [5, 6, 7, 8, 9]


def test_a_trigger_sets_the_marker(tmp_path):
    path = tmp_path / "run.vcd"
    with Trace(path, SIGNALS, trigger="mmu.walker.state == READ", before=2, after=3,
               frequency=500e6) as trace:
        trace.write(Changes.of(0, rows(20)))
        assert trace.triggered == (6,)
    assert b"\n#8\n$dumpvars\n" in path.read_bytes() and path.read_bytes().endswith(b"\n#18\n")
    zoom = next(line for line in (tmp_path / "run.gtkw").read_text().splitlines()
                if line.startswith("*"))
    assert zoom.split()[1:4] == ["12", "18", "-1"]     # the trigger, and A where it ends
    assert "[markername] Aend" in (tmp_path / "run.gtkw").read_text()


def test_the_last_cycles_survive_an_exception(tmp_path):
    path = tmp_path / "run.vcd"
    with (pytest.raises(KeyboardInterrupt),
          Trace(path, SIGNALS, last=4, frequency=500e6) as trace):
        trace.write(Changes.of(0, rows(20)))
        trace.write(Changes.of(20, rows(3)))
        raise KeyboardInterrupt
    assert b"\n#38\n$dumpvars\n" in path.read_bytes() and path.read_bytes().endswith(b"\n#46\n")


def test_equal_runs_give_equal_bytes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for folder, step in (("a", 3), ("b", 20)):
        with Trace(tmp_path / folder / "run.vcd", SIGNALS, trigger="mmu.walker.state == READ",
                   before=4) as trace:
            for start in range(0, 20, step):
                trace.write(Changes.of(start, rows(20)[start:start + step]))
    for name in ("run.vcd", "run.gtkw"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


VIEW = View((("search", ("mmu.walker.*", "core.completion.pc")),
             ("other", ("core.completion.*", "none")), ("empty", ("nothing",))),
            activity="mmu.walker.state")


def shown(path):
    """The list of signals in a save file: groups, formats and names."""
    lines = path.read_text().splitlines()
    return [line for line in lines if line.startswith(("-", "top.", "@", "+"))]


def test_the_save_file_shows_the_groups_of_the_view(tmp_path):
    with Trace(tmp_path / "run.vcd", SIGNALS, frequency=500e6, view=VIEW):
        pass
    lines = (tmp_path / "run.gtkw").read_text().splitlines()
    assert lines[:2] == ['[dumpfile] "/run.vcd"', '[savefile] "/run.gtkw"']
    assert shown(tmp_path / "run.gtkw") == [
        "@28", "top.clk",
        "@800200", "-search", "@820", "+{walker state} top.mmu.walker.state",
        "@22", "+{completion pc} top.core.completion.pc[31:0]", "@1000200", "-search",
        "@c00200", "-other", "@22", "+{completion pc} top.core.completion.pc[31:0]",
        "@1401200", "-other",
        "@c00200", "-top", "-core", "@420", "+{offset} top.core.offset[7:0]",
        "@1401200", "-core",
        "@c00200", "-mmu", "-dmmu", "@28", "+{tlb_hit} top.mmu.dmmu.tlb_hit",
        "@1401200", "-dmmu", "-mmu",
        "@c00200", "-bus", "-arbiter", "@22",
        "+{bus__a} top.bus.arbiter.bus__a[31:0]", "@1401200", "-arbiter", "-bus", "@28",
        "+{interrupt} top.interrupt", "@1401200", "-top"]


def test_without_a_view_all_groups_are_open(tmp_path):
    with Trace(tmp_path / "run.vcd", SIGNALS[1:3]):
        pass
    assert shown(tmp_path / "run.gtkw") == [
        "@28", "top.clk",
        "@800200", "-top", "-core", "@420", "+{core offset} top.core.offset[7:0]",
        "@1000200", "-core", "@800200", "-mmu", "-walker",
        "@820", "+{walker state} top.mmu.walker.state",
        "@1000200", "-walker", "-mmu", "-top"]


def test_a_signal_can_be_in_several_groups_in_the_order_of_the_patterns():
    groups = (("all", ("*.x",)), ("b", ("a.b.y", "a.b.*")), ("none", ("nothing",)))
    signals = [Signal(path, 1) for path in ("a.b.x", "a.b.y", "c", "a.x", "d.e.z", "d.e")]
    found, rest = arrange(signals, groups)
    assert {name: [s.path for s in members] for name, members in found.items()} == {
        "all": ["a.b.x", "a.x"], "b": ["a.b.y", "a.b.x"]}
    assert rest == {"c": signals[2], "d ": {"e ": {"z": signals[4]}, "e": signals[5]}}


def test_aliases_are_short_different_and_without_dots():
    names = ["top.clk", "top.core.fetch.pc", "top.core.completion.pc", "top.l2.out.pc",
             "top.dcache.out.pc", "top.a.b.c.d", "top.b.c.d", "top.core.lsu.held.op",
             "top.pair.low.bit", "top.dmmu.bats.upper"]
    known = {*names, "top.core.lsu.held", "top.pair", "top.pair.low"}
    assert aliases(names, known) == dict(zip(names, [
        "clk", "fetch pc", "completion pc", "l2 out pc", "dcache out pc", "a b c d", "b c d",
        "lsu held op", "pair low bit", "bats upper"], strict=True))


@pytest.mark.parametrize("states, trigger, first, stop", [
    ([0] * 20 + [1] * 10 + [0] * 30, 25, 17, 33),       # all of it, and 3 cycles on both sides
    ([0] * 20 + [1] * 2 + [0] * 30, 20, 14, 28),        # at least 14
    ([0] * 20 + [1] * 20 + [0] * 30, 20, 17, 43),
    ([0] * 20 + [1] * 50 + [0] * 30, 40, 26, 54),       # at most 28, around the marker
    ([1] * 3 + [0] * 50, 2, 0, 14),                     # not before the recording
    ([0] * 60 + [1] * 8 + [0] * 30, 70, 63, 77),        # it is over
    ([0] * 30 + [1] * 5, 31, 21, 35),                   # nor after it
    ([0] * 3 + [1] * 5, 3, 0, 8),
])
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_the_screen_shows_what_the_trigger_is_about(tmp_path, states, trigger, first, stop, piece):
    signals = [Signal("time", 32), Signal("mmu.walker.state", 2)]
    data = np.array([[cycle, state] for cycle, state in enumerate(states)], np.uint64)
    with Trace(tmp_path / "run.vcd", signals, trigger=f"time == {trigger}", before=100,
               frequency=500e6, view=VIEW) as trace:
        for start in range(0, len(data), piece):
            trace.write(Changes.of(start, data[start:start + piece].copy()))
    assert screen(tmp_path / "run.gtkw") == (2 * first, 2 * stop, 2 * trigger, 2 * len(states))


def screen(path):
    """First and last time that are on the screen, and both markers."""
    text = path.read_text()
    width = int(text.partition("[signals_width] ")[2].split()[0])
    zoom, marker, end = text.partition("\n*")[2].split()[:3]
    start = int(text.partition("[timestart] ")[2].split()[0])
    # 2 ^ -zoom units of time take 200 pixels.
    duration = (1440 - width - 56) / 200 * 2 ** -float(zoom)
    return start, round(start + duration), int(marker), int(end)


def test_a_window_shows_its_beginning_and_the_last_cycles_their_end(tmp_path):
    for options, expected in (({"window": (5, 90)}, (10, 38, 10, 180)),
                              ({"last": 50}, (172, 200, 198, 200)),
                              ({"last": 3}, (194, 200, 198, 200))):
        with Trace(tmp_path / "run.vcd", SIGNALS, frequency=500e6, **options) as trace:
            trace.write(Changes.of(0, rows(100)))
        assert screen(tmp_path / "run.gtkw") == expected


def test_the_list_has_room_for_names_and_values(tmp_path):
    signals = [Signal("a" * 20, 8), Signal("e", 2, enum={0: "N" * 15}), Text("t", 64)]
    for count, width in ((1, 8 * (20 + 2 + 8)), (2, 8 * (20 + 2 + 15)), (3, 8 * (20 + 2 + 38))):
        with Trace(tmp_path / "run.vcd", signals[:count]):
            pass
        assert f"[signals_width] {width}\n" in (tmp_path / "run.gtkw").read_text()


def test_what_was_not_reached_is_said(tmp_path):
    for options, cycles, expected in (
            ({"window": "30:"}, 20, "window 30: was never reached"),
            ({"window": "3:5"}, 20, None), ({"window": "19:25"}, 20, None),
            ({"window": "20:25"}, 20, "window 20:25 was never reached"),
            ({"trigger": "interrupt"}, 20, "trigger 'interrupt' was never reached"),
            ({"trigger": "mmu.walker.state == READ"}, 20, None),
            ({"trigger": "mmu.walker.state == READ", "window": "30:40"}, 20,
             "window 30:40 was never reached"),
            ({"last": 5}, 20, None), ({}, 20, None)):
        with Trace(tmp_path / "run.vcd", SIGNALS, **options) as trace:
            if trace.wanted(0) < cycles:
                trace.write(Changes.of(0, rows(cycles)))
        assert trace.unreached == expected, options


def test_a_window_that_is_over_was_not_reached(tmp_path):
    with Trace(tmp_path / "run.vcd", SIGNALS, window=(3, 5)) as trace:
        assert trace.wanted(7) is None
    assert trace.unreached == "window 3:5 was never reached"


def test_a_file_that_viewers_cannot_open_is_said_once(tmp_path, monkeypatch):
    monkeypatch.setattr(growing, "LARGE", 3 << 20)
    said = []
    with Trace(tmp_path / "run.vcd", [Signal("n", 64)], warn=said.append) as trace:
        for start in range(0, 200_000, 10_000):
            values = np.arange(start, start + 10_000, dtype=np.uint64)
            trace.write(Changes.of(start, values.reshape(-1, 1)))
            assert bool(said) == ((tmp_path / "run.vcd").stat().st_size > 3 << 20)
    assert said == [f"{tmp_path / 'run.vcd'} is larger than 3 MB, and viewers take long to open "
                    "it: record a window, what surrounds a trigger, the last cycles, or fewer "
                    "signals, or write an .fst file"]
    with (pytest.warns(UserWarning, match="is larger than 3 MB"),
          Trace(tmp_path / "run.vcd", [Signal("n", 64)]) as trace):
        trace.write(Changes.of(0, np.arange(200_000, dtype=np.uint64).reshape(-1, 1)))


def test_files_that_cannot_be_written_are_reported(tmp_path):
    with pytest.raises(UserError, match=r"^cannot write '.*missing/run\.vcd': No such file"):
        Trace(tmp_path / "missing" / "run.vcd", SIGNALS)
    with pytest.raises(UserError, match=r"^cannot write '.*': Is a directory$"):
        Trace(tmp_path, SIGNALS)
    (tmp_path / "run.gtkw").mkdir()
    with pytest.raises(UserError, match=r"^cannot write '.*run\.gtkw': Is a directory$"):
        Trace(tmp_path / "run.vcd", SIGNALS)


def test_bad_options_leave_no_file(tmp_path):
    for options in ({"window": "9:5"}, {"trigger": "nothing == 1"}, {"before": -1},
                    {"frequency": -1}):
        with pytest.raises(UserError):
            Trace(tmp_path / "run.vcd", SIGNALS, **options)
    assert not list(tmp_path.iterdir())


def test_signals_are_selected_by_patterns():
    paths = ["core.pc", "core.clk", "core.port__ea$5", "mmu.hit", "mmu.rst", "mmu.walker.state",
             "interrupt"]
    assert select(paths) == ["core.pc", "mmu.hit", "mmu.walker.state", "interrupt"]
    assert select(paths, "interrupt, mmu.*") == ["mmu.hit", "mmu.walker.state", "interrupt"]
    assert select(paths, ["*$*"]) == ["core.port__ea$5"]
    assert select(paths, "core.clk mmu.hit") == ["core.clk", "mmu.hit"]
    assert select(iter(paths), "core.pc") == ["core.pc"]
    assert select(paths, "mmu") == ["mmu.hit", "mmu.walker.state"]
    assert select(paths, "mmu", 1) == select(paths, "mmu.*", 1) == ["mmu.hit"]
    assert select(paths, "*", 1) == ["interrupt"]
    assert select(paths, "*", 2) == ["core.pc", "mmu.hit", "interrupt"]
    with pytest.raises(UserError, match=r"^depth must be at least 1, not 0$"):
        select(paths, "*", 0)
    with pytest.raises(UserError, match=r"^no signal matches 'fpu\.\*'$"):
        select(paths, "mmu.*,fpu.*")


@pytest.mark.parametrize("cycles", [
    10_000_000, pytest.param(100_000_000, marks=pytest.mark.slow)])
def test_a_trigger_near_the_end_of_many_cycles_needs_no_more_memory(tmp_path, cycles):
    chunk = 4096
    rows, path = np.zeros((chunk, 2), np.uint64), tmp_path / "t.fst"
    tracemalloc.start()
    with Trace(path, [Signal("n", 64), Signal("hit", 1)], trigger="hit", before=10_000,
               after=100) as trace:
        for cycle in range(0, cycles, chunk):
            rows[:, 0] += 1
            rows[77, 1] = cycle + chunk >= cycles
            if cycle == 100 * chunk:
                tracemalloc.reset_peak()
                usual = tracemalloc.get_traced_memory()[0]
            if cycle == (cycles - 10 * chunk) // chunk * chunk:
                grown = tracemalloc.get_traced_memory()[1] - usual
            trace.write(Changes.of(cycle, rows))
    tracemalloc.stop()
    assert trace.triggered == ((cycles - 1) // chunk * chunk + 77,)
    assert grown < 1 << 20 and path.stat().st_size < 1 << 20
