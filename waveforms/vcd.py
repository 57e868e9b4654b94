"""Value change dumps (IEEE 1364-2005, clause 18): what every waveform viewer opens.

pyvcd writes the header (identifiers, scopes, types), compiled code the body: a row of words for
each clock cycle comes in, the signals that differ from the row before go out.

Conventions: scopes follow the component tree; names are made of letters, digits and `_`; an enum
is a `$var string` that holds the member's name; the clock is a signal of its own that rises where
a cycle begins, and all else changes with it; there is no date, so equal runs give equal bytes.
Left out: z, and x but for cycles that were not recorded (signals have two states); real numbers.
"""

import dataclasses
import io
import re
from collections.abc import Mapping

import numpy as np
from vcd import VCDWriter

from pteg.errors import UserError
from pteg.waveforms import vcdbody
from pteg.waveforms.vcdbody import MEMBER, SCALAR, SLACK, STRING, VARIABLE, VECTOR

__all__ = ["Signal", "VcdFile", "columns", "timebase"]


@dataclasses.dataclass(frozen=True)
class Signal:
    """A column of a trace. Any object with these attributes will do, such as the engine's probes.

    Parameters
    ----------
    path
        Names from the top component down, joined by dots.
    width
        Bits. A signal of width 0 has no words and is not shown.
    signed
        Two's complement number.
    enum
        Names of values, for a signal whose shape is an enumeration.
    """

    path: str
    width: int
    signed: bool = False
    enum: Mapping[int, str] | None = None


def columns(signals):
    """First word of each signal in a row: one word per 64 bits, least significant first.

    Returns
    -------
    (list of int, int)
        The columns, and the words of a row.
    """
    found, size = [], 0
    for signal in signals:
        found.append(size)
        size += (signal.width + 63) // 64
    return found, size


#: Time units in femtoseconds, the coarsest first. Only single ones: viewers count in these.
_UNITS = (("1 us", 10 ** 9), ("1 ns", 10 ** 6), ("1 ps", 10 ** 3), ("1 fs", 1))


def timebase(frequency):
    """Timescale and half period for a clock of `frequency` hertz.

    Returns
    -------
    (str, int)
        The coarsest timescale that represents half a period exactly (1 fs if none does), and that
        half period in its units.
    """
    if not frequency > 0:
        raise UserError(f"a clock frequency must be positive, not {frequency!r}")
    half = 10 ** 15 / (2 * frequency)
    femtoseconds = max(1, round(half))
    if abs(half - femtoseconds) < 1e-6:
        for scale, size in _UNITS:
            if femtoseconds % size == 0:
                return scale, femtoseconds // size
    return "1 fs", femtoseconds


class VcdFile:
    """A VCD file, filled with rows of words.

    Parameters
    ----------
    file
        Binary file, open for writing; it is not closed. It always holds whole rows: whatever is
        on the disk can be read, even while the simulation goes on or after it was interrupted.
    signals
        What a row holds.
    places
        First word of each signal in a row; by default they follow each other (`columns`). Signals
        in the same place become names of one variable, if they have the same width and names of
        values.
    frequency
        Of the clock, in hertz. Row n lasts from n to n+1 periods.
    clock
        Path of the clock in the file. A signal of that path is replaced by it.
    pure
        Enums as numbers, for readers that do not know strings.
    comment
        Text for the header.

    Attributes
    ----------
    period : int
        A clock cycle in the file's units of time.
    names : dict
        Path in the file of each signal that is shown.
    strings : set
        Paths of the signals that are shown as strings.
    """

    def __init__(self, file, signals, places=None, *, frequency=200e6, clock="clk", pure=False,
                 comment=""):
        scale, self._half = timebase(frequency)
        self.period = 2 * self._half
        self._file = file
        self._cycle = None      # that of the next row, if the rows go on without a gap
        self._closed = False
        self._header = _Header(scale, comment)
        self._clock, _ = self._header.add(clock, "wire", 1)
        self.names, self.strings = {}, set()

        if places is None:
            places, _ = columns(signals)
        words = max((place + (signal.width + 63) // 64
                     for signal, place in zip(signals, places, strict=True)), default=0)
        self._variables, rows, members, text, known = [], [], [], bytearray(), {}
        for signal, column in zip(signals, places, strict=True):
            if signal.width == 0 or signal.path == clock or signal.path in self.names:
                continue
            named = bool(signal.enum) and not pure and signal.width <= 64
            if named:
                self.strings.add(signal.path)
            # One wire under several names is one variable, if it looks the same under all.
            looks = column, signal.width, tuple(signal.enum.items()) if named else None
            if looks in known:
                self.names[signal.path] = self._header.alias(signal.path, known[looks])
                continue
            first_member, kind, type, width = len(members), VECTOR, "wire", signal.width
            if named:
                kind, type, width = STRING, "string", 1
                for value, name in signal.enum.items():
                    name = re.sub(r"[^!-~]|\\", "_", name).encode()
                    members.append((value % (1 << signal.width), len(text), len(text) + len(name)))
                    text += name
            elif width == 1:
                kind = SCALAR
            variable, self.names[signal.path] = self._header.add(signal.path, type, width)
            known[looks] = variable
            self._variables.append(variable)
            rows.append((*vcdbody.pack(variable.ident + "\n"), column, signal.width, kind,
                         first_member, len(members)))

        self._clock_row = np.array([(*vcdbody.pack(self._clock.ident + "\n"), 0, 1, 0, 0, 0)],
                                   VARIABLE)
        table = np.array(rows, VARIABLE)
        self._tables = (*vcdbody.users_of(table, words), table, np.array(members, MEMBER),
                        np.frombuffer(bytes(text) or b"\0", np.uint8))
        self._previous = np.zeros(words, np.uint64)
        longest_name = max((end - start for _, start, end in members), default=0)
        self._longest = 2 * SLACK + sum(max(row[3], longest_name, 18) + 10 for row in rows)
        self._out = np.empty(max(1 << 20, 2 * self._longest), np.uint8)
        self._file.write(self._header.text())

    def write(self, cycle, rows):
        """Append the values of the cycles from `cycle` on; after a gap, with a full dump.

        Parameters
        ----------
        cycle
            Number of the first row's cycle. It may not lie before the end of the last row.
        rows
            uint64 array, shape (cycles, words).
        """
        if self._cycle is not None and cycle < self._cycle:
            raise UserError(f"a waveform cannot go back in time, from cycle {self._cycle} to "
                            f"{cycle}: close it before a reset")
        if rows.ndim != 2 or rows.shape[1] != len(self._previous):
            raise ValueError(f"rows must have {len(self._previous)} words, not {rows.shape}")
        if len(rows) == 0:
            return
        if cycle != self._cycle:
            self._full_dump(cycle, rows[0])
            cycle, rows = cycle + 1, rows[1:]
        while len(rows):
            text, done = self._changes(cycle, rows)
            self._file.write(text)
            cycle, rows = cycle + done, rows[done:]
        self._cycle = cycle
        self._file.flush()

    def close(self):
        """Mark the end of the last cycle. The file stays open."""
        if not self._closed:
            self._closed = True
            self._file.write(f"#{self.period * (self._cycle or 0)}\n".encode())
            self._file.flush()

    def _full_dump(self, cycle, row):
        """Write all values, as at the beginning of the file or after cycles that are not shown."""
        keyword = "$dumpvars"
        if self._cycle is not None:
            keyword = "$dumpon"
            # pyvcd leaves strings as they were; that would claim that their value is known.
            unknown = [v.dump_off() or f"sx {v.ident}" for v in [self._clock, *self._variables]]
            lines = [f"#{self.period * self._cycle}", "$dumpoff", *unknown, "$end\n"]
            self._file.write("\n".join(lines).encode())
        self._previous[:] = ~row        # so that everything has changed
        text, _ = self._changes(cycle, row.reshape(1, -1))
        time, clock = self.period * cycle, self._clock.ident
        begin, end = f"#{time}\n".encode(), f"#{time + self._half}\n0{clock}\n".encode()
        self._file.write(begin + f"{keyword}\n".encode()
                         + bytes(text[len(begin):len(text) - len(end)]) + b"$end\n" + end)

    def _changes(self, cycle, rows):
        """Text of the changes of some rows, valid until the next call, and how many they are."""
        size, done = vcdbody.changes(rows, self._previous, cycle, self._half, self._clock_row[0],
                                     *self._tables, self._out, self._longest)
        return self._out[:size].data, done


class _Header:
    """The header of a file: pyvcd's, with names that every viewer takes."""

    def __init__(self, scale, comment):
        self._text = io.StringIO()
        self._writer = VCDWriter(self._text, timescale=scale, date="", version="pteg",
                                 comment=comment)
        self._taken = set()

    def add(self, path, type, width):
        """Register a variable; returns it and its path in the file."""
        scope, name = self._name(path)
        return self._writer.register_var(scope, name, type, width), ".".join([*scope, name])

    def alias(self, path, variable):
        """Register another name of a variable; returns its path in the file."""
        scope, name = self._name(path)
        self._writer.register_alias(scope, name, variable)
        return ".".join([*scope, name])

    def _name(self, path):
        """Scope and name for a signal, not used before."""
        *scope, name = (re.sub(r"\W", "_", part, flags=re.ASCII) or "_"
                        for part in f"top.{path}".split("."))
        unique, number = name, 1
        while (*scope, unique) in self._taken:
            number += 1
            unique = f"{name}_{number}"
        self._taken.add((*scope, unique))
        return tuple(scope), unique

    def text(self):
        """The header up to its end; the values that pyvcd would write next are not ours."""
        self._writer.flush()
        head, end, _ = self._text.getvalue().partition("$enddefinitions $end\n")
        return (head + end).encode()
