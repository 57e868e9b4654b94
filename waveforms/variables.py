"""What a waveform file shows: variables, made of the signals of a trace.

Conventions of all formats: scopes follow the component tree below `top`; names consist of letters,
digits and `_`; an enum is a string that holds the member's name, and so is a `Text`; signals in the
same place are names of one variable, if they have the same width and names of values.
"""

import re
from dataclasses import dataclass, field

import numpy as np

from pteg.waveforms.compiled import SLACK
from pteg.waveforms.signals import Text, columns

__all__ = ["MEMBER", "SCALAR", "STRING", "VARIABLE", "VECTOR", "Variable", "Variables"]

# Kinds of variable.
SCALAR, VECTOR, STRING = 0, 1, 2

#: A variable for compiled code: its first word and its width. The names of a string's
#: values are rows [members, members_end) of the table of members, in the order of the values.
#: `tail` is the format's: VCD keeps there what ends a change, packed, and its length.
VARIABLE = np.dtype([("tail", "u8"), ("tail_size", "i8"), ("column", "i8"), ("width", "i8"),
                     ("kind", "i8"), ("members", "i8"), ("members_end", "i8")])
#: A value that has a name, and the place of the name in the text of all names.
MEMBER = np.dtype([("value", "u8"), ("start", "i8"), ("end", "i8")])


@dataclass
class Variable:
    """One variable and all its names, each a tuple: scopes, then the name itself."""

    kind: int
    column: int
    width: int
    places: list[tuple[str, ...]] = field(default_factory=list)


class Variables:
    """The variables of a file.

    Parameters
    ----------
    signals
        What there is.
    places
        First word of each signal; by default they follow each other (`columns`).
    clock
        Path of the clock in the file. A signal of that path is replaced by it.
    pure
        Enums as numbers and no texts, for readers that do not know strings.
    encode : callable
        The bytes of a value's name.

    Attributes
    ----------
    clock : tuple of str
        Place of the clock.
    all : list of Variable
    order : list of (tuple of str, int)
        All places in the order of the signals, with the index of the variable.
    words : int
        Words of a row that belong to variables.
    names : dict
        Path in the file of each signal that is shown.
    strings : set
        Paths of the signals that are shown as strings.
    table : array of VARIABLE
    members, text : arrays
        Names of values: rows of MEMBER, and their characters.
    longest_name : int
        Bytes.
    """

    def __init__(self, signals, places=None, *, clock="clk", pure=False, encode=str.encode):
        self._taken, self._encode = set(), encode
        self.clock = self._place(clock)
        self.all, self.order, self.names, self.strings = [], [], {}, set()
        self._tables = {}       # rows of members; of an enumeration, by its contents
        self._keys = {}         # of each string, by its index: the key of its table
        self._labels = {}       # of each text, likewise: its word, and what finds a name
        self._text = bytearray()
        places = columns(signals)[0] if places is None else places
        known = {}
        self.words = 0
        for signal, column in zip(signals, places, strict=True):
            self.words = max(self.words, column + (signal.width + 63) // 64)
            text = isinstance(signal, Text)
            if (signal.width == 0 or signal.path == clock or signal.path in self.names
                    or text and pure):
                continue
            named = text or bool(signal.enum) and not pure and signal.width <= 64
            if named:
                self.strings.add(signal.path)
            looks = (column, signal.width, signal.label if text else
                     tuple(signal.enum.items()) if named else None)
            if looks not in known:
                known[looks] = len(self.all)
                kind = STRING if named else SCALAR if signal.width == 1 else VECTOR
                self.all.append(Variable(kind, column, signal.width))
                if text:
                    self._labels[known[looks]] = column, signal.label
                    self._table(known[looks], known[looks], {})
                elif named:
                    self._table(known[looks], looks[1:], {
                        value % (1 << signal.width): encode(name)
                        for value, name in signal.enum.items()})
            place = self._place(signal.path)
            self.names[signal.path] = ".".join(place)
            self.all[known[looks]].places.append(place)
            self.order.append((place, known[looks]))
        self.table = np.array([(0, 0, variable.column, variable.width, variable.kind, 0, 0)
                               for variable in self.all], VARIABLE)
        self._tabulate()

    def _place(self, path):
        """Scopes and name for a signal, not used before."""
        *scope, name = (re.sub(r"\W", "_", part, flags=re.ASCII) or "_"
                        for part in f"top.{path}".split("."))
        unique, number = name, 1
        while (*scope, unique) in self._taken:
            number += 1
            unique = f"{name}_{number}"
        self._taken.add((*scope, unique))
        return (*scope, unique)

    def _members(self, names):
        """Rows of members for names of values, in the order of the values."""
        rows = []
        for value in sorted(names):
            rows.append((value, len(self._text), len(self._text) + len(names[value])))
            self._text += names[value]
        return np.array(rows, MEMBER)

    def _table(self, index, key, names):
        """Give a string the names of its values."""
        if key not in self._tables:
            self._tables[key] = self._members(names)
        self._keys[index] = key

    def _tabulate(self):
        """Put the tables of names together for the compiled code."""
        ends = dict(zip(self._tables, np.cumsum([len(rows) for rows in self._tables.values()]),
                        strict=True))
        for index, key in self._keys.items():
            self.table[index]["members"] = ends[key] - len(self._tables[key])
            self.table[index]["members_end"] = ends[key]
        self.members = np.concatenate([np.empty(0, MEMBER), *self._tables.values()])
        self.text = np.frombuffer(bytes(self._text) + bytes(SLACK), np.uint8)
        self.longest_name = int(max(self.members["end"] - self.members["start"], default=0))

    def learn(self, changes):
        """Ask for the texts of values that are new; return whether there are any."""
        found, pairs = False, changes.pairs[changes.ends[0]:changes.ends[-1]]
        for index, (word, label) in self._labels.items():
            known = self._tables[index]
            values = np.unique(pairs[pairs[:, 0] == word, 1])
            places = np.searchsorted(known["value"], values)
            new = places == len(known)
            new[~new] = known["value"][places[~new]] != values[~new]
            if new.any():
                found = True
                self._tables[index] = np.insert(known, places[new], self._members(
                    {value: self._encode(label(value)) for value in values[new].tolist()}))
        if found:
            self._tabulate()
        return found

    def users(self):
        """Which variables each word belongs to, for compiled code.

        Any word may belong to any number of variables: signals can be the same wire, or parts of
        one.

        Returns
        -------
        (array, array)
            The variables with bits in word n are `users[first[n]:first[n + 1]]`.
        """
        users: list[list[int]] = [[] for _ in range(self.words)]
        for index, variable in enumerate(self.table):
            for word in range((int(variable["width"]) + 63) // 64):
                users[int(variable["column"]) + word].append(index)
        first = np.cumsum([0, *map(len, users)])
        return first, np.array([index for indices in users for index in indices], np.int64)
