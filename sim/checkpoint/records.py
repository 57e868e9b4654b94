"""numpy records as bytes that mean the same on every machine: little-endian, no padding, each field
with its name.
"""

import numpy as np

__all__ = ["layout", "size", "pack", "unpack"]


def layout(dtype):
    """JSON-able description: [name, type, shape] of each field, or the type of plain numbers."""
    if dtype.names is None:
        return dtype.str[1:]
    return [[name, dtype[name].base.str[1:], list(dtype[name].shape)] for name in dtype.names]


def _portable(dtype):
    if dtype.names is None:
        return dtype.newbyteorder("<")
    return np.dtype([(name, dtype[name].base.newbyteorder("<"), dtype[name].shape)
                     for name in dtype.names])


def size(dtype, count=1):
    """Bytes of `count` packed records."""
    return _portable(dtype).itemsize * count


def pack(array):
    """The bytes of an array of records or numbers."""
    return _converted(array, _portable(array.dtype)).tobytes()


def unpack(data, dtype):
    """The array whose bytes `pack` gave."""
    return _converted(np.frombuffer(data, _portable(dtype)), dtype)


def _converted(array, dtype):
    if dtype.names is None:
        return array.astype(dtype)
    result = np.zeros(array.shape, dtype)
    for name in dtype.names:
        result[name] = array[name]
    return result
