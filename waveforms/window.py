"""Windows: which cycles of a run are of interest."""

import bisect
import dataclasses
import re
from collections.abc import Iterator

from pteg.errors import UserError

__all__ = ["Window", "Windows"]


@dataclasses.dataclass(frozen=True)
class Window:
    """Cycles from `start` up to, but not including, `stop` (None: to the end of the run)."""

    start: int = 0
    stop: int | None = None

    def __post_init__(self):
        if self.start < 0 or (self.stop is not None and self.stop <= self.start):
            raise UserError("a window must be A:B, cycle numbers with A < B, not "
                            f"{str(self)!r}")

    def __str__(self):
        return f"{self.start}:{'' if self.stop is None else self.stop}"

    @classmethod
    def of(cls, window):
        """A window from what a user gives: None (all), text `A:B`, a pair or a `Window`."""
        if isinstance(window, cls):
            return window
        if isinstance(window, str):
            return cls.parse(window)
        if isinstance(window, list):
            raise UserError(f"there must be one window, not {len(window)}")
        return cls(*window or ())

    @classmethod
    def parse(cls, text):
        """A window from `A:B`; either number may be missing."""
        if "," in text:
            raise UserError(f"there must be one window, A:B, not {text!r}")
        match = re.fullmatch(r"\s*(\d*)\s*:\s*(\d*)\s*", text, re.ASCII)
        if match is None:
            raise UserError(f"a window must be A:B, cycle numbers with A < B, not {text!r}")
        return cls(int(match[1] or 0), int(match[2]) if match[2] else None)


class Windows:
    """One or more windows, in order; those that touch are joined.

    Parameters
    ----------
    windows : sequence of Window
    """

    def __init__(self, windows):
        self._starts, self._stops = [], []
        for window in sorted(windows, key=lambda window: window.start):
            stop = float("inf") if window.stop is None else window.stop
            if self._stops and window.start <= self._stops[-1]:
                self._stops[-1] = max(self._stops[-1], stop)
            else:
                self._starts.append(window.start)
                self._stops.append(stop)
        self._text = ",".join(map(str, windows))

    def __str__(self):
        return self._text

    @classmethod
    def of(cls, windows):
        """From what a user gives: text `A:B,C:D`, a list of windows, or what `Window.of` takes."""
        if isinstance(windows, cls):
            return windows
        if isinstance(windows, str):
            windows = windows.split(",")
        elif not isinstance(windows, list) or not windows:
            windows = [windows]
        return cls([Window.of(window) for window in windows])

    def next(self, cycle: int) -> int | None:
        """The first cycle of a window from `cycle` on, or None."""
        place = bisect.bisect_right(self._stops, cycle)
        return max(cycle, self._starts[place]) if place < len(self._starts) else None

    def parts(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """The cycles from `begin` up to `end` that are in a window, as (first, end) of each."""
        for start, stop in zip(self._starts, self._stops, strict=True):
            if start < end and begin < stop:
                yield max(begin, start), int(min(end, stop))
