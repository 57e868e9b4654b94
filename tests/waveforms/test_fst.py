"""FST files, read back by two readers that are not ours, and equal to the VCD of the same rows."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import pywellen
from hypothesis import given, settings
from hypothesis import strategies as st

from pteg.errors import UserError
from pteg.outputs import OutputFile
from pteg.waveforms import fst
from pteg.waveforms.changes import Changes
from pteg.waveforms.fst import FstFile
from pteg.waveforms.reader import Waves
from pteg.waveforms.signals import Signal, Text, columns
from pteg.waveforms.trace import Trace
from pteg.waveforms.vcd import VcdFile

STATE = {0: "IDLE", 1: "PRIMARY_READ", 3: "DONE"}


def rows_of(signals, count, seed):
    """Random rows in which most signals keep their value."""
    places, words = columns(signals)
    rng = np.random.default_rng(seed)
    rows = np.zeros((count, words), np.uint64)
    for row in range(count):
        if row:
            rows[row] = rows[row - 1]
        for item, column in zip(signals, places, strict=True):
            if item.width and (row == 0 or rng.random() < 0.3):
                for word in range((item.width + 63) // 64):
                    left = min(64, item.width - 64 * word)
                    rows[row, column + word] = rng.integers(0, 1 << left, dtype=np.uint64,
                                                            endpoint=False) if left < 64 else (
                        rng.integers(0, (1 << 64) - 1, dtype=np.uint64, endpoint=True))
    return rows


def write(kind, path, signals, *pieces, **options):
    file = OutputFile(path)
    waves = kind(file, signals, **options)
    for cycle, rows in pieces:
        waves.write(Changes.of(cycle, rows))
    waves.close()
    file.close()
    return str(path)


def changes(path):
    """Name -> (width or None for a string, its changes), as pywellen reads them."""
    return {var.full_name: (None if var.is_string else var.bitwidth, list(var.tv))
            for var in pywellen.Waveform(path).all_vars()}


@st.composite
def traces(draw):
    widths = st.one_of(st.integers(0, 9), st.integers(60, 70), st.integers(120, 200))
    scopes = st.sampled_from(["", "core.", "core.fetch.", "mmu."])
    signals = []
    for number in range(draw(st.integers(1, 40))):
        width = draw(widths)
        enum = draw(st.sampled_from([None, STATE])) if width >= 2 else None
        signals.append(Signal(f"{draw(scopes)}s{number}", width, draw(st.booleans()), enum))
    rows = rows_of(signals, draw(st.integers(1, 12)), draw(st.integers(0, 2 ** 32)))
    cut = draw(st.integers(0, len(rows)))
    return signals, rows, cut, draw(st.integers(0, 40)), draw(st.integers(0, 3))


@settings(max_examples=60, deadline=None)
@given(traces())
def test_every_change_is_that_of_the_vcd(tmp_path_factory, trace):
    signals, rows, cut, first, gap = trace
    folder = tmp_path_factory.mktemp("fst")
    pieces = [(first, rows[:cut]), (first + cut + gap, rows[cut:])]
    expected = changes(write(VcdFile, folder / "a.vcd", signals, *pieces))
    assert changes(write(FstFile, folder / "a.fst", signals, *pieces)) == expected
    limit, fst.BLOCK_CHANGES = fst.BLOCK_CHANGES, 0     # a block for each piece
    try:
        assert changes(write(FstFile, folder / "b.fst", signals, *pieces)) == expected
    finally:
        fst.BLOCK_CHANGES = limit


@pytest.mark.skipif(not shutil.which("fst2vcd"), reason="needs fst2vcd (Debian: gtkwave)")
def test_gtkwaves_own_library_reads_the_same(tmp_path):
    signals = [Signal("a", 1), Signal("core.b", 7), Signal("core.s", 2, False, STATE),
               Signal("core.w", 130), Signal("core.x", 64), Signal("mmu.y", 9, True)]
    rows = rows_of(signals, 400, 3)
    pieces = [(5, rows[:100]), (105, rows[100:250]), (300, rows[250:])]
    write(VcdFile, tmp_path / "a.vcd", signals, *pieces)
    limit, fst.BLOCK_CHANGES = fst.BLOCK_CHANGES, 500
    try:
        write(FstFile, tmp_path / "a.fst", signals, *pieces)
    finally:
        fst.BLOCK_CHANGES = limit
    done = subprocess.run(["fst2vcd", "-f", "a.fst", "-o", "b.vcd"], cwd=tmp_path,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert changes(str(tmp_path / "b.vcd")) == changes(str(tmp_path / "a.vcd"))


def test_names_of_one_wire_and_texts(tmp_path):
    signals = [Signal("a.x", 8), Signal("b.y", 8), Signal("b.s", 2, False, STATE),
               Text("t", 8, label="word {}".format), Signal("clk", 1)]
    rows = np.array([[1, 2], [1, 3], [4, 3]], np.uint64)
    files = [write(kind, tmp_path / name, signals, (0, rows), places=[0, 0, 1, 0, 1])
             for kind, name in ((VcdFile, "a.vcd"), (FstFile, "a.fst"))]
    found = changes(files[1])
    assert found == changes(files[0]) and found["top.a.x"] == found["top.b.y"]
    assert [value for _, value in found["top.t"][1]] == ["word 1", "word 4"]
    pure = [write(kind, tmp_path / name, signals, (0, rows), places=[0, 0, 1, 0, 1], pure=True)
            for kind, name in ((VcdFile, "p.vcd"), (FstFile, "p.fst"))]
    assert changes(pure[1]) == changes(pure[0]) and "top.t" not in changes(pure[1])


def test_equal_rows_give_equal_bytes_and_a_small_file(tmp_path):
    signals = [Signal(f"unit.s{n}", 32) for n in range(50)]
    rows = np.zeros((5000, 50), np.uint64)
    rows[:, 0] = np.arange(5000)
    files = [write(FstFile, tmp_path / name, signals, (0, rows)) for name in ("a.fst", "b.fst")]
    contents = [open(name, "rb").read() for name in files]
    assert contents[0] == contents[1]
    write(VcdFile, tmp_path / "a.vcd", signals, (0, rows))
    assert 8 * len(contents[0]) < os.path.getsize(tmp_path / "a.vcd")


def test_time_does_not_go_back(tmp_path):
    file = OutputFile(tmp_path / "a.fst")
    waves = FstFile(file, [Signal("a", 1)])
    waves.write(Changes.of(5, np.zeros((2, 1), np.uint64)))
    with pytest.raises(UserError, match="a waveform cannot go back in time, from cycle 7 to 6"):
        waves.write(Changes.of(6, np.zeros((1, 1), np.uint64)))
    with pytest.raises(ValueError, match="there must be 1 words, not 0"):
        waves.write(Changes.of(8, np.zeros((1, 0), np.uint64)))


KILLED = """
import numpy as np
from pteg.outputs import OutputFile
from pteg.waveforms import fst
from pteg.waveforms.changes import Changes
from pteg.waveforms.signals import Signal

fst.BLOCK_CHANGES = 5_000
waves = fst.FstFile(OutputFile("a.fst"), [Signal("unit.n", 32), Signal("unit.noise", 64)])
rng = np.random.default_rng(1)
cycle = 0
while True:
    rows = rng.integers(0, 1 << 63, (500, 2), dtype=np.uint64)
    rows[:, 0] = np.arange(cycle, cycle + 500)
    waves.write(Changes.of(cycle, rows))
    cycle += 500
    print(cycle, flush=True)
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_run_leaves_a_file_that_can_be_read(tmp_path, seed):
    process = subprocess.Popen([sys.executable, "-c", KILLED], cwd=tmp_path, text=True,
                               stdout=subprocess.PIPE)
    while int(process.stdout.readline()) < 50_000:
        pass
    time.sleep(0.013 * seed)
    process.send_signal(signal.SIGKILL)
    process.wait()
    width, found = changes(str(tmp_path / "a.fst"))["top.unit.n"]
    assert width == 32 and len(found) > 45_000
    assert [value for _, value in found] == list(range(len(found)))
    if shutil.which("fst2vcd"):
        done = subprocess.run(["fst2vcd", "a.fst"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0 and len(done.stdout) > 1_000_000


def test_a_file_without_cycles_can_be_read(tmp_path):
    """Its run has not come to its window; or it was killed before the first block was written."""
    signals = [Signal("unit.n", 8), Signal("s", 2, False, STATE), Signal("wide", 100)]
    with Trace(tmp_path / "a.fst", signals, window=(100, 200)) as trace:
        killed = (tmp_path / "a.fst").read_bytes()
        trace.write(Changes.of(0, rows_of(signals, 20, 1)))
    assert changes(str(tmp_path / "a.fst")) == {
        "top.clk": (1, []), "top.unit.n": (8, []), "top.s": (None, []), "top.wide": (100, [])}
    with pytest.raises(UserError, match="a.fst has no clock 'clk' with two cycles$"):
        Waves(tmp_path / "a.fst")
    (tmp_path / "killed.fst").write_bytes(killed)
    with pytest.raises(UserError, match="killed.fst has no cycles yet$"):
        Waves(tmp_path / "killed.fst")
    if shutil.which("fst2vcd"):
        done = subprocess.run(["fst2vcd", "a.fst"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0 and "$var wire 100 " in done.stdout


class Recorded(OutputFile):
    """A file that keeps what reaches the disk, in order: (position, bytes)."""

    def __init__(self, path):
        super().__init__(path)
        self.pieces, self._end = [], 0

    def write(self, data):
        self.pieces.append((self._end, data))
        self._end += len(data)
        return super().write(data)

    def patch(self, position, data):
        self.pieces.append((position, data))
        super().patch(position, data)


def test_a_file_can_be_read_as_soon_as_it_has_cycles(tmp_path):
    file = Recorded(tmp_path / "a.fst")
    rows = np.arange(20, dtype=np.uint64)[:, None]
    FstFile(file, [Signal("unit.n", 32)]).write(Changes.of(0, rows))
    content = bytearray()
    for position, data in file.pieces:
        content[position:position + len(data)] = data
    (tmp_path / "b.fst").write_bytes(content)
    _, found = changes(str(tmp_path / "b.fst"))["top.unit.n"]
    assert [value for _, value in found] == list(range(20))
    file.close()


def test_a_file_can_be_read_wherever_its_writing_stops(tmp_path, monkeypatch):
    monkeypatch.setattr(fst, "BLOCK_CHANGES", 50)
    file = Recorded(tmp_path / "a.fst")
    waves = FstFile(file, [Signal("unit.n", 32), Signal("unit.noise", 64)])
    complete = []   # pieces after which there was one block more
    for cycle in range(0, 150, 50):
        rows = np.random.default_rng(cycle).integers(0, 1 << 63, (50, 2), dtype=np.uint64)
        rows[:, 0] = np.arange(cycle, cycle + 50)
        waves.write(Changes.of(cycle, rows))
        complete.append(len(file.pieces))
    file.close()
    content = bytearray()
    for number, (position, data) in enumerate(file.pieces):
        if number >= complete[0]:
            whole = sum(number >= count for count in complete)
            # The few bytes that begin a block get to the disk at once.
            for size in {0, *range(9, len(data), 31)}:
                stopped = bytearray(content)
                stopped[position:position + size] = data[:size]
                (tmp_path / "b.fst").write_bytes(stopped)
                _, found = changes(str(tmp_path / "b.fst"))["top.unit.n"]
                assert [value for _, value in found][:50 * whole] == list(range(50 * whole))
                if shutil.which("fst2vcd") and size in (0, 9):
                    done = subprocess.run(["fst2vcd", "b.fst"], cwd=tmp_path, capture_output=True,
                                          text=True)
                    assert done.returncode == 0 and f"\nb{50 * whole - 1:032b} " in done.stdout
        content[position:position + len(data)] = data
    assert bytes(content) == (tmp_path / "a.fst").read_bytes()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_line(tmp_path):
    with pytest.raises(UserError, match="cannot write '/dev/full': No space left on device"):
        with Trace("/dev/full", [Signal("a", 64)]) as trace:
            trace.write(Changes.of(0, np.arange(100_000, dtype=np.uint64).reshape(-1, 1)))
    link = tmp_path / "full.fst"
    link.symlink_to("/dev/full")
    with pytest.raises(UserError, match="full.fst': No space left on device"):
        with Trace(link, [Signal("a", 64)]) as trace:
            trace.write(Changes.of(0, np.arange(100_000, dtype=np.uint64).reshape(-1, 1)))


FULL = """
import resource, sys
import numpy as np
from pteg.errors import UserError
from pteg.waveforms import fst
from pteg.waveforms.changes import Changes
from pteg.waveforms.signals import Signal
from pteg.waveforms.trace import Trace

fst.BLOCK_CHANGES = 5_000
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
rng = np.random.default_rng(1)
try:
    with Trace(sys.argv[1], [Signal("unit.n", 32), Signal("unit.noise", 64)]) as trace:
        for cycle in range(0, 10_000_000, 500):
            rows = rng.integers(0, 1 << 63, (500, 2), dtype=np.uint64)
            rows[:, 0] = np.arange(cycle, cycle + 500)
            trace.write(Changes.of(cycle, rows))
except UserError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["a.vcd", "a.fst"])
def test_a_full_disk_leaves_what_was_complete(tmp_path, name):
    done = subprocess.run([sys.executable, "-c", FULL, name], cwd=tmp_path, text=True,
                          capture_output=True)
    assert (done.stdout, done.stderr) == (
        f"cannot write '{name}': File too large; it has what was complete before\n", "")
    width, found = changes(str(tmp_path / name))["top.unit.n"]
    assert width == 32 and len(found) > 1_000
    assert [value for _, value in found] == list(range(len(found)))
