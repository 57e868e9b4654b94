"""Tracers: signals that the state does not hold, computed from it."""

from collections.abc import Mapping, Sequence

import numpy as np

from pteg.engine import incremental
from pteg.engine.codegen import function
from pteg.engine.ir import Design
from pteg.engine.kept import compile_texts
from pteg.engine.native import NativeFunction, load_object
from pteg.engine.plan import plan_values
from pteg.engine.probes import Probe, Words

__all__ = ["ChangeTracer", "Tracer", "compile_nodes"]


def compile_nodes(design: Design, nodes: Sequence[int], use_cache: bool) -> NativeFunction:
    """Return a function of state and buffer: it writes nodes of at most 64 bits, a word each."""
    text = function("trace", design, plan_values(design, nodes), buffer=True)
    _, code = compile_texts([text], use_cache)
    return load_object(code, {"trace": 2})["trace"]


class Tracer:
    """Recomputes signals from a state.

    Attributes
    ----------
    paths : list of str
    probes : list of Probe
    offsets : list of int
        First buffer word of each signal; it takes ``ceil(width / 64)`` words, least significant
        first, the unused high bits zero. Signals that are the same wire share their words.
    words : int
        Length of the buffer.
    trace : NativeFunction
        Called as ``trace(state, buffer)``: the values of all the signals before the next clock
        edge, with the state and inputs as they are (the reset input included).
    """

    def __init__(self, design: Design, probes: Mapping[str, Probe], use_cache: bool):
        graph = design.graph
        self.paths = list(probes)
        self.probes = list(probes.values())
        self.offsets: list[int] = []
        nodes: list[int] = []
        owners: list[str] = []  # of each node: the component of its signal
        known: dict[tuple, int] = {}
        for path, probe in probes.items():
            node = self._node(design, path, probe)
            # Many signals are one wire under several names; then they share their words.
            key = node, probe.signed, str(probe.enum)
            if key not in known:
                known[key] = len(nodes)
                nodes.extend(graph.slice(node, low, min(64, probe.width - low))
                             for low in range(0, probe.width, 64))
                owners += [path.rpartition(".")[0]] * (len(nodes) - len(owners))
            self.offsets.append(known[key])
        self.words = len(nodes)
        self.trace = self._compile(design, nodes, owners, use_cache)

    def _compile(self, design: Design, nodes: list[int], owners: list[str],
                 use_cache: bool) -> NativeFunction:
        return compile_nodes(design, nodes, use_cache)

    @staticmethod
    def _node(design: Design, path: str, probe: Probe) -> int:
        if path in design.nodes:
            return design.nodes[path]
        graph = design.graph
        outputs = dict(design.outputs)
        nodes = []
        for part in probe.parts:
            whole = outputs.get(part.word)
            if whole is None:
                whole = graph.load(part.word, part.shift + part.width)
            nodes.append(graph.slice(whole, part.shift, part.width))
        return graph.concat(nodes)

    def new_buffer(self) -> Words:
        """Return a buffer for :attr:`trace`."""
        return np.zeros(self.words, np.uint64)

    def read(self, buffer: Words) -> dict[str, int]:
        """Return the values in a buffer: a dict from path to (signed, if so) integer."""
        values = {}
        for path, probe, offset in zip(self.paths, self.probes, self.offsets, strict=True):
            value = 0
            for i in range((probe.width + 63) // 64):
                value |= int(buffer[offset + i]) << (64 * i)
            if probe.signed and value >> (probe.width - 1):
                value -= 1 << probe.width
            values[path] = value
        return values


class ChangeTracer(Tracer):
    """A tracer that computes only what has changed since the cycle before, and tells what it is.

    Attributes
    ----------
    offsets : list of int
        Where the record holds the signals.
    words : int
        So many words at the beginning of the record hold all that is traced.
    trace : NativeFunction
        Called as ``trace(state, record, changes)`` before each clock edge. The record then holds
        the values; its word `COUNT` is how many words of them have changed, and `changes` begins
        with a pair for each: its offset and its value. Its word `VALID` is to be set to 0 when a
        state has been written to, but for its inputs: then everything is computed, and compared.
    """

    VALID, COUNT, TRACED = incremental.VALID, incremental.COUNT, incremental.TRACED

    def _compile(self, design: Design, nodes: list[int], owners: list[str],
                 use_cache: bool) -> NativeFunction:
        body = incremental.Incremental(design, nodes, owners)
        self.offsets = [self.TRACED + offset for offset in self.offsets]
        self.words, self._record = self.TRACED + self.words, body.words
        _, code = compile_texts([body.text], use_cache)
        return load_object(code, {"trace": 3})["trace"]

    def new_record(self) -> Words:
        """Return a record for :attr:`trace` that is not valid; all values are 0."""
        return np.zeros(self._record, np.uint64)

    def new_changes(self) -> Words:
        """Return an array for the changes of a cycle."""
        return np.zeros(2 * self.words, np.uint64)
