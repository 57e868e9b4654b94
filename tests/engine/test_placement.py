"""What is computed when: literals, guards, and the simplifications that they allow."""

import random

from amaranth.hdl import Module, Mux, Signal

from pteg.engine import compile_design
from pteg.engine.compiled import plan_function
from pteg.engine.dump import dump
from pteg.engine.facts import Facts
from pteg.engine.frontend import elaborate
from pteg.engine.ir import Graph
from pteg.engine.plan import plan_cycle


def inputs(graph, *widths):
    return [graph.load(word, width) for word, width in enumerate(widths)]


def test_a_conjunction_says_what_its_operands_say():
    g = Graph()
    a, b, c = inputs(g, 1, 1, 1)
    facts = Facts(g)
    known = facts.implied(g.both(a, g.invert(g.either(b, c))), True)
    assert [facts.value(node, known) for node in (a, b, c)] == [True, False, False]
    assert facts.value(g.invert(b), known) is True
    known = facts.implied(g.both(a, b), False)
    assert facts.value(a, known) is None


def test_a_number_is_not_two_things():
    g = Graph()
    a, = inputs(g, 3)
    two, three = (g.equal(a, g.const(value, 3)) for value in (2, 3))
    facts = Facts(g)
    assert facts.value(three, facts.implied(two, True)) is False
    assert facts.value(three, facts.implied(two, False)) is None


def test_a_multiplexer_on_a_known_condition_is_an_operand():
    g = Graph()
    a, b, x, y = inputs(g, 1, 1, 8, 8)
    node = g.mux(a, g.mux(b, x, y), y)
    facts = Facts(g)
    assert facts.resolve(node, facts.implied(g.both(a, b), True)) == x
    assert facts.resolve(node, facts.implied(a, False)) == y
    assert facts.resolve(node, facts.implied(b, True)) == node


def unit():
    """A product that is used in several places, all of them only where `valid` is one."""
    m = Module()
    valid, first, second = (Signal(name=name) for name in ("valid", "first", "second"))
    a, out, kept = (Signal(32, name=name) for name in ("a", "out", "kept"))
    product = Signal(32)
    m.d.comb += [product.eq((a * a + 3) * (a ^ 0x1234) * (a + 5) * (a - 9) * (a + 7) * (a ^ 99)),
                 out.eq(Mux(valid, product, 0))]
    with m.If(valid & first):
        m.d.sync += kept.eq(product)
    with m.If(valid & second):
        m.d.sync += kept.eq(kept + product)
    return m, [valid, first, second, a, out], product


def test_work_with_a_condition_in_common_is_left_out_without_it():
    m, ports, _ = unit()
    design = elaborate(m, ports=ports)
    graph = design.graph
    placement = plan_cycle(design, list(range(len(graph))))
    always = [node for node in placement.root.nodes if isinstance(node, int)]
    assert "mul" in (graph.op[node] for node in placement.args)
    assert "mul" not in (graph.op[node] for node in always)


def test_guarded_work_is_right():
    m, ports, _ = unit()
    native = compile_design(m, ports=ports, cache=False)
    state, rng, kept = native.new_state(), random.Random(1), 0
    for _ in range(200):
        values = {name: rng.getrandbits(1) for name in ("valid", "first", "second")}
        a = rng.getrandbits(32)
        for name, value in {**values, "a": a}.items():
            native.write(state, name, value)
        native.step(state)
        product = ((a * a + 3) * (a ^ 0x1234) * (a + 5) * (a - 9) * (a + 7) * (a ^ 99)) % 2**32
        assert native.read(state, "out") == (product if values["valid"] else 0)
        if values["valid"] and values["second"]:
            kept = (kept + product) % 2**32
        elif values["valid"] and values["first"]:
            kept = product
        assert native.read(state, "kept") == kept


def test_long_conjunctions_compile():
    m, count = Module(), 200
    bits, a, kept = Signal(count, name="bits"), Signal(8, name="a"), Signal(8, name="kept")
    condition = bits[0]
    for number in range(1, count):
        wire = Signal()
        m.d.comb += wire.eq(condition & bits[number])
        condition = wire
    with m.If(condition):
        m.d.sync += kept.eq(a)
    native = compile_design(m, ports=[bits, a], cache=False)
    state = native.new_state()
    native.write(state, "a", 7)
    native.write(state, "bits", (1 << count) - 2)
    native.step(state)
    assert native.read(state, "kept") == 0
    native.write(state, "bits", (1 << count) - 1)
    native.step(state)
    assert native.read(state, "kept") == 7


def pair(*, condition):
    """Two registers under conditions: the second takes the first."""
    m = Module()
    go, also, x = Signal(name="go"), Signal(name="also"), Signal(8, name="x")
    a, b = Signal(8, name="a"), Signal(8, name="b")
    with m.If(go):
        m.d.sync += a.eq(x)
    with m.If(condition(go, also)):
        m.d.sync += b.eq(a ^ b)
    return compile_design(m, ports=[go, also, x], cache=False)


def test_what_later_branches_need_waits_for_them():
    native = pair(condition=lambda go, also: also & ~go)
    lines = [line.split("  ;")[0] for line in dump(native, "plan").splitlines()]
    assert lines.index("if go:") < next(n for n, line in enumerate(lines) if "also & " in line)


def test_what_is_written_is_read_before():
    native = pair(condition=lambda go, also: also)
    state, rng, a, b = native.new_state(), random.Random(3), 0, 0
    for _ in range(200):
        go, also, x = rng.getrandbits(1), rng.getrandbits(1), rng.getrandbits(8)
        for name, value in (("go", go), ("also", also), ("x", x)):
            native.write(state, name, value)
        native.step(state)
        a, b = x if go else a, a ^ b if also else b
        assert [native.read(state, name) for name in ("a", "b")] == [a, b]


def test_what_another_branch_writes_is_read_before_only_if_both_may_run():
    def read_first(native):
        root = plan_function(native.design, "step")[1].root
        part, = native.probe("a").parts
        load = native.design.graph.load(part.word, 8)
        return any(load in items for items in (root.nodes, *root.late.values()))

    assert read_first(pair(condition=lambda go, also: also))
    assert not read_first(pair(condition=lambda go, also: also & ~go))
