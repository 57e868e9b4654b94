"""Known facts in each place: literals, and their consequences.

A literal is a one-bit node together with its value; a set of literals is an integer with a bit for
each. Where a set holds, a multiplexer on a known condition is one of its operands.
"""

from collections import defaultdict

from pteg.engine.ir import Graph

__all__ = ["Facts"]


class Facts:
    """The literals of a graph."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self._nodes: list[int] = []  # literal number n: node _nodes[n // 2] has the value n % 2
        self._numbers: dict[int, int] = {}
        self._implied: dict[int, object] = {}
        self._bits = graph.const(0, 1), graph.const(1, 1)
        self._comparisons = defaultdict(list)  # with constants, by what is compared
        for node, op in enumerate(graph.op):
            if op == "eq" and graph.op[graph.args[node][1]] == "const":
                self._comparisons[graph.args[node][0]].append(node)

    def meaning(self, literal):
        """Return the node and the value of a single literal."""
        number = literal.bit_length() - 1
        return self._nodes[number // 2], bool(number % 2)

    def literals(self):
        """Yield each literal so far, and its meaning."""
        for number, node in enumerate(self._nodes):
            yield from ((1 << 2 * number + value, (node, bool(value))) for value in range(2))

    def implied(self, node, value):
        """Return the set of literals that hold when a one-bit node has a value."""
        key = node, bool(value)
        found = self._implied.get(key)
        if found is None:
            found, todo, seen = 0, [key], set()
            while todo:
                item = todo.pop()
                if item not in seen:
                    seen.add(item)
                    found |= self._implied.get(item) or self._literal(*item)
                    todo += () if item in self._implied else self._consequences(*item)
            self._implied[key] = found
        return found

    def _literal(self, node, value):
        """Return the set of one literal; that of a complement is about what it complements."""
        if self.graph.op[node] in ("not", "const"):
            return 0
        number = self._numbers.get(node)
        if number is None:
            number = self._numbers[node] = len(self._nodes)
            self._nodes.append(node)
        return 1 << (2 * number + value)

    def _consequences(self, node, value):
        """Return the nodes and values that follow at once."""
        graph, args = self.graph, self.graph.args[node]
        match graph.op[node]:
            case "not":
                return [(args[0], not value)]
            case "and" if value:
                return [(args[0], True), (args[1], True)]
            case "or" if not value:
                return [(args[0], False), (args[1], False)]
            case "mux":
                # An operand that is the other constant has not been chosen.
                for chosen, this, that in ((True, 1, 2), (False, 2, 1)):
                    if graph.value(args[that]) == int(not value):
                        return [(args[0], chosen), (args[this], value)]
            case "eq" if value and graph.op[args[1]] == "const":
                return [(other, False) for other in self._comparisons[args[0]] if other != node]
        return []

    def value(self, node, known):
        """Return the value of a one-bit node where a set of literals holds, or None."""
        value = True
        while self.graph.op[node] == "not":
            node, value = self.graph.args[node][0], not value
        number = self._numbers.get(node)
        found = 0 if number is None else known >> (2 * number) & 3
        return None if not found else value == (found == 2)

    def exclude(self, a, b):
        """Return whether two sets of literals never hold together."""
        evens = (1 << 2 * len(self._nodes)) // 3
        return bool((a & b >> 1 | b & a >> 1) & evens)

    def resolve(self, node, known):
        """Return a simpler node that has the same value where a set of literals holds."""
        graph = self.graph
        while graph.op[node] != "const":
            op, args = graph.op[node], graph.args[node]
            if graph.width[node] == 1:
                value = self.value(node, known)
                if value is not None:
                    return self._bits[value]
            if op == "mux":
                value = self.value(args[0], known)
                if value is None:
                    break
                node = args[1 if value else 2]
            elif op in ("and", "or") and graph.width[node] == 1:
                neutral = op == "and"
                if self.value(args[0], known) is neutral:
                    node = args[1]
                elif self.value(args[1], known) is neutral:
                    node = args[0]
                else:
                    break
            else:
                break
        return node
