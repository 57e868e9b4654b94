"""Command files of Surfer: the groups of the first screen and its markers, for `--command-file`.

The commands are those of Surfer's manual, "Commands". There is none for the cycles from edge to
edge, so Surfer shows all of the recording, with the cursor at the trigger.
"""

from collections.abc import Sequence
from typing import BinaryIO

from pteg.waveforms.fst import FstFile
from pteg.waveforms.gtkw import Screen, View, arrange
from pteg.waveforms.signals import Signal
from pteg.waveforms.vcd import VcdFile

__all__ = ["write_command_file"]


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
