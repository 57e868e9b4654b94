"""A trace of a run: a VCD file of the wanted cycles and, beside it, a GTKWave save file."""

import fnmatch
import os
import re

from pteg.errors import UserError
from pteg.waveforms.capture import Capture, Trigger, Window
from pteg.waveforms.gtkw import GROUPS, write_save_file
from pteg.waveforms.vcd import VcdFile, timebase

__all__ = ["Trace", "select"]

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
    """Writes a VCD file from chunks of rows; the save file is named like it, with `.gtkw`.

    Use it as a context manager, so that it is closed, and what was recorded can be read, also
    when the run ends with an exception or Ctrl-C.

    Parameters
    ----------
    path
        Of the VCD file. An existing file is replaced.
    signals
        What a row holds.
    places
        First word of each signal in a row; by default they follow each other (`vcd.columns`).
    window
        A `Window`, a pair of cycles or text `A:B`.
    trigger
        Condition on the signals, as text (`Trigger`).
    before, after, again, last
        See `Capture`.
    frequency, clock, pure
        See `VcdFile`.
    groups
        Of the save file; see `gtkw.GROUPS`.
    """

    def __init__(self, path, signals, places=None, *, window=None, trigger=None, before=0,
                 after=None, again=False, last=None, frequency=200e6, clock="clk", pure=False,
                 groups=GROUPS):
        window = Window.of(window)
        if trigger is not None:
            trigger = Trigger(trigger, signals, places)
        self._signals, self._clock, self._groups = list(signals), clock, groups
        self._capture = Capture(window=window, trigger=trigger, before=before, after=after,
                                again=again, last=last)
        timebase(frequency)     # refuses a bad one before there is a file
        self._path = os.fspath(path)
        self._save_path = os.path.splitext(self._path)[0] + ".gtkw"
        self._file = self._open(self._path)
        try:
            self._vcd = VcdFile(self._file, self._signals, places, frequency=frequency, clock=clock,
                                pure=pure)
            self._write_save_file()     # now: a viewer can be opened while the run goes on
        except BaseException:
            self._file.close()
            raise

    def wanted(self, cycle):
        """The first cycle from `cycle` on of which rows are needed; None if none is any more."""
        return self._capture.wanted(cycle)

    def write(self, cycle, rows):
        """Take the rows of the cycles from `cycle` on; they may be overwritten afterwards."""
        for start, kept in self._capture.take(cycle, rows):
            self._vcd.write(start, kept)

    def close(self):
        """End of the run."""
        if self._file.closed:
            return
        try:
            for start, kept in self._capture.finish():
                self._vcd.write(start, kept)
            self._vcd.close()
            self._write_save_file()
        finally:
            self._file.close()

    @property
    def triggered(self):
        """Cycles in which the trigger fired."""
        return tuple(self._capture.triggered)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _write_save_file(self):
        marker = self.triggered[0] * self._vcd.period if self.triggered else None
        with self._open(self._save_path) as file:
            write_save_file(file, os.path.basename(self._path),
                            os.path.basename(self._save_path), self._vcd, self._signals,
                            groups=self._groups, marker=marker, clock=self._clock)

    @staticmethod
    def _open(path):
        try:
            return open(path, "wb")
        except OSError as error:
            raise UserError(f"cannot write {path!r}: {error.strerror}") from None
