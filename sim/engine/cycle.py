"""The text of `cycle`, a step that is skipped if it would change nothing but the tickers.

See :mod:`pteg.engine.quiescence`. Its second argument is the record.
"""

import functools
from contextlib import contextmanager
from types import SimpleNamespace

from pteg.engine.codegen import Function, functions, part_function
from pteg.engine.quiescence import Quiescence, find_quiescence
from pteg.engine.region import Region
from pteg.engine.shared import Shared, share

__all__ = ["CYCLE", "cycle_functions"]

VECTOR = 8  # words of an AVX-512 register: what is compared at a time, at most
MAX_COMPARED = 8  # a conditional region with more stores counts as a change when it runs


def cycle_functions(design, value):
    """Return the texts of `cycle` and `step`, and the words of a record.

    Parameters
    ----------
    value : list of int
        The replacement of each node of the design's graph, from `Graph.substitute`.
    """
    quiescence, shared = find_quiescence(design, value), share(design, value)
    if quiescence is None:
        return [*functions("step", shared, shared.plan()), CYCLE], 1
    tickers = {word for word, _ in quiescence.tickers}
    return [*(_part(number, part, tickers) for number, part in enumerate(shared.parts)),
            _Cycle(shared, quiescence).text("ptr noalias %s, ptr noalias %r"),
            _STEP.format(quiescence.words)], quiescence.words


def _part(number, part, tickers):
    """Return the text of shared code that enters whether it changes something."""
    moving = {word for word in tickers if tickers.issuperset(word + shift for shift in part.shifts)}
    return part_function(functools.partial(_Watching, tickers=moving), "cycle", number, part,
                         ", ptr noalias %changed")


#: A `cycle` that is always a step.
CYCLE = """
define void @cycle(ptr noalias %s, ptr noalias %r) nounwind {
  call void @step(ptr %s)
  ret void
}
"""

_STEP = """
define void @step(ptr noalias %s) nounwind {{
  %r = alloca [{} x i64], align 8
  store i64 0, ptr %r
  call void @cycle(ptr %s, ptr %r)
  ret void
}}
"""


class _Watching(Function):
    """A function that enters in `%changed` whether it changes more than tickers."""

    def __init__(self, name, design, plan, tickers):
        super().__init__(name, design, plan)
        self.watched = {register.word for register in design.registers} - tickers
        self.marked: set[Region] = set()  # regions that count as a change

    def effects(self, region, base):
        self.watch(region)
        super().effects(region, base)

    def watch(self, region):
        """Enter whether a region changes something."""
        outer = region
        while outer is not None:
            if outer in self.marked:
                return
            outer = outer.parent
        stores = [(word, node) for (word, _), node in zip(region.stores, region.stored, strict=True)
                  if word in self.watched]
        if region.writes or (region.parent and len(stores) > MAX_COMPARED):
            self.marked.add(region)
            self.emit("store i64 1, ptr %changed, align 8")
        elif stores:
            differences = {}    # by size
            for word, node in stores:
                size, value = self.stored(node)
                old = self.new(f"load i{size}, ptr {self.address('%s', word)}, align 8")
                one = self.new(f"xor i{size} {old}, {value}")
                differences[size] = self.new(f"or i{size} {differences.get(size, 0)}, {one}")
            changed = self.new("load i64, ptr %changed, align 8")
            for size, one in differences.items():
                if size < 64:
                    one = self.new(f"zext i{size} {one} to i64")
                changed = self.new(f"or i64 {changed}, {one}")
            self.emit(f"store i64 {changed}, ptr %changed, align 8")


def _vectors(words):
    """Yield, of some state words, each vector: the number of its first word, this, its length."""
    number = 0
    while number < len(words):
        count = VECTOR
        while words[number:number + count] != list(range(words[number], words[number] + count)):
            count //= 2
        yield number, words[number], count
        number += count


class _Cycle(_Watching):

    def __init__(self, shared: Shared, quiescence: Quiescence):
        design = shared.rest
        self.first_record = design.words + shared.words
        records = [(self.first_record + quiescence.FROZEN + number, node)
                   for number, node in enumerate(quiescence.frozen)]
        super().__init__("cycle", design, shared.plan(also=records),
                         {word for word, _ in quiescence.tickers})
        self.quiescence = quiescence
        self.allocate(shared)
        self.prologue()
        self.run("%s")
        self.calls(shared, ", ptr %changed")
        self.epilogue()

    # The record ----------------------------------------------------------------------------------

    def record(self, word):
        return self.word("%r", word)

    def word(self, base, number):
        return self.new(f"load i64, ptr {self.address(base, number)}, align 8")

    def put(self, base, number, value):
        self.emit(f"store i64 {value}, ptr {self.address(base, number)}, align 8")

    def outputs(self, value):
        """Return the address of the outputs for a value of the waist."""
        q = self.quiescence
        offset = self.new(f"mul i64 {value}, {len(q.outputs)}")
        return self.address(self.address("%r", q.first_output), offset)

    def difference(self):
        """Return a word that is 0 if the inputs are those of the record."""
        q, result, differences = self.quiescence, "0", {}   # by the length of a vector
        for number, word, count in _vectors(q.inputs):
            kind = f"<{count} x i64>"
            now, then = (self.new(f"load {kind}, ptr {self.address(base, first)}, align 8")
                         for base, first in (("%s", word), ("%r", q.first_input + number)))
            one = self.new(f"xor {kind} {now}, {then}")
            differences[count] = self.new(
                f"or {kind} {differences.get(count, 'zeroinitializer')}, {one}")
        for count, some in differences.items():
            one = self.new(f"call i64 @llvm.vector.reduce.or.v{count}i64(<{count} x i64> {some})")
            result = self.new(f"or i64 {result}, {one}")
        return result

    def store(self, base, word, node):
        """Store a value in the state, or in the record, whose words have the last numbers."""
        if word >= self.first_record:
            base, word = "%r", word - self.first_record
        super().store(base, word, node)

    # Before and after the step -------------------------------------------------------------------

    def prologue(self):
        """Skip the step if it has been computed before."""
        q = self.quiescence
        self.emit("%changed = alloca i64, align 8")
        self.emit("store i64 0, ptr %changed, align 8")
        value = "0"
        with self.anywhere():
            for number, node in enumerate(q.waist):
                bit = self.new(f"select i1 {self.ref(node)}, i64 {1 << number}, i64 0")
                value = self.new(f"or i64 {value}, {bit}")
        self.put("%r", q.VALUE, value)
        known = self.new(f"trunc i64 {self.new(f'lshr i64 {self.record(q.MASK)}, {value}')} to i1")
        self.emit(f"br i1 {known}, label %known, label %awake")
        self.label("known")
        same = self.new(f"icmp eq i64 {self.difference()}, 0")
        self.emit(f"br i1 {same}, label %rest, label %awake")
        self.label("rest")
        with self.anywhere():
            for number, node in enumerate(q.frozen):
                self.here[node] = self.new(f"icmp ne i64 {self.record(q.FROZEN + number)}, 0")
            values = [self.resize(self.ref(node), self.graph.width[node], 64)
                      for _, node in q.tickers]
        for (word, _), ticked in zip(q.tickers, values, strict=True):
            self.put("%s", word, ticked)
        row = self.outputs(value)
        for number, word in enumerate(q.outputs):
            self.put("%s", word, self.word(row, number))
        self.emit("ret void")
        self.label("awake")

    def epilogue(self):
        """Enter in the record whether the step has changed anything."""
        q = self.quiescence
        changed = self.new("load i64, ptr %changed, align 8")
        self.put("%r", q.CHANGED, changed)
        quiet = self.new(f"icmp eq i64 {changed}, 0")
        self.emit(f"br i1 {quiet}, label %quiet, label %busy")
        self.label("busy")
        self.put("%r", q.MASK, 0)
        self.emit("ret void")
        self.label("quiet")
        value = self.record(q.VALUE)
        same = self.new(f"icmp eq i64 {self.difference()}, 0")
        mask = self.new(f"select i1 {same}, i64 {self.record(q.MASK)}, i64 0")
        bit = self.new(f"shl i64 1, {value}")
        self.put("%r", q.MASK, self.new(f"or i64 {mask}, {bit}"))
        for number, word, count in _vectors(q.inputs):
            kind = f"<{count} x i64>"
            now = self.new(f"load {kind}, ptr {self.address('%s', word)}, align 8")
            self.emit(f"store {kind} {now}, ptr {self.address('%r', q.first_input + number)}, "
                      "align 8")
        row = self.outputs(value)
        for number, word in enumerate(q.outputs):
            self.put(row, number, self.word("%s", word))

    @contextmanager
    def anywhere(self):
        """Run all operations where their results are used, whatever the plan says."""
        plan, args = self.plan, self.graph.args
        self.plan = SimpleNamespace(args=dict(enumerate(args)), arms={}, repeated=range(len(args)))
        yield
        self.plan, self.here = plan, {}
