"""A trace of a run: a VCD or FST file of the wanted cycles, and a GTKWave save file beside it."""

import fnmatch
import io
import os
import re
import warnings

from pteg.errors import UserError
from pteg.outputs import write_file
from pteg.waveforms.capture import Capture, Trigger, Window
from pteg.waveforms.focus import Focus
from pteg.waveforms.fst import FstFile
from pteg.waveforms.growing import GrowingFile
from pteg.waveforms.gtkw import View, write_save_file
from pteg.waveforms.vcd import VcdFile, columns, timebase

__all__ = ["Trace", "select"]

#: What keeps a waveform small.
ADVICE = ("record a window, what surrounds a trigger, the last cycles, or fewer signals, or write "
          "an .fst file")

_COPY = re.compile(r".*\$|.*\.(clk|rst)$").match


def select(paths, patterns="*"):
    """Paths that match one of some glob patterns (one text: separated by commas), in their order.

    Copies are left out. Amaranth gives a submodule's ports a second name in the module above, and
    where that is taken appends `$` and a number; and every component has its `clk` and `rst`.
    Only a pattern with a `$`, or the very path, brings them.
    """
    if isinstance(patterns, str):
        patterns = [pattern for pattern in patterns.replace(",", " ").split() if pattern]
    paths, chosen = list(paths), set()
    for pattern in patterns:
        found = [path for path in paths if path == pattern
                 or fnmatch.fnmatchcase(path, pattern) and ("$" in pattern or not _COPY(path))]
        if not found:
            raise UserError(f"no signal matches {pattern!r}")
        chosen.update(found)
    return [path for path in paths if path in chosen]


class Trace:
    """Writes a waveform from chunks of rows; the save file is named like it, with `.gtkw`.

    Use it as a context manager, so that it is closed, and what was recorded can be read, also
    when the run ends with an exception or Ctrl-C.

    Parameters
    ----------
    path
        Of the file, which is FST if its name ends in `.fst`, otherwise VCD. An existing file is
        replaced.
    signals
        What a row holds.
    places
        First word of each signal in a row; by default they follow each other (`vcd.columns`).
    window
        A `Window`, a pair of cycles or text `A:B`.
    trigger
        Condition on the signals, as text (`Trigger`).
    before, after, again, first, last
        See `Capture`.
    frequency, clock, pure
        See `VcdFile`.
    view : pteg.waveforms.gtkw.View
        What the save file shows first.
    warn
        Called once with a line of text if the file becomes too large for viewers.
    """

    def __init__(self, path, signals, places=None, *, window=None, trigger=None, before=0,
                 after=None, again=False, first=None, last=None, frequency=200e6, clock="clk",
                 pure=False, view=None, warn=warnings.warn):
        self._window = Window.of(window)
        places = columns(signals)[0] if places is None else places
        self._signals, self._clock, self._view = list(signals), clock, view or View()
        self._condition, self._reached = trigger, False
        self._capture = Capture(
            window=self._window, before=before, after=after, again=again,
            first=first, last=last,
            trigger=None if trigger is None else Trigger(trigger, signals, places))
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
        """The first cycle from `cycle` on of which rows are needed; None if none is any more."""
        return self._capture.wanted(cycle)

    def write(self, cycle, rows):
        """Take the rows of the cycles from `cycle` on; they may be overwritten afterwards."""
        stop = self._window.stop
        self._reached |= cycle + len(rows) > self._window.start and (stop is None or cycle < stop)
        for start, kept in self._capture.take(cycle, rows):
            self._keep(start, kept)

    def _keep(self, cycle, rows):
        self._focus.add(cycle, rows, self._marker)
        self._waves.write(cycle, rows)

    def close(self):
        """End of the run."""
        if self._file.closed:
            return
        try:
            for start, kept in self._capture.finish():
                self._keep(start, kept)
            self._waves.close()
            self._write_save_file()
        finally:
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
            return f"window {self._window} was never reached"
        if self._condition is not None and not self._capture.triggered:
            return f"trigger {self._condition!r} was never reached"
        return None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _write_save_file(self):
        file = io.BytesIO()
        write_save_file(file, os.path.basename(self._path), os.path.basename(self._save_path),
                        self._waves, self._signals, self._view, self._focus.screen(self._marker),
                        self._clock)
        write_file(self._save_path, file.getvalue())
