"""The order of the operations within each region.

Operations run shortly before they are used. Those of a guard run together in a block; there are
several blocks if a result passes through an operation outside of the guard and comes back.
"""

from pteg.engine.region import Region

__all__ = ["Order"]


class Order:
    """Puts the operations of a placement in order, and those of guards into blocks."""

    def __init__(self, placement):
        self.args, self.arms = placement.args, placement.arms
        self.regions = list(placement.regions())
        self._gates = {}  # operation -> the conditions of the guards around it
        for region in self.regions:
            self._find_gates(region, ())
        self._rank = self._ranks()
        for region in self.regions:
            self._arrange(region)
        for arms in self.arms.values():
            for arm in arms:
                arm.nodes.sort(key=self._rank.__getitem__)
        self._find_results()

    def _find_gates(self, region, gates):
        for guard in region.guards:
            inner = (*gates, guard.test)
            self._gates.update(dict.fromkeys(guard.nodes, inner))
            self._find_gates(guard, inner)

    def _ranks(self):
        """Number the operations in an order in which they could all run."""
        rank = {}
        for sink in self._sinks():
            todo = [sink]
            while todo:
                node = todo[-1]
                missing = [] if node in rank else [
                    arg for arg in (*self._gates.get(node, ()), *self.args.get(node, ()))
                    if arg not in rank]
                if missing:
                    todo.extend(reversed(missing))
                else:
                    rank.setdefault(todo.pop(), len(rank))
        return rank

    def _sinks(self):
        """Yield what the regions use, in the order in which they use it."""
        for region in self.regions:
            yield from region.stored
            for nodes in region.written:
                yield from (node for node in nodes if node is not None)
            yield from region.tests

    def _inputs(self, node):
        """Yield all that must run before an operation."""
        yield from self._gates.get(node, ())
        yield from self.args.get(node, ())
        for arm in self.arms.get(node, ()):
            for inner in arm.nodes:
                yield from self._inputs(inner)

    def _arrange(self, region):
        """Order a region: its own operations, and the blocks of its guards, as they are needed.

        A block has the operations of a guard that need equally many changes between guards.
        """
        group = dict.fromkeys(region.nodes, -1)
        for number, guard in enumerate(region.guards):
            group.update(dict.fromkeys(guard.everything(), number))
        stage, blocks = {}, {}
        for node in sorted(group, key=self._rank.__getitem__):
            mine = group[node]
            stage[node] = 0 if not region.guards else max(
                (stage[arg] + (group[arg] not in (-1, mine)) for arg in self._inputs(node)
                 if arg in stage), default=0)
            blocks.setdefault((stage[node], mine), []).append(node)
        unit = {}  # operation -> what runs together with it
        for (_, number), nodes in blocks.items():
            for node in nodes:
                unit[node] = (node,) if number < 0 else tuple(nodes)
        region.nodes = []
        for nodes in self._as_needed(unit):
            number = group[nodes[0]]
            if number < 0:
                region.nodes += nodes
            else:
                block = region.guards[number].part(set(nodes))
                self._arrange(block)
                region.nodes.append(block)

    def _as_needed(self, unit):
        """Yield the units of operations so that each runs shortly before its first use."""
        done = set()
        for first in sorted(unit, key=self._rank.__getitem__):
            todo = [unit[first]]
            while todo:
                nodes = todo[-1]
                missing = [] if nodes in done else [
                    unit[arg] for node in nodes for arg in self._inputs(node)
                    if arg in unit and unit[arg] != nodes and unit[arg] not in done]
                if missing:
                    todo.extend(reversed(missing))
                elif todo.pop() not in done:
                    done.add(nodes)
                    yield nodes

    def _find_results(self):
        """Find which operations of blocks are used outside of them."""
        inside = {}  # operation -> the blocks around it
        uses = []  # what is used, and the blocks around the user
        for region in self.regions:
            self._enter(region.nodes, (), inside, uses)
        uses += [(node, ()) for node in self._sinks()]
        results = {}
        for node, path in dict.fromkeys(uses):
            for block in inside.get(node, ()):
                if block not in path:
                    results.setdefault(block, {})[node] = True
        for block, nodes in results.items():
            block.results = list(nodes)

    def _enter(self, items, path, inside, uses):
        """Note what is within some blocks, and what it uses."""
        for item in items:
            if isinstance(item, Region):
                uses.append((item.test, path))
                self._enter(item.nodes, (*path, item), inside, uses)
            else:
                inside[item] = path
                uses.extend((arg, path) for arg in self.args[item])
                for arm in self.arms.get(item, ()):
                    self._enter(arm.nodes, path, inside, uses)
