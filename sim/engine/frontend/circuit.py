"""Gives inputs, registers and outputs their place, and connects what a clock edge does."""

from amaranth.hdl import _nir
from amaranth.hdl._ast import SignalDict
from amaranth.hdl._mem import MemoryInstance

from pteg.engine.frontend.chunks import Chunks
from pteg.engine.frontend.memories import Memories
from pteg.engine.frontend.names import scope
from pteg.engine.frontend.operators import operator
from pteg.engine.frontend.runs import cut
from pteg.engine.frontend.switches import Switches
from pteg.engine.frontend.twins import find_twins
from pteg.engine.frontend.values import Values
from pteg.engine.ir import Clocking, Design, Domain, Loops, Register, Twins
from pteg.engine.words import WORD, matches, part_of

__all__ = ["Circuit"]


class Circuit:
    """A netlist turned into a :class:`~pteg.engine.ir.Design`, except for the names.

    Parameters
    ----------
    netlist : Netlist
    name : str
    unnamed : collection of str
        Submodules and ports of the top whose names paths leave out.

    Attributes
    ----------
    design : Design
    output_words : dict of str to int
        The first state word of each output port; outputs of the same value share it.
    """

    def __init__(self, netlist, name, unnamed):
        self.netlist, self.cells = netlist, netlist.cells
        self.chunks = Chunks(netlist)
        self.values = Values(netlist, self.chunks)
        self.graph = self.values.graph
        self.design = Design(name, self.graph, signals=SignalDict(), values=SignalDict(),
                             stored=SignalDict(), prepared=netlist.prepared)
        self.switches = Switches(self.values)
        self.memories = Memories(self.values, self.design)
        for fragment, info in netlist.prepared.fragments.items():
            if isinstance(fragment, MemoryInstance):
                path = (*scope(info.name[:-1], unnamed), info.name[-1])
                self.design.memory_data[fragment._data] = ".".join(path)
        self.allocate(unnamed)
        for key in self.chunks.order:
            self.lower(key >> 16, key & 0xFFFF)
        self.connect()

    def allocate(self, unnamed):
        """Give every input, register, output and memory its place in the state.

        Modules that are alike get blocks of their own, which are laid out alike.
        """
        twins = find_twins(self.netlist, self.chunks)
        apart = {index for blocks in twins for block in blocks.values() for index in block}
        rest = [index for index in range(len(self.cells)) if index not in apart]
        self.registers = {}  # (cell, chunk) -> Register
        self.becomes = {}  # (cell, chunk) of a latch -> node
        word = self.allocate_domains(self.allocate_inputs())
        word = self.allocate_registers(rest, word)
        self.output_words, places = {}, {}
        for path, value in self.cells[0].ports_o.items():
            self.output_words[path] = places.setdefault(tuple(value), word)
            if self.output_words[path] == word:
                word += (len(value) + WORD - 1) // WORD
        word = self.memories.allocate(rest, word, unnamed)
        for blocks in twins:
            starts = []
            for block in blocks.values():
                starts.append(word)
                word = self.memories.allocate(block, self.allocate_registers(block, word), unnamed)
            paths = [".".join(scope(path, unnamed)) for path in blocks]
            self.design.twins.append(Twins(paths, word - starts[-1], starts))
        if self.chunks.cut_latches:
            self.design.loops, word = Loops(word), word + 1
        self.design.words = word

    def allocate_registers(self, indices, word):
        """Place the registers among some cells; return the next free word."""
        for index in indices:
            cell = self.cells[index]
            if self.netlist.widths[index] and (type(cell) in (_nir.FlipFlop, _nir.SyncReadPort)
                                               or index in self.netlist.latches):
                word = self.allocate_register(index, cell, word)
        return word

    def allocate_inputs(self):
        word = 0
        for start in self.chunks.starts.get(0, ()):
            width = self.chunks.top_widths[start]
            nodes = []
            if start == self.netlist.clock:
                nodes.append(self.graph.const(0, 1))
            else:
                for low in range(0, width, WORD):
                    nodes.append(self.graph.load(word, min(WORD, width - low)))
                    word += 1
            self.values.nodes.setdefault(0, []).append(self.graph.concat(nodes))
        return word

    def allocate_domains(self, word):
        """Place what a design with several clocks needs; return the next free word."""
        self.domains = {}  # (clock, edge) -> Domain
        if self.netlist.edges:
            clocking = self.design.clocking = Clocking(is_read=self.netlist.clock_is_read)
            for edge in self.netlist.edges:
                self.domains[edge] = Domain(word, word + 1)
                clocking.domains.append(self.domains[edge])
                self.design.initial[word + 1] = 1  # so that the first level is no edge
                word += 2
        return word

    def at_edge(self, cell, new, old):
        """Return what a cell's clock edge makes of a value: the new one, if it is performed."""
        edge = self.netlist.edge_of(cell)
        if edge is None:
            return old
        if not self.domains:
            return new
        return self.graph.mux(self.graph.load(self.domains[edge].edge, 1), new, old)

    def allocate_register(self, index, cell, word):
        """Place a flip-flop, the output register of a read port or a latch; return the next free
        word."""
        values, design = self.values, self.design
        is_latch, nodes = index in self.netlist.latches, []
        (values.nodes if self.netlist.is_leaf(cell) else values.stored)[index] = nodes
        for chunk in range(len(self.chunks.starts[index])):
            low, high = self.chunks.range_of(index, chunk)
            if type(cell) is _nir.FlipFlop:
                if index << 16 | low == self.netlist.clock:
                    nodes.append(self.graph.const(0, 1))
                    continue
                init = (cell.init >> low) & ((1 << (high - low)) - 1)
            elif is_latch:
                (_, init, _), = cut(self.netlist.runs(cell.default), low, high)
            else:
                init = self.memories.init_of_read_port(index, low, high)
            nodes.append(self.graph.load(word, high - low))
            if init:
                design.initial[word] = init
            if is_latch or self.netlist.edge_of(cell):
                register = Register(word, high - low, init)
                design.registers.append(register)
                self.registers[index, chunk] = register
            word += 1
        if is_latch:
            values.nodes[index] = [*nodes]  # what it keeps; then what it becomes
        return word

    def lower(self, index, chunk):
        """Build the node of one chunk; its sources are there already."""
        values, cell = self.values, self.cells[index]
        low, high = self.chunks.range_of(index, chunk)
        match type(cell):
            case _nir.Operator:
                node = operator(values, index, low, high)
            case _nir.AssignmentList:
                node = self.switches.assignment_list(index, chunk)
            case _nir.Matches:
                node = matches(self.graph, values.value(cell.value), cell.patterns)
            case _nir.Part:
                node = part_of(self.graph, values.value(cell.value), values.value(cell.offset),
                               width=cell.width, stride=cell.stride, signed=cell.value_signed)
            case _nir.FlipFlop:
                node = self.under_reset(index, chunk, values.stored[index][chunk])
            case _nir.AsyncReadPort:
                node = self.memories.read(cell.memory, values.value(cell.addr), low // WORD)
            case kind:
                raise AssertionError(kind)
        if index in self.netlist.latches:
            self.becomes[index, chunk] = node
        if index << 16 | chunk not in self.chunks.cut_latches:
            values.set(index, chunk, node)

    def under_reset(self, index, chunk, value):
        """Return a flip-flop's value, given the one without its asynchronous reset."""
        cell = self.cells[index]
        low, high = self.chunks.range_of(index, chunk)
        return self.graph.mux(self.values.value((cell.arst,)),
                              self.graph.const(cell.init >> low, high - low), value)

    def connect(self):
        """Attach next values, memory writes and outputs."""
        graph, values, design = self.graph, self.values, self.design
        for (index, chunk), register in self.registers.items():
            cell = self.cells[index]
            if index in self.netlist.latches:
                register.next = register.held = self.becomes[index, chunk]
            elif type(cell) is _nir.FlipFlop:
                data = cut(self.netlist.runs(cell.data), *self.chunks.range_of(index, chunk))
                register.next = self.at_edge(cell, values.of(data), values.nodes[index][chunk])
                if index in values.stored:
                    register.next = self.under_reset(index, chunk, register.next)
                    register.held = values.nodes[index][chunk]
            else:
                new = self.memories.next_of_read_port(index, chunk, register.init)
                register.next = self.at_edge(cell, new, values.nodes[index][chunk])
        for cell in self.cells:
            if type(cell) is _nir.SyncWritePort and len(cell.data):
                self.memories.write_port(cell, self.at_edge(cell, graph.const(1, 1),
                                                            graph.const(0, 1)))
        for (clock, edge), domain in self.domains.items():
            level = values.bit(clock)
            domain.level = graph.invert(level) if edge == "neg" else level
        if design.loops is not None:
            design.loops.change = self.change()
        shown = {}
        for path, value in self.cells[0].ports_o.items():
            node = values.value(value)
            for part, low in enumerate(range(0, len(value), WORD)):
                width = min(WORD, len(value) - low)
                shown[self.output_words[path] + part] = graph.slice(node, low, width)
        design.outputs = list(shown.items())

    def change(self):
        """Return what is not zero if the latches that cut loops become other than they were."""
        graph, change = self.graph, self.graph.const(0, WORD)
        for key in sorted(self.chunks.cut_latches):
            place = key >> 16, key & 0xFFFF
            was = self.values.nodes[place[0]][place[1]]
            different = graph.binary("xor", self.becomes[place], was)
            change = graph.binary("or", change, graph.extend(different, WORD))
        return change
