r"""Value change dumps (IEEE 1364-2005, clause 18), the format of all waveform viewers.

pyvcd writes the header (identifiers, scopes, types), compiled code the body: a row of words for
each clock cycle comes in, the signals that differ from the row before go out.

Strings are `$var string`; blanks and the like are escaped there, as `\x20`. The clock is a separate
signal that rises where a cycle begins, and all other signals change with it. There is no date, so
equal runs write equal bytes.
Left out: z, and x but for cycles that were not recorded (signals have two states); real numbers.
"""

import re

import numpy as np

from pteg.errors import UserError
from pteg.waveforms import vcdbody
from pteg.waveforms.signals import Signal, Text, columns
from pteg.waveforms.variables import STRING, VARIABLE, Variables
from pteg.waveforms.vcdbody import SLACK
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
        header = Header(scale, comment)
        self._shown = shown = Variables(signals, places, clock=clock, pure=pure, encode=_escaped)
        self.names, self.strings = shown.names, shown.strings
        self._clock = header.add(shown.clock, "wire", 1)
        known = {}
        for place, index in shown.order:
            if index in known:
                header.alias(place, known[index])
                continue
            string = shown.all[index].kind == STRING
            known[index] = variable = header.add(place, "string" if string else "wire",
                                                 1 if string else shown.all[index].width)
            tail = vcdbody.pack(variable.ident + "\n")
            shown.table[index]["tail"], shown.table[index]["tail_size"] = tail
        self._variables = list(known.values())
        self._clock_row = np.array([(*vcdbody.pack(self._clock.ident + "\n"), 0, 1, 0, 0, 0)],
                                   VARIABLE)
        self._users = shown.users()
        self._previous = np.zeros(shown.words, np.uint64)
        self._out = np.empty(0, np.uint8)
        self._make_room()
        self._file.write(header.text())

    def _make_room(self):
        self._longest = 2 * SLACK + sum(max(int(row["width"]), self._shown.longest_name, 18) + 10
                                        for row in self._shown.table)
        if len(self._out) < 2 * self._longest:
            self._out = np.empty(max(1 << 20, 2 * self._longest), np.uint8)

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
        if rows.ndim != 2 or rows.shape[1] < self._shown.words:
            raise ValueError(f"rows must have {self._shown.words} words, not {rows.shape}")
        if len(rows) == 0:
            return
        if self._shown.learn(rows):
            self._make_room()
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
        self._previous[:] = ~row[:self._shown.words]      # so that everything has changed
        text, _ = self._changes(cycle, row.reshape(1, -1))
        time, clock = self.period * cycle, self._clock.ident
        begin, end = f"#{time}\n".encode(), f"#{time + self._half}\n0{clock}\n".encode()
        self._file.write(begin + f"{keyword}\n".encode()
                    + bytes(text[len(begin):len(text) - len(end)]) + b"$end\n" + end)

    def _changes(self, cycle, rows):
        """Text of the changes of some rows, valid until the next call, and how many they are."""
        size, done = vcdbody.changes(rows, self._previous, cycle, self._half, self._clock_row[0],
                                     *self._users, self._shown.table, self._shown.members,
                                     self._shown.text, self._out, self._longest)
        return self._out[:size].data, done


def _escaped(name):
    """A name as the value of a string: viewers turn these escapes into the characters."""
    return re.sub(r"[^!-~]|\\", lambda match: "".join(
        f"\\x{byte:02x}" for byte in match[0].encode()), name or "-").encode()
