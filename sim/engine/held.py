"""What changes between clock edges: latches, and registers under an asynchronous reset.

The clock edge and `settle` keep it. Where it follows registers, a step keeps it once more, after
the edge: inputs may change before the next call.
"""

from pteg.engine.codegen import function
from pteg.engine.plan import plan_cycle

__all__ = ["follows_registers", "hold", "then_hold"]


def follows_registers(design):
    """Return whether a clock edge may change a latch, or release or begin an asynchronous reset."""
    graph, words = design.graph, {register.word for register in design.registers}
    return any(graph.op[node] == "read" or graph.op[node] == "load"
               and graph.attr[node] != register.word and graph.attr[node] in words
               for register in design.registers if register.held is not None
               for node in graph.cone(register.held))


def hold(name, design, value):
    """Return the text of a function that keeps what latches and registers are.

    Parameters
    ----------
    value : list of int
        The replacement of each node of the design's graph, from `Graph.substitute`.
    """
    design = design.circuit(outputs=[])
    return function(name, design, plan_cycle(design, value, edge=False))


def then_hold(name, design, value):
    """Return the texts of a function that performs the edge `name.edge`, and keeps what follows."""
    return [hold(f"{name}.hold", design, value), f"""
define void @{name}(ptr noalias %s) nounwind {{
  call void @{name}.edge(ptr %s)
  call void @{name}.hold(ptr %s)
  ret void
}}
"""]
