"""The stores of a cycle and their conditions: the tree of conditional regions.

Registers whose next value is a multiplexer with the register itself in a leaf hold their value
there; the other leaves are stores under a condition. Stores with equal conditions share a region,
and regions nest as the if statements of the source do. :mod:`pteg.engine.placement` places the
operations that compute the stored values, and :mod:`pteg.engine.order` orders them. Everything that
reads a storage element runs before the element is written.
"""

from collections import defaultdict

from pteg.engine.ir import Design
from pteg.engine.placement import Placement
from pteg.engine.region import Region

__all__ = ["Plan", "plan_cycle", "plan_values"]

MAX_STORES = 24  # what is left of a register's tree after so many stores is stored whole


class Plan:
    """The stores of one function in their regions.

    Attributes
    ----------
    root : Region
    written : dict of int to list of Region
        By state word: the regions that store it conditionally.
    memory_written : dict of int to list of Region
        The same for memories.
    """

    def __init__(self, graph):
        self.graph = graph
        self.root = Region()
        self.written = defaultdict(list)  # state word -> regions that store it
        self.memory_written = defaultdict(list)

    # Effects -------------------------------------------------------------------------------------

    def store(self, word, node):
        """Store a value every cycle."""
        self.root.stores.append((word, node))

    def register(self, word, width, node):
        """Store the next value of a register, in the regions where it changes.

        Where one arm of a multiplexer is a variation of the other, as when a later statement
        overrides an earlier one, the other is stored first and the variation over it.
        """
        graph = self.graph
        current = graph.load(word, width)
        tree = self._next_tree(node, current)
        if tree is None:
            self._store_in(self.root, word, node)
            return
        last = {}  # region -> the last of its branches that this register uses
        stores = 0
        todo = [(self.root, None, True, node, current)]
        while todo:
            region, condition, polarity, value, base = todo.pop()
            if condition is not None:
                region = self._branch(region, condition, polarity, last)
            while value in tree and value != base:
                condition, then, other = tree[value]
                known, polarity = self._known(region, condition)
                if known is None:
                    break
                value = then if known == polarity else other
            if value == base:
                continue
            if value not in tree or stores >= MAX_STORES:
                self._store_in(region, word, value)
                stores += 1
                continue
            condition, then, other = tree[value]
            if other in tree and other != base and self._reaches(tree, then, other):
                todo.append((region, condition, True, then, other))
                todo.append((region, None, True, other, base))
            elif then in tree and then != base and self._reaches(tree, other, then):
                todo.append((region, condition, False, other, then))
                todo.append((region, None, True, then, base))
            else:
                previous = dict(last)
                for polarity, arm in ((True, then), (False, other)):
                    if arm != base:
                        inner = self._branch(region, condition, polarity, previous, last)
                        todo.append((inner, None, True, arm, base))

    def _branch(self, region, condition, polarity, last, record=None):
        """Return the sub-region for a condition that comes after the last one used."""
        while self.graph.op[condition] == "not":
            condition, polarity = self.graph.args[condition][0], not polarity
        index, inner = region.child(condition, polarity, last.get(region, -1))
        (last if record is None else record)[region] = index
        return inner

    @staticmethod
    def _reaches(tree, start, goal):
        """Return whether `goal` is below `start` in a tree."""
        seen, todo = set(), [start]
        while todo:
            item = todo.pop()
            if item == goal:
                return True
            if item > goal and item in tree and item not in seen:
                seen.add(item)
                todo.extend(tree[item][1:])
        return False

    def _store_in(self, region, word, node):
        region.stores.append((word, node))
        self.written[word].append(region)

    def _known(self, region, condition):
        """Return the value that a condition has in a region (or None), and for which side."""
        polarity = True
        while self.graph.op[condition] == "not":
            condition, polarity = self.graph.args[condition][0], not polarity
        while region is not None:
            if region.condition == condition:
                return region.polarity, polarity
            region = region.parent
        return None, polarity

    def _next_tree(self, node, current):
        """Return the multiplexers above the leaves that hold: {node: (condition, one, zero)}.

        None if there is no such leaf. On a single bit, `c & q` and `c | q` are multiplexers too.
        """
        graph = self.graph
        seen, todo = set(), [node]
        while todo:
            item = todo.pop()
            if item in seen or item < current:
                continue
            seen.add(item)
            if graph.op[item] == "mux":
                todo.extend(graph.args[item][1:])
            elif graph.op[item] in ("and", "or") and graph.width[item] == 1:
                todo.extend(graph.args[item])
        if current not in seen:
            return None
        tree, holding = {}, {current}
        for item in sorted(seen):
            if item == current:
                continue
            args = graph.args[item]
            match graph.op[item]:
                case "mux":
                    condition, then, other = args
                case "and" | "or" as op if graph.width[item] == 1:
                    condition, held = args if args[1] in holding else reversed(args)
                    then, other = ((held, graph.const(0, 1)) if op == "and"
                                   else (graph.const(1, 1), held))
                case _:
                    continue
            if then in holding or other in holding:
                tree[item] = condition, then, other
                holding.add(item)
        return tree if node in tree else None

    def write(self, write, ordered):
        """Add a memory write; with `ordered`, after the earlier writes of the same memory."""
        graph, condition, polarity = self.graph, write.enable, True
        region = self.root
        if graph.value(condition) == 0:
            return
        if ordered or graph.op[condition] != "const":
            if graph.op[condition] == "not":
                condition, polarity = graph.args[condition][0], False
            after = len(region.branches) - 1 if ordered else -1
            _, region = region.child(condition, polarity, after)
        region.writes.append(write)
        self.memory_written[write.memory].append(region)


def plan_cycle(design: Design, value, *, edge=True, also=()):
    """Plan a clock cycle: outputs from the state as it is, then (with `edge`) the clock edge.

    Parameters
    ----------
    value : list of int
        The replacement of each node of the design's graph, from `Graph.substitute`.
    also : list of (int, int)
        More to store each cycle: words, which are not read, and operations.

    Returns
    -------
    Placement
    """
    plan = Plan(design.graph)
    for word, node in design.outputs:
        plan.store(word, value[node])
    for word, node in also:
        plan.store(word, node)
    if not edge:
        if design.loops is not None:
            plan.store(design.loops.changed, value[design.loops.change])
        for register in design.registers:
            if register.held is not None:
                plan.register(register.word, register.width, value[register.held])
    else:
        for register in design.registers:
            plan.register(register.word, register.width, value[register.next])
        ports = defaultdict(set)
        for write in design.writes:
            ports[write.memory, write.part].add(write.enable)
        for write in design.writes:
            mask = None if write.mask is None else value[write.mask]
            plan.write(type(write)(write.memory, write.part, value[write.enable],
                                   value[write.row], value[write.data], mask),
                       ordered=len(ports[write.memory, write.part]) > 1)
    return Placement(plan)


def plan_values(design: Design, nodes):
    """Plan a function that stores the given nodes in words 0, 1, ... of a buffer."""
    plan = Plan(design.graph)
    for word, node in enumerate(nodes):
        plan.store(word, node)
    return Placement(plan)
