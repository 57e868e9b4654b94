"""`Simulator`: the interface of `amaranth.sim.Simulator` in front of compiled code.

Everything that concerns processes, testbenches, triggers and time is Amaranth's own; only the
circuit is replaced. All its logic is one process of Amaranth's kernel: when inputs change, it
recomputes the signals that somebody looks at; at a rising edge of the clock it takes a step.

Differences from Amaranth's own circuit: one clock, on its rising edge; no glitches, so `changed()`
sees settled values only; `Print`, `Assert` and the like are refused by the compiler.
"""

import numpy as np
from amaranth.hdl import Fragment, Shape
from amaranth.hdl._ast import SignalSet
from amaranth.sim import Simulator as AmaranthSimulator
from amaranth.sim.pysim import PySimEngine, _PyEngineState, _PyMemoryState

from pteg.engine.compiled import compile_design
from pteg.engine.probes import insert

__all__ = ["Simulator"]


class Simulator(AmaranthSimulator):
    """Simulates an Amaranth design, compiled to native code.

    Used like :class:`amaranth.sim.Simulator`: `add_clock`, `add_testbench`, `add_process`, `run`,
    `run_until`, `advance`, `reset`, `write_vcd`.

    Parameters
    ----------
    toplevel : Elaboratable or Fragment
        With at most one clock domain. Signals that nothing drives are inputs.

    Attributes
    ----------
    native : Native
        The compiled design.

    Raises
    ------
    UserError
        The design has a combinational loop or a construct that the compiler does not support.
    """

    def __init__(self, toplevel):
        self.native = compile_design(Fragment.get(toplevel, platform=None))
        self._design = self.native._design.prepared
        self._engine = _Engine(self._design, self.native)
        self._clocked = set()
        self._running = False


class _Engine(PySimEngine):
    """Amaranth's kernel with the compiled circuit in place of its own processes."""

    def __init__(self, design, native):
        self._design = design
        self._state = _State()
        self._circuit = _Circuit(self, native)
        self._state.circuit = self._circuit
        self._processes = {self._circuit}
        self._testbenches = []
        self._delta_cycles = 0
        self._vcd_writers = []
        self._active_triggers = set()


class _State(_PyEngineState):
    """The kernel's signals; those of the circuit are made known to it when they are first used."""

    circuit = None

    def get_signal(self, signal):
        known = signal in self.signals
        slot = super().get_signal(signal)
        if not known:
            self.circuit.attach(signal, self.slots[slot])
        return slot

    def get_memory(self, memory):
        if memory not in self.memories and memory in self.circuit.memories:
            self.memories[memory] = len(self.slots)
            self.slots.append(_Memory(memory, self.pending, self.circuit))
        return super().get_memory(memory)


class _Memory(_PyMemoryState):
    """A memory of the circuit: reads and writes go to the compiled design's state."""

    __slots__ = ("circuit", "info")

    def __init__(self, memory, pending, circuit):
        self.circuit = circuit
        self.info = circuit.memories[memory]
        super().__init__(memory, pending)

    def reset(self):
        self.write_queue = {}

    def read(self, addr):
        if addr not in range(self.info.depth):
            return 0
        return _signed(self.info.read(self.circuit.state, addr), self.shape)

    def commit(self):
        if not self.write_queue:
            return False
        for addr, value in self.write_queue.items():
            self.info.write(self.circuit.state, addr, value)
        self.write_queue.clear()
        self.circuit.runnable = True
        return True

    def write(self, addr, value, mask=None):
        self.data = self  # the rows that are not in the queue
        super().write(addr, value, mask)

    def __getitem__(self, addr):
        return self.read(addr)


def _signed(value, shape):
    """Return an unsigned integer as a value of a shape."""
    if shape.signed and shape.width and value >> (shape.width - 1):
        value -= 1 << shape.width
    return value


class _Circuit:
    """The compiled design as a process of the kernel."""

    critical = False

    def __init__(self, engine, native):
        self.engine = engine
        self.native = native
        design = native._design
        self.signals = design.signals
        self.clocks = [domain.clk for domain in design.prepared.fragment.domains.values()]
        self.tracer = native.tracer(list(dict.fromkeys(self.signals.values())))
        self.places = {path: (probe, offset) for path, probe, offset in zip(
            self.tracer.paths, self.tracer.probes, self.tracer.offsets, strict=True)}
        self.buffer = self.tracer.new_buffer()
        self.memories = {data: native.memories[path]
                         for data, path in design.memory_data.items()}
        self.reset_word = design.reset
        self.driven = SignalSet(
            signal for fragment in design.prepared.fragments
            for statement in fragment.statements.get("comb", ())
            for signal in statement._lhs_signals())
        self.outputs = []  # (slot, buffer words, shape) of the signals in use
        self.reset()

    def reset(self):
        self.state = self.native.new_state()
        self.runnable = True
        self.edge = False
        self.changed = []  # (slot, probe) of what the outside has set
        self.tracer.trace(self.state, self.buffer)
        self.rows = None

    def attach(self, signal, slot):
        """Begin to keep a slot of the kernel and a signal of the circuit equal."""
        if any(signal is clock for clock in self.clocks):
            slot.add_waker(self._on_clock)
            return
        path = self.signals.get(signal)
        if path is None:
            return  # a signal of the testbench only
        probe, offset = self.places[path]
        shape = Shape.cast(signal.shape())
        words = range(offset, offset + (shape.width + 63) // 64)
        slot.is_comb = signal in self.driven
        slot.curr = slot.next = self._value(words, shape)
        if probe.parts and not slot.is_comb:
            def waker(curr, new):
                if new != self._value(words, shape):
                    self.changed.append((slot, probe))
                    self.runnable = True
                return True
            slot.add_waker(waker)
        self.outputs.append((slot, words, shape))

    def _value(self, words, shape):
        value = 0
        for position, word in enumerate(words):
            value |= int(self.buffer[word]) << (64 * position)
        return _signed(value, shape)

    def _on_clock(self, curr, new):
        if new:
            self.edge = self.runnable = True
        return True

    def run(self):
        """Take over what was set outside, clock if there was an edge, and publish the results."""
        state = self.state
        for slot, probe in self.changed:
            insert(state, probe.parts, slot.curr)
        self.changed.clear()
        if self.edge:
            self.edge = False
            if self.reset_word is not None and state[self.reset_word]:
                self.native.reset(state)
            else:
                self.native.step(state)
            if self.engine._vcd_writers:
                self._compare_memories()
        self.tracer.trace(state, self.buffer)
        for slot, words, shape in self.outputs:
            slot.update(self._value(words, shape))

    def _compare_memories(self):
        """Report the memory rows that changed, for the waveform."""
        kernel = self.engine.state
        before, self.rows = self.rows, {}
        for memory, info in self.memories.items():
            rows = self.state[info.base:info.base + info.depth * info.stride].copy()
            self.rows[memory] = rows
            old = (self.native.new_state()[info.base:info.base + len(rows)] if before is None
                   else before[memory])
            slot = kernel.slots[kernel.get_memory(memory)]
            for row in np.unique(np.nonzero(rows != old)[0] // max(info.stride, 1)):
                slot.write(int(row), slot.read(int(row)))
