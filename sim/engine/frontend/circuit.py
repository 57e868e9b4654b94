"""Gives inputs, registers, outputs and memories their place, and connects what an edge does."""

from collections import ChainMap

from amaranth.hdl import _nir
from amaranth.hdl._ast import SignalDict
from amaranth.hdl._mem import MemoryInstance

from pteg.engine.frontend.chunks import WORD
from pteg.engine.frontend.names import scope
from pteg.engine.frontend.runs import cut, where
from pteg.engine.frontend.switches import Switches
from pteg.engine.ir import Design, Register, Write
from pteg.engine.probes import MemoryInfo

__all__ = ["Circuit"]


class Circuit(Switches):
    """A netlist turned into a :class:`~pteg.engine.ir.Design`, except for the names."""

    def __init__(self, netlist, prepared, undriven, name, unnamed):
        super().__init__(netlist, prepared, undriven)
        self.unnamed = unnamed
        self.design = Design(name, self.graph, memories=self.memories, signals=SignalDict(),
                             values=SignalDict(), prepared=prepared)
        for fragment, info in prepared.fragments.items():
            if isinstance(fragment, MemoryInstance):
                path = (*scope(info.name[:-1], unnamed), info.name[-1])
                self.design.memory_data[fragment._data] = ".".join(path)
        self._port_inits = {}
        self.allocate()
        for key in self.order:
            self.lower(key >> 16, key & 0xFFFF)
        self.connect()

    def allocate(self):
        """Give every input, register and memory its place in the state."""
        design, graph = self.design, self.graph
        word = 0
        clock_cell = None if self.clock is None else self.clock
        self.register_of = {}
        for start in self.cuts.get(0, ()):
            width = self.top_widths[start]
            nodes = []
            if 0 << 16 | start == clock_cell:
                nodes.append(graph.const(0, 1))
                self.clock_start = start
            else:
                for low in range(0, width, WORD):
                    nodes.append(graph.load(word, min(WORD, width - low)))
                    word += 1
            self.nodes.setdefault(0, []).append(graph.concat(nodes))
        for index, cell in enumerate(self.cells):
            kind = type(cell)
            if kind not in (_nir.FlipFlop, _nir.SyncReadPort) or not self.widths[index]:
                continue
            nodes = []
            (self.nodes if self.is_leaf(cell) else self.stored)[index] = nodes
            for chunk in range(len(self.cuts[index])):
                low, high = self.chunk_range(index, chunk)
                if kind is _nir.FlipFlop and (index << 16 | low) == clock_cell:
                    nodes.append(graph.const(0, 1))
                    continue
                init = 0
                if kind is _nir.FlipFlop:
                    init = (cell.init >> low) & ((1 << (high - low)) - 1)
                else:
                    init = self.read_port_init(index, low, high)
                nodes.append(graph.load(word, high - low))
                if init:
                    design.initial[word] = init
                if kind is _nir.SyncReadPort or cell.clk != 0:
                    register = Register(word, high - low, init)
                    design.registers.append(register)
                    self.register_of[index, chunk] = register
                word += 1
        self.output_words = {}
        for path, value in self.cells[0].ports_o.items():
            self.output_words[path] = word
            word += (len(value) + WORD - 1) // WORD
        for index, cell in enumerate(self.cells):
            if type(cell) is _nir.Memory:
                stride = (cell.width + WORD - 1) // WORD
                names = self.netlist.modules[cell.module_idx].name
                path = ".".join((*scope(names, self.unnamed), cell.name))
                info = MemoryInfo(path, word, cell.depth, cell.width, stride,
                                  where(cell.src_loc))
                self.memory_number[index] = len(design.memories)
                design.memories.append(info)
                for row, value in enumerate(cell.init):
                    for part in range(stride):
                        bits = value >> (WORD * part) & ((1 << min(
                            WORD, cell.width - WORD * part)) - 1)
                        if bits:
                            design.initial[word + row * stride + part] = bits
                word += cell.depth * stride
        design.words = word

    def storage(self, value):
        """Return the parts of the state that hold a value, or None if it is computed."""
        return self.graph.storage(self.of(self.runs(value), ChainMap(self.stored, self.nodes)))

    def read_port_init(self, index, low, high):
        """Return the initial value of a synchronous read port: that of its data signal."""
        bits = self._port_inits.get(index)
        if bits is None:
            bits = 0
            for signal, value in self.netlist.signals.items():
                for bit, net in enumerate(value):
                    if net >> 16 == index:
                        bits |= (signal.init >> bit & 1) << (net & 0xFFFF)
            self._port_inits[index] = bits
        return (bits >> low) & ((1 << (high - low)) - 1)

    def connect(self):
        """Attach next values, memory writes and outputs."""
        graph, design = self.graph, self.design
        for (index, chunk), register in self.register_of.items():
            cell = self.cells[index]
            low, high = self.chunk_range(index, chunk)
            if type(cell) is _nir.FlipFlop:
                register.next = self.of(cut(self.runs(cell.data), low, high))
                if index in self.stored:
                    register.next = self.under_reset(index, chunk, register.next)
                    register.held = self.nodes[index][chunk]
            else:
                register.next = self.read_port(index, cell, chunk, low, high)
        for cell in self.cells:
            if type(cell) is _nir.SyncWritePort and len(cell.data):
                self.write_port(cell)
        for path, value in self.cells[0].ports_o.items():
            node = self.value(value)
            for part, low in enumerate(range(0, len(value), WORD)):
                width = min(WORD, len(value) - low)
                design.outputs.append((self.output_words[path] + part,
                                       graph.slice(node, low, width)))

    def read_port(self, index, cell, chunk, low, high):
        graph = self.graph
        row = self.value(cell.addr)
        data = self.read(cell.memory, row, low // WORD)
        for write_index in cell.transparent_for:
            port = self.cells[write_index]
            same = graph.equal(row, self.value(port.addr))
            enable = self.of(cut(self.runs(port.en), low, high))
            mask = graph.both(enable, graph.extend(same, high - low, signed=True))
            new = self.of(cut(self.runs(port.data), low, high))
            data = self.blend(mask, new, data, same, cell=port, low=low, high=high)
        # As in Amaranth's simulator, a reset without an enable clears the output register.
        hold = self.nodes[index][chunk]
        for domain in self.prepared.fragment.domains.values():
            if domain.rst is not None and self.netlist.signals[domain.clk][0] == self.clock:
                hold = graph.mux(self.value(self.netlist.signals[domain.rst]),
                                 graph.const(self.register_of[index, chunk].init, high - low), hold)
        return graph.mux(self.value((cell.en,)), data, hold)

    def blend(self, mask, new, old, same, *, cell, low, high):
        """Take the bits in `mask` from `new`, the others from `old`."""
        graph = self.graph
        enables = set(cell.en[low:high])
        if len(enables) == 1:
            return graph.mux(graph.slice(mask, 0, 1), new, old)
        return graph.either(graph.both(mask, new), graph.both(graph.invert(mask), old))

    def write_port(self, cell):
        graph, design = self.graph, self.design
        number = self.memory_number[cell.memory]
        info = design.memories[number]
        if info.depth == 0:
            return
        row = self.value(cell.addr)
        row = row if graph.width[row] else graph.const(0, 1)
        inside = graph.const(1, 1)
        if info.depth < 1 << graph.width[row]:
            inside = graph.binary("ult", row, graph.const(info.depth, graph.width[row]))
        for part, low in enumerate(range(0, info.width, WORD)):
            high = min(low + WORD, info.width)
            mask = self.of(cut(self.runs(cell.en), low, high))
            if len(set(cell.en[low:high])) == 1:
                enable, mask = graph.slice(mask, 0, 1), None
            else:
                enable = graph.any(mask)
            enable = graph.both(enable, inside)
            data = self.of(cut(self.runs(cell.data), low, high))
            if graph.value(enable) != 0:
                design.writes.append(Write(number, part, enable, row, data, mask))
