"""Plan -> LLVM IR text.

The state is an array of 64-bit words in which the unused high bits are always zero. A region is a
basic block (or several, when it has branches).
"""

import re

from pteg.engine.operations import Operations, held
from pteg.engine.region import Region

__all__ = ["Function", "function", "functions", "module", "part_function"]


class Function(Operations):
    """The text of one function."""

    # Effects -------------------------------------------------------------------------------------

    def effects(self, region, base):
        """Emit the stores and memory writes of a region."""
        for nodes in (region.stored, *region.written):
            for node in nodes:
                if node is not None:
                    self.ref(node)  # what is repeated is read before it is written
        for (word, _), node in zip(region.stores, region.stored, strict=True):
            self.store(base, word, node)
        for write, operands in zip(region.writes, region.written, strict=True):
            self.write(write, *operands)

    def store(self, base, word, node):
        """Store a value; in the state, where the rest of the word is zero, as much as holds it."""
        size, value = self.stored(node)
        if base != "%s" and size < 64:
            size, value = 64, self.new(f"zext i{size} {value} to i64")
        self.emit(f"store i{size} {value}, ptr {self.address(base, word)}, align 8")

    def stored(self, node):
        """Return the value of an operation as it is stored: the bits of the integer, and its name.
        """
        size, value = held(self.graph.width[node]), self.ref(node)
        return (8, self.new(f"zext i1 {value} to i8")) if size == 1 else (size, value)

    def write(self, write, row, data, mask):
        graph = self.graph
        memory = self.design.memories[write.memory]
        address = self.row(memory, write.part, self.ref(row), graph.width[row])
        data = self.resize(self.ref(data), graph.width[data], 64)
        if mask is not None:
            mask = self.resize(self.ref(mask), graph.width[mask], 64)
            old = self.new(f"load i64, ptr {address}, align 8")
            keep = self.new(f"xor i64 {mask}, -1")
            old = self.new(f"and i64 {old}, {keep}")
            data = self.new(f"and i64 {data}, {mask}")
            data = self.new(f"or i64 {old}, {data}")
        self.emit(f"store i64 {data}, ptr {address}, align 8")

    # Control flow --------------------------------------------------------------------------------

    def operations(self, items, base):
        """Emit operations, and the blocks of guards among them."""
        for item in items:
            if isinstance(item, Region):
                self.guard(item, base)
            elif item in self.plan.arms:
                self.names[item] = self.branch(item, base)
            elif item not in self.plan.repeated:
                self.names[item] = self.operation(item)

    def region(self, region, base):
        self.operations(region.nodes, base)
        self.effects(region, base)
        for number, (_, then, other) in enumerate(region.branches):
            self.operations(region.late.get(number, ()), base)
            test = region.tests[number]
            self.count += 1
            end = f"end{self.count}"
            yes = f"yes{self.count}" if then else end
            no = f"no{self.count}" if other else end
            likely = "" if then and other else ", !prof !0" if then else ", !prof !1"
            self.emit(f"br i1 {self.ref(test)}, label %{yes}, label %{no}{likely}")
            for name, side in ((yes, then), (no, other)):
                if side:
                    self.label(name)
                    yield side
                    self.emit(f"br label %{end}")
            self.label(end)

    def guard(self, block, base):
        """Emit operations that matter only if a condition holds; else the results are anything."""
        self.count += 1
        here, yes, end = self.block, f"need{self.count}", f"past{self.count}"
        labels = (yes, end) if block.polarity else (end, yes)
        kept = [node for node in block.results if node not in self.plan.repeated]
        widths = sorted({held(self.graph.width[node]) for node in kept})
        anything = {width: self.new(f"freeze i{width} poison") for width in widths}
        self.emit(f"br i1 {self.ref(block.test)}, label %{labels[0]}, label %{labels[1]}")
        self.label(yes)
        self.operations(block.nodes, base)
        inside, values = self.block, [self.ref(node) for node in kept]
        self.emit(f"br label %{end}")
        self.label(end)
        for node, value in zip(kept, values, strict=True):
            width = held(self.graph.width[node])
            self.names[node] = self.new(f"phi i{width} [ {value}, %{inside} ], "
                                        f"[ {anything[width]}, %{here} ]")

    def run(self, base):
        """Emit all regions; nesting may be deep, so the stack is our own."""
        stack = [self.region(self.plan.root, base)]
        while stack:
            inner = next(stack[-1], None)
            if inner is None:
                stack.pop()
            else:
                stack.append(self.region(inner, base))

    def branch(self, node, base):
        """Emit a multiplexer as control flow; return the name of the result."""
        graph = self.graph
        condition, *arms = self.plan.args[node]
        width = held(graph.width[node])
        self.count += 1
        yes, no, end = f"then{self.count}", f"else{self.count}", f"join{self.count}"
        self.emit(f"br i1 {self.ref(condition)}, label %{yes}, label %{no}")
        incoming = []
        for name, arm, region in zip((yes, no), arms, self.plan.arms[node], strict=True):
            self.label(name)
            self.operations(region.nodes, base)
            incoming.append(f"[ {self.ref(arm)}, %{self.block} ]")
            self.emit(f"br label %{end}")
        self.label(end)
        return self.new(f"phi i{width} {', '.join(incoming)}")

    # Shared code ---------------------------------------------------------------------------------

    def allocate(self, shared):
        """Emit the room for the parameters of shared code."""
        if shared.parts:
            self.emit(f"%p = alloca [{shared.words} x i64], align 8")

    def calls(self, shared, more=""):
        """Emit the calls of shared code, for each module."""
        first = self.design.words
        for number, part in enumerate(shared.parts):
            for shift in part.shifts:
                state, parameters = self.address("%s", shift), self.address("%s", first)
                self.emit(f"call void @{self.name}.part{number}(ptr {state}, ptr {parameters}"
                          f"{more})")
                first += part.words

    def text(self, parameters, attributes=""):
        """Return the definition of the function, with its tables."""
        head = f"define void @{self.name}({parameters}) nounwind{attributes} {{"
        return "\n".join([*self.tables.lines, head, "entry:", *self.lines, "  ret void", "}", ""])


def function(name, design, plan, *, buffer=False):
    """Return the text of a function; with `buffer` it stores into its second argument."""
    body = Function(name, design, plan)
    body.run("%b" if buffer else "%s")
    return body.text("ptr noalias %s, ptr noalias %b" if buffer else "ptr noalias %s")


def functions(name, shared, plan):
    """Return the texts of a function whose code modules share, and of the shared code."""
    body = Function(name, shared.rest, plan)
    body.allocate(shared)
    body.run("%s")
    body.calls(shared)
    return [*(part_function(Function, name, number, part)
              for number, part in enumerate(shared.parts)), body.text("ptr noalias %s")]


def part_function(kind, name, number, part, more=""):
    """Return the text of shared code; `kind` makes the function."""
    body = kind(f"{name}.part{number}", part.design, part.plan())
    body.run("%s")
    return body.text(f"ptr noalias %s, ptr noalias %p{more}", " noinline")


# Most registers keep their value in most cycles: LLVM moves the stores out of the way.
_WEIGHTS = """
!0 = !{!"branch_weights", i32 1, i32 12}
!1 = !{!"branch_weights", i32 12, i32 1}
"""

# LLVM divides up to 64 bits with an instruction, more than 128 in place, but calls a run-time
# library in between. This is that library: one quotient bit at a time.
_DIVISION = """
define { i128, i128 } @pteg_divide(i128 %a, i128 %b) nounwind {
entry:
  %wide = zext i128 %b to i129
  br label %loop
loop:
  %i = phi i128 [ 127, %entry ], [ %below, %loop ]
  %q = phi i128 [ 0, %entry ], [ %q.new, %loop ]
  %r = phi i129 [ 0, %entry ], [ %r.new, %loop ]
  %shifted = lshr i128 %a, %i
  %bit = and i128 %shifted, 1
  %bit.wide = zext i128 %bit to i129
  %r.up = shl i129 %r, 1
  %r.in = or i129 %r.up, %bit.wide
  %fits = icmp uge i129 %r.in, %wide
  %less = sub i129 %r.in, %wide
  %r.new = select i1 %fits, i129 %less, i129 %r.in
  %q.up = shl i128 %q, 1
  %fits.wide = zext i1 %fits to i128
  %q.new = or i128 %q.up, %fits.wide
  %below = sub i128 %i, 1
  %last = icmp eq i128 %i, 0
  br i1 %last, label %end, label %loop
end:
  %rest = trunc i129 %r.new to i128
  %pair = insertvalue { i128, i128 } poison, i128 %q.new, 0
  %both = insertvalue { i128, i128 } %pair, i128 %rest, 1
  ret { i128, i128 } %both
}
define i128 @__udivti3(i128 %a, i128 %b) nounwind {
  %pair = call { i128, i128 } @pteg_divide(i128 %a, i128 %b)
  %result = extractvalue { i128, i128 } %pair, 0
  ret i128 %result
}
define i128 @__umodti3(i128 %a, i128 %b) nounwind {
  %pair = call { i128, i128 } @pteg_divide(i128 %a, i128 %b)
  %result = extractvalue { i128, i128 } %pair, 1
  ret i128 %result
}
"""


def module(functions):
    """Return the text of a module."""
    text = "\n".join(functions)
    counted = sorted({int(width) for width in re.findall(r"@llvm.ctpop.i(\d+)", text)})
    divided = {int(width) for width in re.findall(r"= (?:udiv|urem) i(\d+)", text)}
    parts = [f"declare i{width} @llvm.ctpop.i{width}(i{width})" for width in counted]
    if any(width > 64 for width in divided):
        parts.append(_DIVISION)
    return "\n".join([*parts, text, _WEIGHTS])
