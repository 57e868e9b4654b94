"""The chunks of a netlist: cells, split into at most 64 bits, ordered from sources to users.

A chunk's key is `cell << 16 | number`.
"""

from bisect import bisect_left

import networkx
from amaranth.hdl import _nir

from pteg.engine.frontend.cuts import Cuts
from pteg.engine.frontend.indexed import IndexedAssignment
from pteg.engine.frontend.loops import find_loops
from pteg.engine.frontend.needed import bits_needed
from pteg.engine.frontend.runs import CONST, REPEAT, cut, runs_of, where
from pteg.errors import UserError

__all__ = ["Chunks"]


class Chunks:
    """A netlist whose cells are split.

    Attributes
    ----------
    starts : dict of int to list of int
        Where the chunks of each cell start.
    order : list of int
        The keys of all combinational chunks, sources first.
    cut_latches : set of int
        The keys of the latches where loops are cut: others read what these were (`loops`).
    needed : list of int
        How many low bits of each cell anybody reads.
    """

    def __init__(self, netlist):
        self.netlist = netlist
        self.cuts = Cuts(netlist)
        self.top_widths = {start: width for start, width in netlist.cells[0].ports_i.values()}
        self.order = self.find_order()
        self.needed = bits_needed(netlist, self.order)

    def range_of(self, index, chunk):
        starts = self.starts[index]
        if type(self.netlist.cells[index]) is _nir.Top:
            return starts[chunk], starts[chunk] + self.top_widths[starts[chunk]]
        return starts[chunk], (starts[chunk + 1] if chunk + 1 < len(starts)
                               else self.netlist.widths[index])

    def chunks_in(self, runs):
        """Yield the keys (cell << 16 | chunk) of the chunks that some runs touch."""
        for cell, low, width in runs:
            if cell == CONST:
                continue
            if cell == REPEAT:
                cell, low, width = low >> 16, low & 0xFFFF, 1
            starts = self.starts[cell]
            if len(starts) == 1:
                yield cell << 16
                continue
            first = bisect_left(starts, low + 1) - 1
            last = bisect_left(starts, low + width) - 1
            for chunk in range(first, last + 1):
                yield cell << 16 | chunk

    def find_order(self):
        """Return the keys of all combinational chunks so that sources come first."""
        forced = set()
        for attempt in range(3):
            graph = self.dependencies()
            loops, self.cut_latches = find_loops(graph, self.is_latch)
            if not loops:
                break
            # A loop through words may not be one through bits: split finer, then to single bits.
            forced |= {key >> 16 for loop in loops for key in loop} & self.cuts.split_at.keys()
            if attempt == 2 or not forced:
                self.report(graph.subgraph(loops[0]))
            self.cuts.force(forced, single_bits=attempt == 1)
        graph.remove_edges_from(list(graph.out_edges(self.cut_latches)))
        order = networkx.topological_sort(graph)
        return [key for key in order if not self.netlist.is_leaf(self.netlist.cells[key >> 16])]

    def is_latch(self, key):
        """Return whether a chunk is one of a latch."""
        return key >> 16 in self.netlist.latches

    def dependencies(self):
        """Return the graph of the chunks, from source to user."""
        self.starts = {index: self.cuts.starts_of(index) for index in range(len(self.netlist.cells))
                       if self.netlist.widths[index]}
        self._assignment_cache = {}
        sources = {}
        for index, cell in enumerate(self.netlist.cells):
            if (self.netlist.is_leaf(cell) or type(cell) is _nir.PriorityMatch
                    or not self.netlist.widths[index]):
                continue
            for chunk in range(len(self.starts[index])):
                sources[index << 16 | chunk] = dict.fromkeys(self.sources(index, chunk))
        graph = networkx.DiGraph()
        for key, found in sources.items():
            graph.add_nodes_from((key, *found))
        graph.add_edges_from((source, key) for key, found in sources.items() for source in found)
        return graph

    def keeps(self, index, assignment):
        """Return whether an assignment of a latch is that it keeps its value, from the state."""
        start = index << 16 | assignment.start
        return (index in self.netlist.latches
                and assignment.value == tuple(range(start, start + len(assignment.value))))

    def sources(self, index, chunk):
        """Yield the chunks that a chunk reads as they become in the same cycle."""
        cell = self.netlist.cells[index]
        low, high = self.range_of(index, chunk)
        if type(cell) is _nir.FlipFlop:
            yield from self.chunks_in(self.netlist.runs((cell.arst,)))
            return
        if type(cell) is _nir.AssignmentList:
            yield from self.chunks_in(cut(self.netlist.runs(cell.default), low, high))
            last_bits = {}
            for a in self.assignments(index, chunk):
                if type(a) is IndexedAssignment:
                    yield from self.chunks_in(self.netlist.runs(a.value))
                    yield from self.chunks_in(self.netlist.runs(a.offset))
                elif not self.keeps(index, a):
                    yield from self.chunks_in(
                        cut(self.netlist.runs(a.value), low - a.start, high - a.start))
                net = a.cond
                while net > 1:
                    match_cell = self.netlist.cells[net >> 16]
                    if type(match_cell) is not _nir.PriorityMatch:
                        yield from self.chunks_in([(net >> 16, net & 0xFFFF, 1)])
                        break
                    bit = net & 0xFFFF
                    if last_bits.get(net >> 16, -1) >= bit:
                        break
                    last_bits[net >> 16] = bit
                    net = match_cell.en
            for match_index, bit in last_bits.items():
                inputs = self.netlist.cells[match_index].inputs
                yield from self.chunks_in(runs_of(inputs[:bit + 1]))
            return
        for runs, offset in self.netlist.values[index]:
            if offset is not None and len(self.starts[index]) > 1:
                runs = cut(runs, low - offset, high - offset)
            yield from self.chunks_in(runs)

    def assignments(self, index, chunk):
        """Return the assignments of a list that concern one of its chunks."""
        cell = self.netlist.cells[index]
        if index in self.cuts.indexed:
            return self.cuts.indexed[index]
        if len(self.starts[index]) == 1:
            return cell.assignments
        table = self._assignment_cache.get(index)
        if table is None or len(table) != len(self.starts[index]):
            starts = self.starts[index]
            table = [[] for _ in starts]
            for a in cell.assignments:
                first = bisect_left(starts, a.start + 1) - 1
                last = bisect_left(starts, a.start + len(a.value))
                for number in range(first, last):
                    table[number].append(a)
            self._assignment_cache[index] = table
        return table[chunk]

    def report(self, graph):
        """Raise the error for a combinational loop, naming the signals on it."""
        names = {}
        for signal, value in self.netlist.nir.signals.items():
            for cell, low, width in self.netlist.runs(value):
                if cell >= 0 and self.netlist.widths[cell]:
                    for key in self.chunks_in([(cell, low, width)]):
                        names.setdefault(key, f"{signal.name} ({where(signal.src_loc)})")
        path = [source for source, _ in networkx.find_cycle(graph)]
        steps = []
        for key in path:
            step = names.get(key)
            if step and step not in steps:
                steps.append(step)
        if not steps:
            steps = [where(self.netlist.cells[key >> 16].src_loc) for key in path]
        raise UserError("combinational loop: " + " -> ".join([*steps, steps[0]]))
