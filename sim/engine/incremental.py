"""The text of a tracer that computes what has changed, and tells what it is.

Values stay in a *record* from one cycle to the next. Operations are put into *clusters*: those of
one component, as far as no value that they need comes back from another component. A cluster runs
if a register, a memory or a value of another cluster that it reads has changed.

The record begins with the words `VALID`: if it is 0, everything is computed; and `COUNT`: how many
traced values have changed. From `TRACED` on it has the traced values, then the registers of the
cycle before, and values that pass from one cluster to another.
"""

from collections import Counter, defaultdict
from contextlib import contextmanager
from types import SimpleNamespace

from pteg.engine.ir import Design
from pteg.engine.operations import Operations

__all__ = ["COUNT", "LEAST", "TRACED", "VALID", "Incremental"]

#: Words of the record.
VALID, COUNT, TRACED = range(3)
#: Operations that are repeated rather than passed from one cluster to another.
_CHEAP = ("slice", "not")
_WORD = 64
#: State words that are compared at once, and clusters that are passed over at once.
_GROUP = 8
#: A component with fewer operations is taken for a part of the one around it: each test whether a
#: cluster runs costs as much as some operations.
LEAST = 60


class Incremental(Operations):
    """The text of one function.

    Parameters
    ----------
    design : Design
    nodes : list of int
        Operations of at most 64 bits, whose values are traced.
    owners : list of str
        The component of each.

    Attributes
    ----------
    words : int
        Length of the record.
    """

    def __init__(self, design: Design, nodes: list[int], owners: list[str]):
        graph = self.graph = design.graph
        self._traced = defaultdict(list)        # operation: where the record holds it
        for column, node in enumerate(nodes, TRACED):
            self._traced[node].append(column)
        self._registers_at = self.words = TRACED + len(nodes)
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
        owner = self._joined(owner)
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

    def _joined(self, owner):
        """The owners, where small components belong to those around them."""
        sizes = Counter(path for node, path in owner.items()
                        if self.graph.op[node] not in ("const", "load"))
        outer = {}
        for path in sorted(sizes, key=lambda path: (-path.count("."), path)):
            if path and sizes[path] < LEAST:
                outer[path] = path.rpartition(".")[0]
                sizes[outer[path]] += sizes[path]

        def owner_of(path):
            while path in outer:
                path = outer[path]
            return path
        return {node: owner_of(path) for node, path in owner.items()}

    def _pass(self, needed):
        """Find what each cluster reads, and give a word to what is traced or passes between them.
        """
        graph = self.graph
        self._registers = defaultdict(set)      # state word: clusters that read it
        self._loads = defaultdict(list)         # state word: what is traced of it
        self._users = defaultdict(set)          # operation: clusters that read it
        self._readers = defaultdict(set)        # memory: likewise
        self._repeated = {}                     # cluster: operations of others that it repeats
        # Where the record holds an operation's value.
        self._rows = {node: columns[0] for node, columns in self._traced.items()}
        for node in needed:
            if graph.op[node] == "load":
                self._registers.setdefault(graph.attr[node], set())
        if self._registers:
            self._first = min(self._registers)
            self.words += max(self._registers) + 1 - self._first
        for node in sorted(self._traced):
            if graph.op[node] == "load":
                self._loads[graph.attr[node]].append(node)
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
                if graph.op[node] not in ("const", "load"):
                    self._row_of(node)

    def _row_of(self, node):
        if node not in self._rows:
            self._rows[node] = self.words
            self.words += 1
        return self._rows[node]

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

    def _before(self, node):
        """The word that an operation was in the cycle before, as the record still has it."""
        match self.graph.op[node]:
            case "const":
                return str(self.graph.attr[node])
            case "load":
                return self._word("%r", self._copy_of(self.graph.attr[node]))
        return self._word("%r", self._rows[node])

    def _copy_of(self, word):
        """Where the record has a register's state word of the cycle before."""
        return self._registers_at + word - self._first

    def _put(self, number, value):
        self.emit(f"store i64 {value}, ptr {self.address('%r', number)}, align 8")

    def _mark(self, clusters):
        """Some clusters are to run."""
        words = defaultdict(int)
        for key in clusters:
            words[self._number[key] // _WORD] |= 1 << self._number[key] % _WORD
        for word, mask in sorted(words.items()):
            marked = self.new(f"or i64 {self._word(f'%run{word}', 0)}, {_signed(mask)}")
            self.emit(f"store i64 {marked}, ptr %run{word}, align 8")

    @contextmanager
    def _if(self, condition):
        """What follows happens only under a condition, which is seldom true."""
        self.branches += 1
        here, number = self.here, self.branches
        self.emit(f"br i1 {condition}, label %then{number}, label %past{number}, !prof !0")
        self.label(f"then{number}")
        yield
        self.emit(f"br label %past{number}")
        self.label(f"past{number}")
        self.here = here    # has been computed on both ways

    def _differs(self, value, column):
        return self.new(f"icmp ne i64 {value}, {self._word('%r', column)}")

    def _tell(self, column, value):
        """A traced value has changed."""
        place = self.new("load ptr, ptr %place, align 8")
        self.emit(f"store i64 {column}, ptr {place}, align 8")
        self.emit(f"store i64 {value}, ptr {self.address(place, 1)}, align 8")
        self.emit(f"store ptr {self.address(place, 2)}, ptr %place, align 8")

    def _keep(self, node, value):
        """Keep the value of an operation, and tell if it has changed."""
        with self._if(self._differs(value, self._rows[node])):
            self._put(self._rows[node], value)
            for column in self._traced.get(node, ()):
                self._put(column, value)
                self._tell(column, value)
            self._mark(self._users[node])

    def _emit(self):
        self.branches = 0
        self._begin()
        for memory, enables in self._enables.items():
            self._written(memory, enables)
        words = sorted(self._registers)
        while words:
            group = [word for word in words if word < words[0] + _GROUP]
            words = words[len(group):]
            self._compare(group)
        for first in range(0, len(self._order), _GROUP):
            run, mask = f"%run{first // _WORD}", (1 << _GROUP) - 1 << first % _WORD
            some = self.new(f"and i64 {self._word(run, 0)}, {_signed(mask)}")
            with self._if(self.new(f"icmp ne i64 {some}, 0")):
                for number in range(first, min(first + _GROUP, len(self._order))):
                    self._run(number, run)
        end = self.new("load ptr, ptr %place, align 8")
        size = self.new(f"sub i64 {self.new(f'ptrtoint ptr {end} to i64')}, "
                        f"{self.new('ptrtoint ptr %c to i64')}")
        self._put(COUNT, self.new(f"lshr i64 {size}, 4"))
        self.text = "\n".join([
            *self.tables.lines,
            f"define void @{self.name}(ptr noalias %s, ptr noalias %r, ptr noalias %c) nounwind {{",
            "entry:", *self.lines, "  ret void", "}", ""])

    def _begin(self):
        """If the record is not valid, everything runs."""
        first = self.new(f"icmp eq i64 {self._word('%r', VALID)}, 0")
        everything = self.new(f"select i1 {first}, i64 -1, i64 0")
        for word in range(-(-len(self._order) // _WORD)):
            self.emit(f"%run{word} = alloca i64, align 8")
            self.emit(f"store i64 {everything}, ptr %run{word}, align 8")
        self.emit("%place = alloca ptr, align 8")
        self.emit("store ptr %c, ptr %place, align 8")
        with self._if(first):
            self._put(VALID, 1)
            for node in sorted(self._traced):
                if self.graph.op[node] == "const":
                    self._keep(node, self.ref(node))

    def _written(self, memory, enables):
        """What reads a memory runs if it has been written at the last clock edge."""
        if self._readers[memory] and enables:
            written = [self._before(node) for node in enables]
            some = written[0]
            for word in written[1:]:
                some = self.new(f"or i64 {some}, {word}")
            with self._if(self.new(f"icmp ne i64 {some}, 0")):
                self._mark(self._readers[memory])

    def _compare(self, words):
        """Compare some registers with those of the cycle before."""
        count, place = words[-1] + 1 - words[0], self._copy_of(words[0])
        kind = f"<{count} x i64>"
        now, before = (self.new(f"load {kind}, ptr {self.address(*where)}, align 8")
                       for where in (("%s", words[0]), ("%r", place)))
        differ = self.new(f"bitcast <{count} x i1> "
                          f"{self.new(f'icmp ne {kind} {now}, {before}')} to i{count}")
        with self._if(self.new(f"icmp ne i{count} {differ}, 0")):
            for word in words:
                value = self._word("%s", word)
                with self._if(self._differs(value, self._copy_of(word))):
                    for node in self._loads[word]:
                        self._keep(node, self.resize(self.ref(node), self.graph.width[node], _WORD))
                    self._mark(self._registers[word])
            self.emit(f"store {kind} {now}, ptr {self.address('%r', place)}, align 8")

    def _run(self, number, run):
        """The operations of a cluster."""
        key = self._order[number]
        marked = self.new(f"and i64 {self._word(run, 0)}, {_signed(1 << number % _WORD)}")
        with self._if(self.new(f"icmp ne i64 {marked}, 0")):
            mine = set(self._clusters[key])
            for node in sorted(mine | self._repeated[key]):
                self.here[node] = self.operation(node)
                if node in mine and node in self._rows:
                    self._keep(node, self.resize(self.here[node], self.graph.width[node], _WORD))


def _signed(mask):
    """A word with these bits, as LLVM writes numbers."""
    return mask - (mask >> _WORD - 1 << _WORD)
