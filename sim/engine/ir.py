"""Word-level intermediate representation: a hash-consed graph of pure operations.

A node is an integer; its operation, width, operands and attribute are in parallel lists. Operands
always have smaller numbers than the node that uses them, so that counting up is an evaluation
order. The methods of :class:`Graph` that build nodes fold constants and forward slices through
concatenations; equal nodes are the same node. All values are unsigned bit vectors of width >= 1.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from pteg.engine.probes import Part

__all__ = ["Clocking", "Design", "Domain", "Graph", "Loops", "Register", "Twins", "Write"]

# Operations and the meaning of (operands; attribute):
#   const   (; value)              load    (; state word)
#   read    (row; (memory, part))  one 64-bit part of a memory row; 0 when the row is out of range
#   not (a)   and or xor add sub mul udiv umod (a, b): same width as the result; x/0 = x%0 = 0
#   shl lshr ashr (a, b): as wide as a; an amount >= the width shifts everything out
#   eq ult ule slt sle (a, b): one bit      parity (a): one bit
#   table (a; values): entry number a of a list of 2 ** width(a) values
#   mux (c, a, b)    slice (a; low bit)     concat (a, b, ...): least significant first
#   sext (a): zero extension is a concat with a zero
COMPARE = ("eq", "ult", "ule", "slt", "sle")
COMMUTATIVE = ("and", "or", "xor", "add", "mul", "eq")


def _signed(value, width):
    return value - (1 << width) if width and value >> (width - 1) else value


def _evaluate(op, width, values, widths):
    """Return the value of an operation whose operands are all constant."""
    a, b = values[0], values[-1]
    mask = (1 << width) - 1
    match op:
        case "not":
            return ~a & mask
        case "and":
            return a & b
        case "or":
            return a | b
        case "xor":
            return a ^ b
        case "add":
            return (a + b) & mask
        case "sub":
            return (a - b) & mask
        case "mul":
            return (a * b) & mask
        case "udiv":
            return a // b if b else 0
        case "umod":
            return a % b if b else 0
        case "shl":
            return (a << b) & mask if b < width else 0
        case "lshr":
            return a >> b if b < width else 0
        case "ashr":
            return (_signed(a, width) >> min(b, width)) & mask
        case "eq":
            return int(a == b)
        case "ult":
            return int(a < b)
        case "ule":
            return int(a <= b)
        case "slt":
            return int(_signed(a, widths[0]) < _signed(b, widths[0]))
        case "sle":
            return int(_signed(a, widths[0]) <= _signed(b, widths[0]))
        case "parity":
            return a.bit_count() & 1
        case "sext":
            return _signed(a, widths[0]) & mask
    raise AssertionError(op)


class Graph:
    """A hash-consed expression graph."""

    def __init__(self):
        self.op: list[str] = []
        self.width: list[int] = []
        self.args: list[tuple[int, ...]] = []
        self.attr: list = []
        self._nodes = {}
        self._concats = {}  # where their parts start

    def __len__(self):
        return len(self.op)

    def node(self, op, width, args=(), attr=None):
        """Return the node with exactly this contents; no simplification."""
        key = (op, width, args, attr)
        number = self._nodes.get(key)
        if number is None:
            number = self._nodes[key] = len(self.op)
            self.op.append(op)
            self.width.append(width)
            self.args.append(args)
            self.attr.append(attr)
        return number

    def const(self, value, width):
        """Return a constant."""
        return self.node("const", width, (), value & ((1 << width) - 1))

    def load(self, word, width):
        """Return the value that a state word had at the beginning of the cycle."""
        return self.node("load", width, (), word)

    def cone(self, node):
        """Return the set of the nodes that a node depends on, itself too."""
        seen, todo = set(), [node]
        while todo:
            item = todo.pop()
            if item not in seen:
                seen.add(item)
                todo.extend(self.args[item])
        return seen

    def words_of(self, node):
        """Return the state words that a node depends on, but for memories."""
        return {self.attr[item] for item in self.cone(node) if self.op[item] == "load"}

    def value(self, node):
        """Return the value of a constant node, or None."""
        return self.attr[node] if self.op[node] == "const" else None

    # Operators -----------------------------------------------------------------------------------

    def binary(self, op, a, b):
        """Return ``a op b`` for any of the two-operand operations."""
        width = 1 if op in COMPARE else self.width[a]
        if self.op[a] == "const" and self.op[b] == "const":
            value = _evaluate(op, width, (self.attr[a], self.attr[b]), (self.width[a],))
            return self.const(value, width)
        if op in COMMUTATIVE and (self.op[a] == "const" or (a > b and self.op[b] != "const")):
            a, b = b, a  # a constant is always the second operand
        constant = self.value(b)
        ones = (1 << self.width[b]) - 1
        if constant is not None:
            if constant == 0:
                if op in ("or", "xor", "add", "sub", "shl", "lshr", "ashr"):
                    return a
                if op in ("and", "mul", "udiv", "umod", "ult"):
                    return self.const(0, width)
            if op == "and" and constant == ones:
                return a
            if op == "or" and constant == ones:
                return b
            if op == "xor" and constant == ones:
                return self.invert(a)
            if op in ("mul", "udiv") and constant == 1:
                return a
            if op in ("shl", "lshr"):
                return self._shift(op, a, constant)
            if op == "eq":
                if self.width[a] == 1:
                    return a if constant else self.invert(a)
                return self._equals(a, constant)
        if a == b:
            if op in ("and", "or"):
                return a
            if op in ("eq", "ule", "sle"):
                return self.const(1, 1)
            if op in ("xor", "sub", "ult", "slt"):
                return self.const(0, width)
        if self.width[a] == 1 and width == 1 and op in ("add", "sub"):
            op = "xor"
            return self.binary(op, a, b)
        return self.node(op, width, (a, b))

    def _shift(self, op, a, amount):
        """Shift by a constant: only wiring."""
        width = self.width[a]
        if amount >= width:
            return self.const(0, width)
        zeros = self.const(0, amount)
        if op == "shl":
            return self.concat((zeros, self.slice(a, 0, width - amount)))
        return self.concat((self.slice(a, amount, width - amount), zeros))

    def _equals(self, a, constant):
        """Compare with a constant, leaving out the bits that are constant themselves."""
        if self.op[a] == "concat":
            rest, position = [], 0
            for part in self.args[a]:
                bits = (constant >> position) & ((1 << self.width[part]) - 1)
                position += self.width[part]
                known = self.value(part)
                if known is None:
                    rest.append((part, bits))
                elif known != bits:
                    return self.const(0, 1)
            if len(rest) == 1:
                return self.binary("eq", rest[0][0], self.const(rest[0][1],
                                                                self.width[rest[0][0]]))
        return self.node("eq", 1, (a, self.const(constant, self.width[a])))

    def invert(self, a):
        """Return the bitwise complement."""
        if self.op[a] == "const":
            return self.const(~self.attr[a], self.width[a])
        if self.op[a] == "not":
            return self.args[a][0]
        return self.node("not", self.width[a], (a,))

    def both(self, a, b):
        """Return the bitwise and."""
        return self.binary("and", a, b)

    def either(self, a, b):
        """Return the bitwise or."""
        return self.binary("or", a, b)

    def equal(self, a, b):
        """Return one bit: a equals b."""
        return self.binary("eq", a, b)

    def any(self, a):
        """Return one bit: a is not zero."""
        return self.invert(self.equal(a, self.const(0, self.width[a])))

    def all(self, a):
        """Return one bit: every bit of a is one."""
        return self.equal(a, self.const(-1, self.width[a]))

    def parity(self, a):
        """Return one bit: the exclusive or of all bits of a."""
        if self.width[a] == 1:
            return a
        if self.op[a] == "const":
            return self.const(self.attr[a].bit_count(), 1)
        return self.node("parity", 1, (a,))

    def table(self, a, values, width):
        """Return the entry of a list of constants that ``a`` selects."""
        if self.op[a] == "const":
            return self.const(values[self.attr[a]], width)
        if len(set(values)) == 1:
            return self.const(values[0], width)
        if len(values) * width <= 64 and width.bit_count() == 1:
            # All entries fit into one word: shift it.
            packed = sum(value << (width * number) for number, value in enumerate(values))
            shift = self.concat((self.const(0, width.bit_length() - 1), a))
            return self.slice(self.binary("lshr", self.const(packed, len(values) * width), shift),
                              0, width)
        return self.node("table", width, (a,), tuple(values))

    def mux(self, c, a, b):
        """Return ``a`` where the bit ``c`` is one, ``b`` where it is zero."""
        if self.op[c] == "const":
            return a if self.attr[c] else b
        while self.op[c] == "not":
            c, a, b = self.args[c][0], b, a
        if self.op[a] == "mux" and self.args[a][0] == c:
            a = self.args[a][1]
        if self.op[b] == "mux" and self.args[b][0] == c:
            b = self.args[b][2]
        if a == b:
            return a
        if self.width[a] == 1 and self.op[a] == "const" and self.op[b] == "const":
            return c if self.attr[a] else self.invert(c)
        return self.node("mux", self.width[a], (c, a, b))

    # Wiring --------------------------------------------------------------------------------------

    def slice(self, a, low, width):
        """Return ``width`` bits of ``a`` from bit ``low`` up."""
        if width == 0:
            return self.const(0, 0)
        if low == 0 and width == self.width[a]:
            return a
        op = self.op[a]
        if op == "const":
            return self.const(self.attr[a] >> low, width)
        if op == "slice":
            return self.slice(self.args[a][0], self.attr[a] + low, width)
        if op == "concat":
            parts, starts, end = [], self._starts(a), low + width
            for number in range(bisect_right(starts, low) - 1, bisect_left(starts, end)):
                part, start = self.args[a][number], starts[number]
                first = max(low - start, 0)
                parts.append(self.slice(part, first, min(end - start, self.width[part]) - first))
            return self.concat(parts)
        if op == "sext" and low + width <= self.width[self.args[a][0]]:
            return self.slice(self.args[a][0], low, width)
        if op == "not":
            return self.invert(self.slice(self.args[a][0], low, width))
        return self.node("slice", width, (a,), low)

    def _starts(self, a):
        """Return the lowest bit of each part of a concatenation."""
        starts = self._concats.get(a)
        if starts is None:
            widths = (self.width[part] for part in self.args[a])
            starts = self._concats[a] = list(accumulate(widths, initial=0))[:-1]
        return starts

    def concat(self, parts):
        """Return the parts side by side, the least significant first."""
        merged = []
        for part in self._flatten(parts):
            if merged:
                last = merged[-1]
                if self.op[part] == "const" and self.op[last] == "const":
                    value = self.attr[last] | self.attr[part] << self.width[last]
                    merged[-1] = self.const(value, self.width[last] + self.width[part])
                    continue
                if (self.op[part] == "slice" and self.op[last] == "slice"
                        and self.args[part] == self.args[last]
                        and self.attr[part] == self.attr[last] + self.width[last]):
                    merged[-1] = self.slice(self.args[last][0], self.attr[last],
                                            self.width[last] + self.width[part])
                    continue
            merged.append(part)
        if not merged:
            return self.const(0, 0)
        if len(merged) == 1:
            return merged[0]
        return self.node("concat", sum(self.width[part] for part in merged), tuple(merged))

    def _flatten(self, parts):
        for part in parts:
            if self.width[part] == 0:
                continue
            if self.op[part] == "concat":
                yield from self.args[part]
            else:
                yield part

    def extend(self, a, width, signed=False):
        """Return ``a`` cut or extended to ``width`` bits."""
        extra = width - self.width[a]
        if extra <= 0:
            return self.slice(a, 0, width)
        if not signed or self.width[a] == 0:
            return self.concat((a, self.const(0, extra)))
        if self.op[a] == "const":
            return self.const(_signed(self.attr[a], self.width[a]), width)
        if self.op[a] == "sext":
            a = self.args[a][0]
        return self.node("sext", width, (a,))

    # Rebuilding ----------------------------------------------------------------------------------

    def storage(self, node):
        """Return the parts of the state that hold a node's value, or None if it is computed."""
        parts = []
        for piece in self.args[node] if self.op[node] == "concat" else (node,):
            shift, width = 0, self.width[piece]
            if self.op[piece] == "slice":
                shift, piece = self.attr[piece], self.args[piece][0]
            if self.op[piece] != "load":
                return None
            parts.append(Part(self.attr[piece], shift, width))
        return tuple(parts)

    def substitute(self, replaced):
        """Return a map from every node to its simplified form with some nodes replaced.

        Parameters
        ----------
        replaced : dict of int to int
            Nodes to replace, and what to put in their place.

        Returns
        -------
        list of int
            Entry ``n`` is the replacement of node ``n``; nodes that don't depend on a replaced one
            are unchanged.
        """
        result = list(range(len(self.op)))
        for node, other in replaced.items():
            result[node] = other
        for node in range(len(result)):
            args = self.args[node]
            if node in replaced or all(result[arg] == arg for arg in args):
                continue
            result[node] = self.rebuild(node, tuple(result[arg] for arg in args))
        return result

    def rebuild(self, node, args):
        """Return the operation of ``node`` applied to other operands, simplified."""
        op = self.op[node]
        match op:
            case "mux":
                return self.mux(*args)
            case "not":
                return self.invert(args[0])
            case "slice":
                return self.slice(args[0], self.attr[node], self.width[node])
            case "concat":
                return self.concat(args)
            case "sext":
                return self.extend(args[0], self.width[node], signed=True)
            case "parity":
                return self.parity(args[0])
            case "table":
                return self.table(args[0], self.attr[node], self.width[node])
            case "read":
                return self.node(op, self.width[node], args, self.attr[node])
        return self.binary(op, *args)

    def to_json(self):
        """Return the graph as plain lists."""
        return [self.op, self.width, self.args, self.attr]

    @classmethod
    def from_json(cls, data):
        """Rebuild a graph from :meth:`to_json`."""
        graph = cls()
        for op, width, args, attr in zip(*data, strict=True):
            attr = tuple(attr) if isinstance(attr, list) else attr
            graph.node(op, width, tuple(args), attr)
        return graph


@dataclass
class Register:
    """At the clock edge ``word`` takes the value of the node ``next``.

    With an asynchronous reset it takes the value of the node ``held`` without an edge, too. So does
    a latch, which has no clock: ``next`` is ``held``.
    """

    word: int
    width: int
    init: int
    next: int = -1
    held: int | None = None


@dataclass
class Write:
    """At the clock edge, if ``enable``, one 64-bit part of row ``row`` of ``memory`` is written.

    Only the bits in ``mask`` are changed; a mask of None means all. Writes happen in list order.
    """

    memory: int
    part: int
    enable: int
    row: int
    data: int
    mask: int | None


@dataclass
class Twins:
    """Modules that hold the same registers and memories, at the same places of their blocks.

    Attributes
    ----------
    paths : list of str
        The modules.
    words : int
        Length of a block.
    starts : list of int
        The first state word of each.
    """

    paths: list[str]
    words: int
    starts: list[int]

    def place(self, word: int) -> tuple[int, int] | None:
        """Return the number of the module that a state word belongs to, and its place there."""
        for number, start in enumerate(self.starts):
            if start <= word < start + self.words:
                return number, word - start
        return None


@dataclass
class Domain:
    """Registers and memories that one edge of one clock changes, in a design with several.

    Attributes
    ----------
    edge : int
        State word: whether this edge of the clock is performed.
    seen : int
        State word: the level of the clock when edges were last looked for.
    level : int
        The clock as a node, 1 after the edge: inverted if it falls.
    """

    edge: int
    seen: int
    level: int = -1


@dataclass
class Clocking:
    """What makes a design with several clocks tick, or one whose clock logic drives or reads.

    Attributes
    ----------
    domains : list of Domain
    clocks : list of int
        State words of the inputs that are clocks of domains.
    resets : list of int
        State words of the inputs that reset domains.
    is_read : bool
        Whether logic reads a clock.
    """

    domains: list = field(default_factory=list)
    clocks: list = field(default_factory=list)
    resets: list = field(default_factory=list)
    is_read: bool = False


@dataclass
class Loops:
    """Loops through latches, which are cut at some of them.

    Attributes
    ----------
    changed : int
        State word: what `change` was when it was computed last.
    change : int
        The node that is not zero if a latch where a loop is cut becomes other than it was.
    """

    changed: int
    change: int = -1


@dataclass
class Design:
    """A synchronous circuit: an expression graph, what is stored, and the names of everything.

    Attributes
    ----------
    words : int
        Length of the state array.
    initial : dict of int to int
        State words that do not start as zero.
    outputs : list of (word, node)
        What a cycle writes into the state for the outside to see.
    reset : int or None
        State word of the synchronous reset input.
    clocking : Clocking or None
        None if there is one clock, an input that has no other use; it is not in the state.
    clock : str or None
        The name of the clock, if there is one that is not in the state.
    loops : Loops or None
        What tells when the latches in loops change no more.
    twins : list of Twins
        No block is in two of them.
    probes : list of Probe
    inputs, outputs_by_path : dict of str to Probe
        The ports, by path. The clock, if it is the only one, and its reset are not among them.
    nodes : dict of str to node
        The value of every probe, for the tracer.
    signals : dict of Amaranth Signal to str
        The paths of the signals; empty in a design that comes from the cache.
    values : dict of Amaranth Signal to node
        The value of every signal but the clock, named or not; only of a design without ports.
    stored : dict of Amaranth Signal to list of Part, or None
        The parts of the state that hold each of these.
    memory_data : dict of Amaranth MemoryData to str
        The paths of the memories; empty in a design that comes from the cache.
    prepared : amaranth Design or None
        What Amaranth's simulator runs; None in a design that comes from the cache.
    """

    name: str
    graph: Graph
    words: int = 0
    initial: dict = field(default_factory=dict)
    outputs: list = field(default_factory=list)
    registers: list = field(default_factory=list)
    writes: list = field(default_factory=list)
    memories: list = field(default_factory=list)
    reset: int | None = None
    clocking: Clocking | None = None
    clock: str | None = None
    loops: Loops | None = None
    twins: list = field(default_factory=list)
    probes: list = field(default_factory=list)
    inputs: dict = field(default_factory=dict)
    outputs_by_path: dict = field(default_factory=dict)
    nodes: dict = field(default_factory=dict)
    signals: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    stored: dict = field(default_factory=dict)
    memory_data: dict = field(default_factory=dict)
    prepared: object = None

    def latches(self):
        """Return the registers that are latches."""
        return [register for register in self.registers
                if register.held is not None and register.held == register.next]

    def circuit(self, **changes):
        """Return the design without names, but with some attributes changed.

        Unlike `dataclasses.replace`, for a design from the cache as well.
        """
        names = ("name", "graph", "words", "initial", "outputs", "registers", "writes", "memories",
                 "reset", "clocking", "loops", "twins")
        return Design(**{name: getattr(self, name) for name in names} | changes)
