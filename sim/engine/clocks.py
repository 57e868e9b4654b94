"""The text of the functions of a design with several clocks, or with clocks that logic makes.

Each edge of each clock is a `Domain`. `advance` looks for clocks that have risen (or fallen, where
that is the active edge) since it was called last, performs their edges together, and looks again:
a register may be the clock of others. These see the new values of the registers that were first,
as in Verilog and in Amaranth's simulator. At the end, latches keep what they are, and registers
what an asynchronous reset has made of them (`hold`). If that moved latches in a loop, which may be
clocks, too, `advance` looks again.

At an edge that opens a latch, registers see what the latch was before, as in hardware.
"""

from pteg.engine.codegen import function, functions
from pteg.engine.held import hold
from pteg.engine.ir import Clocking
from pteg.engine.plan import plan_values
from pteg.engine.shared import share
from pteg.errors import UserError

__all__ = ["MOST_EDGES", "choose_clocks", "clocked_functions", "edges_before_latches"]

#: Clock edges that follow from each other, after which clocks are left as they are.
MOST_EDGES = 1000


def choose_clocks(design, names):
    """Enter which inputs are clocks, beside those that are the clock of a register as they are.

    Raises
    ------
    UserError
        There is no such input, or no register or latch has it as a clock; or some registers have a
        clock made from inputs, and it cannot be told which of these is the clock.
    """
    for name in names:
        if name != design.clock:
            _enter_clock(design, name)
    if design.clocking is None:
        return
    inputs = {part.word: name for name, probe in design.inputs.items() for part in probe.parts}
    for domain in design.clocking.domains:
        words = design.graph.words_of(domain.level)
        if words and inputs.keys() >= words and words.isdisjoint(design.clocking.clocks):
            candidates = ", ".join(sorted(inputs[word] for word in words))
            raise UserError(f"design {design.name!r}: registers have a clock that logic makes from "
                            f"{candidates}: say which of these inputs is a clock "
                            "(clocks=, or --clock of pteg sim)")


def _enter_clock(design, name):
    """Enter an input among the clocks. A design of latches alone has a clock if it is named."""
    if name not in design.inputs or design.inputs[name].width != 1:
        raise UserError(f"design {design.name!r} has no input {name!r} of one bit")
    word, latches = design.inputs[name].parts[0].word, design.latches()
    if design.clocking is None and design.clock is None and latches:
        design.clocking = Clocking(is_read=True)
    clocked = [] if design.clocking is None else [
        *(domain.level for domain in design.clocking.domains), *(latch.held for latch in latches)]
    if not any(word in design.graph.words_of(node) for node in clocked):
        raise UserError(f"design {design.name!r}: the input {name!r} is no clock")
    if word not in design.clocking.clocks:
        design.clocking.clocks.append(word)


def edges_before_latches(design):
    """Let registers and memories take, at an edge, what latches were before.

    That is what the state holds of those that a clock may open. Others are as they become: their
    inputs may have changed since.
    """
    if design.clocking is None:
        return
    graph, clocks = design.graph, _moving(design)
    before = {register.held: graph.load(register.word, register.width)
              for register in design.latches()
              if register.word in (read := graph.words_of(register.held))
              and not clocks.isdisjoint(read)}
    value = graph.substitute(before)
    for register in design.registers:
        if register.next != register.held:
            register.next = value[register.next]
    for write in design.writes:
        for name in ("enable", "row", "data", "mask"):
            if getattr(write, name) is not None:
                setattr(write, name, value[getattr(write, name)])


def _moving(design):
    """Return the state words that clocks are: inputs, or registers if a clock is not made of these.
    """
    moving, registers = set(design.clocking.clocks), {r.word for r in design.registers}
    for domain in design.clocking.domains:
        words = design.graph.words_of(domain.level)
        if words.isdisjoint(design.clocking.clocks):
            moving |= words & registers
    return moving


def clocked_functions(design, value):
    """Return the texts of `advance`, `step` and `reset`, and of what they call but `settle`.

    Parameters
    ----------
    value : list of int
        The replacement of each node of the design's graph, from `Graph.substitute`.
    """
    clocking = design.clocking
    levels = [domain.level for domain in clocking.domains]
    shared = share(design.circuit(outputs=[]), value)
    return [*functions("edge", shared, shared.plan()),
            function("levels", design, plan_values(design, levels), buffer=True),
            *hold("hold", design, value),
            _advance(clocking.domains), _step(clocking.clocks), _reset(clocking.resets)]


def _advance(domains):
    lines, risen = [], "0"
    for number, domain in enumerate(domains):
        now, seen, rise, any_rise = (f"%{name}{number}" for name in ("now", "seen", "rise", "any"))
        edge = f"%edge{number}"
        lines += [f"{now}.at = getelementptr i64, ptr %b, i64 {number}",
                  f"{now} = load i64, ptr {now}.at",
                  f"{seen}.at = getelementptr i64, ptr %s, i64 {domain.seen}",
                  f"{seen} = load i64, ptr {seen}.at",
                  f"store i64 {now}, ptr {seen}.at",
                  f"{rise} = icmp ugt i64 {now}, {seen}",
                  f"{edge} = zext i1 {rise} to i64",
                  f"{edge}.at = getelementptr i64, ptr %s, i64 {domain.edge}",
                  f"store i64 {edge}, ptr {edge}.at",
                  f"{any_rise} = or i64 {risen}, {edge}"]
        risen = any_rise
    return _ADVANCE.format(len(domains), "\n  ".join(lines), risen, MOST_EDGES)


_ADVANCE = """
define void @advance(ptr %s) nounwind {{
entry:
  %b = alloca [{0} x i64], align 8
  br label %look
look:
  %count = phi i64 [ 0, %entry ], [ %next, %perform ], [ %next, %rest ]
  %next = add i64 %count, 1
  call void @levels(ptr %s, ptr %b)
  {1}
  %some = icmp ne i64 {2}, 0
  %few = icmp ult i64 %count, {3}
  %more = and i1 %some, %few
  br i1 %more, label %perform, label %rest
perform:
  call void @edge(ptr %s)
  br label %look
rest:
  %moved = call i1 @hold(ptr %s)
  %again = and i1 %moved, %few
  br i1 %again, label %look, label %end
end:
  ret void
}}
"""


def _set(words, value):
    """Return the lines that set some state words."""
    return [line for word in words
            for line in (f"%at{value}.{word} = getelementptr i64, ptr %s, i64 {word}",
                         f"store i64 {value}, ptr %at{value}.{word}")]


def _step(clocks):
    """A period of all clocks at once: low, outputs, high, low."""
    lines = [*_set(clocks, 0), "call void @advance(ptr %s)", "call void @settle(ptr %s)",
             *_set(clocks, 1), "call void @advance(ptr %s)"]
    lines += [line.replace("%at0", "%end0") for line in _set(clocks, 0)]
    return _body("step", [*lines, "call void @advance(ptr %s)"])


def _reset(resets):
    return _body("reset", [*_set(resets, 1), "call void @step(ptr %s)", *_set(resets, 0)])


def _body(name, lines):
    text = "\n  ".join([*lines, "ret void"])
    return f"\ndefine void @{name}(ptr %s) nounwind {{\nentry:\n  {text}\n}}\n"
