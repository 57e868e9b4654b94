"""The stages between a design and its machine code, as text to read.

`ir` is the circuit: what each register and output becomes, in terms of operations on words. `plan`
is the same for one function, by the condition under which an operation runs. `llvm` is what LLVM
compiles.
"""

from collections import Counter, defaultdict

from pteg.engine.codegen import functions
from pteg.engine.compiled import plan_function
from pteg.engine.region import Region

__all__ = ["DUMPS", "dump"]

_INFIX = {"and": "&", "or": "|", "xor": "^", "add": "+", "sub": "-", "mul": "*", "udiv": "/",
          "umod": "%", "shl": "<<", "lshr": ">>", "ashr": ">>>", "eq": "==", "ult": "<",
          "ule": "<=", "slt": "<s", "sle": "<=s"}
TABLE_SHOWN = 16  # entries of a table that are written out


def dump(native, stage, *, function="step", signals=None):
    """Return a stage of a compiled design as text.

    Parameters
    ----------
    native : Native
    stage : {"ir", "plan", "llvm"}
    function : {"step", "settle", "reset"}
        For `plan` and `llvm`.
    signals : str or list of str, optional
        Globs; only what these registers, wires and outputs depend on within a cycle. Not for
        `llvm`.

    Raises
    ------
    UserError
        No signal matches.
    """
    return DUMPS[stage](native, function, signals)


def _ir(native, _, signals):
    return "\n".join(_Circuit(native, signals).lines())


def _plan(native, name, signals):
    shared, plan = plan_function(native.design, name)
    title, first = f"{native.design.name}: {name}", native.design.words
    dumps, names, needed = [], {}, set()    # of parameters: words behind those of the state
    word = first
    for part in shared.parts:
        dumps.append(_Plan(native, f"{title}, shared by {', '.join(part.paths)}", part.plan(),
                           signals, {first + n: f"parameter {n}" for n in part.parameters},
                           shifts=part.shifts))
        for path in part.paths:
            names |= {word + n: f"{path}/parameter {n}" for n in part.parameters}
            needed |= {word + n for n in part.parameters if first + n in dumps[-1].read}
            word += part.words
    if dumps:
        title += " of the rest"
    rest = _Plan(native, title, plan, signals, names, needed)
    return "\n".join(line for dump in (rest, *dumps) for line in dump.lines())


def _llvm(native, name, _):
    return "\n".join(functions(name, *plan_function(native.design, name)))


#: What `dump` can write.
DUMPS = {"ir": _ir, "plan": _plan, "llvm": _llvm}


class _Text:
    """Names and expressions of a design's nodes."""

    def __init__(self, native, signals):
        self.design = native.design
        self.graph = native.design.graph
        self.chosen = None if signals is None else set(native.match(signals))
        self.word_names = self._word_names()
        self.node_names = defaultdict(list)
        for path, node in self.design.nodes.items():
            if self.graph.op[node] not in ("const", "load"):
                self.node_names[node].append(path)

    def _word_names(self):
        """Return the name of what each state word holds: that of the widest signal in it."""
        best = {}
        probes = [*self.design.inputs.values(), *self.design.outputs_by_path.values(),
                  *self.design.probes]
        for probe in probes:
            for number, part in enumerate(probe.parts):
                whole = len(probe.parts) == 1
                rank = whole, part.width
                if part.word not in best or rank > best[part.word][0]:
                    best[part.word] = rank, probe.path if whole else f"{probe.path}/{number}"
        return {word: name for word, (_, name) in best.items()}

    def word(self, word):
        return self.word_names.get(word, f"word {word}")

    def wanted(self, word):
        """Return whether the signal in a word was asked for."""
        return self.chosen is None or self.word(word).split("/")[0] in self.chosen

    def ref(self, node):
        graph = self.graph
        match graph.op[node]:
            case "const":
                return f"{graph.attr[node]:#x}" if graph.attr[node] > 9 else str(graph.attr[node])
            case "load":
                return self.word(graph.attr[node])
        return f"%{node}"

    def expression(self, node, args):
        """Return the operation of a node as text."""
        graph = self.graph
        op, attr = graph.op[node], graph.attr[node]
        refs = [self.ref(arg) for arg in args]
        if op in _INFIX:
            return f"{refs[0]} {_INFIX[op]} {refs[1]}"
        match op:
            case "not":
                return f"~{refs[0]}"
            case "mux":
                return f"{refs[0]} ? {refs[1]} : {refs[2]}"
            case "slice":
                high = attr + graph.width[node] - 1
                return f"{refs[0]}[{attr}]" if high == attr else f"{refs[0]}[{high}:{attr}]"
            case "concat":
                return "{" + ", ".join(f"{ref}:{graph.width[arg]}" for ref, arg in
                                       zip(reversed(refs), reversed(args), strict=True)) + "}"
            case "table":
                row = ", ".join(f"{value:#x}" for value in attr[:TABLE_SHOWN])
                more = f", … {len(attr)} entries" if len(attr) > TABLE_SHOWN else ""
                return f"[{row}{more}][{refs[0]}]"
            case "read":
                memory = self.design.memories[attr[0]]
                part = f".{attr[1]}" if memory.stride > 1 else ""
                return f"{memory.path}[{refs[0]}]{part}"
        return f"{op}({', '.join(refs)})"

    def line(self, node, args):
        """Return the line that defines a node, and the names that it has in the source."""
        return f"{self.defined(node)} = {self.expression(node, args)}{self.comment(node)}"

    def defined(self, node):
        return f"%{node}:{self.graph.width[node]}"

    def comment(self, node):
        names = ", ".join(self.node_names.get(node, ())[:3])
        return f"  ; {names}" if names else ""

    def write(self, write, row, data, mask):
        """Return the line of a memory write."""
        memory = self.design.memories[write.memory]
        part = f".{write.part}" if memory.stride > 1 else ""
        masked = "" if mask is None else f" where {self.ref(mask)}"
        return f"{memory.path}[{self.ref(row)}]{part} <- {self.ref(data)}{masked}"


class _Circuit(_Text):
    """A circuit: its operations, and what becomes of its registers, memories and outputs."""

    def effects(self):
        """Yield the lines that change the state, and the nodes that each uses."""
        graph, design = self.graph, self.design
        for word, node in design.outputs:
            if self.wanted(word):
                yield f"output {self.word(word)} = {self.ref(node)}", [node]
        for register in design.registers:
            hold = register.next == graph.load(register.word, register.width)
            if self.wanted(register.word) and not hold:
                yield (f"next {self.word(register.word)}:{register.width} = "
                       f"{self.ref(register.next)}"), [register.next]
        for write in design.writes:
            if self.chosen is None:
                used = [n for n in (write.enable, write.row, write.data, write.mask)
                        if n is not None]
                yield (f"if {self.ref(write.enable)}: "
                       f"{self.write(write, write.row, write.data, write.mask)}"), used
        for path in sorted((self.chosen or set()) - design.outputs_by_path.keys()):
            node = design.nodes.get(path)
            if node is not None and graph.op[node] not in ("const", "load"):
                yield f"wire {path}:{graph.width[node]} = {self.ref(node)}", [node]

    def lines(self):
        graph = self.graph
        effects = list(self.effects())
        needed, todo = set(), [node for _, used in effects for node in used]
        while todo:
            node = todo.pop()
            if node not in needed and graph.op[node] not in ("const", "load"):
                needed.add(node)
                todo.extend(graph.args[node])
        kinds = Counter(graph.op[node] for node in needed).most_common()
        yield (f"; {self.design.name}: {len(needed)} operations "
               f"({', '.join(f'{count} {op}' for op, count in kinds)})")
        for memory in self.design.memories if self.chosen is None else ():
            yield f"memory {memory.path}: {memory.depth} rows of {memory.width} bits"
        for node in sorted(needed):
            yield self.line(node, graph.args[node])
        for text, _ in effects:
            yield text


class _Plan(_Text):
    """The plan of a function: its operations by region, with their order and conditions.

    Attributes
    ----------
    read : set of int
        The state words, and parameters, that the chosen signals need.
    """

    def __init__(self, native, title, plan, signals, names=None, also=(), shifts=(0,)):
        super().__init__(native, signals)
        self.title, self.plan, self.also, self.shifts = title, plan, also, shifts
        self.word_names |= names or {}
        self.needed = None if self.chosen is None else self.find_needed()
        self.read = {self.graph.attr[node] for node in self.needed or ()
                     if not isinstance(node, Region) and self.graph.op[node] == "load"}

    def wanted(self, word):
        return word in self.also or any(super(_Plan, self).wanted(word + shift)
                                        for shift in self.shifts)

    def find_needed(self):
        """Return the operations and regions that the chosen signals need."""
        needed, todo = set(), []
        for region in self.plan.regions():
            stored = [node for (word, _), node in zip(region.stores, region.stored, strict=True)
                      if self.wanted(word)]
            todo += stored
            while stored and region is not None and region not in needed:
                needed.add(region)
                if region.condition is not None:
                    todo.append(region.condition)
                region = region.parent
        for path in self.chosen:
            todo.append(self.design.nodes.get(path, 0))
        while todo:
            node = todo.pop()
            if node not in needed:
                needed.add(node)
                todo.extend(self.plan.args.get(node, self.graph.args[node]))
        return needed

    def is_needed(self, item):
        if self.needed is None or item in self.needed:
            return True
        return isinstance(item, Region) and any(map(self.is_needed, item.everything()))

    def lines(self):
        body = list(self.region(self.plan.root, 0))
        yield f"; {self.title}, {len(body)} lines"
        yield from body

    def region(self, region, depth):
        """Yield the lines of a region: operations, stores and writes, then branches."""
        indent = "  " * depth
        yield from self.operations(region.nodes, depth)
        for (word, _), node in zip(region.stores, region.stored, strict=True):
            if self.wanted(word):
                yield f"{indent}{self.word(word)} <- {self.ref(node)}"
        for write, operands in zip(region.writes, region.written, strict=True):
            if self.chosen is None:
                yield f"{indent}{self.write(write, *operands)}"
        for number, (_, then, other) in enumerate(region.branches):
            yield from self.operations(region.late.get(number, ()), depth)
            for side, sign in ((then, ""), (other, "not ")):
                if side and self.is_needed(side):
                    yield f"{indent}if {sign}{self.ref(region.tests[number])}:"
                    yield from self.region(side, depth + 1)

    def operations(self, items, depth):
        indent = "  " * depth
        for item in filter(self.is_needed, items):
            if isinstance(item, Region):
                sign = "" if item.polarity else "not "
                yield f"{indent}needed if {sign}{self.ref(item.test)}:"
                yield from self.operations(item.nodes, depth + 1)
            elif item in self.plan.arms:
                yield from self.branch(item, depth)
            elif self.graph.op[item] != "load":
                yield indent + self.line(item, self.plan.args.get(item, ()))

    def branch(self, node, depth):
        """Yield the lines of a multiplexer that is control flow."""
        indent = "  " * depth
        condition, *values = self.plan.args[node]
        heads = f"if {self.ref(condition)}:", "else:"
        for head, value, region in zip(heads, values, self.plan.arms[node], strict=True):
            yield indent + head
            yield from self.operations(region.nodes, depth + 1)
            yield f"{indent}  {self.defined(node)} = {self.ref(value)}{self.comment(node)}"
