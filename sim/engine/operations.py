"""Operations -> LLVM IR text.

Values are LLVM integers of 1, 32 or 64 bits, or more, whose unused high bits are zero: a comparison
of five bits needs no mask. (Where guards leave a result open, it may be anything, its high bits
too: what indexes memory or shifts is masked.)
"""

import functools

__all__ = ["Operations", "held"]

_COMPARE = {"eq": "eq", "ult": "ult", "ule": "ule", "slt": "slt", "sle": "sle"}
RECORD = 64  # most bytes of a table record
_ESCAPED = [f"\\{byte:02x}" for byte in range(256)]
_BITWISE = ("and", "or", "xor")
_ARITHMETIC = ("add", "sub", "mul")


@functools.cache
def held(width):
    """Return the bits of the LLVM integer that holds a value."""
    return next((bits for bits in (1, 32, 64) if width <= bits), width)


class _Tables:
    """The constant tables of one function: for each value that is looked up, an array of records.

    A record has a field for every table over that value; it takes at most a cache line.

    Attributes
    ----------
    places : dict of int to (str, int, int, int)
        By node: name of the array, bytes of a record, offset and bits of the field.
    """

    def __init__(self, function, graph, args):
        arrays = []  # [number of records, end of the last field, [(offset, bytes, node)]]
        open_array = {}  # looked-up value -> its array that may have room
        for node in sorted(args):
            if graph.op[node] != "table":
                continue
            test, = args[node]
            size = next(size for size in (1, 2, 4, 8) if graph.width[node] <= 8 * size)
            array = open_array.get(test)
            if array is None or array[1] + size > RECORD:
                array = open_array[test] = [len(graph.attr[node]), 0, []]
                arrays.append(array)
            offset = array[1] + -array[1] % size
            array[2].append((offset, size, node))
            array[1] = offset + size
        self.places, self.lines = {}, []
        for number, (count, end, fields) in enumerate(arrays):
            name, record = f"{function}.table{number}", 1 << (end - 1).bit_length()
            data = bytearray(record * count)
            for offset, size, node in fields:
                self.places[node] = name, record, offset, 8 * size
                for row, value in enumerate(graph.attr[node]):
                    at = row * record + offset
                    data[at:at + size] = value.to_bytes(size, "little")
            text = "".join(map(_ESCAPED.__getitem__, data))
            self.lines.append(f'@{name} = private constant [{len(data)} x i8] c"{text}", '
                              f"align {RECORD}")


class Operations:
    """The text of a function, with what adds operations to it."""

    def __init__(self, name, design, plan):
        self.name = name
        self.design = design
        self.graph = design.graph
        self.plan = plan
        self.lines = []
        self.names = {}
        self.here = {}  # operations that are repeated -> names of their results in this block
        self.count = 0
        self.block = "entry"
        self.tables = _Tables(name, self.graph, plan.args)

    def new(self, text):
        """Append an instruction; return the name of its result."""
        self.count += 1
        name = f"%t{self.count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def emit(self, text):
        self.lines.append(f"  {text}")

    def label(self, name):
        self.lines.append(f"{name}:")
        self.block = name
        self.here = {}

    def ref(self, node):
        """Return the operand text for a node."""
        if self.graph.op[node] == "const":
            return str(self.graph.attr[node])
        if node not in self.plan.repeated:
            return self.names[node]
        if node not in self.here:
            self.here[node] = self.operation(node)
        return self.here[node]

    def resize(self, value, old, new):
        """Return a value of at most `new` bits in the integer that holds so many."""
        old, new = held(old), held(new)
        if old == new:
            return value
        return self.new(f"{'zext' if old < new else 'trunc'} i{old} {value} to i{new}")

    def mask(self, value, width):
        """Return the low bits of an integer that holds more."""
        if width == held(width):
            return value
        return self.new(f"and i{held(width)} {value}, {(1 << width) - 1}")

    def exact(self, value, width):
        """Return a value as an integer of just its bits."""
        if width == held(width):
            return value
        return self.new(f"trunc i{held(width)} {value} to i{width}")

    def address(self, base, word):
        """Return the address of a word; beyond the state are parameters, see `shared`."""
        if base == "%s" and isinstance(word, int) and word >= self.design.words:
            base, word = "%p", word - self.design.words
        return self.new(f"getelementptr i64, ptr {base}, i64 {word}")

    # Operations ----------------------------------------------------------------------------------

    def operation(self, node):
        graph = self.graph
        op, width, args = graph.op[node], graph.width[node], self.plan.args.get(node, ())
        refs = [self.ref(arg) for arg in args]
        size = held(width)
        if op in _BITWISE:
            return self.new(f"{op} i{size} {refs[0]}, {refs[1]}")
        if op in _ARITHMETIC:
            return self.mask(self.new(f"{op} i{size} {refs[0]}, {refs[1]}"), width)
        if op in _COMPARE:
            return self.compare(op, refs, graph.width[args[0]])
        match op:
            case "load":
                return self.load(self.address("%s", graph.attr[node]), width)
            case "not":
                return self.new(f"xor i{size} {refs[0]}, {(1 << width) - 1}")
            case "mux":
                return self.new(f"select i1 {refs[0]}, i{size} {refs[1]}, i{size} {refs[2]}")
            case "slice":
                return self.slice(refs[0], graph.width[args[0]], graph.attr[node], width)
            case "concat":
                return self.concat(width, args, refs)
            case "table":
                return self.table(node, width, args[0])
            case "sext":
                return self.extend(refs[0], graph.width[args[0]], width)
            case "parity":
                whole = held(graph.width[args[0]])
                count = self.new(f"call i{whole} @llvm.ctpop.i{whole}(i{whole} {refs[0]})")
                return self.resize(count, whole, 1)
            case "shl" | "lshr" | "ashr":
                return self.shift(op, width, refs, graph.width[args[1]])
            case "udiv" | "umod":
                return self.divide(op, size, refs)
            case "read":
                return self.read(graph.attr[node], width, refs[0], graph.width[args[0]])
        raise AssertionError(op)

    def compare(self, op, refs, width):
        if op in ("slt", "sle"):
            refs = [self.exact(ref, width) for ref in refs]
        else:
            width = held(width)
        return self.new(f"icmp {_COMPARE[op]} i{width} {refs[0]}, {refs[1]}")

    def load(self, address, width):
        """Load a word, or as much as holds the value: of one bit, a byte that is 0 or 1."""
        return self.new(f"load i{held(width)}, ptr {address}, align 8")

    def slice(self, value, whole, low, width):
        if low:
            value = self.new(f"lshr i{held(whole)} {value}, {low}")
        value = self.resize(value, whole, width)
        return value if low + width == whole else self.mask(value, width)

    def extend(self, value, old, new):
        """Extend a value by its sign."""
        if old != held(new):
            value = self.new(f"sext i{old} {self.exact(value, old)} to i{held(new)}")
        return self.mask(value, new)

    def concat(self, width, args, refs):
        result, position, size = None, 0, held(width)
        for arg, ref in zip(args, refs, strict=True):
            if ref != "0":
                if self.graph.op[arg] == "const":
                    part = str(self.graph.attr[arg] << position)
                else:
                    part = self.resize(ref, self.graph.width[arg], width)
                    if position:
                        part = self.new(f"shl i{size} {part}, {position}")
                result = part if result is None else self.new(
                    f"or disjoint i{size} {result}, {part}")
            position += self.graph.width[arg]
        return "0" if result is None else result

    def shift(self, op, width, refs, amount_width):
        value, amount = refs
        size = held(width)
        if op == "ashr":
            value = self.extend(value, width, size)
        if 1 << amount_width <= size:
            amount = self.resize(self.mask(amount, amount_width), amount_width, size)
            return self.mask(self.new(f"{op} i{size} {value}, {amount}"), width)
        inside = self.new(f"icmp ult i{held(amount_width)} {amount}, {size}")
        amount = self.resize(amount, amount_width, size)
        beyond = size - 1 if op == "ashr" else 0
        amount = self.new(f"select i1 {inside}, i{size} {amount}, i{size} {beyond}")
        shifted = self.mask(self.new(f"{op} i{size} {value}, {amount}"), width)
        if op == "ashr":
            return shifted
        return self.new(f"select i1 {inside}, i{size} {shifted}, i{size} 0")

    def divide(self, op, size, refs):
        a, b = refs
        zero = self.new(f"icmp eq i{size} {b}, 0")
        safe = self.new(f"select i1 {zero}, i{size} 1, i{size} {b}")
        result = self.new(f"{'udiv' if op == 'udiv' else 'urem'} i{size} {a}, {safe}")
        return self.new(f"select i1 {zero}, i{size} 0, i{size} {result}")

    def index(self, value, width):
        """Return a value as an index, which is not too large even if it does not matter."""
        return self.resize(self.mask(value, width), width, 64)

    def table(self, node, width, test):
        """Look a constant up. Tables over the same value lie side by side in one record."""
        name, size, offset, bits = self.tables.places[node]
        index = self.index(self.ref(test), self.graph.width[test])
        address = self.new(f"getelementptr [{size} x i8], ptr @{name}, i64 {index}, i64 {offset}")
        bits = 1 if width == 1 else bits
        value = self.new(f"load i{bits}, ptr {address}")
        return value if bits == held(width) else self.new(
            f"zext i{bits} {value} to i{held(width)}")

    def row(self, memory, part, row, row_width):
        """Return the address of one part of a memory row."""
        index = self.index(row, row_width)
        if memory.stride != 1:
            index = self.new(f"mul i64 {index}, {memory.stride}")
        base = self.address("%s", memory.base + part)
        return self.address(base, index)

    def read(self, attr, width, row, row_width):
        memory, part = self.design.memories[attr[0]], attr[1]
        if memory.depth >= 1 << row_width:
            return self.load(self.row(memory, part, row, row_width), width)
        size = held(row_width)
        inside = self.new(f"icmp ult i{size} {row}, {memory.depth}")
        row = self.new(f"select i1 {inside}, i{size} {row}, i{size} 0")
        value = self.load(self.row(memory, part, row, row_width), width)
        return self.new(f"select i1 {inside}, i{held(width)} {value}, i{held(width)} 0")
