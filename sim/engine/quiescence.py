"""Finds what still moves while a design rests.

A processor that waits for memory does the same in every cycle: nothing. When a cycle has changed no
register and no memory, and the inputs are the same again, neither does the next one. Only counters
that run from reset on, such as the divider of a clock, keep a design from that; and counters that
look like these, such as those of a processor that is started later. They are *tickers* if the rest
of the design sees them through few one-bit signals, the *waist* ("this is the last one"). While all
else rests, a cycle that has happened before with the same values of the waist need not be computed
again, except for the tickers.
"""

from dataclasses import dataclass

from pteg.engine.ir import Design, Graph

__all__ = ["Quiescence", "find_quiescence"]

MAX_WIDTH = 16      # of a ticker
MAX_CONE = 16       # operations that compute a ticker, or a bit of the waist
MAX_FROZEN = 4      # conditions of a ticker
MAX_WAIST = 6       # bits: a word has a bit for each of their values
MAX_OUTPUTS = 16    # that depend on the waist
_HEAVY = ("read", "table", "mul", "udiv", "umod")


@dataclass
class Quiescence:
    """What moves at rest, and the layout of the record that a run keeps.

    The record: a bit for each value of the waist with which a cycle changed nothing; whether this
    cycle changes something; the value of the waist; the frozen values; the inputs; the outputs, for
    each value of the waist.

    Attributes
    ----------
    tickers : list of (int, int)
        State word and next value of each.
    waist : list of int
        Operations of one bit, the lowest bit of the waist's value first.
    frozen : list of int
        Operations that the tickers depend on, which do not depend on tickers.
    inputs : list of int
        State words of the inputs.
    outputs : list of int
        State words of the outputs that depend on the waist.
    """

    tickers: list[tuple[int, int]]
    waist: list[int]
    frozen: list[int]
    inputs: list[int]
    outputs: list[int]

    MASK, CHANGED, VALUE, FROZEN = range(4)

    @property
    def first_input(self) -> int:
        return self.FROZEN + len(self.frozen)

    @property
    def first_output(self) -> int:
        return self.first_input + len(self.inputs)

    @property
    def words(self) -> int:
        return self.first_output + (len(self.outputs) << len(self.waist))


def find_quiescence(design: Design, value: list[int]) -> Quiescence | None:
    """Return what still moves while a design rests, or None if too many outputs do.

    Parameters
    ----------
    value : list of int
        The replacement of each node of the design's graph, from `Graph.substitute`.
    """
    graph = design.graph
    following = {register.word: value[register.next] for register in design.registers}
    others = [value[node] for write in design.writes
              for node in (write.enable, write.row, write.data, write.mask) if node is not None]
    shown = [(word, value[node]) for word, node in design.outputs]
    cones = _Cones(graph, [register for register in design.registers
                           if register.width <= MAX_WIDTH])

    counters = cones.counters(following)
    first = _first_changes(design, following)
    shapes = {shape for word, (_, shape) in counters.items() if word in first}
    chosen: dict[int, list[int]] = {}  # word of a ticker -> frozen operations
    for word, (frozen, shape) in counters.items():
        if shape not in shapes:
            continue
        trial = {**chosen, word: frozen}
        waist = cones.waist(trial, _sinks(following, trial, others, shown))
        if waist is not None and len(waist) <= MAX_WAIST and not any(
                cones.depends(node, trial) for nodes in trial.values() for node in nodes):
            chosen = trial
    waist = cones.waist(chosen, _sinks(following, chosen, others, shown))
    outputs = [word for word, node in shown if cones.depends(node, chosen)]
    if waist is None or len(outputs) > MAX_OUTPUTS:
        return None
    inputs = sorted({part.word for probe in design.inputs.values() for part in probe.parts
                     if part.word != design.reset})
    frozen = list(dict.fromkeys(node for nodes in chosen.values() for node in nodes))
    return Quiescence([(word, following[word]) for word in chosen], waist, frozen, inputs, outputs)


def _first_changes(design, following):
    """Return the words of the registers that change in the first cycle with all inputs 0."""
    graph, initial = design.graph, design.initial
    first = graph.substitute({node: graph.const(initial.get(graph.attr[node], 0),
                                                graph.width[node])
                              for node, op in enumerate(graph.op) if op == "load"})
    return {word for word, node in following.items()
            if graph.value(first[node]) not in (None, initial.get(word, 0))}


def _sinks(following, tickers, others, shown):
    """Return the operations whose values matter to anything but the tickers."""
    return [*(node for word, node in following.items() if word not in tickers), *others,
            *(node for _, node in shown)]


class _Cones:
    """Which operations depend on which registers that may be tickers."""

    def __init__(self, graph: Graph, registers):
        self.graph = graph
        self._bit = {register.word: 1 << number for number, register in enumerate(registers)}
        self._dependence = [0] * len(graph)  # by operation: a bit for each register
        for node, op in enumerate(graph.op):
            self._dependence[node] = self._bit.get(graph.attr[node], 0) if op == "load" else 0
            for arg in graph.args[node]:
                self._dependence[node] |= self._dependence[arg]

    def depends(self, node, words):
        """Return whether an operation depends on any of some registers."""
        return bool(self._dependence[node] & sum(self._bit[word] for word in words))

    def counters(self, following):
        """Return the registers that are counters, with their conditions and their shapes."""
        found = {}
        for word, bit in self._bit.items():
            cone = self._cone(following[word], bit)
            if cone is None:
                continue
            frozen = {arg for node in cone for arg in self.graph.args[node]
                      if not self._dependence[arg] & bit and self.graph.op[arg] != "const"}
            counts = any(self.graph.op[node] in ("add", "sub") for node in cone)
            if counts and len(frozen) <= MAX_FROZEN and all(
                    self.graph.width[node] == 1 for node in frozen):
                found[word] = sorted(frozen), self._shape(following[word], bit)
        return found

    def _shape(self, node, bit):
        """Return how an operation depends on a register, whichever register that is."""
        graph = self.graph
        if not self._dependence[node] & bit:
            return graph.value(node)
        attribute = None if graph.op[node] == "load" else graph.attr[node]
        return graph.op[node], graph.width[node], attribute, tuple(
            self._shape(arg, bit) for arg in graph.args[node])

    def _cone(self, node, bit=0):
        """Return an operation and all below that depend on a register, if any; None if too many."""
        cone, todo = set(), [node]
        while todo:
            node = todo.pop()
            if node in cone or bit and not self._dependence[node] & bit:
                continue
            cone.add(node)
            if len(cone) > MAX_CONE or self.graph.op[node] in _HEAVY:
                return None
            todo.extend(self.graph.args[node])
        return cone

    def waist(self, words, sinks):
        """Return the lowest one-bit operations between some registers and sinks, or None."""
        bits = sum(self._bit[word] for word in words)
        live, todo = set(), list(sinks)
        while todo:
            node = todo.pop()
            if node not in live and self._dependence[node] & bits:
                live.add(node)
                todo.extend(self.graph.args[node])
        found, open_nodes = {}, set()  # what a node sees of the registers; the nodes that see more
        for node in sorted(live):
            args = [arg for arg in self.graph.args[node] if arg in live]
            if not args or any(arg in open_nodes for arg in args):
                if self.graph.width[node] == 1 and self._cone(node):
                    found[node] = {node}
                else:
                    open_nodes.add(node)
            else:
                found[node] = set().union(*(found[arg] for arg in args))
        if any(node in open_nodes for node in sinks):
            return None
        return sorted(set().union(*(found.get(node, ()) for node in sinks)))
