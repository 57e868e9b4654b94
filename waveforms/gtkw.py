"""GTKWave save files: which signals and which cycles of a waveform the first screen shows.

GTKWave shows only the last part of a path, and only the part of an alias after its last dot. So a
signal of an open group has an alias without dots: component, signal, field of a struct; and more of
the path where names would be equal.
"""

import dataclasses
import fnmatch
import io
import math
import re
from collections.abc import Collection, Sequence
from typing import BinaryIO

from vcd.gtkw import GTKWSave

from pteg.waveforms.fst import FstFile
from pteg.waveforms.signals import Signal, Text
from pteg.waveforms.vcd import VcdFile

__all__ = ["Screen", "View", "aliases", "arrange", "write_save_file"]

#: Width and height of the window: fits on the screens that people have.
SIZE = 1440, 860
#: Width of a character of the list of signals, and what the window has beside list and waves.
CHARACTER, FRAME = 8, 56
#: Characters of a value that the list has room for.
VALUE = 8, 38


@dataclasses.dataclass(frozen=True)
class View:
    """Which signals a viewer shows at first.

    Parameters
    ----------
    groups
        Name and patterns of each group: it holds the signals whose paths match, in the order of
        the patterns. The first is open, the others are closed. All other signals are below, in
        closed groups like the tree of components.
    activity
        Path of a signal that is not zero during what the first group is about, such as a
        transfer.
    """

    groups: Sequence[tuple[str, Sequence[str]]] = ()
    activity: str | None = None


@dataclasses.dataclass(frozen=True)
class Screen:
    """Which cycles it shows.

    Parameters
    ----------
    first, stop
        The cycles from edge to edge.
    marker
        That of the primary marker, or None.
    end
        The recording ends with the cycle before: there is a marker of this name.
    """

    first: int
    stop: int
    marker: int | None = None
    end: int | None = None


def arrange(signals: Sequence[Signal], groups: Sequence[tuple[str, Sequence[str]]]
            ) -> tuple[dict[str, list[Signal]], dict]:
    """Sort signals into groups.

    Returns
    -------
    dict, dict
        Group name -> list of signals, without empty groups, where a signal may be in several. And
        a tree of the components for signals that are in none: name -> signal or branch.
    """
    shown: dict = {}
    rest: dict = {}
    seen: set[str] = set()
    by_path = {signal.path: signal for signal in signals}
    for name, patterns in groups:
        members = list(dict.fromkeys(path for pattern in patterns
                                     for path in _matching(by_path, pattern)))
        if members:
            shown[name] = [by_path[path] for path in members]
            seen.update(members)
    for signal in signals:
        if signal.path not in seen:
            branch = rest
            *scope, name = signal.path.split(".")
            for part in scope:
                # A struct and its fields: the struct is a signal, and a branch as well.
                branch = branch.setdefault(f"{part} ", {})
            branch[name] = signal
    return shown, rest


def _matching(paths, pattern):
    """Most patterns are paths."""
    if pattern in paths or not re.search(r"[*?[]", pattern):
        return [pattern] if pattern in paths else []
    return filter(re.compile(fnmatch.translate(pattern)).match, paths)


def aliases(names: Collection[str], known: Collection[str]) -> dict[str, str]:
    """A short name without dots for each full name.

    Parameters
    ----------
    names
        Full names that are shown together.
    known
        Full names of all signals, structs included.
    """
    found = {}
    for name in names:
        parts = name.split(".")
        count = 2
        while ".".join(parts[:1 - count]) in known:     # the scope is a struct, no component
            count += 1
        # The name of the top component says nothing.
        while count < len(parts) - 1 and any(
                other != name and other.split(".")[-count:] == parts[-count:] for other in names):
            count += 1
        found[name] = " ".join(parts[max(1, len(parts) - count):])
    return found


def write_save_file(file: BinaryIO, waves_name: str, save_name: str,
                    waves: VcdFile | FstFile,
                    signals: Sequence[Signal], view: View, screen: Screen,
                    clock: str = "clk") -> None:
    """Write a save file.

    Parameters
    ----------
    file
        Binary file, open for writing.
    waves_name, save_name
        Names of both files; they lie in the same folder.
    waves
        What writes the waveform.
    signals
        What to show.
    view : View
    screen : Screen
    clock
        Path of the clock, shown first.
    """
    signals = [signal for signal in signals if signal.path in waves.names]
    shown, rest = arrange(signals, view.groups)
    opened = next(iter(shown.values()), signals)
    short = aliases({waves.names[signal.path] for members in [opened, *shown.values()]
                     for signal in members}, set(waves.names.values()))
    list_width = CHARACTER * (
        max([len(short[waves.names[signal.path]]) for signal in opened], default=0) + 2
        + max([_value_width(signal, waves) for signal in opened], default=VALUE[0]))

    text = io.StringIO()
    save = GTKWSave(text)
    # GTKWave takes the way from the one path to the other, and looks there from where the save
    # file really is. So both can be moved, and hold nothing of the machine that made them.
    save.dumpfile(f"/{waves_name}", abspath=False)
    save.savefile(f"/{save_name}", abspath=False)
    save.timestart(screen.first * waves.period)
    save.size(*SIZE)
    markers = {} if screen.end is None else {"a": screen.end * waves.period}
    save.zoom_markers(
        _zoom(waves.period * (screen.stop - screen.first), SIZE[0] - list_width - FRAME),
        -1 if screen.marker is None else screen.marker * waves.period, **markers)
    if markers:
        print("[markername] Aend", file=text)
    save.signals_width(list_width)
    save.sst_expanded(False)
    print("[sst_width] 20", file=text)
    save.treeopen("top")
    save.trace(f"top.{clock}", datafmt="bin")

    def show(signal):
        name = waves.names[signal.path]
        save.trace(_name(signal, waves), short.get(name) or name.rpartition(".")[2],
                   datafmt=_format(signal, waves))

    for name, members in shown.items():
        with save.group(name, closed=members is not opened):
            for signal in members:
                show(signal)

    def branch(name, tree):
        with save.group(name, closed=bool(shown)):
            # Components before signals.
            for part, what in sorted(tree.items(), key=lambda item: not isinstance(item[1], dict)):
                if isinstance(what, dict):
                    branch(part.strip(), what)
                else:
                    show(what)

    if rest:
        branch("top", rest)
    file.write(text.getvalue().encode())


def _zoom(duration, pixels):
    """GTKWave's zoom for so many units of time in so many pixels: at -n, 2^n take 200 pixels."""
    return -math.log2(200 * duration / pixels)


def _name(signal, waves):
    name = waves.names[signal.path]
    if signal.path in waves.strings or signal.width == 1:
        return name
    return f"{name}[{signal.width - 1}:0]"      # GTKWave's name for a vector


def _value_width(signal, waves):
    """Characters of a value."""
    least, most = VALUE
    if isinstance(signal, Text):
        return most
    if signal.path in waves.strings:
        return min(most, max(map(len, signal.enum.values())))
    return max(least, min(most, signal.width // 4))


def _format(signal, waves):
    if signal.path in waves.strings:
        return "ascii"
    if signal.signed:
        return "signed"
    return "bin" if signal.width == 1 else "hex"
