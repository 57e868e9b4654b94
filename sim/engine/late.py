"""Which operations of a region wait until one of its branches needs them.

A region's branches run in order, and each stores something at most. An operation that only the
third branch and later ones use, in their conditions or in their regions, runs before the third:
its result need not be kept while the others run. What it reads must not be written before.
"""

from collections import defaultdict

from pteg.engine.region import Region

__all__ = ["postpone"]

EARLY = -1


def postpone(placement):
    """Move operations of all regions from `nodes` to `late`."""
    _Late(placement)


class _Late:

    def __init__(self, placement):
        self.plan, self.graph = placement.plan, placement.graph
        self.args, self.arms = placement.args, placement.arms
        self.home = {}  # operation -> its region
        self.path = {placement.root: {}}  # region -> {region around it: which of its branches}
        regions = list(placement.regions())
        for region in regions:
            for number, (_, *sides) in enumerate(region.branches):
                for side in filter(None, sides):
                    self.path[side] = {**self.path[region], region: number}
            for node in self.operations(region.nodes):
                self.home[node] = region
        self.first = {}  # operation -> the first branch of its region that uses it
        for region in reversed(regions):
            self.arrange(region)

    def operations(self, items):
        """Yield all operations, with those in blocks and arms."""
        for item in items:
            if isinstance(item, Region):
                yield from self.operations(item.nodes)
            else:
                yield item
                for arm in self.arms.get(item, ()):
                    yield from self.operations(arm.nodes)

    def used(self, node, region, position):
        """Enter a use of an operation, before a branch of a region or among the first (EARLY)."""
        home = self.home.get(node)
        if home is None:
            return  # a constant
        if home is not region:
            position = self.path[region][home]
        self.first[node] = min(self.first.get(node, position), position)

    def arrange(self, region):
        for node in region.stored:
            self.used(node, region, EARLY)
        for operands in region.written:
            for node in operands:
                if node is not None:
                    self.used(node, region, EARLY)
        for number, test in enumerate(region.tests):
            self.used(test, region, number)
        late = defaultdict(list)
        for item in reversed(region.nodes):
            late[self.place(item, region)].append(item)
        region.nodes = late.pop(EARLY, [])[::-1]
        region.late = {number: items[::-1] for number, items in late.items()}

    def place(self, item, region):
        """Return the branch before which an operation or a block runs."""
        inside = list(self.operations([item]))
        position = min(self.first.get(node, len(region.branches)) for node in inside)
        position = min(position, *(self.unwritten(node, region) for node in inside))
        if position == len(region.branches):
            position = EARLY  # without a use
        for test in self.tests([item]):
            self.used(test, region, position)
        for node in inside:
            for arg in self.args[node]:
                self.used(arg, region, position)
        return position

    def tests(self, items):
        """Yield the conditions of blocks."""
        for item in items:
            if isinstance(item, Region):
                yield item.test
                yield from self.tests(item.nodes)
            else:
                for arm in self.arms.get(item, ()):
                    yield from self.tests(arm.nodes)

    def unwritten(self, node, region):
        """Return the first branch of a region that writes what an operation reads."""
        match self.graph.op[node]:
            case "load":
                writers = self.plan.written.get(self.graph.attr[node], ())
            case "read":
                writers = self.plan.memory_written.get(self.graph.attr[node][0], ())
            case _:
                return len(region.branches)
        return min((EARLY if writer is region else self.path[writer].get(region, len(
            region.branches)) for writer in writers), default=len(region.branches))
