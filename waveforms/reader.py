"""Reads waveforms of pteg, or any others with a clock: each signal's values by cycle.

VCD, FST and GHW are read by pywellen, the library of the viewer Surfer.
"""

import os
from bisect import bisect_right

from pteg.errors import UserError
from pteg.files import read_file
from pteg.waveforms.fst import HEADER, has_cycles

__all__ = ["TOP", "Waves"]

#: Scope that `pteg.waveforms` puts around all signals.
TOP = "top."


class Waves:
    """A waveform file.

    Parameters
    ----------
    path : path
    clock : str
        Path of the signal whose rising edges begin cycles.

    Attributes
    ----------
    widths : dict of str to int or None
        Bits of each signal, by its path; None: its values are texts.
    begin, end : int
        The first recorded cycle, and the one after the last.
    """

    def __init__(self, path: str | os.PathLike, clock: str = "clk"):
        try:
            import pywellen
        except ImportError:
            raise UserError("reading a waveform needs pywellen: pip install pywellen") from None
        self.path = os.fspath(path)
        content = read_file(path)
        if not content:
            raise UserError(f"{self.path} is no waveform: it is empty")
        if content[0] == HEADER and not has_cycles(content):
            raise UserError(f"{self.path} has no cycles yet")
        try:
            variables = pywellen.Waveform(self.path).all_vars()
        except (RuntimeError, ValueError, OSError) as error:
            reason = ", ".join(str(error).replace(":\n", "\n").splitlines())
            raise UserError(f"{self.path} cannot be read as a waveform: {reason}") from None
        self._variables = {variable.full_name.removeprefix(TOP): variable
                           for variable in variables}
        self.widths = {name: None if variable.is_string else variable.bitwidth
                       for name, variable in self._variables.items()}
        edges = [time for time, value in self._changes(clock) if value == 1]
        if len(edges) < 2:
            raise UserError(f"{self.path} has no clock {clock!r} with two cycles")
        self._period = min(after - before for before, after in zip(edges, edges[1:], strict=False))
        self._phase = edges[0] % self._period
        self.begin, self.end = self._cycle(edges[0]), self._cycle(edges[-1]) + 1

    def _changes(self, name):
        if name not in self._variables:
            raise UserError(f"{self.path} has no signal {name!r}")
        return self._variables[name].tv

    def _cycle(self, time):
        return (time - self._phase) // self._period

    def changes(self, name: str) -> list[tuple[int, int | str | None]]:
        """The cycles in which a signal changes, each with the new value; None is unknown."""
        text = self.widths.get(name) is None
        return [(self._cycle(time), None if isinstance(value, str)
                 and (value == "x" or not text) else value)
                for time, value in self._changes(name)]

    def values(self, name: str, first: int, stop: int) -> list[int | str | None]:
        """The values of a signal in the cycles from `first` up to `stop`."""
        changes = self.changes(name)
        cycles = [cycle for cycle, _ in changes]
        return [changes[place - 1][1] if (place := bisect_right(cycles, cycle)) else None
                for cycle in range(first, stop)]
