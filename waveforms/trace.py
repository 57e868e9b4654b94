"""A trace of a run: a VCD or FST file of the wanted cycles, and a GTKWave save file beside it."""

import fnmatch
import io
import os
import re
import warnings

from pteg.errors import UserError
from pteg.outputs import write_file
from pteg.waveforms.behind import Behind
from pteg.waveforms.capture import Capture
from pteg.waveforms.focus import Focus
from pteg.waveforms.fst import FstFile
from pteg.waveforms.growing import GrowingFile
from pteg.waveforms.gtkw import View, write_save_file
from pteg.waveforms.surfer import write_command_file
from pteg.waveforms.trigger import Condition, Trigger
from pteg.waveforms.vcd import VcdFile, columns, timebase
from pteg.waveforms.window import Windows

__all__ = ["Trace", "select"]

#: What keeps a waveform small.
ADVICE = ("record a window, what surrounds a trigger, the last cycles, or fewer signals, or write "
          "an .fst file")

_COPY = re.compile(r".*\$|.*\.(clk|rst)$").match


def select(paths, patterns="*", depth=None):
    """Paths that match one of some patterns (one text: separated by commas), in their order.

    A pattern is a component, which means all its signals, or a path with `*` and `?`. Copies are
    left out. Amaranth gives a submodule's ports a second name in the module above, and where that
    is taken appends `$` and a number; and every component has its `clk` and `rst`. Only a pattern
    with a `$`, or the very path, brings them.

    Parameters
    ----------
    depth : int, optional
        Levels of components below the names in front of the first `*` or `?`; 1: only signals of
        that component itself. A struct is a level too.
    """
    if depth is not None and depth < 1:
        raise UserError(f"depth must be at least 1, not {depth}")
    if isinstance(patterns, str):
        patterns = [pattern for pattern in patterns.replace(",", " ").split() if pattern]
    paths, chosen = list(paths), set()
    for pattern in patterns:
        inside = f"{pattern}."
        scope = re.split(r"[*?[]", pattern)[0] if re.search(r"[*?[]", pattern) else inside
        most = None if depth is None else scope.count(".") + depth - 1
        found = [path for path in paths if path == pattern
                 or ((path.startswith(inside) or fnmatch.fnmatchcase(path, pattern))
                     and ("$" in pattern or not _COPY(path))
                     and (most is None or path.count(".") <= most))]
        if not found:
            raise UserError(f"no signal matches {pattern!r}")
        chosen.update(found)
    return [path for path in paths if path in chosen]


class Trace:
    """Writes a waveform from `Changes`; files for viewers are named like it: `.gtkw`, `.sucl`.

    Use it as a context manager, so that it is closed, and what was recorded can be read, also
    when the run ends with an exception or Ctrl-C.

    Parameters
    ----------
    path
        Of the file, which is FST if its name ends in `.fst`, otherwise VCD. An existing file is
        replaced.
    signals
        What there is.
    places
        First word of each signal; by default they follow each other (`vcd.columns`).
    window
        One or more: a pair of cycles, a list of pairs, or text `A:B,C:D`.
    trigger
        Condition on the signals: text, or a `Condition`.
    before, after, again, first, last
        See `Capture`.
    frequency, clock, pure
        See `VcdFile`.
    view : pteg.waveforms.gtkw.View
        What the save file shows first.
    behind
        Write in a second thread. What `write` gets must stay as it is until its next call then.
    warn
        Called once with a line of text if the file becomes too large for viewers.
    """

    def __init__(self, path, signals, places=None, *, window=None, trigger=None, before=0,
                 after=None, again=False, first=None, last=None, frequency=200e6, clock="clk",
                 pure=False, view=None, warn=warnings.warn,
                 behind=False):
        self._windows = Windows.of(window)
        places = columns(signals)[0] if places is None else places
        self._signals, self._clock, self._view = list(signals), clock, view or View()
        self._behind = Behind(behind)
        self._condition = None if trigger is None else Condition.of(trigger)
        self._reached = False
        self._capture = Capture(
            window=self._windows, before=before, after=after, again=again,
            first=first, last=last,
            trigger=self._condition and Trigger(self._condition, signals, places))
        activity = [place for signal, place in zip(signals, places, strict=True)
                    if signal.path == self._view.activity and trigger is not None]
        self._focus = Focus(activity[0] if activity else None,
                            at_end=last is not None and trigger is first is None)
        timebase(frequency)     # refuses a bad one before there is a file
        self._path = os.fspath(path)
        self._save_path = os.path.splitext(self._path)[0] + ".gtkw"
        self._file = GrowingFile(self._path, ADVICE, warn, view=self._save_path)
        try:
            kind = FstFile if self._path.lower().endswith(".fst") else VcdFile
            self._waves = kind(self._file, self._signals, places, frequency=frequency, clock=clock,
                               pure=pure)
            self._write_save_file()     # now: a viewer can be opened during the run
        except BaseException:
            self._file.discard()
            raise

    def wanted(self, cycle):
        """The first cycle from `cycle` on that is needed; None if none is any more."""
        return self._capture.wanted(cycle)

    def write(self, changes):
        """Take the next piece; its arrays may be used again afterwards."""
        self._behind.wait()
        self._reached = self._reached or any(self._windows.parts(changes.cycle, changes.end))
        for kept in self._capture.take(changes):
            self._keep(kept)

    def _keep(self, changes):
        self._focus.add(changes, self._marker)
        self._behind.do(self._waves.write, changes)

    def close(self):
        """End of the run."""
        try:
            self._behind.wait()
            if not self._file.closed:
                for kept in self._capture.finish():
                    self._keep(kept)
                self._behind.wait()
                self._waves.close()
                self._write_save_file()
        finally:
            self._behind.close()
            self._file.close()

    @property
    def triggered(self):
        """Cycles in which the trigger fired."""
        return tuple(self._capture.triggered)

    @property
    def _marker(self):
        return self._capture.triggered[0] if self._capture.triggered else None

    @property
    def unreached(self):
        """What the run did not come to, in words: the window or the trigger; or None."""
        if not self._reached:
            return f"window {self._windows} was never reached"
        if self._condition is not None and not self._capture.triggered:
            return f"trigger {self._condition.text!r} was never reached"
        return None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _write_save_file(self):
        """One for GTKWave, one for Surfer."""
        file, commands = io.BytesIO(), io.BytesIO()
        screen = self._focus.screen(self._marker)
        write_save_file(file, os.path.basename(self._path), os.path.basename(self._save_path),
                        self._waves, self._signals, self._view, screen, self._clock)
        write_file(self._save_path, file.getvalue())
        write_command_file(commands, self._waves, self._signals, self._view, screen, self._clock)
        write_file(f"{os.path.splitext(self._path)[0]}.sucl", commands.getvalue())
