"""Which cycles of a recording the first screen shows: those of what the trigger was about."""

import numpy as np

from pteg.waveforms.changes import Changes
from pteg.waveforms.gtkw import Screen

__all__ = ["Focus"]

#: Cycles on a screen, and cycles before and after what is in focus.
LEAST, MOST = 14, 28
MARGIN = 3


class Focus:
    """Finds the screen during the recording.

    Parameters
    ----------
    column
        Number of the word that is not zero during what the trigger is about, such as a transfer;
        None: there is no such signal, or no trigger.
    at_end
        The end of the recording is in focus, not its beginning.
    """

    def __init__(self, column: int | None = None, at_end: bool = False):
        self._column, self._at_end = column, at_end
        self._begin: int | None = None      # first cycle that was recorded
        self._end: int | None = None        # after the last
        self._active = np.empty(0, bool)    # in the cycles from `_first` on
        self._first = 0

    def add(self, changes: Changes, trigger: int | None = None) -> None:
        """Note what is recorded; `trigger` is the cycle of the first trigger."""
        cycle = changes.cycle
        if self._begin is None:
            self._begin = cycle
        if self._column is not None and (trigger is None or cycle < trigger + MOST):
            if cycle != self._end:
                self._active, self._first = np.empty(0, bool), cycle
            self._active = np.concatenate([self._active, changes.rows([self._column])[:, 0] != 0])
            if trigger is None:     # what ends long before the trigger is not in focus
                excess = max(0, len(self._active) - MOST)
                self._active, self._first = self._active[excess:], self._first + excess
        self._end = changes.end

    def screen(self, trigger: int | None = None) -> Screen:
        """What to show, with the cycle of the first trigger."""
        if self._begin is None or self._end is None:
            return Screen(0, LEAST)
        marker = trigger
        if marker is None:
            marker = self._end - 1 if self._at_end else self._begin
        first, stop = (marker, marker + 1) if trigger is None else self._around(trigger)
        length = min(MOST, max(LEAST, stop - first))
        if stop - first > length:
            first = max(first, marker - length // 2)
        else:
            first -= (length - (stop - first) + 1) // 2
        # Of a screen that is not inside of the recording GTKWave shows something else.
        first = max(self._begin, min(first, self._end - length))
        return Screen(first, min(self._end, first + length), marker, self._end)

    def _around(self, trigger):
        """The cycles around the trigger of what it is about, and a few more."""
        first, stop = trigger, trigger + 1
        place = trigger - self._first
        if 0 <= place < len(self._active) and self._active[place]:
            pauses = np.flatnonzero(~self._active)
            before, after = pauses[pauses < place], pauses[pauses > place]
            first = self._first + (int(before[-1]) + 1 if len(before) else 0)
            stop = self._first + (int(after[0]) if len(after) else len(self._active))
        return first - MARGIN, stop + MARGIN
