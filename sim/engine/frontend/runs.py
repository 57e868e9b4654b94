"""Amaranth's values, which are tuples of single-bit nets, as runs of consecutive bits.

A run is `(cell, low bit, width)`. Two kinds are special: `(CONST, value, width)` is a constant, and
`(REPEAT, net, width)` repeats one net, as sign extension does.
"""

__all__ = ["CONST", "REPEAT", "runs_of", "cut", "where"]

CONST = -1
REPEAT = -2


def where(src_loc):
    """Return a source location as text."""
    return "unknown place" if src_loc is None else f"{src_loc[0]}:{src_loc[1]}"


def runs_of(value):
    """Return a value as runs of consecutive bits: a list of (cell, low bit, width)."""
    nets = list(map(int, value))  # their own operations are slow
    runs, position, length = [], 0, len(nets)
    while position < length:
        net = nets[position]
        start = position
        position += 1
        if net < 2:
            bits = net
            while position < length and 0 <= nets[position] < 2:
                bits |= nets[position] << (position - start)
                position += 1
            runs.append((CONST, bits, position - start))
        elif position < length and nets[position] == net:
            while position < length and nets[position] == net:
                position += 1
            runs.append((REPEAT, net, position - start))
        else:
            while position < length and nets[position] == net + position - start:
                position += 1
            runs.append((net >> 16, net & 0xFFFF, position - start))
    return runs


def cut(runs, low, high):
    """Return the runs that make up bits low to high of a value."""
    result, position = [], 0
    for cell, start, width in runs:
        first, last = max(low, position), min(high, position + width)
        if first < last:
            if cell == CONST:
                start = (start >> (first - position)) & ((1 << (last - first)) - 1)
            elif cell != REPEAT:
                start += first - position
            result.append((cell, start, last - first))
        position += width
    return result
