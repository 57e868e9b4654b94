"""Which operations are repeated wherever their results are used, instead of kept for later uses.

A processor has few registers. To keep a value for a distant use costs a store and a load. What the
state still holds is loaded again instead, and a few bits of it are cut out again, or compared with
a constant again: with one instruction each.
"""

from pteg.engine.region import Region

__all__ = ["repeatable"]

_CHEAP = ("slice", "not", "eq")  # of one operand that is not constant


def repeatable(placement):
    """Return the operations that may run anywhere: they only need words that hold their old value.

    A word qualifies if nothing that depends on it so runs after a store into it.
    """
    return _Uses(placement).repeatable()


class _Uses:
    """Walks through a placement in the order in which it runs."""

    def __init__(self, placement):
        self.args, self.arms = placement.args, placement.arms
        self.word = _words(placement.graph, self.args)
        self.written = set()
        self.late = set()  # words that are used when they may have been written
        stack = [self._region(placement.root)]
        while stack:
            inner = next(stack[-1], None)
            if inner is None:
                stack.pop()
            else:
                stack.append(self._region(inner))

    def repeatable(self):
        return {node for node, word in self.word.items() if word not in self.late}

    def _use(self, node):
        if self.word.get(node) in self.written:
            self.late.add(self.word[node])

    def _region(self, region):
        self._operations(region.nodes)
        for nodes in (region.stored, *region.written):
            for node in nodes:
                self._use(node)
        self.written.update(word for word, _ in region.stores)
        for number, (_, *sides) in enumerate(region.branches):
            self._operations(region.late.get(number, ()))
            self._use(region.tests[number])
            before, after = self.written, set()
            for side in filter(None, sides):
                self.written = set(before)
                yield side
                after |= self.written
            self.written = before | after

    def _operations(self, items):
        for item in items:
            if isinstance(item, Region):
                self._use(item.test)
                self._operations(item.nodes)
            elif item not in self.word:
                for arg in self.args[item]:
                    self._use(arg)
                for arm in self.arms.get(item, ()):
                    self._operations(arm.nodes)


def _words(graph, args):
    """Return the state word from which each cheap operation computes its result."""
    words = {}
    for node in sorted(args):
        if graph.op[node] == "load":
            words[node] = graph.attr[node]
        elif graph.op[node] in _CHEAP:
            varying = [arg for arg in args[node] if graph.op[arg] != "const"]
            if len(varying) == 1 and varying[0] in words:
                words[node] = words[varying[0]]
    return words
