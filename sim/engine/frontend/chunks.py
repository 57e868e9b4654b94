"""Splits cells into chunks of at most 64 bits, and orders the chunks from sources to users.

Structures and partly assigned signals are wide cells in the netlist. They are split where their
readers and writers split them, so that every chunk is one value, and so that a signal one part of
which depends on another part is no combinational loop. A chunk's key is `cell << 16 | number`.
"""

from bisect import bisect_left
from collections import defaultdict

import networkx
from amaranth.hdl import _nir

from pteg.engine.frontend.cells import Cells
from pteg.engine.frontend.indexed import IndexedAssignment, find_indexed
from pteg.engine.frontend.runs import CONST, REPEAT, cut, runs_of, where
from pteg.errors import UserError

__all__ = ["Chunks", "WORD"]

WORD = 64
NARROW = ("+", "-", "*", "<<")  # low bits of the result need low bits of the operands only


class Chunks(Cells):
    """A netlist whose cells are split.

    Attributes
    ----------
    cuts : dict of int to list of int
        Where the chunks of each cell start.
    readers : dict of int to list
        Who reads a cell that can be split: the reader, its output bit that belongs to the lowest
        bit read (None: no single one), the lowest bit read, their number, and whether the reader
        only holds the cell's value.
    indexed : dict of int to list
        Assignment lists that have assignments to computed positions: their steps.
    needed : list of int
        How many low bits of each cell anybody reads.
    """

    def __init__(self, netlist, prepared, undriven):
        super().__init__(netlist, prepared, undriven)
        self.top_widths = {start: width for start, width in self.cells[0].ports_i.values()}
        self.find_cuts()
        self.order = self.find_order()
        self.find_needed()

    def find_cuts(self):
        """Decide where to split cells: `self.cuts[cell]` gets the starts of the chunks.

        A flip-flop or assignment list is split where it is partly assigned, and where a reader
        takes a part of it and no reader takes a piece across. Chunks are at most 64 bits wide. A
        splitting point spreads to the bitwise cells that feed the split ones.
        """
        self.indexed = find_indexed(self.cells, self.widths, WORD)
        for index, steps in self.indexed.items():
            self.values[index] = [(self.runs(self.cells[index].default), None)]
            for step in steps:
                self.values[index].append((self.runs(step.value), None))
                if type(step) is IndexedAssignment:
                    self.values[index].append((self.runs(step.offset), None))
        self.split_at = {}  # cell -> bit mask of the starts of chunks
        owners = {}
        for index, cell in enumerate(self.cells):
            if self.is_bitwise(cell):
                mask = 1
                if type(cell) is _nir.AssignmentList and index not in self.indexed:
                    for a in cell.assignments:
                        mask |= 1 << a.start | 1 << (a.start + len(a.value))
                self.split_at[index] = mask & ((1 << self.widths[index]) - 1)
            if type(cell) is _nir.FlipFlop and cell.clk != 0 and len(self.runs(cell.data)) == 1:
                owners[self.runs(cell.data)[0][0]] = index
        self.holds = owners
        self.whole = {*self.indexed, *(owners[i] for i in self.indexed if i in owners)}
        self.spread(self.find_readers())

    def find_readers(self):
        """Say who reads what: see `readers`. Return all cells that are read."""
        self.readers = defaultdict(list)
        for index, values in enumerate(self.values):
            for number, (runs, offset) in enumerate(values):
                position = offset or 0
                hold = (number == 0 and index in self.holds
                        and runs == [(self.holds[index], 0, self.widths[index])])
                for source, low, width in runs:
                    if source in self.split_at:
                        at = None if offset is None or index not in self.split_at else position
                        self.readers[source].append((index, at, low, width, hold))
                    position += width
        return set(self.readers)

    def spread(self, sources, forced=()):
        """Split cells where their readers do, and what those read in turn.

        Parameters
        ----------
        sources : set of int
            The cells to begin with.
        forced : set of int
            Cells to split even though a reader takes a piece across.
        """
        while sources:
            source = sources.pop()
            if source not in forced and (
                    source in self.whole or type(self.cells[source]) is _nir.Operator
                    and self.widths[source] <= WORD):
                continue
            old = self.split_at[source]
            self.split_at[source] |= self.edges(source, source in forced)
            if self.split_at[source] != old:
                sources.update(run[0] for runs, _ in self.values[source] for run in runs
                               if run[0] in self.split_at)

    def edges(self, source, forced):
        """Return where the readers of a cell would split it: a mask like those of `split_at`."""
        edges = crossed = must = 0
        for index, position, low, width, hold in self.readers[source]:
            edges |= 1 << low | 1 << (low + width)
            inside = ((1 << width) - 1 & ~1) << low
            if position is not None:
                local = ((self.split_at[index] >> position) & ((1 << width) - 1) & ~1) << low
                edges |= local
                inside &= ~local
                if hold:
                    must = local
            if not hold:
                crossed |= inside
        if not forced:
            edges &= ~crossed
        return (edges | must) & ((1 << self.widths[source]) - 1)

    def starts_of(self, index):
        """Return where the chunks of a cell start."""
        mask = self.split_at.get(index)
        width = self.widths[index]
        kind = type(self.cells[index])
        if kind is _nir.Top:
            return [start for start, width in self.cells[0].ports_i.values() if width]
        if kind in (_nir.AsyncReadPort, _nir.SyncReadPort):
            return list(range(0, width, WORD))
        if mask is None:
            return [0]
        starts, last = [], 0
        while mask:
            start = (mask & -mask).bit_length() - 1
            mask &= mask - 1
            starts.extend(range(last + WORD, start, WORD) if starts else ())
            starts.append(start)
            last = start
        starts.extend(range(last + WORD, width, WORD))
        return starts

    def chunk_range(self, index, chunk):
        starts = self.cuts[index]
        if type(self.cells[index]) is _nir.Top:
            return starts[chunk], starts[chunk] + self.top_widths[starts[chunk]]
        return starts[chunk], (starts[chunk + 1] if chunk + 1 < len(starts)
                               else self.widths[index])

    def chunks_in(self, runs):
        """Yield the keys (cell << 16 | chunk) of the chunks that some runs touch."""
        for cell, low, width in runs:
            if cell == CONST:
                continue
            if cell == REPEAT:
                cell, low, width = low >> 16, low & 0xFFFF, 1
            starts = self.cuts[cell]
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
            loops = [part for part in networkx.strongly_connected_components(graph)
                     if len(part) > 1]
            loops += [[node] for node in networkx.nodes_with_selfloops(graph)]
            if not loops:
                break
            # A loop through words may not be one through bits: split finer, then to single bits.
            forced |= {key >> 16 for loop in loops for key in loop} & self.split_at.keys()
            if attempt == 2 or not forced:
                self.report(graph.subgraph(loops[0]))
            for index in forced & self.indexed.keys():
                del self.indexed[index]
                self.values[index] = self.read_by(self.cells[index])
            if attempt == 1:
                for index in forced:
                    self.split_at[index] = (1 << self.widths[index]) - 1
            self.spread(self.find_readers(), forced)
        return [key for key in networkx.topological_sort(graph)
                if not self.is_leaf(self.cells[key >> 16])]

    def dependencies(self):
        """Return the graph of the chunks, from source to user."""
        self.cuts = {index: self.starts_of(index) for index in range(len(self.cells))
                     if self.widths[index]}
        self._assignment_cache = {}
        graph = networkx.DiGraph()
        for index, cell in enumerate(self.cells):
            if (self.is_leaf(cell) or type(cell) is _nir.PriorityMatch
                    or not self.widths[index]):
                continue
            for chunk in range(len(self.cuts[index])):
                key = index << 16 | chunk
                graph.add_node(key)
                graph.add_edges_from((source, key) for source in self.sources(index, chunk))
        return graph

    def sources(self, index, chunk):
        """Yield the chunks that a chunk depends on combinationally."""
        cell = self.cells[index]
        low, high = self.chunk_range(index, chunk)
        if type(cell) is _nir.FlipFlop:
            yield from self.chunks_in(self.runs((cell.arst,)))
            return
        if type(cell) is _nir.AssignmentList:
            yield from self.chunks_in(cut(self.runs(cell.default), low, high))
            last_bits = {}
            for a in self.assignments(index, chunk):
                if type(a) is IndexedAssignment:
                    yield from self.chunks_in(self.runs(a.value))
                    yield from self.chunks_in(self.runs(a.offset))
                else:
                    yield from self.chunks_in(
                        cut(self.runs(a.value), low - a.start, high - a.start))
                net = a.cond
                while net > 1:
                    match_cell = self.cells[net >> 16]
                    if type(match_cell) is not _nir.PriorityMatch:
                        yield from self.chunks_in([(net >> 16, net & 0xFFFF, 1)])
                        break
                    bit = net & 0xFFFF
                    if last_bits.get(net >> 16, -1) >= bit:
                        break
                    last_bits[net >> 16] = bit
                    net = match_cell.en
            for match_index, bit in last_bits.items():
                inputs = self.cells[match_index].inputs
                yield from self.chunks_in(runs_of(inputs[:bit + 1]))
            return
        for runs, offset in self.values[index]:
            if offset is not None and len(self.cuts[index]) > 1:
                runs = cut(runs, low - offset, high - offset)
            yield from self.chunks_in(runs)

    def assignments(self, index, chunk):
        """Return the assignments of a list that concern one of its chunks."""
        cell = self.cells[index]
        if index in self.indexed:
            return self.indexed[index]
        if len(self.cuts[index]) == 1:
            return cell.assignments
        table = self._assignment_cache.get(index)
        if table is None or len(table) != len(self.cuts[index]):
            starts = self.cuts[index]
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
        for signal, value in self.netlist.signals.items():
            for cell, low, width in self.runs(value):
                if cell >= 0 and self.widths[cell]:
                    for key in self.chunks_in([(cell, low, width)]):
                        names.setdefault(key, f"{signal.name} ({where(signal.src_loc)})")
        path = [source for source, _ in networkx.find_cycle(graph)]
        steps = []
        for key in path:
            step = names.get(key)
            if step and step not in steps:
                steps.append(step)
        if not steps:
            steps = [where(self.cells[key >> 16].src_loc) for key in path]
        raise UserError("combinational loop: " + " -> ".join([*steps, steps[0]]))

    def find_needed(self):
        """Find how many low bits of arithmetic results anybody reads."""
        needed = [0] * len(self.cells)

        def read(runs, limit=None):
            for cell, low, width in runs:
                if limit is not None:
                    width = min(width, limit)
                    limit -= width
                    if width <= 0:
                        return
                if cell == REPEAT:
                    cell, low, width = low >> 16, low & 0xFFFF, 1
                if cell >= 0 and needed[cell] < low + width:
                    needed[cell] = low + width

        for value in self.netlist.signals.values():
            read(self.runs(value))
        for index, cell in enumerate(self.cells):
            if type(cell) is not _nir.Operator or cell.operator not in NARROW:
                for runs, _ in self.values[index]:
                    read(runs)
        for key in reversed(self.order):
            cell = self.cells[key >> 16]
            if type(cell) is _nir.Operator and cell.operator in NARROW:
                limit = needed[key >> 16]
                for number, (runs, _) in enumerate(self.values[key >> 16]):
                    read(runs, None if cell.operator == "<<" and number else limit)
        self.needed = needed
