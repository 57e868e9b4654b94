"""Amaranth's netlist: which cells are supported, what they read, how wide they are.

Refused, with an error that names the source line: instances, I/O buffers, `Print`, `Assert` and
its like, and formal-only values.
"""

from amaranth.hdl import _nir

from pteg.engine.frontend.runs import runs_of, where
from pteg.errors import UserError

__all__ = ["BITWISE", "LATCH", "Netlist", "items_of"]

#: The attribute of a signal that is a latch: a wire that is assigned itself where it keeps its
#: value. Otherwise such a wire is a combinational loop.
LATCH = "pteg.latch"

BITWISE = ("~", "&", "|", "^", "m")  # operators whose bits don't depend on each other


def items_of(signals):
    """Return the signals and values of a SignalDict; its own way looks each signal up again."""
    return [(key.signal, value) for key, value in signals._storage.items()]


class Netlist:
    """A netlist with its clocks.

    Attributes
    ----------
    nir : amaranth.hdl._nir.Netlist
        Amaranth's own.
    clock : Net or None
        The only clock, if it is an input that has no other use.
    edges : list of (Net, "pos" or "neg")
        Otherwise: the clocks and their edges.
    clock_is_read : bool
        Whether logic reads one of these.
    latches : set of int
        The assignment lists that are latches.
    widths : list of int
        Output bits of each cell.
    values : list of list of (runs, int or None)
        What each cell reads. The number is the output bit that belongs to the first bit read, if
        the cell is bitwise in that value.
    """

    def __init__(self, nir, prepared, undriven):
        self.nir = nir
        self.prepared = prepared
        self.undriven = undriven
        self.cells = nir.cells
        self._run_cache = {}
        self.clock, self.edges, self.clock_is_read = None, [], False
        self.check()
        self.latches = {value[0] >> 16 for signal, value in items_of(nir.signals)
                        if LATCH in signal.attrs}
        self.widths = [self.width_of(index) for index in range(len(self.cells))]
        self.values = [self.read_by(cell) for cell in self.cells]
        self.find_clocks()

    def fail(self, cell, what):
        module = ".".join(self.nir.modules[cell.module_idx].name)
        raise UserError(f"{where(cell.src_loc)}: {what} (in {module}) is not supported")

    def check(self):
        """Refuse what has no place in a two-state circuit."""
        for cell in self.cells:
            kind = type(cell)
            if kind is _nir.Instance:
                self.fail(cell, f"the instance {cell.name!r} of {cell.type!r}")
            if kind in (_nir.IOBuffer, _nir.AnyValue, _nir.Initial):
                self.fail(cell, kind.__name__)
            if kind in (_nir.AsyncProperty, _nir.SyncProperty):
                self.fail(cell, cell.kind.capitalize())
            if kind in (_nir.AsyncPrint, _nir.SyncPrint):
                self.fail(cell, "Print")

    def edge_of(self, cell):
        """Return the clock of a cell, a net, and which edge; None without a clock that ticks."""
        clk = getattr(cell, "clk", 0)
        return (clk, cell.clk_edge) if clk > 1 else None  # constant: a signal that nothing drives

    def find_clocks(self):
        """Find the one clock, or the edges of several."""
        edges = dict.fromkeys(filter(None, map(self.edge_of, self.cells)))
        top = self.cells[0].ports_i
        inputs = {top[name][0] for name, *_ in self.prepared.ports if name in top}
        (clock, edge), *others = edges or [(None, "pos")]
        if others or edge == "neg" or edges and (clock not in inputs or self.is_read(clock)):
            self.edges = list(edges)
            self.clock_is_read = any(self.is_read(clock) for clock, _ in edges)
            for index, cell in enumerate(self.cells):
                if self.edge_of(cell):
                    self.values[index].append((self.runs((cell.clk,)), None))
        else:
            self.clock = clock

    def is_leaf(self, cell):
        """Return whether a cell's outputs are known at the beginning of a cycle.

        An asynchronous reset is seen at once in the output of its flip-flop.
        """
        kind = type(cell)
        return (kind in (_nir.SyncReadPort, _nir.Top)
                or kind is _nir.FlipFlop and cell.arst == 0)

    def is_free(self, net):
        cell = self.cells[net >> 16]
        return type(cell) is _nir.FlipFlop and cell.clk == 0

    def is_read(self, net):
        """Return whether logic reads a net."""
        index, bit = net >> 16, net & 0xFFFF
        return any(cell == index and low <= bit < low + width
                   for values in self.values for runs, _ in values for cell, low, width in runs)

    def runs(self, value):
        known = self._run_cache.get(id(value))
        if known is None:
            known = self._run_cache[id(value)] = runs_of(value), value  # keeps the id taken
        return known[0]

    def width_of(self, index):
        cell = self.cells[index]
        match type(cell):
            case _nir.Top:
                return 2 + sum(width for _, width in cell.ports_i.values())
            case _nir.Operator | _nir.Part | _nir.AsyncReadPort | _nir.SyncReadPort:
                return cell.width
            case _nir.AssignmentList:
                return len(cell.default)
            case _nir.FlipFlop:
                return len(cell.data)
            case _nir.PriorityMatch:
                return len(cell.inputs)
            case _nir.Matches:
                return 1
        return 0

    def is_bitwise(self, cell):
        kind = type(cell)
        return (kind in (_nir.FlipFlop, _nir.AssignmentList)
                or kind is _nir.Operator and cell.operator in BITWISE)

    def read_by(self, cell):
        """Return what a cell reads, as an entry of `values`."""
        return [(self.runs(value), offset) for value, offset in self.values_read(cell)]

    def values_read(self, cell):
        """Return the values that a cell reads: (value, offset within the cell's bits or None)."""
        match type(cell):
            case _nir.Top:
                return [(value, None) for value in cell.ports_o.values()]
            case _nir.Operator:
                if cell.operator == "m":
                    return [(cell.inputs[0], None), (cell.inputs[1], 0), (cell.inputs[2], 0)]
                offset = 0 if cell.operator in BITWISE else None
                return [(value, offset) for value in cell.inputs]
            case _nir.Part:
                return [(cell.value, None), (cell.offset, None)]
            case _nir.Matches:
                return [(cell.value, None)]
            case _nir.PriorityMatch:
                return [(cell.inputs, None)]
            case _nir.AssignmentList:
                return [(cell.default, 0), *((a.value, a.start) for a in cell.assignments)]
            case _nir.FlipFlop:
                reset = [((cell.arst,), None)] if cell.arst != 0 else []
                return [(cell.data, 0), *reset]
            case _nir.SyncWritePort:
                return [(cell.data, None), (cell.addr, None), (cell.en, None)]
            case _nir.AsyncReadPort:
                return [(cell.addr, None)]
            case _nir.SyncReadPort:
                return [(cell.addr, None), ((cell.en,), None)]
        return []
