"""Which region each operation of a plan runs in.

The operations are visited from the last to the first, so that all uses of one are known when it is
placed. It goes to the lowest region that contains them all. Moreover, each use needs the result
only if certain literals hold: those of its region, of the arm of a multiplexer, and those under
which the user itself is needed. The operation is needed under the literals that all uses share.
Where they hold, its operands are simplified. Elsewhere its value does not matter, because
conditions are computed where they are tested, so nothing with an effect can see the difference.

Operations of a region that are needed under the same literal form a guard, if that saves time: a
region that is skipped when the literal does not hold. Large operands that only one arm of a
multiplexer needs get a separate region too.
"""

from pteg.engine.facts import Facts
from pteg.engine.late import postpone
from pteg.engine.order import Order
from pteg.engine.region import Region, common
from pteg.engine.repeat import repeatable

__all__ = ["Placement"]

COST = {"mul": 3, "udiv": 30, "umod": 30, "read": 3, "parity": 2, "shl": 2, "lshr": 2, "ashr": 2,
        "load": 1, "slice": 1, "sext": 1, "not": 1}
MAX_DEPTH = 200  # of regions within regions that operations are put into
BRANCH_COST = 12  # a multiplexer becomes a branch if that saves work of at least this cost
GUARD_COST = 24  # the same for a guard
MAX_GUARDS = 8  # of guards within guards
SHARE = 0.75  # a condition that says more is preferred if it guards this part of the work


class Placement:
    """The operations of a plan in their regions.

    Attributes
    ----------
    root : Region
    args : dict of int to tuple
        The operations, and their simplified operands.
    arms : dict of int to (Region, Region)
        Multiplexers that are branches: the regions of their two operands.
    repeated : set of int
        Operations whose results are not kept; see :mod:`pteg.engine.repeat`.
    """

    def __init__(self, plan):
        self.plan = plan
        self.graph = plan.graph
        self.root = plan.root
        self.facts = Facts(self.graph)
        self._heights = []
        for args in self.graph.args:
            self._heights.append(1 + max((self._heights[arg] for arg in args), default=0))
        self._runs = {region: number for number, region in enumerate(self.regions())}
        for region in self.regions():
            if region.parent:
                region.known = region.parent.known | self.facts.implied(region.condition,
                                                                        region.polarity)
        # Costs are known after an attempt: first of branches, then of guards, which take work
        # from branches.
        self._place(None)
        self._place(self._worthwhile())
        conditions = self._conditions()
        for region in list(self.regions()):
            self._add_guards(region, region.nodes, conditions)
        self._place(self._worthwhile())
        for region in list(self.regions()):
            self._drop_guards(region)
        self._place(None)
        self._place(self._worthwhile())
        Order(self)
        postpone(self)
        self.repeated = repeatable(self)

    def regions(self):
        """Yield the regions that store something, an outer one before its inner ones."""
        todo = [self.root]
        while todo:
            region = todo.pop()
            yield region
            todo.extend(side for branch in reversed(region.branches) for side in branch[:0:-1]
                        if side)

    # Where ---------------------------------------------------------------------------------------

    def _place(self, branching):
        """Place all operations, with the given multiplexers (None: all) as branches."""
        graph, implied, resolve = self.graph, self.facts.implied, self.facts.resolve
        where = [None] * len(graph)
        need = self._need = [0] * len(graph)
        self.arms, self.args = {}, {}

        def use(node, region, known):
            node = resolve(node, known)
            old = where[node]
            if old is None:
                where[node], need[node] = region, known
            else:
                need[node] &= known
                if old is not region:
                    where[node] = common(old, region)
            return node

        self._use_effects(use)
        for node in range(len(graph) - 1, -1, -1):
            region, known = where[node], need[node]
            op, args = graph.op[node], graph.args[node]
            if region is None or op == "const":
                continue
            # What is stored is read before.
            if op == "load":
                region = self._before(region, self.plan.written.get(graph.attr[node], ()))
            elif op == "read":
                region = self._before(region, self.plan.memory_written.get(graph.attr[node][0], ()))
            region = self._guarded(region, known)
            region.nodes.append(node)
            if op == "mux":
                condition, then, other = args
                there = here = region
                if region.depth < MAX_DEPTH and (
                        node in branching if branching is not None
                        else any(graph.op[arm] not in ("const", "load") for arm in args[1:])):
                    there, here = self.arms[node] = Region(region), Region(region)
                self.args[node] = (use(condition, region, known),
                                   use(then, there, known | implied(condition, True)),
                                   use(other, here, known | implied(condition, False)))
            elif op in ("and", "or") and graph.width[node] == 1:
                # The operand that is known first decides whether the other one matters.
                early, late = sorted(args, key=self._heights.__getitem__)
                self.args[node] = (use(early, region, known),
                                   use(late, region, known | implied(early, op == "and")))
            else:
                self.args[node] = tuple(use(arg, region, known) for arg in args)

    def _before(self, region, writers):
        """Return the innermost region, from one outwards, that runs before all writers."""
        runs, exclude = self._runs, self.facts.exclude
        moved = bool(writers)
        while moved:
            moved, place = False, region
            while place not in runs:  # an arm, which runs with the operations around it
                place = place.parent
            for writer in writers:
                if runs[writer] < runs[place] and not exclude(writer.known, place.known):
                    region, moved = common(region, writer), True
                    break
        return region

    def _use_effects(self, use):
        """Use the operands of stores, memory writes, branches and guards."""
        for region in self.regions():
            known = region.known
            region.nodes, region.cost = [], 0
            region.stored = [use(node, region, known) for _, node in region.stores]
            region.written = [tuple(None if node is None else use(node, region, known)
                                    for node in (write.row, write.data, write.mask))
                              for write in region.writes]
            region.tests = [use(branch[0], region, known) for branch in region.branches]
            todo = list(region.guards)
            while todo:
                guard = todo.pop()
                guard.nodes, guard.cost = [], 0
                guard.test = use(guard.condition, guard.parent, guard.parent.known)
                todo += guard.guards

    def _guarded(self, region, known):
        """Return the innermost guard in a region whose condition is among the known literals."""
        while True:
            for guard in region.guards:
                if guard.literal & known:
                    region = guard
                    break
            else:
                return region

    # What is worth a branch ----------------------------------------------------------------------

    def _worthwhile(self):
        """Return the multiplexers that save enough as branches."""
        return {mux for mux, (then, other) in self.arms.items()
                if self._cost(then) + self._cost(other) >= BRANCH_COST}

    def _cost(self, region):
        if region.cost == 0:
            region.cost = sum(map(self._weight, region.nodes)) + sum(map(self._cost, region.guards))
        return region.cost

    def _weight(self, node):
        graph = self.graph
        weight = COST.get(graph.op[node], max(len(graph.args[node]) - 1, 1))
        return weight + sum(map(self._cost, self.arms.get(node, ())))

    def _conditions(self):
        """Return the set of the literals that may be the condition of a guard.

        That a number is not a certain one says little; what is not computed, nothing.
        """
        return sum(literal for literal, (condition, polarity) in self.facts.literals()
                   if condition in self.args and (polarity or self.graph.op[condition] != "eq"))

    def _add_guards(self, region, nodes, conditions, depth=0):
        """Add guards to a region for its operations that are not always needed, heaviest first."""
        facts, rest = self.facts, {}  # literal -> the operations that need it, and their weights
        possible = conditions & ~region.known
        if depth == MAX_GUARDS or region.depth >= MAX_DEPTH:
            return
        for node in nodes:
            weight = self._weight(node)
            for literal in _bits(self._need[node] & possible):
                rest.setdefault(literal, {})[node] = weight
        totals = {literal: sum(members.values()) for literal, members in rest.items()}
        while rest:
            most = max(totals.values())
            if most < GUARD_COST:
                return
            literal = max((literal for literal in rest if totals[literal] >= SHARE * most),
                          key=lambda literal: (facts.implied(*facts.meaning(literal)).bit_count(),
                                               totals[literal], literal))
            guard = region.guard(*facts.meaning(literal))
            guard.literal = literal
            guard.known = region.known | facts.implied(guard.condition, guard.polarity)
            members = rest.pop(literal)
            del totals[literal]
            self._add_guards(guard, list(members), conditions, depth + 1)
            for node, weight in members.items():
                for other in _bits(self._need[node] & possible):
                    if rest.get(other, {}).pop(node, None) is not None:
                        totals[other] -= weight

    def _drop_guards(self, region):
        """Drop the guards that turned out to be too small."""
        for guard in region.guards:
            self._drop_guards(guard)
        region.guards = [guard for guard in region.guards if self._cost(guard) >= GUARD_COST]


def _bits(literals):
    """Yield the literals of a set."""
    while literals:
        literal = literals & -literals
        yield literal
        literals ^= literal
