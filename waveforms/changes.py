"""What comes from a tracer: words that change, cycle by cycle.

In most cycles, few of a design's signals change. So nobody hands on or compares rows with the
values of all signals: from the tracer to the file, a cycle is the list of its changes.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pteg.jit import njit

__all__ = ["Changes"]

Words = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Changes:
    """The values of some words in some cycles.

    Attributes
    ----------
    cycle : int
        Number of the first cycle.
    before : uint64[words]
        The values before it.
    ends : int64[cycles + 1]
        The changes of the n-th cycle are `pairs[ends[n]:ends[n + 1]]`.
    pairs : uint64[:, 2]
        Which word changes, and its new value. In a cycle, a word changes once at most.
    """

    cycle: int
    before: Words
    ends: NDArray[np.int64]
    pairs: Words

    @classmethod
    def of(cls, cycle: int, rows: Words, before: Words | None = None) -> "Changes":
        """Those between rows, each with the values of all words in a cycle.

        `before` is the row in front of them; without it, nothing changes in the first cycle.
        """
        if before is None:
            before = rows[0] if len(rows) else np.zeros(rows.shape[1], np.uint64)
        changed = rows != np.concatenate([before[np.newaxis], rows[:-1]])[:len(rows)]
        at, words = np.nonzero(changed)
        return cls(cycle, before.copy(), np.searchsorted(at, np.arange(len(rows) + 1)),
                   np.stack([words.astype(np.uint64), rows[at, words]], axis=1))

    def __len__(self) -> int:
        return len(self.ends) - 1

    @property
    def end(self) -> int:
        """The cycle after the last one."""
        return self.cycle + len(self)

    def row(self, index: int) -> Words:
        """The values of all words in a cycle; index -1 means before the first one."""
        row = self.before.copy()
        _apply(self.pairs, self.ends[0], self.ends[index + 1], row)
        return row

    def part(self, begin: int, end: int) -> "Changes":
        """Those in the cycles with numbers from `begin` up to `end`."""
        begin, end = begin - self.cycle, end - self.cycle
        return replace(self, cycle=self.cycle + begin, ends=self.ends[begin:end + 1],
                       before=self.row(begin - 1) if begin else self.before)

    def copy(self) -> "Changes":
        """A copy, which stays when the arrays are used again."""
        return Changes(self.cycle, self.before.copy(), self.ends - self.ends[0],
                       self.pairs[self.ends[0]:self.ends[-1]].copy())

    def rows(self, words: Words | list[int]) -> Words:
        """The values of some words, cycle by cycle: an array (cycles, words)."""
        chosen, places = np.unique(np.asarray(words, np.int64), return_inverse=True)
        place = np.full(len(self.before), -1)
        place[chosen] = np.arange(len(chosen))
        found = np.empty((len(self), len(chosen)), np.uint64)
        _rows(self.ends, self.pairs, place, self.before[chosen], found)
        return found if np.array_equal(places, np.arange(len(places))) else found[:, places]

    def following(self, row: Words) -> "Changes":
        """The same values behind a row, which has the first words of them."""
        if np.array_equal(self.before[:len(row)], row):
            return self
        first = self.row(0)
        words = np.flatnonzero(first[:len(row)] != row)
        pairs = np.stack([words.astype(np.uint64), first[words]], axis=1)
        ends = self.ends - self.ends[1] + len(pairs)
        ends[0] = 0
        return Changes(self.cycle, np.concatenate([row, first[len(row):]]), ends,
                       np.concatenate([pairs, self.pairs[self.ends[1]:self.ends[-1]]]))

    def joined(self, first: int, rows: Words, before: Words) -> "Changes":
        """These with the changes of more words, of which there are rows.

        Parameters
        ----------
        first
            Number of the first one of the words.
        before
            Their values before the first cycle.
        """
        values = self.before.copy()
        values[first:first + len(before)] = before
        ends = np.zeros(len(self) + 1, np.int64)
        pairs = np.empty((self.ends[-1] - self.ends[0] + rows.size, 2), np.uint64)
        _join(self.ends, self.pairs, first, rows, before.copy(), ends, pairs)
        return Changes(self.cycle, values, ends, pairs)


@njit(cache=True)
def _apply(pairs, begin, end, row):
    for change in range(begin, end):
        row[pairs[change, 0]] = pairs[change, 1]


@njit(cache=True)
def _rows(ends, pairs, place, row, found):
    for index in range(len(found)):
        for change in range(ends[index], ends[index + 1]):
            at = place[pairs[change, 0]]
            if at >= 0:
                row[at] = pairs[change, 1]
        for at in range(len(row)):      # as one assignment it would take seconds to compile
            found[index, at] = row[at]


@njit(cache=True)
def _join(ends, pairs, first, rows, before, all_ends, all_pairs):
    at = 0
    for index in range(len(rows)):
        for change in range(ends[index], ends[index + 1]):
            all_pairs[at, 0], all_pairs[at, 1] = pairs[change, 0], pairs[change, 1]
            at += 1
        for word in range(len(before)):
            if rows[index, word] != before[word]:
                before[word] = rows[index, word]
                all_pairs[at, 0], all_pairs[at, 1] = first + word, rows[index, word]
                at += 1
        all_ends[index + 1] = at
