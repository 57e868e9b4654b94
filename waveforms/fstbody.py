"""The compiled part of an FST file: the changes of each variable as a chain of bytes.

A change is the number of times since the variable's change before, and the new value. The format is
that of libfst, the library of GTKWave.
"""

import numpy as np

from pteg.jit import njit
from pteg.waveforms.variables import SCALAR, STRING

__all__ = ["chains"]

_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@njit(cache=True)
def _varint_size(value):
    size = 1
    while value >= 128:
        value >>= 7
        size += 1
    return size


@njit(cache=True)
def _put_varint(out, at, value):
    """Seven bits a byte, the least significant first; bit 7 says that more follow."""
    while value >= 128:
        out[at] = value & 127 | 128
        value >>= 7
        at += 1
    out[at] = value
    return at + 1


@njit(cache=True)
def _member(value, variable, members):
    """The row of a value's name in the table of members, or -1."""
    low, high = variable.members, variable.members_end
    while low < high:
        middle = (low + high) // 2
        if members[middle].value < value:
            low = middle + 1
        else:
            high = middle
    return low if low < variable.members_end and members[low].value == value else -1


@njit(cache=True)
def _word(row, variable, number):
    """A word of a value, zero beyond its width; a negative number may fill its last word."""
    left = variable.width - 64 * number
    if left <= 0:
        return np.uint64(0)
    return row[variable.column + number] & (_ALL >> np.uint64(max(0, 64 - left)))


@njit(cache=True)
def _digits(value):
    """Hexadecimal digits of a number."""
    count = 1
    while value >> np.uint64(4 * count) and count < 16:
        count += 1
    return count


@njit(cache=True)
def _size(row, variable, members, step):
    """Bytes of a change `step` times after the one before."""
    if variable.kind == SCALAR:
        return _varint_size(step << 2)
    size = _varint_size(step << 1)
    if variable.kind != STRING:
        return size + (variable.width + 7) // 8
    value = _word(row, variable, 0)
    found = _member(value, variable, members)
    length = members[found].end - members[found].start if found >= 0 else 2 + _digits(value)
    return size + _varint_size(length) + length


@njit(cache=True)
def _put(out, at, row, variable, members, text, step):
    """Write a change; returns the position after it."""
    if variable.kind == SCALAR:
        bit = np.int64(row[variable.column] & np.uint64(1))
        return _put_varint(out, at, step << 2 | bit << 1)
    at = _put_varint(out, at, step << 1)
    if variable.kind == STRING:
        value = _word(row, variable, 0)
        found = _member(value, variable, members)
        if found >= 0:
            start, end = members[found].start, members[found].end
            at = _put_varint(out, at, end - start)
            for position in range(start, end):
                out[at] = text[position]
                at += 1
            return at
        count = _digits(value)
        at = _put_varint(out, at, 2 + count)
        out[at], out[at + 1] = 48, 120      # 0x
        for digit in range(count - 1, -1, -1):
            nibble = np.int64(value >> np.uint64(4 * digit) & np.uint64(15))
            out[at + 1 + count - digit] = nibble + (48 if nibble < 10 else 55)
        return at + 2 + count
    # The bits from the most significant on, eight a byte; the last byte is filled with zeros.
    size = (variable.width + 7) // 8
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


@njit(cache=True)
def _differ(row, before, start, stop):
    for word in range(start, stop):
        if row[word] != before[word]:
            return True
    return False


@njit(cache=True, nogil=True)
def chains(rows, previous, time, last, first, users, table, members, text, starts, out):
    """Write the changes of rows into the chains of the variables.

    Called twice: with an empty `out`, it only counts.

    Parameters
    ----------
    rows
        uint64, shape (cycles, words). Words that `previous` has not are left out.
    previous
        The row before `rows`. Stays as it is.
    time
        Index of the first row's time; that of the next row is larger by 2.
    last
        Index of the time of each variable's last change. It becomes that after the rows if `out`
        is not empty.
    first, users
        See `Variables.users`.
    starts
        For each variable, where its bytes begin in `out`; if `out` is empty, this becomes how many
        they are.
    """
    counting = len(out) == 0
    at = np.zeros(len(table), np.int64) if counting else starts.copy()
    when = last.copy()
    before = previous
    for index in range(len(rows)):
        row = rows[index]
        now = time + 2 * index
        for word in range(len(previous)):
            if row[word] != before[word]:
                for user in range(first[word], first[word + 1]):
                    number = users[user]
                    variable = table[number]
                    # A wide variable is written with the first of its words that has changed.
                    if not _differ(row, before, variable.column, word):
                        step = now - when[number]
                        when[number] = now
                        if counting:
                            at[number] += _size(row, variable, members, step)
                        else:
                            at[number] = _put(out, at[number], row, variable, members, text, step)
        before = row
    if counting:
        starts[:] = at
    else:
        last[:] = when
