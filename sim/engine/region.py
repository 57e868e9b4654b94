"""Regions: blocks of operations that run when a condition holds."""

__all__ = ["Region", "common"]


class Region:
    """A block of operations that runs when a condition holds.

    Order within a region: its operations (and blocks of its guards among them), its stores and
    memory writes, its branches, each behind its late operations.

    Attributes
    ----------
    known : int
        Literals that hold here, see :mod:`pteg.engine.facts`.
    literal : int
        Of a guard: its condition as a literal.
    nodes : list of int or Region
        Operations, and blocks of guards, in the order in which they run.
    stores : list of (word, node)
    writes : list of Write
    branches : list of (condition, region or None, region or None)
        Sub-regions, run last and in order: for the condition being one, and zero.
    guards : list of Region
        Sub-regions of operations that are not needed otherwise. A guard has no stores, and its
        operations run in one or more blocks, regions again.
    test : int or None
        Of a guard and its blocks: its condition, simplified.
    late : dict of int to list of (int or Region)
        Operations that wait for a branch, by its number; see :mod:`pteg.engine.late`.
    results : list of int
        Of a block: its operations that are used outside of it.
    stored, written, tests : list
        Operands of the stores, writes (row, data, mask) and branches, simplified.
    """

    __slots__ = ("parent", "depth", "condition", "polarity", "known", "literal", "nodes", "stores",
                 "writes", "branches", "guards", "late", "results", "stored", "written", "tests",
                 "test", "cost", "_index")

    def __init__(self, parent=None, condition=None, polarity=True):
        self.parent = parent
        self.depth = parent.depth + 1 if parent else 0
        self.condition = condition
        self.polarity = polarity
        self.known = self.literal = 0
        self.nodes = []
        self.stores = []
        self.writes = []
        self.branches = []
        self.guards = []
        self.late = {}
        self.results = []
        self.stored, self.written, self.tests = [], [], []
        self.test = None
        self.cost = 0
        self._index = {}

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

    def guard(self, condition, polarity):
        """Return a new guard for a condition."""
        guard = Region(self, condition, polarity)
        self.guards.append(guard)
        return guard

    def everything(self):
        """Yield the operations of a guard and of the guards in it."""
        yield from self.nodes
        for guard in self.guards:
            yield from guard.everything()

    def part(self, chosen):
        """Return a copy of a guard with the chosen operations only."""
        part = Region(self.parent, self.condition, self.polarity)
        part.test = self.test
        part.nodes = [node for node in self.nodes if node in chosen]
        part.guards = [inner for inner in (guard.part(chosen) for guard in self.guards)
                       if inner.nodes or inner.guards]
        return part


def common(a, b):
    """Return the lowest region that contains both."""
    while a is not b:
        if a.depth >= b.depth:
            a = a.parent
        else:
            b = b.parent
    return a
