"""The combinational loops of a netlist.

A loop through two latches or more is none while one of them is closed: gates of clocks and the
latches behind them, or master and slave. It is cut at a latch: whoever reads that reads what it
was, from the state, and what changes without an edge is computed until it changes no more.
"""

from collections import defaultdict

import networkx

__all__ = ["find_loops"]


def find_loops(graph, is_latch):
    """Find the loops of a directed graph.

    Parameters
    ----------
    graph : networkx.DiGraph
        From source to user.
    is_latch : callable
        Whether a node is a latch.

    Returns
    -------
    loops : list of set of node
        Parts of the graph in which each loop goes through no latch, or through one alone.
    cuts : set of node
        Latches: one at least on each other loop.
    """
    parts = [part for part in networkx.strongly_connected_components(graph) if len(part) > 1]
    parts += [{node} for node in networkx.nodes_with_selfloops(graph)]
    loops, cuts = [], set()
    for part in parts:
        latches = {node for node in part if is_latch(node)}
        rest = networkx.DiGraph(graph.subgraph(part).out_edges(part - latches))
        found = [inner for inner in networkx.strongly_connected_components(rest) if len(inner) > 1]
        found += [{node} for node in networkx.nodes_with_selfloops(rest)]
        loops += found or _through_one(graph.subgraph(part), rest, latches)
        if not loops:
            cuts |= _cut(graph.subgraph(part), latches)
    return loops, cuts


def _through_one(part, rest, latches):
    """Return the loops that go through a single latch; `rest`, the part behind none, has none."""
    bits = {latch: 1 << number for number, latch in enumerate(latches)}
    behind = defaultdict(int)   # the latches that a node depends on with no latch between
    rest.add_nodes_from(part)
    for node in networkx.topological_sort(rest):
        for source in part.predecessors(node):
            behind[node] |= bits.get(source) or behind[source]
    return [{latch} | {node for node in part if node not in latches and behind[node] & bit}
            for latch, bit in bits.items() if behind[latch] & bit]


def _cut(part, latches):
    """Return latches without which a part has no loops, those first that most goes through."""
    rest, parts, cuts = networkx.DiGraph(part), [set(part)], set()
    while parts:
        inner = rest.subgraph(parts.pop())
        cut = max(sorted(latches.intersection(inner)),
                  key=lambda latch: inner.in_degree(latch) * inner.out_degree(latch))
        cuts.add(cut)
        rest.remove_edges_from(list(rest.out_edges(cut)))
        parts += [part for part in networkx.strongly_connected_components(inner) if len(part) > 1]
    return cuts
