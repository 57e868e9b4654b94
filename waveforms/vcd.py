r"""Value change dumps (IEEE 1364-2005, clause 18), the format of all waveform viewers.

pyvcd writes the header (identifiers, scopes, types), compiled code the body: a row of words for
each clock cycle comes in, the signals that differ from the row before go out.

Conventions: scopes follow the component tree; names are made of letters, digits and `_`; an enum
is a `$var string` that holds the member's name, and so is a `Text`; blanks and the like are escaped
there, as `\x20`; the clock is a separate signal that rises where a cycle begins, and all other
signals change with it; there is no date, so equal runs write equal bytes.
Left out: z, and x but for cycles that were not recorded (signals have two states); real numbers.
"""

import re

import numpy as np

from pteg.errors import UserError
from pteg.waveforms import vcdbody
from pteg.waveforms.signals import Signal, Text, columns
from pteg.waveforms.vcdbody import MEMBER, SCALAR, SLACK, STRING, VARIABLE, VECTOR
from pteg.waveforms.vcdheader import Header, timebase

__all__ = ["Signal", "Text", "VcdFile", "columns", "timebase"]


class VcdFile:
    """A VCD file, filled with rows of words.

    Parameters
    ----------
    file
        Binary file, open for writing; it is not closed. It always holds whole rows: whatever is
        on the disk can be read, even during the simulation or after it was interrupted.
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
        Enums as numbers and no texts, for readers that do not know strings.
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
        self._cycle = None      # that of the next row, if there is no gap
        self._closed = False
        self._header = Header(scale, comment)
        self._clock, _ = self._header.add(clock, "wire", 1)
        self.names, self.strings = {}, set()

        if places is None:
            places, _ = columns(signals)
        self._words = max((place + (signal.width + 63) // 64
                           for signal, place in zip(signals, places, strict=True)), default=0)
        self._variables, rows, known = [], [], {}
        self._members = {}      # of each string, by its row in the table: names of values
        self._labels = {}       # of each text, likewise: its column, and what finds a name
        for signal, column in zip(signals, places, strict=True):
            text = isinstance(signal, Text)
            if (signal.width == 0 or signal.path == clock or signal.path in self.names
                    or text and pure):
                continue
            named = text or bool(signal.enum) and not pure and signal.width <= 64
            if named:
                self.strings.add(signal.path)
            # One wire under several names is one variable, if it looks the same under all.
            looks = (column, signal.width, signal.label if text else
                     tuple(signal.enum.items()) if named else None)
            if looks in known:
                self.names[signal.path] = self._header.alias(signal.path, known[looks])
                continue
            kind, type, width = VECTOR, "wire", signal.width
            if named:
                kind, type, width = STRING, "string", 1
                self._members[len(rows)] = {} if text else {
                    value % (1 << signal.width): _escaped(name)
                    for value, name in signal.enum.items()}
                if text:
                    self._labels[len(rows)] = column, signal.label
            elif width == 1:
                kind = SCALAR
            variable, self.names[signal.path] = self._header.add(signal.path, type, width)
            known[looks] = variable
            self._variables.append(variable)
            rows.append((*vcdbody.pack(variable.ident + "\n"), column, signal.width, kind, 0, 0))

        self._clock_row = np.array([(*vcdbody.pack(self._clock.ident + "\n"), 0, 1, 0, 0, 0)],
                                   VARIABLE)
        self._table = np.array(rows, VARIABLE)
        self._users = vcdbody.users_of(self._table, self._words)
        self._previous = np.zeros(self._words, np.uint64)
        self._out = np.empty(0, np.uint8)
        self._tabulate()
        self._file.write(self._header.text())

    def _tabulate(self):
        """The names of values as tables for the compiled code."""
        members, text = [], bytearray()
        for row, names in self._members.items():
            first = len(members)
            for value in sorted(names):
                members.append((value, len(text), len(text) + len(names[value])))
                text += names[value]
            self._table[row]["members"], self._table[row]["members_end"] = first, len(members)
        self._names = (np.array(members, MEMBER), np.frombuffer(bytes(text) or b"\0", np.uint8))
        longest_name = max((end - start for _, start, end in members), default=0)
        self._longest = 2 * SLACK + sum(max(int(row["width"]), longest_name, 18) + 10
                                        for row in self._table)
        if len(self._out) < 2 * self._longest:
            self._out = np.empty(max(1 << 20, 2 * self._longest), np.uint8)

    def _learn(self, rows):
        """Ask for the texts of values that are new."""
        found = False
        for row, (column, label) in self._labels.items():
            members = self._members[row]
            for value in np.unique(rows[:, column]).tolist():
                if value not in members:
                    members[value], found = _escaped(label(value)), True
        if found:
            self._tabulate()

    def write(self, cycle, rows):
        """Append the values of the cycles from `cycle` on; after a gap, with a full dump.

        Parameters
        ----------
        cycle
            Number of the first row's cycle. It may not lie before the end of the last row.
        rows
            uint64 array, shape (cycles, words). Words after the last signal's are left out.
        """
        if self._cycle is not None and cycle < self._cycle:
            raise UserError(f"a waveform cannot go back in time, from cycle {self._cycle} to "
                            f"{cycle}: close it before a reset")
        if rows.ndim != 2 or rows.shape[1] < self._words:
            raise ValueError(f"rows must have {self._words} words, not {rows.shape}")
        if len(rows) == 0:
            return
        self._learn(rows)
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
        self._previous[:] = ~row[:self._words]      # so that everything has changed
        text, _ = self._changes(cycle, row.reshape(1, -1))
        time, clock = self.period * cycle, self._clock.ident
        begin, end = f"#{time}\n".encode(), f"#{time + self._half}\n0{clock}\n".encode()
        self._file.write(begin + f"{keyword}\n".encode()
                    + bytes(text[len(begin):len(text) - len(end)]) + b"$end\n" + end)

    def _changes(self, cycle, rows):
        """Text of the changes of some rows, valid until the next call, and how many they are."""
        size, done = vcdbody.changes(rows, self._previous, cycle, self._half, self._clock_row[0],
                                     *self._users, self._table, *self._names, self._out,
                                     self._longest)
        return self._out[:size].data, done


def _escaped(name):
    """A name as the value of a string: viewers turn these escapes into the characters."""
    return re.sub(r"[^!-~]|\\", lambda match: "".join(
        f"\\x{byte:02x}" for byte in match[0].encode()), name or "-").encode()
