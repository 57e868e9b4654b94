r"""Value change dumps (IEEE 1364-2005, clause 18), the format of all waveform viewers.

pyvcd writes the header (identifiers, scopes, types), compiled code the body: the words that change
in each clock cycle come in, the signals in them go out.

Strings are `$var string`; blanks and the like are escaped there, as `\x20`. The clock is a separate
signal that rises where a cycle begins, and all other signals change with it. There is no date, so
equal runs write equal bytes.
Left out: z, and x but for cycles that were not recorded (signals have two states); real numbers.
"""

import re

import numpy as np

from pteg.errors import UserError
from pteg.waveforms import vcdbody
from pteg.waveforms.compiled import SLACK
from pteg.waveforms.signals import Signal, Text, columns
from pteg.waveforms.variables import STRING, VARIABLE, Variables
from pteg.waveforms.vcdheader import Header, timebase

__all__ = ["Signal", "Text", "VcdFile", "columns", "timebase"]


class VcdFile:
    """A VCD file, filled with `Changes`.

    Parameters
    ----------
    file
        Binary file, open for writing; it is not closed. It always holds whole cycles: whatever is
        on the disk can be read, even during the simulation or after it was interrupted.
    signals
        What there is.
    places
        First word of each signal; by default they follow each other (`columns`). Signals
        in the same place become names of one variable, if they have the same width and names of
        values.
    frequency
        Of the clock, in hertz. Cycle n lasts from n to n+1 periods.
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
        self._cycle = None      # the next one, if there is no gap
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
        self._row = np.zeros(shown.words, np.uint64)        # the values in the last cycle
        self._written = np.full(len(shown.all), -1)         # of each variable: the last cycle
        self._out = np.empty(0, np.uint8)
        self._make_room()
        self._file.write(header.text())

    def _make_room(self):
        most = np.maximum(self._shown.table["width"], max(18, self._shown.longest_name)) + 10
        self._longest = 2 * SLACK + int(most.sum())
        if len(self._out) < 2 * self._longest:
            self._out = np.empty(max(1 << 20, 2 * self._longest), np.uint8)

    def write(self, changes):
        """Append the values of some cycles; after a gap, with a full dump.

        The first cycle may not lie before the end of the last piece. Words after the last signal's
        are left out.
        """
        cycle = changes.cycle
        if self._cycle is not None and cycle < self._cycle:
            raise UserError(f"a waveform cannot go back in time, from cycle {self._cycle} to "
                            f"{cycle}: close it before a reset")
        if len(changes.before) < self._shown.words:
            raise ValueError(f"there must be {self._shown.words} words, not {len(changes.before)}")
        if len(changes) == 0:
            return
        gap = cycle != self._cycle
        if gap:
            self._row = ~changes.row(0)[:self._shown.words]     # so that everything changes
        changes = changes.following(self._row)
        if self._shown.learn(changes):
            self._make_room()
        if gap:
            self._full_dump(changes.part(cycle, cycle + 1))
            changes = changes.part(cycle + 1, changes.end)
        while len(changes):
            text, done = self._text(changes)
            self._file.write(text)
            changes = changes.part(changes.cycle + done, changes.end)
        self._cycle = changes.cycle
        self._file.flush()

    def close(self):
        """Mark the end of the last cycle. The file stays open."""
        if not self._closed:
            self._closed = True
            self._file.write(f"#{self.period * (self._cycle or 0)}\n".encode())
            self._file.flush()

    def _full_dump(self, changes):
        """Write all values, as at the beginning of the file or after cycles that are not shown."""
        keyword = "$dumpvars"
        if self._cycle is not None:
            keyword = "$dumpon"
            # pyvcd leaves strings as they were; that would claim that their value is known.
            unknown = [v.dump_off() or f"sx {v.ident}" for v in [self._clock, *self._variables]]
            lines = [f"#{self.period * self._cycle}", "$dumpoff", *unknown, "$end\n"]
            self._file.write("\n".join(lines).encode())
        text, _ = self._text(changes)
        time, clock = self.period * changes.cycle, self._clock.ident
        begin, end = f"#{time}\n".encode(), f"#{time + self._half}\n0{clock}\n".encode()
        self._file.write(begin + f"{keyword}\n".encode()
                         + bytes(text[len(begin):len(text) - len(end)]) + b"$end\n" + end)

    def _text(self, changes):
        """Text of some cycles, valid until the next call, and how many they are."""
        shown = self._shown
        size, done = vcdbody.cycles(
            changes.ends, changes.pairs, changes.cycle, self._half, self._row, self._written,
            self._clock_row[0], *self._users, shown.table, shown.members, shown.text, self._out,
            self._longest)
        return self._out[:size].data, done


def _escaped(name):
    """A name as the value of a string: viewers turn these escapes into the characters."""
    return re.sub(r"[^!-~]|\\", lambda match: "".join(
        f"\\x{byte:02x}" for byte in match[0].encode()), name or "-").encode()
