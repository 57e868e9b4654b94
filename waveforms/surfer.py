"""Command files of Surfer: the groups of the first screen and its markers, for `--command-file`.

The commands are those of Surfer's manual, "Commands". There is none for the cycles from edge to
edge, so Surfer shows all of the recording, with the cursor at the trigger.
"""

import os
from collections.abc import Sequence
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import BinaryIO

from pteg.waveforms.fst import FstFile
from pteg.waveforms.gtkw import Screen, View, arrange
from pteg.waveforms.signals import Signal
from pteg.waveforms.vcd import VcdFile

__all__ = ["first_group", "write_command_file"]


def write_command_file(file: BinaryIO, waves: VcdFile | FstFile, signals: Sequence[Signal],
                       view: View, screen: Screen, clock: str = "clk") -> None:
    """Write a command file.

    Parameters
    ----------
    file
        Binary file, open for writing.
    waves
        What writes the waveform.
    signals
        What the groups of the view are made from.
    view : View
    screen : Screen
        Of it, the markers.
    clock
        Path of the clock, shown first.
    """
    shown, _ = arrange([signal for signal in signals if signal.path in waves.names], view.groups)
    lines = [f"variable_add top.{clock}"]
    for name, members in shown.items():
        lines.append(f"divider_add {name}")
        lines += [f"variable_add {waves.names[signal.path]}" for signal in members]
    lines.append("zoom_fit")
    for name, cycle in (("end", screen.end), ("primary", screen.marker)):
        if cycle is not None:
            lines += [f"cursor_set {cycle * waves.period}", f"marker_set {name}"]
    file.write("".join(f"{line}\n" for line in lines).encode())


def first_group(waveform: str | os.PathLike) -> list[str]:
    """Names of the signals in the first group of the command file beside a waveform.

    There are none if there is no such file, or if it has no groups.
    """
    try:
        lines = Path(waveform).with_suffix(".sucl").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return []
    group = list(dropwhile(lambda line: not line.startswith("divider_add "), lines))[1:]
    return [line.partition(" ")[2]
            for line in takewhile(lambda line: line.startswith("variable_add "), group)]
