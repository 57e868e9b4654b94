"""Builds the word-level nodes of operators, comparisons, selections and memory reads."""

from bisect import bisect_left

from amaranth.hdl import _nir

from pteg.engine.frontend.cells import BITWISE
from pteg.engine.frontend.chunks import WORD, Chunks
from pteg.engine.frontend.runs import CONST, REPEAT, cut
from pteg.engine.ir import Graph

__all__ = ["Expressions", "TABLE_BITS"]

TABLE_BITS = 10  # a function of at most so many bits may become a table


class Expressions(Chunks):
    """A netlist on its way to an expression graph.

    Attributes
    ----------
    graph : Graph
    nodes : dict of int to list of int
        The node of each chunk of a cell, as far as they are built.
    stored : dict of int to list of int
        What the state holds of a flip-flop whose output shows an asynchronous reset at once.
    """

    def __init__(self, netlist, prepared, undriven):
        super().__init__(netlist, prepared, undriven)
        self.graph = Graph()
        self.nodes = {}
        self.stored = {}
        self.memories = []
        self.memory_number = {}

    def of(self, runs, nodes=None):
        """Return the node for a value given as runs."""
        graph, parts, nodes = self.graph, [], nodes or self.nodes
        for cell, low, width in runs:
            if cell == CONST:
                parts.append(graph.const(low, width))
            elif cell == REPEAT:
                bit = self.of([(low >> 16, low & 0xFFFF, 1)], nodes)
                parts.append(graph.extend(bit, width, signed=True))
            else:
                starts = self.cuts[cell]
                chunk = bisect_left(starts, low + 1) - 1
                end = low + width
                while low < end:
                    start, stop = self.chunk_range(cell, chunk)
                    stop = min(stop, end)
                    parts.append(graph.slice(nodes[cell][chunk], low - start, stop - low))
                    low, chunk = stop, chunk + 1
        return self.join_signed(runs, parts)

    def join_signed(self, runs, parts):
        """Concatenate, turning a run that repeats the sign bit below it into a sign extension."""
        graph = self.graph
        if len(runs) >= 2 and runs[-2][0] >= 0:
            cell, low, width = runs[-2]
            top, net, count = runs[-1]
            if top >= 0 and count == 1:
                net |= top << 16
            if (top == REPEAT or count == 1) and cell << 16 | (low + width - 1) == net:
                body = parts[-2]
                parts = [*parts[:-2], graph.extend(body, graph.width[body] + count, signed=True)]
        return graph.concat(parts)

    def value(self, value):
        return self.of(self.runs(value))

    def lower(self, index, chunk):
        """Build the node of one chunk; its sources are there already."""
        cell = self.cells[index]
        low, high = self.chunk_range(index, chunk)
        kind = type(cell)
        if kind is _nir.Operator:
            node = self.operator(index, cell, low, high)
        elif kind is _nir.AssignmentList:
            node = self.assignment_list(index, cell, chunk, low, high)
        elif kind is _nir.Matches:
            node = self.matches(cell)
        elif kind is _nir.Part:
            node = self.part(cell)
        elif kind is _nir.FlipFlop:
            node = self.under_reset(index, chunk, self.stored[index][chunk])
        elif kind is _nir.AsyncReadPort:
            node = self.read(cell.memory, self.value(cell.addr), low // WORD)
        else:
            raise AssertionError(kind)
        self.nodes.setdefault(index, [None] * len(self.cuts[index]))[chunk] = node

    def under_reset(self, index, chunk, value):
        """Return a flip-flop's value, given the one without its asynchronous reset."""
        cell = self.cells[index]
        low, high = self.chunk_range(index, chunk)
        return self.graph.mux(self.value((cell.arst,)),
                              self.graph.const(cell.init >> low, high - low), value)

    def operator(self, index, cell, low, high):
        graph = self.graph
        inputs = [runs for runs, _ in self.values[index]]
        operator = cell.operator
        if operator in BITWISE:
            if operator == "m":
                condition = self.of(inputs.pop(0))
            operands = [self.of(cut(runs, low, high)) for runs in inputs]
            match operator:
                case "m":
                    return graph.mux(condition, *operands)
                case "~":
                    return graph.invert(operands[0])
            return graph.binary({"&": "and", "|": "or", "^": "xor"}[operator], *operands)
        if operator in ("+", "-", "*", "<<"):
            width = max(self.needed[index], 1)
            wide = self.widths[index]
            a = self.of(cut(inputs[0], 0, min(width, wide)))
            if operator == "<<":
                node = graph.binary("shl", a, self.of(inputs[1]))
            elif len(inputs) == 1:
                node = graph.binary("sub", graph.const(0, graph.width[a]), a)
            else:
                b = self.of(cut(inputs[1], 0, min(width, wide)))
                node = graph.binary({"+": "add", "-": "sub", "*": "mul"}[operator], a, b)
            return node
        operands = [self.of(runs) for runs in inputs]
        a, b = operands[0], operands[-1]
        match operator:
            case "b" | "r|":
                return graph.any(a)
            case "r&":
                return graph.all(a)
            case "r^":
                return graph.parity(a) if graph.width[a] else graph.const(0, 1)
            case "==":
                return graph.equal(a, b)
            case "!=":
                return graph.invert(graph.equal(a, b))
            case "u<" | "s<":
                return graph.binary(f"{operator[0]}lt", a, b)
            case "u>" | "s>":
                return graph.binary(f"{operator[0]}lt", b, a)
            case "u<=" | "s<=":
                return graph.binary(f"{operator[0]}le", a, b)
            case "u>=" | "s>=":
                return graph.binary(f"{operator[0]}le", b, a)
            case "u>>":
                return graph.binary("lshr", a, b)
            case "s>>":
                return graph.binary("ashr", a, b)
            case "u//":
                return graph.binary("udiv", a, b)
            case "u%":
                return graph.binary("umod", a, b)
            case "s//" | "s%":
                return self.signed_division(operator, a, b)
        raise AssertionError(operator)

    def signed_division(self, operator, a, b):
        """Divide towards minus infinity, in terms of unsigned division."""
        graph = self.graph
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
        if operator == "s//":
            rounded = graph.binary("add", quotient, graph.extend(inexact, width))
            return graph.mux(mixed, graph.binary("sub", zero, rounded), quotient)
        other = graph.binary("sub", b_size, remainder)
        size = graph.mux(graph.both(mixed, inexact), other, remainder)
        result = graph.mux(b_negative, graph.binary("sub", zero, size), size)
        return graph.mux(graph.any(b), result, zero)

    def matches(self, cell):
        graph = self.graph
        value = self.value(cell.value)
        width = graph.width[value]
        result = graph.const(0, 1)
        exact = [int(pattern or "0", 2) for pattern in cell.patterns if "-" not in pattern]
        if len(exact) > 2 and 1 < width <= TABLE_BITS:
            result = self.member(value, sorted(set(exact)))
            exact = []
        for number in exact:
            equal = graph.equal(value, graph.const(number, width))
            result = graph.either(result, equal)
        for pattern in cell.patterns:
            if "-" in pattern:
                result = graph.either(result, self.pattern(value, pattern))
        return result

    def pattern(self, value, pattern):
        """Compare a value with a pattern that has don't-care bits."""
        graph = self.graph
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

    def member(self, test, numbers):
        """Return one bit: whether a value is one of some numbers."""
        graph = self.graph
        width = graph.width[test]
        if len(numbers) <= 2:
            result = graph.const(0, 1)
            for number in numbers:
                result = graph.either(result, graph.equal(test, graph.const(number, width)))
            return result
        if len(numbers) > 1 << (width - 1):
            rest = set(range(1 << width)).difference(numbers)
            return graph.invert(self.member(test, sorted(rest)))
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

    def part(self, cell):
        """Read `width` bits from bit `offset * stride` of a value."""
        graph = self.graph
        value, offset = self.value(cell.value), self.value(cell.offset)
        signed = cell.value_signed
        size = graph.width[value]
        if size == 0 or cell.width == 0:
            return graph.const(0, cell.width)
        largest = ((1 << graph.width[offset]) - 1) * cell.stride
        if graph.width[offset] == 0 or cell.stride == 0:
            return graph.extend(value, cell.width, signed)
        if size > WORD and graph.op[offset] != "const":
            return self.pick(value, offset, cell, signed)
        # Wide enough for the largest amount, and for the value to be extended by its sign.
        bits = max(largest.bit_length(), 1)
        amount = graph.binary("mul", graph.extend(offset, bits), graph.const(cell.stride, bits))
        wide = graph.extend(value, max(size, cell.width), signed)
        shifted = graph.binary("ashr" if signed else "lshr", wide, amount)
        return graph.slice(shifted, 0, cell.width)

    def pick(self, value, offset, cell, signed):
        """Choose among the parts of a wide value with a tree of multiplexers."""
        graph = self.graph
        size = graph.width[value]
        beyond = graph.extend(graph.slice(value, size - 1, 1) if signed else graph.const(0, 1),
                              cell.width, signed=signed)

        def at(number):
            low = number * cell.stride
            if low >= size:
                return beyond
            return graph.extend(graph.slice(value, low, min(cell.width, size - low)),
                                cell.width, signed)

        count = min((size + cell.stride - 1) // cell.stride, 1 << graph.width[offset])
        level = [at(number) for number in range(count)]
        for bit in range(graph.width[offset]):
            select = graph.slice(offset, bit, 1)
            if len(level) % 2:
                level.append(beyond)
            level = [graph.mux(select, level[i + 1], level[i]) for i in range(0, len(level), 2)]
        return level[0]

    def read(self, memory, row, part):
        """Read one 64-bit part of a memory row."""
        graph = self.graph
        info = self.memories[self.memory_number[memory]]
        width = min(WORD, info.width - part * WORD)
        if info.depth == 0:
            return graph.const(0, width)
        row = row if graph.width[row] else graph.const(0, 1)
        return graph.node("read", width, (row,), (self.memory_number[memory], part))
