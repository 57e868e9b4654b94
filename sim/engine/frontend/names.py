"""Describes every named signal, its fields and the ports."""

import re

from amaranth.hdl._mem import MemoryInstance

from pteg.engine.frontend.netlist import items_of
from pteg.engine.frontend.runs import where
from pteg.engine.probes import Kind, Part, Probe, insert
from pteg.engine.words import WORD

__all__ = ["Names", "scope"]


def scope(names, unnamed=()):
    """Names of the components from below the top down to a module.

    Where a submodule and a signal have the same name, Amaranth appends `$` and a number to the
    submodule's. Here scopes and signals do not clash. (Submodules without a name are `U$0`, ...)

    Parameters
    ----------
    names : sequence of str
        Amaranth's, with that of the top.
    unnamed : collection of str
        Names of submodules of the top that paths leave out.
    """
    inside = [re.sub(r"(?<!^U)\$\d+$", "", name) for name in names[1:]]
    return inside[1:] if inside[:1] and inside[0] in unnamed else inside


class Names:
    """Fills in the names of a circuit.

    Parameters
    ----------
    circuit : Circuit
    port_paths : SignalDict of Signal to (path or None, direction)
    unnamed : collection of str
        See `scope`.
    """

    def __init__(self, circuit, port_paths, unnamed):
        self.design, self.netlist, self.values = circuit.design, circuit.netlist, circuit.values
        self.prepared, self.nir = circuit.netlist.prepared, circuit.netlist.nir
        self.output_words = circuit.output_words
        self.port_paths = port_paths
        self.unnamed = unnamed
        # By the signal's identity: Amaranth's dictionaries are slow.
        self.nets = {id(signal): value for signal, value in items_of(self.nir.signals)}
        self.fields = {id(signal): fields for signal, fields in items_of(self.nir.signal_fields)}
        self.seen, self.named = set(), set()    # paths; signals, by identity
        self.name_signals()

    def name_signals(self):
        """Describe every named signal, its fields and the ports."""
        design = self.design
        for fragment, info in self.prepared.fragments.items():
            prefix = ".".join(scope(info.name, self.unnamed))
            for signal, name in items_of(info.signal_names):
                if len(info.name) == 1:
                    for port in self.unnamed:
                        name = name.removeprefix(f"{port}__")
                # A memory's signals mostly are ports of the module around it, named there.
                if not (isinstance(fragment, MemoryInstance) and id(signal) in self.named):
                    self.describe(f"{prefix}.{name}" if prefix else name, signal)
        outputs = self.nir.cells[0].ports_o
        top = self.prepared.fragments[self.prepared.fragment].signal_names
        for name, signal, _ in self.prepared.ports:
            value = self.nir.signals[signal]
            path = self.port_paths.get(signal, (name, None))[0] or top.get(signal, name)
            is_clock = len(value) == 1 and value[0] == self.netlist.clock
            if name in self.nir.cells[0].ports_i:
                if is_clock:
                    design.clock = path
                if is_clock or not len(value):
                    continue
                is_reset = any(signal is domain.rst for domain in
                               self.prepared.fragment.domains.values())
                if is_reset and design.clocking is None and signal not in self.port_paths:
                    design.reset = self.values.storage(value)[0].word
                else:
                    design.inputs[path] = self.input(path, signal, value)
                    if design.clocking is not None:
                        self.enter(design.inputs[path], value, is_reset)
            elif name in outputs and signal in self.port_paths:
                word = self.output_words[name]
                parts = tuple(Part(word + i, 0, min(WORD, len(value) - low))
                              for i, low in enumerate(range(0, len(value), WORD)))
                probe = self.probe(path, signal, value, Kind.OUTPUT)
                design.outputs_by_path[path] = Probe(path, probe.width, probe.signed,
                                                     Kind.OUTPUT, probe.enum, parts, probe.source)
        if not self.port_paths:
            self.find_inputs()

    def enter(self, probe, value, is_reset):
        """Enter an input among the clocks or resets of a design with several."""
        clocking = self.design.clocking
        if is_reset:
            clocking.resets.append(probe.parts[0].word)
        elif any(clock == value[0] for clock, _ in self.netlist.edges):
            clocking.clocks.append(probe.parts[0].word)

    def find_inputs(self):
        """Describe the signals that nothing drives, and the value of every signal, named or not."""
        design = self.design
        for signal, value in self.nir.signals.items():
            if not len(value) or value[0] == self.netlist.clock:
                continue
            design.values[signal] = self.values.value(value)
            design.stored[signal] = self.values.storage(value)
            path = design.signals.get(signal, signal.name)
            if path and all(net >> 16 and self.netlist.is_free(net) for net in value):
                design.inputs.setdefault(path, self.probe(path, signal, value, Kind.INPUT))

    def input(self, path, signal, value):
        """Describe an input port. Until it is driven, it has its initial value."""
        probe = self.probe(path, signal, value, Kind.INPUT)
        if signal.init:
            for part in probe.parts:
                self.design.initial.setdefault(part.word, 0)
            insert(self.design.initial, probe.parts, signal.init)
        return probe

    def describe(self, path, signal):
        fields, value, design = self.fields.get(id(signal), {}), self.nets[id(signal)], self.design
        for field_path, info in {(): None, **fields}.items():
            full = ".".join((path, *(str(step) for step in field_path)))
            runs_of = value if not field_path else info.value
            if full in self.seen or not len(runs_of):
                continue
            self.seen.add(full)
            if not field_path and id(signal) not in self.named:
                self.named.add(id(signal))
                design.signals[signal] = full
            probe = self.probe(full, signal, runs_of, None,
                               info=info or fields.get(()))
            design.probes.append(probe)
            design.nodes[full] = self.values.value(runs_of)

    def probe(self, path, signal, value, kind, info=None):
        parts = self.values.storage(value)
        if kind is None:
            kind = Kind.WIRE
            if parts:
                cells = {net >> 16 for net in value}
                inputs = all(cell == 0 or self.netlist.is_free(cell << 16) for cell in cells)
                kind = Kind.INPUT if inputs else Kind.REGISTER
        if info is None:
            info = self.fields.get(id(signal), {}).get(())
        enum = None
        if info is not None and info.enum_variants is not None:
            enum = {number: name for number, name in info.enum_variants.items()}
        signed = info.signed if info is not None else signal.shape().signed
        return Probe(path, len(value), bool(signed), kind, enum, parts or (),
                     where(signal.src_loc))
