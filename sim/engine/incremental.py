"""The text of a tracer that computes what has changed.

Values stay in a *record* from one cycle to the next. Operations are put into *clusters*: those of
one component, as far as no value that they need comes back from another component. A cluster runs
if a register, a memory or a value of another cluster that it reads has changed. Behind the traced
values, the record holds what the next cycle is compared with: the registers, the values that pass
from one cluster to another, and whether a memory is about to be written.

A record of zeros says nothing: then everything is computed.
"""

from collections import defaultdict
from types import SimpleNamespace

from pteg.engine.ir import Design
from pteg.engine.operations import Operations

__all__ = ["Incremental"]

#: Operations that are repeated rather than passed from one cluster to another.
_CHEAP = ("slice", "not")
_WORD = 64
#: Registers that are compared with one branch.
_GROUP = 8


class Incremental(Operations):
    """The text of one function.

    Parameters
    ----------
    design : Design
    nodes : list of int
        Operations of at most 64 bits. The record begins with their values, which are copied.
    owners : list of str
        The component of each.

    Attributes
    ----------
    words : int
        Length of the record.
    """

    def __init__(self, design: Design, nodes: list[int], owners: list[str]):
        graph = self.graph = design.graph
        self._rows: dict[int, int] = {}     # where the record holds an operation's value
        self._twins: list[tuple[int, int]] = []     # other words that hold the same
        for column, node in enumerate(nodes):
            if self._rows.setdefault(node, column) != column:
                self._twins.append((column, self._rows[node]))
        self._traced = self.words = len(nodes)
        owner = dict(zip(reversed(nodes), reversed(owners), strict=True))
        enables: dict[int, list[int]] = defaultdict(list)
        for write in design.writes:
            # With several clocks, only the step itself finds out whether there is an edge.
            enables[write.memory].append(
                self.graph.const(1, 1) if design.clocking else write.enable)
        needed = self._needed(nodes, enables)
        self._enables = {memory: enables[memory] for memory in sorted(
            {graph.attr[node][0] for node in needed if graph.op[node] == "read"})}
        for memory, conditions in self._enables.items():
            for node in conditions:
                owner.setdefault(node, design.memories[memory].path)
        super().__init__("trace", design, SimpleNamespace(
            args={node: graph.args[node] for node in needed}, arms={}, repeated=range(len(graph))))
        self._place(needed, owner)
        self._pass(needed)
        self._valid = self._new_column()
        self._emit()

    def _needed(self, nodes, enables):
        """The operations below some nodes, and below the enables of the memories that they read,
        in their order."""
        found, todo = set(), list(nodes)
        while todo:
            node = todo.pop()
            if node not in found:
                found.add(node)
                todo.extend(self.graph.args[node])
                if self.graph.op[node] == "read":
                    todo.extend(enables[self.graph.attr[node][0]])
        return sorted(found)

    # Clusters ------------------------------------------------------------------------------------

    def _place(self, needed, owner):
        """Put each operation into a cluster: that of its user, in a phase of its own if need be.

        A value that goes to another component begins a new phase there. So no two clusters need
        values of each other.
        """
        graph = self.graph
        for node in reversed(needed):
            for arg in graph.args[node]:
                owner.setdefault(arg, owner[node])
        phase: dict[int, int] = {}
        self._clusters = defaultdict(list)      # operations of each, in their order
        self._cluster = {}
        for node in needed:
            if graph.op[node] in ("const", "load"):
                continue
            phase[node] = max((phase[arg] + (owner[arg] != owner[node])
                               for arg in graph.args[node] if arg in phase), default=0)
            self._cluster[node] = key = phase[node], owner[node]
            self._clusters[key].append(node)
        self._order = sorted(self._clusters)
        self._number = {key: number for number, key in enumerate(self._order)}

    def _pass(self, needed):
        """Find what each cluster reads, and give a word to what passes between clusters."""
        graph = self.graph
        self._registers = defaultdict(set)      # state word: clusters that read it
        self._users = defaultdict(set)          # operation: likewise
        self._readers = defaultdict(set)        # memory: likewise
        self._repeated = {}                     # cluster: operations of others that it repeats
        for key in self._order:
            mine, repeated, todo = set(self._clusters[key]), set(), list(self._clusters[key])
            while todo:
                node = todo.pop()
                if graph.op[node] == "read":
                    self._readers[graph.attr[node][0]].add(key)
                for arg in graph.args[node]:
                    if graph.op[arg] == "load":
                        self._registers[graph.attr[arg]].add(key)
                    elif arg in mine or arg in repeated or graph.op[arg] == "const":
                        pass
                    elif graph.width[arg] > _WORD or (
                            arg not in self._rows and graph.op[arg] in _CHEAP):
                        repeated.add(arg)
                        todo.append(arg)
                    else:
                        self._users[arg].add(key)
                        self._row_of(arg)
            self._repeated[key] = repeated
        for conditions in self._enables.values():
            for node in conditions:
                if self.graph.op[node] != "const":
                    self._row_of(node)
        widths: dict[int, int] = {}             # state word: the most bits that are loaded of it
        for node in needed:
            if graph.op[node] == "load":
                word = graph.attr[node]
                widths[word] = max(widths.get(word, 0), graph.width[node])
                self._registers.setdefault(word, set())
        whole = {graph.attr[node]: column for node, column in self._rows.items()
                 if graph.op[node] == "load" and graph.width[node] == widths[graph.attr[node]]}
        self._compared = {word: whole[word] if word in whole else self._new_column()
                          for word in sorted(self._registers)}
        # What is neither computed nor compared: constants, parts of registers.
        self._others = [(column, node) for node, column in self._rows.items()
                        if node not in self._cluster and column not in whole.values()]

    def _row_of(self, node):
        if node not in self._rows:
            self._rows[node] = self._new_column()
        return self._rows[node]

    def _new_column(self):
        self.words += 1
        return self.words - 1

    # Text ----------------------------------------------------------------------------------------

    def ref(self, node):
        """Return the operand text for a node: in its cluster it has been computed before."""
        graph = self.graph
        if graph.op[node] == "const":
            return str(graph.attr[node])
        if node not in self.here:
            self.here[node] = self.operation(node) if graph.op[node] == "load" else self.load(
                self.address("%r", self._rows[node]), graph.width[node])
        return self.here[node]

    def _word(self, base, number):
        return self.new(f"load i64, ptr {self.address(base, number)}, align 8")

    def _put(self, number, value):
        self.emit(f"store i64 {value}, ptr {self.address('%r', number)}, align 8")

    def _mark(self, clusters, changed):
        """Some clusters are to run if a word is not zero."""
        words = defaultdict(int)
        for key in clusters:
            words[self._number[key] // _WORD] |= 1 << self._number[key] % _WORD
        if not words:
            return
        test = self.new(f"icmp ne i64 {changed}, 0")
        for word, mask in sorted(words.items()):
            marked = self.new(f"select i1 {test}, i64 {mask - (mask >> 63 << 64)}, i64 0")
            old = self.new(f"load i64, ptr %run{word}, align 8")
            self.emit(f"store i64 {self.new(f'or i64 {old}, {marked}')}, ptr %run{word}, align 8")

    def _all_of(self, words):
        """The bits that any of some words has."""
        result = "0"
        for word in words:
            result = word if result == "0" else self.new(f"or i64 {result}, {word}")
        return result

    def _emit(self):
        self._begin()
        self._memories()
        registers = sorted(self._registers, key=lambda word: (sorted(self._registers[word]), word))
        for first in range(0, len(registers), _GROUP):
            self._compare(registers[first:first + _GROUP], first)
        for number, key in enumerate(self._order):
            self._run(number, key)
        for column, other in self._twins:
            self._put(column, self._word("%r", other))
        self.emit("call void @llvm.memcpy.p0.p0.i64("
                  f"ptr align 8 %b, ptr align 8 %r, i64 {8 * self._traced}, i1 false)")
        self.text = "\n".join([
            "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)", *self.tables.lines,
            f"define void @{self.name}(ptr noalias %s, ptr noalias %r, ptr noalias %b) nounwind {{",
            "entry:", *self.lines, "  ret void", "}", ""])

    def _begin(self):
        """If the record says nothing, everything runs."""
        first = self.new(f"icmp eq i64 {self._word('%r', self._valid)}, 0")
        everything = self.new(f"select i1 {first}, i64 -1, i64 0")
        for word in range(-(-len(self._order) // _WORD)):
            self.emit(f"%run{word} = alloca i64, align 8")
            self.emit(f"store i64 {everything}, ptr %run{word}, align 8")
        self._put(self._valid, 1)
        for column, node in self._others:
            self._put(column, self.resize(self.ref(node), self.graph.width[node], _WORD))

    def _memories(self):
        """What reads a memory runs if it has been written."""
        for memory, enables in self._enables.items():
            written = [self.resize(self.ref(node), 1, _WORD) for node in enables]
            self._mark(self._readers[memory], self._all_of(written))

    def _compare(self, words, number):
        """Compare some registers with those of the cycle before."""
        now = [self._word("%s", word) for word in words]
        changed = [self.new(f"xor i64 {value}, {self._word('%r', self._compared[word])}")
                   for word, value in zip(words, now, strict=True)]
        test = self.new(f"icmp ne i64 {self._all_of(changed)}, 0")
        self.emit(f"br i1 {test}, label %new{number}, label %old{number}, !prof !1")
        self.label(f"new{number}")
        users = defaultdict(list)
        for word, value, difference in zip(words, now, changed, strict=True):
            self._put(self._compared[word], value)
            users[frozenset(self._registers[word])].append(difference)
        for clusters, differences in users.items():
            self._mark(clusters, self._all_of(differences))
        self.emit(f"br label %old{number}")
        self.label(f"old{number}")

    def _run(self, number, key):
        """The operations of a cluster."""
        run = self._word(f"%run{number // _WORD}", 0)
        bit = self.new(f"trunc i64 {self.new(f'lshr i64 {run}, {number % _WORD}')} to i1")
        self.emit(f"br i1 {bit}, label %run_{number}, label %past_{number}")
        self.label(f"run_{number}")
        users = defaultdict(list)
        for node in sorted([*self._clusters[key], *self._repeated[key]]):
            self.here[node] = self.operation(node)
            if node not in self._rows or self._cluster[node] != key:
                continue
            value = self.resize(self.here[node], self.graph.width[node], _WORD)
            if self._users[node]:
                old = self._word("%r", self._rows[node])
                users[frozenset(self._users[node])].append(self.new(f"xor i64 {old}, {value}"))
            self._put(self._rows[node], value)
        for clusters, differences in users.items():
            self._mark(clusters, self._all_of(differences))
        self.emit(f"br label %past_{number}")
        self.label(f"past_{number}")
