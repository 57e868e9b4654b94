"""Waveforms from the native circuit: what differs between one settled state and the next."""

import numpy as np

__all__ = ["Recorder"]


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
        self.plain = {}

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
        """Write a signal; the usual one, which is a plain number, without the writer's help."""
        key = id(writer), slot
        if key not in self.plain:
            variables = writer.vcd_signal_vars.get(slot.signal, ())
            self.plain[key] = [variable for variable, value in variables] if all(
                value is slot.signal for _, value in variables) else None
        variables = self.plain[key]
        if variables is None:
            writer.update_signal(time, slot.signal)
        else:
            for variable in variables:
                writer.vcd_writer.change(variable, time, slot.curr)
