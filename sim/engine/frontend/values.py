"""The nodes of a netlist's chunks, and of values that are put together from them."""

from bisect import bisect_left
from collections import ChainMap

from pteg.engine.frontend.runs import CONST, REPEAT
from pteg.engine.ir import Graph

__all__ = ["Values"]


class Values:
    """The expression graph of a netlist, as far as it is built.

    Attributes
    ----------
    graph : Graph
    nodes : dict of int to list of int
        The node of each chunk of a cell.
    stored : dict of int to list of int
        What the state holds of a flip-flop whose output shows an asynchronous reset at once.
    """

    def __init__(self, netlist, chunks):
        self.netlist = netlist
        self.chunks = chunks
        self.graph = Graph()
        self.nodes = {}
        self.stored = {}

    def set(self, index, chunk, node):
        """Enter the node of one chunk."""
        self.nodes.setdefault(index, [None] * len(self.chunks.starts[index]))[chunk] = node

    def value(self, value):
        """Return the node for one of Amaranth's values."""
        return self.of(self.netlist.runs(value))

    def bit(self, net):
        """Return the node for one net."""
        return self.of([(net >> 16, net & 0xFFFF, 1)])

    def storage(self, value):
        """Return the parts of the state that hold a value, or None if it is computed."""
        held = ChainMap(self.stored, self.nodes) if self.stored else self.nodes
        return self.graph.storage(self.of(self.netlist.runs(value), held))

    def of(self, runs, nodes=None):
        """Return the node for a value given as runs."""
        graph, parts, nodes = self.graph, [], nodes or self.nodes
        if len(runs) == 1:  # mostly
            (cell, low, width), = runs
            if cell >= 0 and len(self.chunks.starts[cell]) == 1:
                return graph.slice(nodes[cell][0], low - self.chunks.starts[cell][0], width)
        for cell, low, width in runs:
            if cell == CONST:
                parts.append(graph.const(low, width))
            elif cell == REPEAT:
                bit = self.of([(low >> 16, low & 0xFFFF, 1)], nodes)
                parts.append(graph.extend(bit, width, signed=True))
            else:
                starts = self.chunks.starts[cell]
                chunk = bisect_left(starts, low + 1) - 1
                end = low + width
                while low < end:
                    start, stop = self.chunks.range_of(cell, chunk)
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
