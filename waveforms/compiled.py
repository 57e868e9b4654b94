"""What the compiled parts of both formats share: bytes, eight at a time, and names of values.

Functions that write into a byte array `out` begin at position `at`, and return the position after
their output. What they store beyond it is overwritten by what comes next; at its end, `out` needs a
little room (`SLACK`).
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from pteg.jit import njit

__all__ = ["SLACK", "copy", "digits", "find", "inner", "leading_zeros", "outer", "put",
           "put_number", "reversed_bytes"]

#: Bytes that an array must have beyond those that are written to it, or copied from it.
SLACK = 64
#: Compiles a function that Python calls.
outer = njit(cache=True, calls=(__file__,), error_model="numpy", _nrt=False, nogil=True)
#: Compiles a function as a part of those that call it: to pass so many arrays takes longer than
#: what it does.
inner = njit(error_model="numpy", _nrt=False, forceinline=True)


def _place(context, builder, signature, arguments):
    """The eight bytes from a position of an array on, as a pointer to a word. numba's arrays have
    words only in every eighth position."""
    array = make_array(signature.args[0])(context, builder, arguments[0])
    return builder.bitcast(builder.gep(array.data, [arguments[1]]), ir.IntType(64).as_pointer())


@intrinsic
def put(typing, out, at, word, size):
    """Write the eight bytes of a word, of which `size` count."""
    def generate(context, builder, signature, arguments):
        builder.store(arguments[2], _place(context, builder, signature, arguments), align=1)
        return builder.add(arguments[1], arguments[3])
    return types.int64(out, types.int64, types.uint64, types.int64), generate


@intrinsic
def _get(typing, data, at):
    def generate(context, builder, signature, arguments):
        return builder.load(_place(context, builder, signature, arguments), align=1)
    return types.uint64(data, types.int64), generate


@intrinsic
def reversed_bytes(typing, word):
    """A word with its bytes the other way round."""
    def generate(context, builder, signature, arguments):
        return builder.bswap(arguments[0])
    return types.uint64(types.uint64), generate


@intrinsic
def leading_zeros(typing, word):
    """The zero bits in front of the first 1 of a word that is not 0."""
    def generate(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))
    return types.int64(types.uint64), generate


@inner
def copy(out, at, data, start, end):
    """Write `data[start:end]`."""
    for position in range(start, end, 8):
        put(out, at + position - start, _get(data, position), 8)
    return at + end - start


@inner
def find(value, variable, members):
    """The row of a value's name in the table of members, or -1."""
    low, high = variable.members, variable.members_end
    likely = low + np.int64(value)      # most enumerations count from 0
    if low <= likely < high and members[likely].value == value:
        return likely
    while low < high:
        middle = (low + high) // 2
        if members[middle].value < value:
            low = middle + 1
        else:
            high = middle
    return low if low < variable.members_end and members[low].value == value else -1


@inner
def digits(value):
    """Hexadecimal digits of a number."""
    return 16 - (leading_zeros(value | np.uint64(1)) >> 2)


@inner
def put_number(out, at, value):
    """Write a value that has no name as `0x…`."""
    at = put(out, at, 0x7830, 2)
    for digit in range(digits(value) - 1, -1, -1):
        nibble = np.int64(value >> np.uint64(4 * digit) & np.uint64(15))
        out[at] = nibble + (48 if nibble < 10 else 55)
        at += 1
    return at
