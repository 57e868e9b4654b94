"""A trace as a whole: the two files, and what they hold after the run ended well or badly."""

import numpy as np
import pytest
import pywellen

from pteg.errors import UserError
from pteg.waveforms.capture import Window
from pteg.waveforms.gtkw import arrange
from pteg.waveforms.trace import Trace, select
from pteg.waveforms.vcd import Signal

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
        trace.write(0, rows(20))
    content = path.read_bytes()
    assert content.count(b"$dumpvars") == 1 and content.endswith(b"\n#18\n")
    assert times(path)[:5] == [5, 6, 7, 8, 9]


def test_a_trigger_sets_the_marker(tmp_path):
    path = tmp_path / "run.vcd"
    with Trace(path, SIGNALS, trigger="mmu.walker.state == READ", before=2, after=3,
               frequency=500e6) as trace:
        trace.write(0, rows(20))
        assert trace.triggered == (6,)
    assert b"\n#8\n$dumpvars\n" in path.read_bytes() and path.read_bytes().endswith(b"\n#18\n")
    assert "\n*-3.000000 12 " in (tmp_path / "run.gtkw").read_text()


def test_the_last_cycles_survive_an_exception(tmp_path):
    path = tmp_path / "run.vcd"
    with (pytest.raises(KeyboardInterrupt),
          Trace(path, SIGNALS, last=4, frequency=500e6) as trace):
        trace.write(0, rows(20))
        trace.write(20, rows(3))
        raise KeyboardInterrupt
    assert b"\n#38\n$dumpvars\n" in path.read_bytes() and path.read_bytes().endswith(b"\n#46\n")


def test_equal_runs_give_equal_bytes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for folder, step in (("a", 3), ("b", 20)):
        with Trace(tmp_path / folder / "run.vcd", SIGNALS, trigger="mmu.walker.state == READ",
                   before=4) as trace:
            for start in range(0, 20, step):
                trace.write(start, rows(20)[start:start + step])
    for name in ("run.vcd", "run.gtkw"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_save_file_groups_pipeline_mmu_walker_bus(tmp_path):
    with Trace(tmp_path / "run.vcd", SIGNALS, frequency=500e6):
        pass
    lines = (tmp_path / "run.gtkw").read_text().splitlines()
    assert lines[:2] == ['[dumpfile] "/run.vcd"', '[savefile] "/run.gtkw"']
    shown = [line for line in lines if line.startswith(("-", "top.", "@"))]
    assert shown == [
        "@28", "top.clk",
        "@800200", "-pipeline", "@22", "top.core.completion.pc[31:0]", "@28", "top.interrupt",
        "@1000200", "-pipeline",
        "@800200", "-MMU", "@28", "top.mmu.dmmu.tlb_hit", "@1000200", "-MMU",
        "@800200", "-walker", "@820", "top.mmu.walker.state", "@1000200", "-walker",
        "@800200", "-bus", "@22", "top.bus.arbiter.bus__a[31:0]", "@1000200", "-bus",
        "@c00200", "-core", "@420", "top.core.offset[7:0]", "@1401200", "-core"]


def test_a_signal_belongs_to_the_pattern_that_names_it_best():
    groups = (("all", ("*x",)), ("b", ("a.b.y", "a.b.*")), ("none", ("nothing",)))
    signals = [Signal(path, 1) for path in ("a.b.x", "a.b.y", "c", "a.x", "d.e.z")]
    shown, rest = arrange(signals, groups)
    assert {name: [s.path for s in found] for name, found in shown.items()} == {
        "all": ["a.x"], "b": ["a.b.y", "a.b.x"]}
    assert {name: [s.path for s in found] for name, found in rest.items()} == {
        "top": ["c"], "d.e": ["d.e.z"]}


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
    with pytest.raises(UserError, match=r"^no signal matches 'fpu\.\*'$"):
        select(paths, "mmu.*,fpu.*")
