"""Finds assignments to computed positions: `x.bit_select(offset, n).eq(value)`.

In the netlist such a statement is a list of assignments, one for each value of the offset.
"""

from dataclasses import dataclass

from amaranth.hdl import _nir

__all__ = ["IndexedAssignment", "find_indexed"]


@dataclass
class IndexedAssignment:
    """Assigns `value` at bit `start + stride * offset`; bits beyond the end are dropped."""

    cond: object
    start: int
    stride: int
    value: object
    offset: object


def find_indexed(cells, widths, most):
    """Find the assignment lists of at most `most` bits with assignments to computed positions.

    Returns
    -------
    dict of int to list of Assignment or IndexedAssignment
        The steps of each such cell.
    """
    indexed = {}
    for index, cell in enumerate(cells):
        if type(cell) is not _nir.AssignmentList or not 4 <= widths[index] <= most:
            continue
        steps, position = [], 0
        while position < len(cell.assignments):
            step, count = _step_at(cells, cell.assignments, position, widths[index])
            steps.append(step)
            position += count
        if len(steps) < len(cell.assignments):
            indexed[index] = steps
    return indexed


def _step_at(cells, assignments, position, width):
    """Return the step that begins at a position, and how many assignments it replaces."""
    first = assignments[position]
    match_cell = cells[first.cond >> 16] if first.cond > 1 else None
    if type(match_cell) is not _nir.PriorityMatch or first.cond & 0xFFFF:
        return first, 1
    tests = [cells[net >> 16] if net > 1 else None for net in match_cell.inputs]
    count = len(tests)
    group = assignments[position:position + count]
    if len(group) < count or count < 4 or type(tests[0]) is not _nir.Matches:
        return first, 1
    stride = group[1].start - first.start
    for number, (a, test) in enumerate(zip(group, tests, strict=True)):
        start = first.start + number * stride
        if not (type(test) is _nir.Matches and test.value == tests[0].value
                and test.patterns == (format(number, f"0{len(test.value)}b"),)
                and a.cond == first.cond + number and a.start == start and stride > 0
                and a.value == first.value[:width - start]):
            return first, 1
    return IndexedAssignment(match_cell.en, first.start, stride, first.value,
                              tests[0].value), count
