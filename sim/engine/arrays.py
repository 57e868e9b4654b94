"""Values of signals as arrays: of a value for each simulation, or each cycle and simulation."""

import numpy as np

from pteg.engine.probes import MASK64
from pteg.errors import UserError

__all__ = ["as_words", "fit", "split", "mask", "values_of"]


def as_words(path, width, values):
    """Values as words of 64 bits, in one more dimension.

    Those of a signal of more than 64 bits are integers of Python, or already words, in `uint64`.
    """
    stride = max(1, (width + 63) // 64)
    array = np.asarray(values)
    if array.dtype == object or stride > 1 and array.dtype != np.uint64:
        words = np.array([[int(value) >> 64 * index & MASK64 for index in range(stride)]
                          for value in array.reshape(-1)], np.uint64)
        words = words.reshape(*array.shape, stride)
    elif array.dtype.kind not in "iub":
        raise UserError(f"values of {path!r} must be integers, not {array.dtype}")
    elif stride == 1:
        words = array[..., np.newaxis].astype(np.uint64)
    elif array.shape[-1:] == (stride,):
        words = array.copy()
    else:
        raise UserError(f"values of {path!r} must have {stride} words of 64 bits in the last "
                        f"dimension, not the shape {array.shape}")
    words[..., -1] &= np.uint64(MASK64 >> -width % 64 if width else 0)
    return words


def fit(path, words, shape):
    try:
        return np.broadcast_to(words, (*shape, words.shape[-1]))
    except ValueError:
        raise UserError(f"values of {path!r} have the shape {words.shape[:-1]}, which does not fit "
                        f"{shape}") from None


def split(probe, words):
    """Words of a signal as the contents of its parts: in the last dimension, one for each."""
    columns, position = [], 0
    for part in probe.parts:
        index, low = divmod(position, 64)
        value = words[..., index] >> np.uint64(low)
        if low + part.width > 64:
            value = value | words[..., index + 1] << np.uint64(64 - low)
        columns.append(value & np.uint64((1 << part.width) - 1))
        position += part.width
    return np.stack(columns, axis=-1) if columns else words[..., :0]


def mask(part):
    return ((1 << part.width) - 1) << part.shift


def values_of(record, tracer):
    """A record (count, cycles, words) as arrays (cycles, count) by path."""
    values = {}
    for path, probe, offset in zip(tracer.paths, tracer.probes, tracer.offsets, strict=True):
        stride = (probe.width + 63) // 64
        words = record[..., offset:offset + stride].swapaxes(0, 1)
        if stride != 1:
            values[path] = words.copy() if stride else np.zeros(words.shape[:2], np.uint64)
        elif probe.signed:      # the sign bit to the top and back
            spare = np.int64(64 - probe.width)
            values[path] = words[..., 0].astype(np.int64) << spare >> spare
        else:
            values[path] = words[..., 0].copy()
    return values
