"""Waveforms from the native circuit: what differs between one settled state and the next."""

import numpy as np
from amaranth.hdl import Format, Value
from amaranth.hdl._ast import Slice
from amaranth.sim._pyeval import eval_format, eval_value

__all__ = ["Recorder"]

#: Values of a signal whose texts are remembered.
MOST_KNOWN = 4096


class Recorder:
    """Finds the signals and memory rows that changed, and tells Amaranth's waveform writers.

    Parameters
    ----------
    circuit : NativeCircuit
        All its wires get traced.
    """

    def __init__(self, circuit):
        self.circuit = circuit
        circuit.trace_all()
        self.wire_at = [None] * circuit.values.size
        for slot, (offset, words) in circuit.traced.items():
            self.wire_at[offset:offset + words] = [slot] * words
        self.held_at = {}
        for slot, parts in circuit.held.items():
            for part in parts:
                self.held_at.setdefault(part.word, []).append(slot)
        self.shown = {}  # by writer and slot

    @property
    def is_complete(self):
        """Whether recording need not wait for a compiler."""
        return self.circuit.trace.is_complete

    def begin(self):
        """Take the present state as recorded."""
        self.circuit.update_trace()
        self.wires, self.state = self.circuit.values.copy(), self.circuit.state.copy()

    def record(self, time, writers):
        """Write what has changed since the last time."""
        circuit, changed = self.circuit, {}
        circuit.update_trace()
        for index in np.flatnonzero(circuit.values != self.wires).tolist():
            changed[self.wire_at[index]] = None
        words = np.flatnonzero(circuit.state != self.state).tolist()
        if not changed and not words:
            return
        for word in words:
            changed.update(dict.fromkeys(self.held_at.get(word, ())))
        for slot in changed:
            circuit.refresh_slot(slot)
            for writer in writers:
                self._write(writer, time, slot)
        if words:
            for slot, info in circuit.memories.items():
                end = info.base + info.depth * info.stride
                for row in {(word - info.base) // info.stride for word in words
                            if info.base <= word < end}:
                    circuit.refresh_row(slot, row)
                    for writer in writers:
                        writer.update_memory(time, slot.memory, row)
        self.wires[:] = circuit.values
        self.state[:] = circuit.state

    def _write(self, writer, time, slot):
        """Write a signal in each of its representations."""
        key = id(writer), slot
        if key not in self.shown:
            self.shown[key] = [(variable, what, {}) for variable, what
                               in writer.vcd_signal_vars.get(slot.signal, ())]
        for variable, what, texts in self.shown[key]:
            if isinstance(what, Value):
                value = self._number(slot, what)
            else:
                value = self._text(slot, what, texts)
            writer.vcd_writer.change(variable, time, value)

    def _number(self, slot, value):
        """Return a signal, or a field of it."""
        if value is slot.signal:
            return slot.curr
        if isinstance(value, Slice) and value.value is slot.signal:
            return slot.curr >> value.start & (1 << value.stop - value.start) - 1
        return eval_value(self.circuit.kernel, value)

    def _text(self, slot, what, texts):
        """Return a text that follows from a signal's value: it takes long to work out."""
        key = self._number(slot, what._value) if isinstance(what, Format.Enum) else slot.curr
        if key not in texts:
            if len(texts) > MOST_KNOWN:
                texts.clear()
            if isinstance(what, Format | Format.Enum):
                texts[key] = eval_format(self.circuit.kernel, what)
            else:
                texts[key] = what(slot.curr)  # a decoder
        return texts[key]
