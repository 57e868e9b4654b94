"""Where in a cycle each operation runs: the tree of conditional regions.

Registers whose next value is a multiplexer with the register itself in a leaf hold their value
there; the others leaves are stores under a condition. Stores with equal conditions share a region,
and regions nest as the if statements of the source do. Every operation goes to the lowest region
that contains all of its uses, so that what only a disabled group needs is not computed. Large
operands that only one arm of a multiplexer needs get a region of their own in the same way.

Order within a region: its operations, its stores and memory writes, its sub-regions. Everything
that reads a storage element is placed so that it runs before the element is written.
"""

from collections import defaultdict

from pteg.engine.ir import Design

__all__ = ["Region", "Plan", "plan_cycle", "plan_values"]

COST = {"mul": 3, "udiv": 30, "umod": 30, "read": 3, "parity": 2, "shl": 2, "lshr": 2, "ashr": 2,
        "load": 1, "slice": 1, "sext": 1, "not": 1}
MAX_STORES = 24  # what is left of a register's tree after so many stores is stored whole
MAX_DEPTH = 200  # of regions within regions that arms of multiplexers are put into
BRANCH_COST = 12  # a multiplexer becomes a branch if that saves work of at least this cost


class Region:
    """A block of operations that runs when a condition holds.

    Attributes
    ----------
    nodes : list of int
        Operations, in the order in which they run.
    stores : list of (word, node)
    writes : list of Write
    branches : list of (condition, region or None, region or None)
        Sub-regions, run last and in order: for the condition being one, and zero.
    """

    __slots__ = ("parent", "depth", "condition", "polarity", "nodes", "stores", "writes",
                 "branches", "_index", "cost")

    def __init__(self, parent=None, condition=None, polarity=True):
        self.parent = parent
        self.depth = parent.depth + 1 if parent else 0
        self.condition = condition
        self.polarity = polarity
        self.nodes = []
        self.stores = []
        self.writes = []
        self.branches = []
        self._index = {}
        self.cost = 0

    def child(self, condition, polarity, after=-1):
        """Return a sub-region for a condition, and its number, which is greater than `after`."""
        numbers = self._index.setdefault(condition, [])
        if not numbers or numbers[-1] <= after:
            numbers.append(len(self.branches))
            self.branches.append([condition, None, None])
        number = next(n for n in numbers if n > after)
        entry = self.branches[number]
        side = 1 if polarity else 2
        if entry[side] is None:
            entry[side] = Region(self, condition, polarity)
        return number, entry[side]


def _common(a, b):
    """Return the lowest region that contains both."""
    while a is not b:
        if a.depth >= b.depth:
            a = a.parent
        else:
            b = b.parent
    return a


class Plan:
    """The regions of one function.

    Attributes
    ----------
    root : Region
    arms : dict of int to (Region, Region)
        Multiplexers that are branches: the regions of their two operands.
    """

    def __init__(self, graph):
        self.graph = graph
        self.root = Region()
        self.arms = {}
        self._written = defaultdict(list)  # state word -> regions that store it
        self._memory_written = defaultdict(list)

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
        self._written[word].append(region)

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
        self._memory_written[write.memory].append(region)

    # Placement -----------------------------------------------------------------------------------

    def place(self):
        """Put every operation that is needed into a region; then choose the branches."""
        branching = None
        for _ in range(3):
            self._place_once(branching)
            kept = {mux for mux, (then, other) in self.arms.items()
                    if self._cost(then) + self._cost(other) >= BRANCH_COST}
            if kept == branching:
                break
            branching = kept
        else:
            self._place_once(branching)
        self._sort()
        return self

    def _sort(self):
        """Order the operations of each region so that they run shortly before they are used."""
        graph, rank = self.graph, {}
        for sink in self._sinks():
            todo = [sink]
            while todo:
                node = todo[-1]
                if node in rank:
                    todo.pop()
                    continue
                missing = [arg for arg in graph.args[node] if arg not in rank]
                if missing:
                    todo.extend(reversed(missing))
                else:
                    rank[node] = len(rank)
                    todo.pop()
        for region in self.regions():
            region.nodes.sort(key=rank.__getitem__)

    def _sinks(self):
        """Yield what the regions use, in the order in which they use it."""
        for region in self.regions(arms=False):
            for _, node in region.stores:
                yield node
            for write in region.writes:
                yield from (node for node in (write.row, write.data, write.mask)
                            if node is not None)
            for condition, _, _ in region.branches:
                yield condition

    def regions(self, *, arms=True):
        """Yield all regions, an outer one before its inner ones."""
        todo = [self.root]
        while todo:
            region = todo.pop()
            yield region
            inner = [side for branch in region.branches for side in branch[1:] if side]
            if arms:
                inner += [arm for node in region.nodes for arm in self.arms.get(node, ())]
            todo.extend(reversed(inner))

    def _cost(self, region):
        if region.cost == 0:
            graph, total = self.graph, 0
            for node in region.nodes:
                total += COST.get(graph.op[node], max(len(graph.args[node]) - 1, 1))
                if node in self.arms:
                    total += sum(self._cost(arm) for arm in self.arms[node])
            region.cost = total
        return region.cost

    def _place_once(self, branching):
        """Place all operations, with the given multiplexers (None: all) as branches."""
        graph = self.graph
        where = [None] * len(graph)
        self.arms = {}

        def use(node, region):
            old = where[node]
            where[node] = region if old is None or old is region else _common(old, region)

        for region in self.regions(arms=False):
            region.nodes = []
            for _, node in region.stores:
                use(node, region)
            for write in region.writes:
                for node in (write.row, write.data, write.mask):
                    if node is not None:
                        use(node, region)
            for condition, _, _ in region.branches:
                use(condition, region)
        for node in range(len(graph) - 1, -1, -1):
            region = where[node]
            op = graph.op[node]
            if region is None or op == "const":
                continue
            if op == "load":
                for other in self._written.get(graph.attr[node], ()):
                    region = _common(region, other)
            elif op == "read":
                for other in self._memory_written.get(graph.attr[node][0], ()):
                    region = _common(region, other)
            region.nodes.append(node)
            args = graph.args[node]
            if op == "mux" and region.depth < MAX_DEPTH and (
                    node in branching if branching is not None
                    else any(graph.op[arm] not in ("const", "load") for arm in args[1:])):
                then, other = self.arms[node] = Region(region), Region(region)
                use(args[0], region)
                use(args[1], then)
                use(args[2], other)
            else:
                for arg in args:
                    use(arg, region)


def plan_cycle(design: Design, value, *, edge=True):
    """Plan a clock cycle: outputs from the state as it is, then (with `edge`) the clock edge.

    Parameters
    ----------
    value : list of int
        What stands for each node of the design's graph, from `Graph.substitute`.
    """
    plan = Plan(design.graph)
    for word, node in design.outputs:
        plan.store(word, value[node])
    if edge:
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
    return plan.place()


def plan_values(design: Design, nodes):
    """Plan a function that stores the given nodes in words 0, 1, ... of a buffer."""
    plan = Plan(design.graph)
    for word, node in enumerate(nodes):
        plan.store(word, node)
    return plan.place()
