"""Words out of simpler words: what other languages have as one operator, as nodes of a graph.

Nothing here knows where a circuit comes from.
"""

__all__ = ["TABLE_BITS", "WORD", "divide_signed", "insert_at", "matches", "member", "part_of"]

WORD = 64
TABLE_BITS = 10  # a function of at most so many bits may become a table


def divide_signed(graph, operator, a, b):
    """Divide towards minus infinity, in terms of unsigned division.

    Parameters
    ----------
    operator : "//" or "%"
    """
    width = graph.width[a]
    zero = graph.const(0, width)

    def magnitude(x):
        negative = graph.slice(x, width - 1, 1)
        return negative, graph.mux(negative, graph.binary("sub", zero, x), x)

    a_negative, a_size = magnitude(a)
    b_negative, b_size = magnitude(b)
    quotient = graph.binary("udiv", a_size, b_size)
    remainder = graph.binary("umod", a_size, b_size)
    mixed = graph.binary("xor", a_negative, b_negative)
    inexact = graph.any(remainder)
    if operator == "//":
        rounded = graph.binary("add", quotient, graph.extend(inexact, width))
        return graph.mux(mixed, graph.binary("sub", zero, rounded), quotient)
    other = graph.binary("sub", b_size, remainder)
    size = graph.mux(graph.both(mixed, inexact), other, remainder)
    result = graph.mux(b_negative, graph.binary("sub", zero, size), size)
    return graph.mux(graph.any(b), result, zero)


def matches(graph, value, patterns):
    """Return one bit: whether a value matches one of some patterns of `0`, `1` and `-`."""
    width = graph.width[value]
    result = graph.const(0, 1)
    exact = [int(pattern or "0", 2) for pattern in patterns if "-" not in pattern]
    if len(exact) > 2 and 1 < width <= TABLE_BITS:
        result = member(graph, value, sorted(set(exact)))
        exact = []
    for number in exact:
        equal = graph.equal(value, graph.const(number, width))
        result = graph.either(result, equal)
    for pattern in patterns:
        if "-" in pattern:
            result = graph.either(result, _pattern(graph, value, pattern))
    return result


def _pattern(graph, value, pattern):
    """Compare a value with a pattern that has don't-care bits."""
    mask = int(pattern.replace("0", "1").replace("-", "0"), 2)
    wanted = int(pattern.replace("-", "0"), 2)
    if mask == 0:
        return graph.const(1, 1)
    low = (mask & -mask).bit_length() - 1
    width = mask.bit_length() - low
    if mask >> low == (1 << width) - 1:
        return graph.equal(graph.slice(value, low, width), graph.const(wanted >> low, width))
    width = graph.width[value]
    masked = graph.both(value, graph.const(mask, width))
    return graph.equal(masked, graph.const(wanted, width))


def member(graph, test, numbers):
    """Return one bit: whether a value is one of some numbers."""
    width = graph.width[test]
    if len(numbers) <= 2:
        result = graph.const(0, 1)
        for number in numbers:
            result = graph.either(result, graph.equal(test, graph.const(number, width)))
        return result
    if len(numbers) > 1 << (width - 1):
        rest = set(range(1 << width)).difference(numbers)
        return graph.invert(member(graph, test, sorted(rest)))
    # A range of aligned numbers is a comparison of the high bits.
    low = (len(numbers) - 1).bit_length()
    if len(numbers) == 1 << low and numbers[-1] - numbers[0] == len(numbers) - 1 \
            and numbers[0] % len(numbers) == 0:
        return graph.equal(graph.slice(test, low, width - low),
                           graph.const(numbers[0] >> low, width - low))
    row = [0] * (1 << width)
    for number in numbers:
        row[number] = 1
    return graph.table(test, row, 1)


def part_of(graph, value, offset, *, width, stride, signed):
    """Read `width` bits from bit `offset * stride` of a value, extended by its sign or by zeros."""
    size = graph.width[value]
    if size == 0 or width == 0:
        return graph.const(0, width)
    largest = ((1 << graph.width[offset]) - 1) * stride
    if graph.width[offset] == 0 or stride == 0:
        return graph.extend(value, width, signed)
    if size > WORD and graph.op[offset] != "const":
        return _pick(graph, value, offset, width, stride, signed)
    # Wide enough for the largest amount, and for the value to be extended by its sign.
    bits = max(largest.bit_length(), 1)
    amount = graph.binary("mul", graph.extend(offset, bits), graph.const(stride, bits))
    wide = graph.extend(value, max(size, width), signed)
    shifted = graph.binary("ashr" if signed else "lshr", wide, amount)
    return graph.slice(shifted, 0, width)


def _pick(graph, value, offset, width, stride, signed):
    """Choose among the parts of a wide value with a tree of multiplexers."""
    size = graph.width[value]
    beyond = graph.extend(graph.slice(value, size - 1, 1) if signed else graph.const(0, 1),
                          width, signed=signed)

    def at(number):
        low = number * stride
        if low >= size:
            return beyond
        return graph.extend(graph.slice(value, low, min(width, size - low)),
                            width, signed)

    count = min((size + stride - 1) // stride, 1 << graph.width[offset])
    level = [at(number) for number in range(count)]
    for bit in range(graph.width[offset]):
        select = graph.slice(offset, bit, 1)
        if len(level) % 2:
            level.append(beyond)
        level = [graph.mux(select, level[i + 1], level[i]) for i in range(0, len(level), 2)]
    return level[0]


def insert_at(graph, value, new, offset, *, start, stride, size):
    """Replace the `size` bits of a value from bit `start + stride * offset`."""
    width = graph.width[value]
    largest = start + stride * ((1 << graph.width[offset]) - 1)
    bits = largest.bit_length()
    amount = graph.binary("mul", graph.extend(offset, bits), graph.const(stride, bits))
    amount = graph.binary("add", amount, graph.const(start, bits))
    size = min(size, width)
    mask = graph.binary("shl", graph.const((1 << size) - 1, width), amount)
    if graph.value(new) != 0:
        known = graph.value(new) == (1 << graph.width[new]) - 1
        new = mask if known else graph.binary("shl", graph.extend(new, width), amount)
        if known:
            return graph.either(value, mask)
        return graph.either(graph.both(value, graph.invert(mask)), new)
    return graph.both(value, graph.invert(mask))
