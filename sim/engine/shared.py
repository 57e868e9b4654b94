"""Code that modules which are alike share.

Two processors of one kind do the same with registers of their own. So the engine compiles one
function for both and calls it with the address of each one's registers: half the code to compile,
and to keep in the processor's caches. What the modules are alike in is found by comparison: the
expressions of all instances are followed from the registers and memories down. Where they differ,
or leave the module, is a parameter; what is computed outside stores its value first.

The rest of the design reads the registers of a module as before, and computes what it needs of its
wires by itself. It runs before the shared code does, and so before these registers change.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pteg.engine.ir import Design, Register, Write
from pteg.engine.placement import Placement
from pteg.engine.plan import plan_cycle
from pteg.engine.words import WORD

__all__ = ["Part", "Shared", "share"]

MIN_OPERATIONS = 2000   # of a shared function
MAX_CODE = 0.8          # shared code, and the rest, relative to code that is not shared
MAX_WORK = 1.4          # the same for the operations of a cycle, those of each module counted


@dataclass
class Part:
    """A clock edge of several modules that are alike.

    Attributes
    ----------
    design : Design
        Of the first module: its registers and writes. It reads no words but its block and, as
        words from `Design.words` on, the parameters.
    paths : list of str
        The modules.
    shifts : list of int
        By module: where its block begins, relative to the first one's.
    parameters : dict of int to tuple of int
        By its place: the operation whose value a parameter has, for each module.
    words : int
        Of the parameters of a module.
    """

    design: Design
    paths: list[str]
    shifts: list[int]
    parameters: dict[int, tuple[int, ...]]
    words: int

    def plan(self) -> Placement:
        """Return the plan of the shared function."""
        return plan_cycle(self.design, range(len(self.design.graph)))


@dataclass
class Shared:
    """A clock edge of a design.

    Attributes
    ----------
    rest : Design
        The design without the registers and the writes of the parts.
    parts : list of Part
    value : list of int
        The replacement of each node of the design's graph.
    """

    rest: Design
    parts: list[Part]
    value: list[int]

    @property
    def words(self) -> int:
        """Of the parameters of all modules."""
        return sum(len(part.shifts) * part.words for part in self.parts)

    def parameters(self) -> list[tuple[int, int]]:
        """Return all parameters, as words behind those of the state and operations."""
        found, first = [], self.rest.words
        for part in self.parts:
            for number in range(len(part.shifts)):
                found += [(first + place, nodes[number])
                          for place, nodes in part.parameters.items()]
                first += part.words
        return found

    def plan(self, *, edge: bool = True, also: Sequence[tuple[int, int]] = ()) -> Placement:
        """Return the plan of the rest; see `plan_cycle`."""
        return plan_cycle(self.rest, self.value, edge=edge, also=[*self.parameters(), *also])


def share(design: Design, value: list[int]) -> Shared:
    """Split a design's clock edge into modules that share code, and the rest.

    Parameters
    ----------
    value : list of int
        The replacement of each node of the design's graph, from `Graph.substitute`.
    """
    rest, parts = design, list[Part]()
    for twins in design.twins:
        part = _Comparison(rest, value, twins).part()
        if part is not None:
            left = rest.circuit(
                registers=[register for register in rest.registers
                           if twins.place(register.word) is None],
                writes=[write for write in rest.writes
                        if twins.place(rest.memories[write.memory].base) is None])
            if _pays(rest, left, part, value):
                rest = left
                parts.append(part)
    return Shared(rest, parts, value)


def _pays(whole, rest, part, value):
    """Return whether to share code: little is computed twice."""
    graph, count = whole.graph, len(part.shifts)
    shared = len(_below(graph, _sinks(part.design, range(len(graph)))))
    outside = len(_below(graph, [*_sinks(rest, value), *(node for nodes in part.parameters.values()
                                                         for node in nodes)]))
    alone = len(_below(graph, _sinks(whole, value)))
    return (shared >= MIN_OPERATIONS and outside + shared <= MAX_CODE * alone
            and outside + count * shared <= MAX_WORK * alone)


def _sinks(design, value):
    """Return what a cycle of a design stores."""
    return [*(value[node] for _, node in design.outputs),
            *(value[register.next] for register in design.registers),
            *(value[node] for write in design.writes
              for node in (write.enable, write.row, write.data, write.mask) if node is not None)]


def _below(graph, nodes):
    """Return the operations that some depend on, and these."""
    seen, todo = set(), list(nodes)
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(graph.args[node])
    return seen


class _Comparison:
    """What modules that store the same have in common.

    It deals with tuples of an operation, or whatever else, of each module.
    """

    def __init__(self, design, value, twins):
        self.design, self.graph, self.value, self.twins = design, design.graph, value, twins
        self.same = set()       # operations of the shared function
        self.parameters = {}    # operations -> place of the parameter
        self.words = 0          # of the parameters
        self.memories = [self.twins.place(memory.base) for memory in design.memories]
        self.module = self.dependence()

    def corresponding(self, places):
        """Return whether the places of some words are the same, each in its own module."""
        return all(place is not None and place == (number, places[0][1])
                   for number, place in enumerate(places))

    def dependence(self):
        """Return, for each operation, whether it depends on one of the modules."""
        graph, found = self.graph, []
        for node, op in enumerate(graph.op):
            found.append(any(found[arg] for arg in graph.args[node])
                         or op == "load" and self.twins.place(graph.attr[node]) is not None
                         or op == "read" and self.memories[graph.attr[node][0]] is not None)
        return found

    def part(self):
        """Return the shared code, or None if the modules do not change the same."""
        registers, writes = self.registers(), self.writes()
        if registers is None or writes is None:
            return None
        for nodes in (*(nodes for _, nodes in registers),
                      *(nodes for _, operands in writes for nodes in operands if nodes)):
            self.follow(nodes)
        built = self.build()
        design = self.design.circuit(
            outputs=[],
            registers=[Register(first.word, first.width, first.init, built[nodes])
                       for first, nodes in registers],
            writes=[Write(first.memory, first.part, *(nodes and built[nodes] for nodes in operands))
                    for first, operands in writes])
        start = self.twins.starts[0]
        return Part(design, self.twins.paths, [other - start for other in self.twins.starts],
                    {place: nodes for nodes, place in self.parameters.items()}, self.words)

    def registers(self):
        """Return the first module's registers, each with all next values."""
        by_place = defaultdict(list)
        for register in self.design.registers:
            place = self.twins.place(register.word)
            if place is not None:
                by_place[place[1]].append(register)
        count = len(self.twins.starts)
        if any(len(registers) != count or len({register.width for register in registers}) > 1
               for registers in by_place.values()):
            return None
        return [(registers[0], tuple(self.value[register.next] for register in registers))
                for registers in (sorted(registers, key=lambda register: register.word)
                                  for registers in by_place.values())]

    def writes(self):
        """Return the first module's writes, each with all enables, rows, data and masks."""
        by_module = [[] for _ in self.twins.starts]
        for write in self.design.writes:
            place = self.memories[write.memory]
            if place is not None:
                operands = [None if node is None else self.value[node] for node in
                            (write.enable, write.row, write.data, write.mask)]
                widths = tuple(None if node is None else self.graph.width[node]
                               for node in operands)
                by_module[place[0]].append(((place[1], write.part, widths), write, operands))
        if len({tuple(kind for kind, *_ in writes) for writes in by_module}) > 1:
            return None
        return [(writes[0][1], [None if nodes[0] is None else nodes
                                for nodes in zip(*(operands for *_, operands in writes),
                                                 strict=True)])
                for writes in zip(*by_module, strict=True)]

    def follow(self, nodes):
        """Find what the modules have in common below some operations, and where they differ."""
        todo = [nodes]
        while todo:
            nodes = todo.pop()
            if nodes in self.same or nodes in self.parameters:
                continue
            if self.are_alike(nodes):
                self.same.add(nodes)
                todo.extend(zip(*(self.graph.args[node] for node in nodes), strict=True))
            else:
                self.parameters[nodes] = self.words
                self.words += (self.graph.width[nodes[0]] + WORD - 1) // WORD

    def are_alike(self, nodes):
        """Return whether the shared function can compute these."""
        graph, first = self.graph, nodes[0]
        if len({self.shape(node) for node in nodes}) > 1:
            return False
        attributes = [graph.attr[node] for node in nodes]
        match graph.op[first]:
            case "load":
                return self.corresponding([self.twins.place(word) for word in attributes])
            case "read":
                return (self.corresponding([self.memories[memory] for memory, _ in attributes])
                        and len({part for _, part in attributes}) == 1)
        if len(set(attributes)) > 1:
            return False
        # What all have from outside need not be computed by each.
        return graph.op[first] == "const" or len(set(nodes)) > 1 and any(
            self.module[node] for node in nodes)

    def shape(self, node):
        graph = self.graph
        return graph.op[node], graph.width[node], *(graph.width[arg] for arg in graph.args[node])

    def build(self):
        """Return, for operations of all modules, the one of the shared function."""
        graph, built = self.graph, {}
        for nodes, place in self.parameters.items():
            built[nodes] = graph.load(self.design.words + place, graph.width[nodes[0]])
        for nodes in sorted(self.same):     # operands first
            first = nodes[0]
            args = tuple(built[args] for args in zip(*(graph.args[node] for node in nodes),
                                                     strict=True))
            built[nodes] = (first if args == graph.args[first] else graph.rebuild(first, args))
        return built
