"""The compiled part of a VCD file: value changes as text, tens of millions a second.

See `pteg.waveforms.compiled` for what `out` and `at` are.
"""

import numpy as np

from pteg.waveforms.compiled import copy, find, inner, leading_zeros, outer, put, put_number
from pteg.waveforms.variables import SCALAR, STRING

__all__ = ["cycles", "pack"]

#: The binary digits of each byte, the most significant first.
_DIGITS = np.array([int.from_bytes(f"{byte:08b}".encode(), "little") for byte in range(256)],
                   np.uint64)
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


def pack(text):
    """Up to eight ASCII characters as a number, and how many they are."""
    assert len(text) <= 8
    return int.from_bytes(text.encode(), "little"), len(text)


@inner
def _put_time(out, at, time):
    """`#time` and a newline."""
    at = put(out, at, 35, 1)
    size, limit = 1, 10
    while time >= limit:
        size += 1
        limit *= 10
    for position in range(at + size - 1, at - 1, -1):
        out[position] = 48 + time % 10
        time //= 10
    return put(out, at + size, 10, 1)


@inner
def _put_binary(out, at, value, zeros):
    """The digits of a word but for so many in front, up to 63.

    They are written eight at a time, and always those of half a word at least: a processor does not
    guess how many there are.
    """
    count = 64 - zeros
    value <<= np.uint64(zeros)
    for place in range(0, 32 if count <= 32 else 64, 8):
        put(out, at + place, _DIGITS[value >> np.uint64(56)], 8)
        value <<= np.uint64(8)
    return at + count


@inner
def _put_vector(out, at, row, variable):
    """Without zeros in front."""
    word = (variable.width - 1) >> 6
    # A negative number may fill its last word beyond its width.
    value = row[variable.column + word] & (_ALL >> np.uint64(-variable.width & 63))
    while word and not value:
        word -= 1
        value = row[variable.column + word]
    at = put(out, at, 98, 1)        # b
    at = _put_binary(out, at, value, leading_zeros(value | np.uint64(1)))
    while word:
        word -= 1
        at = _put_binary(out, at, row[variable.column + word], 0)
    return at


@inner
def _put_string(out, at, value, variable, members, text):
    """The name of a value."""
    value &= _ALL >> np.uint64(-variable.width & 63)
    at = put(out, at, 115, 1)       # s
    found = find(value, variable, members)
    if found < 0:
        return put_number(out, at, value)
    return copy(out, at, text, members[found].start, members[found].end)


@inner
def _put_change(out, at, row, variable, members, text):
    if variable.kind == SCALAR:
        at = put(out, at, 48 | (row[variable.column] & np.uint64(1)), 1)
    else:
        if variable.kind == STRING:
            at = _put_string(out, at, row[variable.column], variable, members, text)
        else:
            at = _put_vector(out, at, row, variable)
        at = put(out, at, 32, 1)
    return put(out, at, variable.tail, variable.tail_size)


@outer
def cycles(ends, pairs, cycle, half, row, written, clock, first, users, table, members, text, out,
           longest):
    """Write as many cycles as surely fit `out`; returns the bytes and the cycles done.

    Parameters
    ----------
    ends, pairs, cycle
        See `pteg.waveforms.changes.Changes`. Words that `row` does not have are left out.
    half
        Half a period of the clock in units of time.
    row
        The values before; become those of the last cycle done.
    written
        In which cycle each wide variable was written last.
    clock
        Variable of the clock, which `table` does not contain.
    first, users
        The variables with bits in word n: `users[first[n]:first[n + 1]]`, as indices in
        `table`. See `Variables.users`.
    longest
        Bytes that a cycle may need at most.
    """
    at = done = 0
    while done < len(ends) - 1 and at + longest <= len(out):
        now = cycle + done
        time = 2 * half * now
        at = put(out, _put_time(out, at, time), 49, 1)
        at = put(out, at, clock.tail, clock.tail_size)
        for change in range(ends[done], ends[done + 1]):
            word = np.int64(pairs[change, 0])
            if word < len(row):
                row[word] = pairs[change, 1]
        for change in range(ends[done], ends[done + 1]):
            word = np.int64(pairs[change, 0])
            if word < len(row):
                for user in range(first[word], first[word + 1]):
                    number = users[user]
                    variable = table[number]
                    # A wide variable is written with the first of its words that has changed.
                    if variable.width > 64:
                        if written[number] == now:
                            continue
                        written[number] = now
                    at = _put_change(out, at, row, variable, members, text)
        at = put(out, _put_time(out, at, time + half), 48, 1)
        at = put(out, at, clock.tail, clock.tail_size)
        done += 1
    return at, done
