"""The compiled part of an FST file: the changes of each variable as a chain of bytes.

A change is the number of times since the variable's change before, and the new value. The format is
that of libfst, the library of GTKWave. See `pteg.waveforms.compiled` for what `out` and `at` are.
"""

import numpy as np

from pteg.waveforms.compiled import (
    copy,
    digits,
    find,
    inner,
    outer,
    put,
    put_number,
    reversed_bytes,
)
from pteg.waveforms.variables import SCALAR, STRING

__all__ = ["chains", "count", "unknown"]

_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@inner
def _put_varint(out, at, value):
    """Seven bits a byte, the least significant first; bit 7 says that more follow."""
    while value >= 128:
        out[at] = value & 127 | 128
        value >>= 7
        at += 1
    out[at] = value
    return at + 1


@inner
def _word(row, variable, number):
    """A word of a value, zero beyond its width; a negative number may fill its last word."""
    left = variable.width - 64 * number
    if left <= 0:
        return np.uint64(0)
    return row[variable.column + number] & (_ALL >> np.uint64(max(0, 64 - left)))


@inner
def _put_string(out, at, value, variable, members, text):
    """The name of a value, with its length."""
    found = find(value, variable, members)
    if found < 0:
        return put_number(out, _put_varint(out, at, 2 + digits(value)), value)
    start, end = members[found].start, members[found].end
    return copy(out, _put_varint(out, at, end - start), text, start, end)


@inner
def _put_bits(out, at, row, variable):
    """The bits from the most significant on, eight a byte; the last byte is filled with zeros."""
    size = (variable.width + 7) // 8
    if variable.width <= 64:
        value = row[variable.column] << np.uint64(64 - variable.width)
        return put(out, at, reversed_bytes(value), size)
    for index in range(size):
        low = variable.width - 8 * (index + 1)      # the number of the byte's last bit
        if low < 0:
            byte = _word(row, variable, 0) << np.uint64(-low)
        else:
            byte = _word(row, variable, low >> 6) >> np.uint64(low & 63)
            if low & 63 > 56:
                byte |= _word(row, variable, (low >> 6) + 1) << np.uint64(64 - (low & 63))
        out[at] = byte & np.uint64(0xFF)
        at += 1
    return at


@outer
def count(pairs, words):
    """Count the changes of each word; the last number is of those beyond."""
    for change in range(len(pairs)):
        words[min(np.int64(pairs[change, 0]), len(words) - 1)] += 1


@outer
def chains(ends, pairs, row, time, last, first, users, table, members, text, at, out):
    """Write the changes of some cycles into the chains of the variables.

    Parameters
    ----------
    ends, pairs
        See `pteg.waveforms.changes.Changes`. Words that `row` does not have are left out.
    row
        The values before; become those of the last cycle.
    time
        Index of the first cycle's time; that of the next cycle is larger by 2.
    last
        Index of the time of each variable's last change; -1 if there was none.
    first, users
        See `Variables.users`.
    at
        For each variable, where its next bytes go in `out`.
    """
    for index in range(len(ends) - 1):
        now = time + 2 * index
        for change in range(ends[index], ends[index + 1]):
            word = np.int64(pairs[change, 0])
            if word < len(row):
                row[word] = pairs[change, 1]
        for change in range(ends[index], ends[index + 1]):
            word = np.int64(pairs[change, 0])
            if word >= len(row):
                continue
            for user in range(first[word], first[word + 1]):
                number = users[user]
                variable = table[number]
                # A wide variable is written with the first of its words that has changed.
                if variable.width > 64 and last[number] == now:
                    continue
                step = now - max(last[number], 0)
                last[number] = now
                if variable.kind == SCALAR:
                    bit = np.int64(row[word] & np.uint64(1))
                    at[number] = _put_varint(out, at[number], step << 2 | bit << 1)
                    continue
                place = _put_varint(out, at[number], step << 1)
                if variable.kind == STRING:
                    at[number] = _put_string(out, place, _word(row, variable, 0), variable, members,
                                             text)
                else:
                    at[number] = _put_bits(out, place, row, variable)


@outer
def unknown(time, last, table, at, out):
    """Write into the chains that all values are unknown from a time on; see `chains`."""
    for number in range(len(table)):
        variable = table[number]
        step = time - max(last[number], 0)
        last[number] = time
        if variable.kind == SCALAR:
            at[number] = _put_varint(out, at[number], step << 4 | 1)
        elif variable.kind == STRING:
            place = _put_varint(out, at[number], step << 1)
            at[number] = put(out, place, 0x7801, 2)         # one character, x
        else:
            place = _put_varint(out, at[number], step << 1 | 1)
            out[place:place + variable.width] = 120         # x
            at[number] = place + variable.width
