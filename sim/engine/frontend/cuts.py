"""Decides where wide cells are split.

Structures and partly assigned signals are wide cells in the netlist. They are split where their
readers and writers split them, so that every chunk is one value, and so that a signal one part of
which depends on another part is no combinational loop.
"""

from collections import defaultdict

from amaranth.hdl import _nir

from pteg.engine.frontend.indexed import IndexedAssignment, find_indexed
from pteg.engine.words import WORD

__all__ = ["Cuts"]


class Cuts:
    """Where the cells of a netlist are split.

    A flip-flop or assignment list is split where it is partly assigned, and where a reader takes a
    part of it and no reader takes a piece across. Chunks are at most 64 bits wide. A splitting
    point spreads to the bitwise cells that feed the split ones.

    Attributes
    ----------
    split_at : dict of int to int
        Bit mask of the starts of chunks, for each cell that can be split.
    readers : dict of int to list
        Who reads a cell that can be split: the reader, its output bit that belongs to the lowest
        bit read (None: no single one), the lowest bit read, their number, and whether the reader
        only holds the cell's value.
    indexed : dict of int to list
        Assignment lists that have assignments to computed positions: their steps.
    """

    def __init__(self, netlist):
        self.netlist = netlist
        self.indexed = find_indexed(netlist.cells, netlist.widths, WORD)
        for index, steps in self.indexed.items():
            netlist.values[index] = list(self.read_by_steps(index, steps))
        self.split_at = {}
        owners = {}
        for index, cell in enumerate(netlist.cells):
            if netlist.is_bitwise(cell):
                self.split_at[index] = self.own_starts(index, cell)
            if type(cell) is _nir.FlipFlop and cell.clk != 0:
                data = netlist.runs(cell.data)
                if len(data) == 1:
                    owners[data[0][0]] = index
        self.holds = owners
        self.whole = {*self.indexed, *(owners[i] for i in self.indexed if i in owners)}
        self.spread(self.find_readers())

    def read_by_steps(self, index, steps):
        """Yield what an assignment list reads if it is taken as steps: entries of `values`."""
        yield self.netlist.runs(self.netlist.cells[index].default), None
        for step in steps:
            yield self.netlist.runs(step.value), None
            if type(step) is IndexedAssignment:
                yield self.netlist.runs(step.offset), None

    def own_starts(self, index, cell):
        """Return the mask of where a cell's own assignments begin and end."""
        mask = 1
        if type(cell) is _nir.AssignmentList and index not in self.indexed:
            for a in cell.assignments:
                mask |= 1 << a.start | 1 << (a.start + len(a.value))
        return mask & ((1 << self.netlist.widths[index]) - 1)

    def force(self, cells, *, single_bits):
        """Split some cells even though readers take pieces across; to single bits, if asked for."""
        netlist = self.netlist
        for index in cells & self.indexed.keys():
            del self.indexed[index]
            netlist.values[index] = netlist.read_by(netlist.cells[index])
        if single_bits:
            for index in cells:
                self.split_at[index] = (1 << netlist.widths[index]) - 1
        self.spread(self.find_readers(), cells)

    def find_readers(self):
        """Say who reads what: see `readers`. Return all cells that are read."""
        self.readers = defaultdict(list)
        for index, values in enumerate(self.netlist.values):
            for number, (runs, offset) in enumerate(values):
                position = offset or 0
                hold = (number == 0 and index in self.holds
                        and runs == [(self.holds[index], 0, self.netlist.widths[index])])
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
                    source in self.whole or type(self.netlist.cells[source]) is _nir.Operator
                    and self.netlist.widths[source] <= WORD):
                continue
            old = self.split_at[source]
            self.split_at[source] |= self.edges(source, source in forced)
            if self.split_at[source] != old:
                sources.update(run[0] for runs, _ in self.netlist.values[source] for run in runs
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
        return (edges | must) & ((1 << self.netlist.widths[source]) - 1)

    def starts_of(self, index):
        """Return where the chunks of a cell start."""
        mask = self.split_at.get(index)
        width = self.netlist.widths[index]
        kind = type(self.netlist.cells[index])
        if kind is _nir.Top:
            return [start for start, width in self.netlist.cells[0].ports_i.values() if width]
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
