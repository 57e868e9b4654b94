"""Rebuilds the if and switch statements from Amaranth's flat lists of conditional assignments.

The results are trees of multiplexers. A switch over few bits whose cases assign constants, as in
decoders and state machines, becomes a table.
"""

from amaranth.hdl import _nir

from pteg.engine.frontend.indexed import IndexedAssignment
from pteg.engine.frontend.runs import cut
from pteg.engine.words import TABLE_BITS, WORD, insert_at, matches, member

__all__ = ["Switches"]


def _numbers(pattern):
    """Return all numbers that match a pattern."""
    numbers = [0]
    for character in pattern:
        bits = (0, 1) if character == "-" else (int(character),)
        numbers = [number << 1 | bit for number in numbers for bit in bits]
    return numbers


def _disjoint(a, b):
    """Return whether no value matches both patterns."""
    return any(x != y and x != "-" and y != "-" for x, y in zip(a, b, strict=True))


class Switches:
    """Builds the nodes of assignment lists.

    Parameters
    ----------
    values : Values
    """

    def __init__(self, values):
        self.values = values
        self.netlist, self.graph = values.netlist, values.graph
        self._winners = {}

    def assignment_list(self, index, chunk):
        """Rebuild the if/switch tree that assigns a chunk."""
        cells, chunks = self.netlist.cells, self.values.chunks
        low, high = chunks.range_of(index, chunk)
        value = self.values.of(cut(self.netlist.runs(cells[index].default), low, high))
        steps = []
        for a in chunks.assignments(index, chunk):
            path, net = [], a.cond
            while net > 1 and type(cells[net >> 16]) is _nir.PriorityMatch:
                path.append((net >> 16, net & 0xFFFF))
                net = cells[net >> 16].en
            if net != 1:
                if net == 0:
                    continue
                path.append((None, net))
            path.reverse()
            steps.append((path, a))
        return self.tree(steps, 0, value, low, high)

    def tree(self, steps, depth, value, low, high):
        position = 0
        while position < len(steps):
            path, a = steps[position]
            if len(path) == depth and type(a) is IndexedAssignment:
                value = insert_at(self.graph, value, self.values.value(a.value),
                                  self.values.value(a.offset), start=a.start, stride=a.stride,
                                  size=len(a.value))
                position += 1
                continue
            if len(path) == depth:
                start, stop = max(a.start, low), min(a.start + len(a.value), high)
                new = self.values.of(
                    cut(self.netlist.runs(a.value), start - a.start, stop - a.start))
                value = self.graph.concat((
                    self.graph.slice(value, 0, start - low), new,
                    self.graph.slice(value, stop - low, high - stop)))
                position += 1
                continue
            switch = path[depth][0]
            arms = {}
            while (position < len(steps) and len(steps[position][0]) > depth
                   and steps[position][0][depth][0] == switch):
                arms.setdefault(steps[position][0][depth][1], []).append(steps[position])
                position += 1
                if switch is None:
                    break
            values = {bit: self.tree(group, depth + 1, value, low, high)
                      for bit, group in arms.items()}
            if switch is None:
                (net, new), = values.items()
                condition = self.values.bit(net)
                value = self.graph.mux(condition, new, value)
            else:
                value = self.switch(switch, values, value)
        return value

    def switch(self, index, values, otherwise):
        """Return the multiplexers of one switch statement.

        Parameters
        ----------
        values : dict of int to node
            The value that each case assigns; a missing case assigns nothing.
        """
        graph = self.graph
        cells, inputs = self.netlist.cells, self.netlist.cells[index].inputs
        bits, default = range(max(values) + 1), otherwise
        if inputs[bits[-1]] == 1:
            default, bits = values[bits[-1]], bits[:-1]
        tests = [None if inputs[bit] < 2 else cells[inputs[bit] >> 16] for bit in bits]
        same_value = all(type(test) is _nir.Matches and test.value == tests[0].value
                         for test in tests)
        patterns = [pattern for test in tests for pattern in test.patterns] if same_value else []
        result = default
        if same_value and len(bits) >= 4 and 1 < len(tests[0].value) <= TABLE_BITS:
            return self.table(index, tests, bits, values, otherwise, default)
        # Cases that exclude each other may be tested in any order: those that assign the same
        # value are tested together.
        if same_value and len(set(patterns)) == len(patterns) and "-" not in "".join(patterns):
            groups = {}
            for bit in bits:
                new = values.get(bit, otherwise)
                if new != default:
                    groups.setdefault(new, []).append(bit)
            for new, members in reversed(groups.items()):
                if len(members) == 1:
                    condition = self.values.of([(inputs[members[0]] >> 16, 0, 1)])
                else:
                    condition = matches(graph, self.values.value(tests[0].value),
                                        [p for bit in members for p in tests[bit].patterns])
                result = graph.mux(condition, new, result)
            return result
        tested = []
        for bit in reversed(bits):
            new = values.get(bit, otherwise)
            if new == default and (not tested or same_value and all(
                    _disjoint(p, q) for later in tested
                    for p in tests[bit].patterns for q in tests[later].patterns)):
                continue
            tested.append(bit)
            net = inputs[bit]
            condition = graph.const(int(net), 1) if net < 2 else self.values.bit(net)
            result = graph.mux(condition, new, result)
        return result

    def table(self, index, tests, bits, values, otherwise, default):
        """Return a switch over few bits: constants from a table, the others with multiplexers."""
        graph = self.graph
        winners = self.winners(index, tests)
        test = self.values.value(tests[0].value)
        groups = {}  # value -> the numbers for which it is chosen
        for number, bit in enumerate(winners):
            chosen = values.get(bit, otherwise) if bit in bits else default
            groups.setdefault(chosen, []).append(number)
        width = graph.width[default]
        constants = {node for node in groups if graph.op[node] == "const"}
        result = max(groups, key=lambda node: len(groups[node]))
        if len(constants) >= 3 and width <= WORD:
            row = [0] * len(winners)
            for node in constants:
                for number in groups.pop(node):
                    row[number] = graph.attr[node]
            result = graph.table(test, row, width)
        for node, numbers in groups.items():
            if node != result:
                result = graph.mux(member(graph, test, numbers), node, result)
        return result

    def winners(self, index, tests):
        """Return which case of a switch each number chooses (-1: none)."""
        known = self._winners.get(index)
        if known is None or known[0] < len(tests):
            winners = [-1] * (1 << len(tests[0].value))
            for bit, test in reversed(list(enumerate(tests))):
                for pattern in test.patterns:
                    for number in _numbers(pattern):
                        winners[number] = bit
            known = self._winners[index] = len(tests), winners
        return known[1]
