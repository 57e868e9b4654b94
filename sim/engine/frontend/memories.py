"""Gives memories their place in the state, and builds their ports."""

from amaranth.hdl import _nir
from amaranth.hdl._mem import MemoryInstance

from pteg.engine.frontend.names import scope
from pteg.engine.frontend.runs import cut, where
from pteg.engine.ir import Write
from pteg.engine.probes import MemoryInfo
from pteg.engine.words import WORD

__all__ = ["Memories"]


class Memories:
    """The memories of a netlist.

    Parameters
    ----------
    values : Values
    design : Design
        Gets the memories and the writes to them.
    """

    def __init__(self, values, design):
        self.values = values
        self.netlist, self.graph, self.design = values.netlist, values.graph, design
        self.number = {}  # cell -> index into design.memories
        self._port_inits = self._find_port_inits()

    def allocate(self, indices, word, unnamed):
        """Place the memories among some cells from a word of the state on.

        Returns
        -------
        int
            The first word behind them.
        """
        design = self.design
        for index in indices:
            cell = self.netlist.cells[index]
            if type(cell) is not _nir.Memory:
                continue
            stride = (cell.width + WORD - 1) // WORD
            names = self.netlist.nir.modules[cell.module_idx].name
            path = ".".join((*scope(names, unnamed), cell.name))
            self.number[index] = len(design.memories)
            design.memories.append(MemoryInfo(path, word, cell.depth, cell.width, stride,
                                              where(cell.src_loc)))
            for row, value in enumerate(cell.init):
                for part in range(stride):
                    bits = value >> (WORD * part) & ((1 << min(WORD, cell.width - WORD * part)) - 1)
                    if bits:
                        design.initial[word + row * stride + part] = bits
            word += cell.depth * stride
        return word

    def read(self, memory, row, part):
        """Read one 64-bit part of a memory row."""
        graph = self.graph
        info = self.design.memories[self.number[memory]]
        width = min(WORD, info.width - part * WORD)
        if info.depth == 0:
            return graph.const(0, width)
        row = row if graph.width[row] else graph.const(0, 1)
        return graph.node("read", width, (row,), (self.number[memory], part))

    def next_of_read_port(self, index, chunk, init):
        """Return the next value of a chunk of a synchronous read port's output register."""
        graph, values, netlist = self.graph, self.values, self.netlist
        cell = netlist.cells[index]
        low, high = values.chunks.range_of(index, chunk)
        row = values.value(cell.addr)
        data = self.read(cell.memory, row, low // WORD)
        for write_index in cell.transparent_for:
            port = netlist.cells[write_index]
            same = graph.equal(row, values.value(port.addr))
            enable = values.of(cut(netlist.runs(port.en), low, high))
            mask = graph.both(enable, graph.extend(same, high - low, signed=True))
            new = values.of(cut(netlist.runs(port.data), low, high))
            if len(set(port.en[low:high])) == 1:
                data = graph.mux(graph.slice(mask, 0, 1), new, data)
            else:
                data = graph.either(graph.both(mask, new), graph.both(graph.invert(mask), data))
        # As in Amaranth's simulator, a reset without an enable clears the output register.
        hold = values.nodes[index][chunk]
        for domain in netlist.prepared.fragment.domains.values():
            if domain.rst is not None and netlist.edge_of(cell) == (
                    netlist.nir.signals[domain.clk][0], domain.clk_edge):
                hold = graph.mux(values.value(netlist.nir.signals[domain.rst]),
                                 graph.const(init, high - low), hold)
        return graph.mux(values.value((cell.en,)), data, hold)

    def write_port(self, cell, edge):
        """Enter the writes of a port in the design; `edge` is a node: its clock ticks."""
        graph, values, design = self.graph, self.values, self.design
        number = self.number[cell.memory]
        info = design.memories[number]
        if info.depth == 0:
            return
        row = values.value(cell.addr)
        row = row if graph.width[row] else graph.const(0, 1)
        inside = graph.const(1, 1)
        if info.depth < 1 << graph.width[row]:
            inside = graph.binary("ult", row, graph.const(info.depth, graph.width[row]))
        for part, low in enumerate(range(0, info.width, WORD)):
            high = min(low + WORD, info.width)
            mask = values.of(cut(self.netlist.runs(cell.en), low, high))
            if len(set(cell.en[low:high])) == 1:
                enable, mask = graph.slice(mask, 0, 1), None
            else:
                enable = graph.any(mask)
            enable = graph.both(graph.both(enable, inside), edge)
            data = values.of(cut(self.netlist.runs(cell.data), low, high))
            if graph.value(enable) != 0:
                design.writes.append(Write(number, part, enable, row, data, mask))

    def init_of_read_port(self, index, low, high):
        """Return the initial value of a synchronous read port."""
        return (self._port_inits.get(index, 0) >> low) & ((1 << (high - low)) - 1)

    def _find_port_inits(self):
        """Return the initial value of each read port, by cell: that of the signals that it drives,
        not of others that are the same nets."""
        inits = {}
        for fragment in self.netlist.prepared.fragments:
            if not isinstance(fragment, MemoryInstance):
                continue
            for port in fragment._read_ports:
                for signal in port._data._lhs_signals():
                    for bit, net in enumerate(self.netlist.nir.signals[signal]):
                        index, place = net >> 16, net & 0xFFFF
                        inits[index] = inits.get(index, 0) | (signal.init >> bit & 1) << place
        return inits
