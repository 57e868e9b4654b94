"""What changes between clock edges: latches, and registers under an asynchronous reset.

The clock edge and `settle` keep it. Where it follows registers, a step keeps it once more, after
the edge: inputs may change before the next call. Latches in loops (`pteg.engine.frontend.loops`)
are computed again until none of them changes, before the edge as well.
"""

from pteg.engine.codegen import function
from pteg.engine.plan import plan_cycle

__all__ = ["MOST_PASSES", "around", "follows_registers", "hold", "until_still"]

#: How often latches in loops are computed again, after which they are left as they are.
MOST_PASSES = 1000


def follows_registers(design):
    """Return whether a clock edge may change a latch, or release or begin an asynchronous reset."""
    graph, words = design.graph, {register.word for register in design.registers}
    return any(graph.op[node] == "read" or graph.op[node] == "load"
               and graph.attr[node] != register.word and graph.attr[node] in words
               for register in design.registers if register.held is not None
               for node in graph.cone(register.held))


def hold(name, design, value):
    """Return the texts of a function that keeps what latches and registers are.

    It returns whether it had to compute latches in loops again.

    Parameters
    ----------
    value : list of int
        The replacement of each node of the design's graph, from `Graph.substitute`.
    """
    design = design.circuit(outputs=[])
    once = function(f"{name}.once", design, plan_cycle(design, value, edge=False))
    return [once, until_still(name, design)]


def until_still(name, design):
    """Return the text of a function that calls `name.once` until no latch in a loop changes.

    It returns whether that took more than one call.
    """
    if design.loops is None:
        return _ONCE.format(name=name)
    return _UNTIL_STILL.format(name=name, word=design.loops.changed, most=MOST_PASSES)


def around(name, design, before, after):
    """Return the texts of a function that performs the edge `name.edge`, and keeps what follows.

    The edge takes latches in loops as they are when they change no more.

    Parameters
    ----------
    before, after : list of int
        The replacement of each node before and after the edge.
    """
    texts, first = hold(f"{name}.hold", design, after), ""
    if design.loops is not None:
        texts += hold(f"{name}.before", design, before)
        first = f"call i1 @{name}.before(ptr %s)"
    return [*texts, _AROUND.format(name=name, first=first)]


_ONCE = """
define i1 @{name}(ptr %s) nounwind {{
  call void @{name}.once(ptr %s)
  ret i1 false
}}
"""

_UNTIL_STILL = """
define i1 @{name}(ptr %s) nounwind {{
entry:
  %at = getelementptr i64, ptr %s, i64 {word}
  br label %pass
pass:
  %count = phi i64 [ 0, %entry ], [ %next, %pass ]
  call void @{name}.once(ptr %s)
  %changed = load i64, ptr %at
  %some = icmp ne i64 %changed, 0
  %few = icmp ult i64 %count, {most}
  %more = and i1 %some, %few
  %next = add i64 %count, 1
  br i1 %more, label %pass, label %end
end:
  %again = icmp ne i64 %count, 0
  ret i1 %again
}}
"""

_AROUND = """
define void @{name}(ptr noalias %s) nounwind {{
  {first}
  call void @{name}.edge(ptr %s)
  call i1 @{name}.hold(ptr %s)
  ret void
}}
"""
