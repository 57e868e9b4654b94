"""What a newcomer sees: `make run`'s waveform, opened by GTKWave on a screen of its own.

GTKWave says by itself, in Tcl, which names it shows, which times, and what is at the marker.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import pywellen

from pteg.machine import Machine

ROOT = Path(__file__).parents[2]
TOOLS = ("gtkwave", "Xvfb", "import", "convert")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)}: NOT shown to GTKWave")

#: Flags of a row in GTKWave's list (its analyzer.h), and the height of one.
CLOSED, GROUP_BEGIN, GROUP_END = 1 << 22, 1 << 23, 1 << 24
ROW = 21

SCRIPT = """
set out [open facts.part w]
foreach fact {getWindowStartTime getWindowEndTime getMarker getWaveWidth getWaveHeight} {
    puts $out "$fact|[gtkwave::$fact]"
}
puts $out "getNamedMarker|[gtkwave::getNamedMarker A]"
for {set row 0} {$row < [gtkwave::getTotalNumTraces]} {incr row} {
    puts $out "row|[gtkwave::getTraceNameFromIndex $row]|[gtkwave::getTraceFlagsFromIndex $row]\
|[gtkwave::getTraceValueAtMarkerFromIndex $row]"
}
close $out
file rename facts.part facts
"""


class Shown:
    """What GTKWave has shown.

    Attributes
    ----------
    start, stop, marker, end : int
        Times on the screen, of the marker and of the marker A.
    rows : list of (str, int, str)
        Name, flags and value at the marker of the rows that are in open groups.
    image : array
        The screen: uint8, shape (height, width, 3).
    """

    def __init__(self, facts, image):
        lines = [line.split("|", 3) for line in facts.splitlines()]
        number = {name: int(rest[0]) for name, *rest in lines if name != "row"}
        self.start, self.stop = number["getWindowStartTime"], number["getWindowEndTime"]
        self.marker, self.end = number["getMarker"], number["getNamedMarker"]
        self.width, self.height = number["getWaveWidth"], number["getWaveHeight"]
        self.rows, self.image, groups = [], image, []
        for _, name, flags, value in (line for line in lines if line[0] == "row"):
            flags = int(flags)
            if not any(groups):
                self.rows.append((name, flags, value))
            if flags & GROUP_BEGIN:
                groups.append(flags & CLOSED)
            elif flags & GROUP_END:
                groups.pop()

    @property
    def values(self):
        """Name -> value at the marker of the signals that are shown."""
        return {name: value for name, flags, value in self.rows
                if not flags & (GROUP_BEGIN | GROUP_END)}


def show(folder, save_file):
    """Open a save file of a folder; returns what there is to see."""
    (folder / "script.tcl").write_text(SCRIPT)
    environment = os.environ | {"HOME": str(folder), "NO_AT_BRIDGE": "1"}
    read, write = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    viewer = None
    try:
        with open(read) as display:
            environment["DISPLAY"] = f":{display.readline().strip()}"
        with open(folder / "log", "wb") as log:
            viewer = subprocess.Popen(["gtkwave", "-S", "script.tcl", save_file], cwd=folder,
                                      env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not (folder / "facts").exists():
            assert viewer.poll() is None and time.monotonic() < deadline, (
                folder / "log").read_text()
            time.sleep(0.1)
        image, before = picture(folder, environment), None
        while not np.array_equal(image, before):    # until everything is drawn
            assert time.monotonic() < deadline
            time.sleep(0.5)
            image, before = picture(folder, environment), image
    finally:
        for process in (viewer, screen):
            if process is not None:
                process.terminate()
                process.wait(timeout=60)
    return Shown((folder / "facts").read_text(), image)


def picture(folder, environment):
    """The screen as an array."""
    subprocess.run(["import", "-window", "root", "screen.png"], cwd=folder, env=environment,
                   check=True, timeout=60)
    pixels = subprocess.run(["convert", "screen.png", "-depth", "8", "rgb:-"], cwd=folder,
                            check=True, capture_output=True, timeout=60).stdout
    return np.frombuffer(pixels, np.uint8).reshape(1000, 1600, 3)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """A folder in which the command of `make run` has run."""
    folder = tmp_path_factory.mktemp("run")
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    options = shlex.split(re.search(r"^RUN\s*\?=(.*)$", text, re.M)[1])
    done = subprocess.run([sys.executable, "-m", "pteg", "run", *options], cwd=folder, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def shown(first_run):
    return show(first_run, "rom.gtkw")


def test_the_waveform_of_make_run_is_small(first_run):
    assert (first_run / "rom.vcd").stat().st_size < 5_000_000


def test_the_first_fetch_the_first_search_and_the_prompt_are_recorded(first_run):
    """The first search looks at both groups and finds nothing; the next one finds the entry."""
    text = (first_run / "rom.vcd").read_text()
    assert text.index("#0\n") < text.index("$dumpoff")      # from the first cycle on
    assert text.count("$dumpoff") == 2                      # fetch, searches, prompt
    assert text.index("$dumpoff") < text.index("\nsSECONDARY_READ ") < text.index("\nsUPDATE_C ")


def test_the_first_screen_has_a_whole_table_search_that_sets_r_and_c(first_run, shown):
    found = {var.full_name: var.signal for var in
             pywellen.Waveform(str(first_run / "rom.vcd")).all_vars()}

    def seen(name):
        values = [found[f"top.mmu.walker.{name}"].value_at(moment)
                  for moment in range(shown.start + 1, shown.stop, 5000)]
        return [value for value, before in zip(values, [None, *values], strict=False)
                if value != before]

    assert seen("state") == ["IDLE", "HASH", "ADDRESS", "PRIMARY_READ", "PRIMARY_COMPARE", "CHECK",
                             "UPDATE_R", "UPDATE_C", "REFILL", "IDLE"]
    assert seen("pte.r")[-2:] == seen("pte.c")[-2:] == [0, 1]
    assert "PRIMARY" in seen("outcome")
    assert {"walker state", "walker pte r", "walker pte c", "walker outcome"} <= set(shown.values)


def test_the_marker_is_at_the_trigger_and_another_at_the_end(first_run, shown):
    assert shown.start < shown.marker < shown.stop
    assert shown.values["walker state"] == "UPDATE_C"
    assert shown.values["walker pte r"] == "1" and shown.values["walker pte c"] == "0"
    last = (first_run / "rom.vcd").read_text().rsplit("\n", 2)[-2]
    assert f"#{shown.end}" == last


def test_the_instruction_is_shown_as_text(shown):
    assert re.fullmatch(r"stwu? r\d+,-?\d+\(r1\) <\w+\+0x[0-9a-f]+>",
                        shown.values["completion cq0"])


def test_all_names_of_the_open_group_fit_and_differ(shown):
    names = [name for name, flags, _ in shown.rows if not flags & (GROUP_BEGIN | GROUP_END)]
    assert len(names) == len(set(names)) > 20 and not [name for name in names if "." in name]
    ends = [row for row, (_, flags, _) in enumerate(shown.rows) if flags & GROUP_END]
    assert (ends[0] + 1) * ROW < shown.height      # with the row of times above
    assert shown.rows[1][0] == shown.rows[ends[0]][0] == "table search"
    assert [name for name, flags, _ in shown.rows if flags & CLOSED and flags & GROUP_BEGIN] == [
        "pipeline", "exception", "load and store", "fetch", "bus", "top"]


def test_no_value_is_unknown(shown):
    assert not [name for name, value in shown.values.items()
                if value == "UNDEF" or re.fullmatch("[xX]+", value)]


def test_the_marker_and_the_values_can_be_seen(shown):
    """In the picture: a red line in the right place, and no value that the list has cut off."""
    red = (shown.image[..., 0] > 200) & (shown.image[..., 1:] < 150).all(axis=2)
    columns = red.sum(axis=0)
    (place,) = np.flatnonzero(columns > shown.height // 2)
    dark = np.flatnonzero((shown.image[300] == 0).all(axis=1))
    left = dark[0]      # of the waves, which are black
    part = (shown.marker - shown.start) / (shown.stop - shown.start)
    assert abs(place - left - part * shown.width) < 8
    text = (shown.image[130:760, :left - 12] < 100).all(axis=2).any(axis=0)
    assert text.any() and not text[-4:].any()


@pytest.mark.slow
def test_an_fst_file_shows_the_same(shown, tmp_path):
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    options = shlex.split(re.search(r"^RUN\s*\?=(.*)$", text, re.M)[1].replace(".vcd", ".fst"))
    done = subprocess.run([sys.executable, "-m", "pteg", "run", *options], cwd=tmp_path, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    assert done.returncode == 0, done.stderr
    again = show(tmp_path, "rom.gtkw")
    assert again.values == shown.values
    assert (again.start, again.stop, again.marker, again.end) == (
        shown.start, shown.stop, shown.marker, shown.end)
    assert (tmp_path / "rom.fst").stat().st_size < 500_000


@pytest.mark.slow
def test_a_view_of_the_mac99s_bus_has_its_devices(tmp_path):
    machine = Machine("mac99")
    with machine.trace(tmp_path / "mac.vcd", trigger="bus.arbiter.bus__ts", before=20, after=20):
        machine.run(cycles=1000)
    seen = show(tmp_path, "mac.gtkw")
    assert seen.rows[1][0] == "bus" and seen.start < seen.marker < seen.stop
    assert {f"{device.name}__ts" for device in machine.platform.devices} <= set(seen.values)
