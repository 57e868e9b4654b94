"""A circuit as compiled code, while nothing observes states between two settled states."""

from functools import partial

import numpy as np

from pteg.engine.frontend.netlist import LATCH
from pteg.engine.kernel.edges import pass_time
from pteg.engine.kernel.leaves import leaves
from pteg.engine.kernel.resets import resets_like_edges
from pteg.engine.probes import extract, insert
from pteg.engine.tracer import compile_nodes
from pteg.errors import UserError

__all__ = ["NativeCircuit"]

#: Compilations for single wires, before all wires are compiled.
FEW = 3


class NativeCircuit:
    """The compiled design in the place of Amaranth's processes.

    Its state array holds registers, inputs and memories. The kernel's slots are updated when
    they are read.

    Parameters
    ----------
    kernel : State
    active : set
        The kernel's triggers that were hit.
    native : Native
    known : int
        The number of slots of the circuit; those after it are of testbenches.

    Attributes
    ----------
    clocks : dict of slot to (dict of int to list of int)
        By clock and level: the state words that say that its edge to this level is performed. Of
        a design with one clock there are none.
    clock : slot or None
        The only clock.
    strobes : set of slot
        Inputs that can raise a reset whose rise is like a clock edge, which is not compiled.
    state : numpy.ndarray
    edges : dict of slot to int
        Clocks that had an active edge in the last delta cycle, and their levels: registers change
        in this one.
    version : int
        Grows with every change of `state`.
    """

    def __init__(self, kernel, active, native, known):
        design = native.design
        self.kernel, self.active, self.native = kernel, active, native
        self.reset_word = design.reset
        #: Whether resets change registers between clock edges.
        self.asynchronous = any(register.held is not None for register in design.registers)
        self.clocks = self._find_clocks(design)
        self.clock = next(iter(self.clocks), None) if design.clocking is None else None
        self.wakers = {slot: partial(self._on_clock, slot) for slot in self.clocks}
        self.held, self.wires, self.signed = {}, {}, {}
        for slot in list(kernel.slots[:known]):
            signal = getattr(slot, "signal", None)
            if signal is None or not len(signal) or slot is self.clock:
                continue
            if LATCH in signal.attrs:
                raise UserError(f"latch {signal.name!r} keeps what Amaranth's processes make of it")
            node = design.values.get(signal)
            parts = design.stored.get(signal)
            self.signed[slot] = 1 << len(signal) if signal.shape().signed else 0
            if slot.is_comb and node is not None:
                self.wires[slot] = node, len(signal)
            elif not slot.is_comb and parts:
                self.held[slot] = parts
            else:
                raise UserError(f"signal {signal.name!r} has no place in the compiled design")
        self.strobes = self._find_strobes(design)
        self.memories = {kernel.slots[kernel.memories[data]]: native.memories[path]
                         for data, path in design.memory_data.items() if data in kernel.memories}
        self.version = 0
        self.fresh = {}  # slot: version
        self.slots_by_id = {}  # of their signals, which slots keep
        self.traced, self.trace, self.trace_version, self.compilations = {}, None, -1, 0
        self.edges = {}
        self.conditions, self.tests = {}, {}  # of waits, compiled

    pass_time = staticmethod(pass_time)

    def _find_clocks(self, design):
        signals = [domain.clk for domain in design.prepared.fragment.domains.values()]
        if design.clocking is None:
            return {self.kernel.slot(signal): {1: []} for signal in signals
                    if signal not in design.values}
        graph = design.graph
        inputs = {design.values[signal]: self.kernel.slot(signal) for signal in signals}
        clocks = {}
        for domain in design.clocking.domains:
            node, level = domain.level, 1
            if graph.op[node] == "not":
                (node,), level = graph.args[node], 0
            if design.clocking.is_read or graph.op[node] != "load" or node not in inputs:
                raise UserError("a clock that logic drives or reads changes registers in an order "
                                "that is not compiled")
            clocks.setdefault(inputs[node], {}).setdefault(level, []).append(domain.edge)
        return clocks

    def _find_strobes(self, design):
        """Return the inputs that can raise a reset whose rise is like a clock edge."""
        graph = design.graph
        nodes = {node for reset in resets_like_edges(design.prepared) if reset in design.values
                 for node in graph.cone(design.values[reset])}
        words = {graph.attr[node] for node in nodes if graph.op[node] == "load"}
        inputs = {part.word for probe in self.native.inputs.values() for part in probe.parts}
        if words - inputs or any(graph.op[node] == "read" for node in nodes):
            raise UserError("the rise of a reset that registers drive is like a clock edge")
        return {slot for slot, parts in self.held.items()
                if any(part.word in words for part in parts)}

    # Changing places with the interpreted circuit ------------------------------------------------

    def attach(self):
        """Take over from slots that are settled."""
        self.state = self.native.new_state()
        for slot, parts in self.held.items():
            insert(self.state, parts, slot.curr)
        for slot, info in self.memories.items():
            for row, value in enumerate(slot.data):
                info.write(self.state, row, value)
        self.edges = {}
        self.version += 1
        self.words = memoryview(self.state)  # faster to index
        self.address = self.state.ctypes.data
        for clock, waker in self.wakers.items():
            clock.wakers.insert(0, waker)

    def detach(self, interpreted):
        """Hand over to the interpreted circuit; queued changes stay queued."""
        queued = {slot: getattr(slot, "next", None) for slot in self.kernel.pending}
        self.kernel.pending.clear()
        for slot in self.held:
            slot.curr = slot.next = self._held(slot)
        for slot, info in self.memories.items():
            slot.data = [self._row(slot, info, row) for row in range(info.depth)]
        for clock, waker in self.wakers.items():
            clock.wakers.remove(waker)
        interpreted.attach(self.edges)
        for slot, value in queued.items():
            if value is not None:
                slot.next = value
            self.kernel.pending.add(slot)

    def _on_clock(self, clock, curr, new):
        if new in self.clocks[clock]:
            self.edges[clock] = new
        return True

    # Delta cycles --------------------------------------------------------------------------------

    def evaluate(self):
        """Do nothing: what follows from a change is worked out when it is committed."""

    def races(self, clocks):
        """Return whether the changes to be committed have an order that matters.

        A clock edge and an input, or a later edge: Amaranth's registers then see a new input, and
        what logic made of the old one. A reset that is like a clock edge is not compiled.
        """
        pending = self.kernel.pending
        if not self.strobes.isdisjoint(pending):
            return True
        if not pending or (self.clocks.keys().isdisjoint(pending)
                           and clocks.keys().isdisjoint(pending)):
            return False
        return bool(self.edges) or any(slot in self.held or slot in self.memories
                                       for slot in pending if slot not in self.clocks)

    def commit(self, changed=None):
        """Take the clock edge and the queued changes; return whether no process is to see them."""
        edges, self.edges = self.edges, {}
        before = self.version
        if edges:
            self.step(edges)
        pending = self.kernel.pending
        for slot in pending:
            info = self.memories.get(slot)
            if info is not None:
                for row, value in slot.write_queue.items():
                    info.write(self.state, row, value)
                self.version += 1
            if slot.commit():
                if changed is not None and info is None:
                    changed.add(slot)
                parts = self.held.get(slot)
                if parts is not None:
                    insert(self.words, parts, slot.curr)
                    self.version += 1
        pending.clear()
        if self.asynchronous and self.version != before:
            self.native.settle.call_raw(self.address)
        # Nothing but a trigger starts a process, and nothing but a clock changes registers.
        return not self.edges and not self.active

    def step(self, edges):
        """Perform clock edges."""
        words = [word for clock, level in edges.items() for word in self.clocks[clock][level]]
        if words:
            for word in words:
                self.words[word] = 1
            self.native.edge.call_raw(self.address)
            for word in words:
                self.words[word] = 0
        elif self.reset_word is not None and self.words[self.reset_word]:
            self.native.reset(self.state)
        else:
            self.native.step.call_raw(self.address)
        self.version += 1

    # Looking at signals --------------------------------------------------------------------------

    def refresh(self, value):
        """Bring the signals and memory rows in an expression up to date."""
        for leaf in leaves(value):
            if hasattr(leaf, "_memory"):
                slot = self.kernel.slots[self.kernel.get_memory(leaf._memory)]
                info = self.memories.get(slot)
                if info is not None:
                    self.refresh_row(slot, leaf._index)
            else:
                self.refresh_slot(self.kernel.slots[self.kernel.get_signal(leaf)])

    def look(self, signal):
        """Return the value of a signal."""
        slot = self.slots_by_id.get(id(signal))
        if slot is None:
            slot = self.kernel.slots[self.kernel.get_signal(signal)]
            if slot.signal is signal:
                self.slots_by_id[id(signal)] = slot
        if self.fresh.get(slot) != self.version:
            self.refresh_slot(slot)
        return slot.curr

    def refresh_row(self, slot, row):
        """Bring a memory row up to date."""
        slot.data[row] = self._row(slot, self.memories[slot], row)

    def refresh_slot(self, slot):
        """Bring a signal up to date."""
        if self.fresh.get(slot) == self.version:
            return
        if slot in self.held:
            value = self._held(slot)
        elif slot in self.wires:
            value = self._wire(slot)
        else:
            return
        self.fresh[slot] = self.version
        if slot not in self.kernel.pending:
            slot.next = value
        slot.curr = value

    def _held(self, slot):
        return self._in_shape(slot, extract(self.words, self.held[slot]))

    def _row(self, slot, info, row):
        value = info.read(self.state, row)
        if slot.shape.signed and value >> (info.width - 1) & 1:
            value -= 1 << info.width
        return value

    def _in_shape(self, slot, value):
        limit = self.signed[slot]
        return value - limit if value & limit >> 1 else value

    def _wire(self, slot):
        if slot not in self.traced:
            self._trace_also(slot)
        self.update_trace()
        offset, words = self.traced[slot]
        value = self.buffer[offset]
        for word in range(1, words):
            value |= self.buffer[offset + word] << 64 * word
        return self._in_shape(slot, value)

    def update_trace(self):
        """Compute the wires that are traced."""
        if self.trace_version != self.version:
            self.trace.call_raw(self.address, self.buffer_address)
            self.trace_version = self.version

    def _trace_also(self, slot):
        """Compile a function for the wires that were read so far, then for all."""
        slots = self.kernel.slots
        wanted = [slots[index] for index in self.kernel.looked if slots[index] in self.wires]
        self.compilations += 1
        if self.compilations > FEW or slot not in wanted:
            self.trace_all()
        else:
            self._trace(wanted)

    def trace_all(self):
        """Compile a function for all wires."""
        if len(self.traced) < len(self.wires) or self.trace is None:
            self._trace(list(self.wires))

    def _trace(self, wanted):
        graph, nodes, self.traced = self.native.design.graph, [], {}
        for wire in wanted:
            node, width = self.wires[wire]
            pieces = [graph.slice(node, low, min(64, width - low)) for low in range(0, width, 64)]
            self.traced[wire] = len(nodes), len(pieces)
            nodes += pieces
        self.trace = compile_nodes(self.native.design, nodes, self.native.use_cache)
        self.values = np.zeros(len(nodes), np.uint64)
        self.buffer, self.buffer_address = memoryview(self.values), self.values.ctypes.data
        self.trace_version = -1
