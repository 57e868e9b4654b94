"""Surfer's command files: each command is one of its manual; each variable is one of the file.

The judge is pywellen, which reads waveforms with Surfer's own library.
"""

import re

import numpy as np
import pytest

from pteg.waveforms.changes import Changes
from pteg.waveforms.gtkw import View
from pteg.waveforms.signals import Signal
from pteg.waveforms.trace import Trace

COMMANDS = ("variable_add", "divider_add", "zoom_fit", "cursor_set", "marker_set")
SIGNALS = [Signal("walker.state", 1, enum={0: "IDLE", 1: "BUSY"}), Signal("walker.entry", 64),
           Signal("walker.entry.valid", 1), Signal("other", 8)]


@pytest.mark.parametrize("kind", ["vcd", "fst"])
def test_every_variable_is_in_the_waveform(tmp_path, kind):
    pywellen = pytest.importorskip("pywellen")
    rows = np.arange(400, dtype=np.uint64).reshape(100, 4)
    rows[:, 0] = np.arange(100) == 60
    view = View([("table search", ["walker.*"]), ("absent", ["none"])])
    with Trace(tmp_path / f"run.{kind}", SIGNALS, view=view, trigger="walker.state == BUSY",
               before=20, after=30) as trace:
        trace.write(Changes.of(0, rows))
    lines = (tmp_path / "run.sucl").read_text().splitlines()
    assert {line.partition(" ")[0] for line in lines} == set(COMMANDS)
    known = {variable.full_name for variable in
             pywellen.Waveform(str(tmp_path / f"run.{kind}")).all_vars()}
    wanted = [line.partition(" ")[2] for line in lines if line.startswith("variable_add")]
    assert set(wanted) <= known and len(wanted) == 4
    assert "divider_add table search" in lines and "divider_add absent" not in lines
    save = (tmp_path / "run.gtkw").read_text()
    marker = re.search(r"^\*\S+ (\d+)", save, re.MULTILINE)[1]
    assert lines[lines.index("marker_set primary") - 1] == f"cursor_set {marker}"
    assert lines[-1] == "marker_set primary"        # the cursor stays there
