"""The compiled part of a VCD file: value changes as text, some ten million a second.

All functions write into a byte array `out` from position `at` on and return the position after
their output. Text is moved eight bytes at a time (`_put`). The next text overwrites the bytes
beyond its end, so `out` needs a little room at its end (`SLACK`).
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from pteg.jit import njit
from pteg.waveforms.variables import SCALAR, STRING

__all__ = ["SLACK", "changes", "pack"]

#: Bytes that `out` must have beyond the longest row.
SLACK = 64

#: The binary digits of each byte, the most significant first, and the zeros in front of the first
#: 1; the last digit is always written.
_DIGITS = np.array([int.from_bytes(f"{byte:08b}".encode(), "little") for byte in range(256)],
                   np.uint64)
_ZEROS = np.array([min(7, 8 - byte.bit_length()) for byte in range(256)], np.int64)
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


def pack(text):
    """Up to eight ASCII characters as a number, and how many they are."""
    assert len(text) <= 8
    return int.from_bytes(text.encode(), "little"), len(text)


@intrinsic
def _put(typing, out, at, text, size):
    """Write eight bytes, of which `size` count. numba's arrays cannot store to any position."""
    def generate(context, builder, signature, arguments):
        array = make_array(signature.args[0])(context, builder, arguments[0])
        position = builder.gep(array.data, [arguments[1]])
        builder.store(arguments[2], builder.bitcast(position, ir.IntType(64).as_pointer()),
                      align=1)
        return builder.add(arguments[1], arguments[3])
    return types.int64(out, types.int64, types.uint64, types.int64), generate


@njit(cache=True)
def _put_time(out, at, time):
    """`#time` and a newline."""
    at = _put(out, at, 35, 1)
    size, limit = 1, 10
    while time >= limit:
        size += 1
        limit *= 10
    for position in range(at + size - 1, at - 1, -1):
        out[position] = 48 + time % 10
        time //= 10
    return _put(out, at + size, 10, 1)


@njit(cache=True)
def _put_binary(out, at, value, short):
    """The 64 digits of a word; if `short`, without its leading zeros."""
    shift = 56
    if short:
        while shift and not value >> np.uint64(shift):
            shift -= 8
        byte = value >> np.uint64(shift)
        zeros = _ZEROS[byte]
        at = _put(out, at, _DIGITS[byte] >> np.uint64(8 * zeros), 8 - zeros)
        shift -= 8
    while shift >= 0:
        at = _put(out, at, _DIGITS[(value >> np.uint64(shift)) & np.uint64(0xFF)], 8)
        shift -= 8
    return at


@njit(cache=True)
def _put_vector(out, at, row, variable):
    word = (variable.width - 1) >> 6
    # A negative number may fill its last word beyond its width.
    value = row[variable.column + word] & (_ALL >> np.uint64(-variable.width & 63))
    while word and not value:
        word -= 1
        value = row[variable.column + word]
    at = _put_binary(out, _put(out, at, 98, 1), value, True)      # b
    while word:
        word -= 1
        at = _put_binary(out, at, row[variable.column + word], False)
    return at


@njit(cache=True)
def _put_member(out, at, value, variable, members, text):
    """The name of a value, or the value as `0x…` if it has no name."""
    value &= _ALL >> np.uint64(-variable.width & 63)
    at = _put(out, at, 115, 1)      # s
    low, high = variable.members, variable.members_end
    while low < high:
        middle = (low + high) // 2
        if members[middle].value < value:
            low = middle + 1
        else:
            high = middle
    if low < variable.members_end and members[low].value == value:
        for position in range(members[low].start, members[low].end):
            out[at] = text[position]
            at += 1
        return at
    at = _put(out, at, 0x7830, 2)   # 0x
    shift = 60
    while shift and not value >> np.uint64(shift):
        shift -= 4
    while shift >= 0:
        digit = np.int64((value >> np.uint64(shift)) & np.uint64(15))
        out[at] = digit + (48 if digit < 10 else 55)
        at += 1
        shift -= 4
    return at


@njit(cache=True)
def _put_change(out, at, row, variable, members, text):
    if variable.kind == SCALAR:
        at = _put(out, at, 48 | (row[variable.column] & np.uint64(1)), 1)
    else:
        if variable.kind == STRING:
            at = _put_member(out, at, row[variable.column], variable, members, text)
        else:
            at = _put_vector(out, at, row, variable)
        at = _put(out, at, 32, 1)
    return _put(out, at, variable.tail, variable.tail_size)


@njit(cache=True)
def _differ(row, before, start, stop):
    for word in range(start, stop):
        if row[word] != before[word]:
            return True
    return False


@njit(cache=True, nogil=True)
def changes(rows, previous, cycle, half, clock, first, users, table, members, text, out, longest):
    """Write the changes of as many rows as surely fit `out`; returns the bytes and the rows done.

    Parameters
    ----------
    rows
        uint64, shape (cycles, words). Words that `previous` has not are left out.
    previous
        The row before `rows`; becomes the last row done.
    cycle, half
        Number of the first row's cycle, and half a period of the clock in units of time.
    clock
        Variable of the clock, which `table` does not contain.
    first, users
        The variables with bits in word n of a row: `users[first[n]:first[n + 1]]`, as indices in
        `table`. See `Variables.users`.
    longest
        Bytes that a row may need at most.
    """
    at = 0
    done = 0
    before = previous
    while done < len(rows) and at + longest <= len(out):
        row = rows[done]
        time = 2 * half * (cycle + done)
        at = _put(out, _put_time(out, at, time), 49, 1)
        at = _put(out, at, clock.tail, clock.tail_size)
        for word in range(len(previous)):
            if row[word] != before[word]:
                for user in range(first[word], first[word + 1]):
                    variable = table[users[user]]
                    # A wide variable is written with the first of its words that has changed.
                    if not _differ(row, before, variable.column, word):
                        at = _put_change(out, at, row, variable, members, text)
        at = _put(out, _put_time(out, at, time + half), 48, 1)
        at = _put(out, at, clock.tail, clock.tail_size)
        before = row
        done += 1
    previous[:] = before[:len(previous)]
    return at, done
