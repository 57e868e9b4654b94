"""The graph of a machine as SVG: parts inside the part that holds them, signals from left to right.

The parts of a component are in columns: each is right of those that drive it, as far as connections
are not circular. Within a column, parts are near those that they are connected to.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape, quoteattr

__all__ = ["svg"]

# Pixels: of a character, the height of a leaf, gaps between columns and rows, the head of a holder.
CHARACTER, LEAF, COLUMN, ROW, HEAD, MARGIN = 6.2, 34, 46, 16, 22, 12
STYLE = ("text{font:11px sans-serif;fill:#222}.kind{font-size:9px;fill:#666}"
         "rect{fill:#fff;stroke:#1f5fa8;rx:3}.holder{fill:#1f5fa8;fill-opacity:.06;stroke:#8aa8cc}"
         "path{fill:none;stroke:#555;stroke-width:1;stroke-opacity:.6}"
         "g.edge:hover path{stroke:#c33;stroke-width:2;stroke-opacity:1}")


@dataclass
class Box:
    """A node with its place, relative to its holder until the layout is complete."""

    name: str
    kind: str
    parts: list["Box"] = field(default_factory=list)
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0


def svg(graph: Any, label: Callable[[dict[str, Any]], str]) -> str:
    """The picture of `pteg.Machine.graph`.

    Parameters
    ----------
    graph : networkx.MultiDiGraph
    label : callable
        The text for the attributes of a node.
    """
    holder = {node: data.get("parent") for node, data in graph.nodes(data=True)}
    children: dict[str | None, list[str]] = {}
    for node in sorted(graph):
        children.setdefault(holder[node] if holder[node] in graph else None, []).append(node)
    flows: dict[tuple[str, str], set[str]] = {}
    for source, sink, data in graph.edges(data=True):
        flows.setdefault((source, sink), set()).add(data["interface"])

    def box(node):
        return Box(node, label(graph.nodes[node]), [box(part) for part in children.get(node, ())])

    whole = Box("", "", [box(node) for node in children.get(None, ())])
    _arrange(whole, flows)
    _settle(whole, 0, 0)
    boxes = {each.name: each for each in _all(whole) if each.name}
    holders = [_rectangle(each) for each in boxes.values() if each.parts]
    leaves = [_rectangle(each) for each in boxes.values() if not each.parts]
    edges = [_edge(boxes[source], boxes[sink], names) for (source, sink), names in flows.items()]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole.width:g} {whole.height:g}" '
        f'width="{whole.width:g}" height="{whole.height:g}">', f"<style>{STYLE}</style>",
        '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="6" '
        'markerHeight="6" orient="auto"><path d="M0,0L8,4L0,8z" style="fill:#555"/></marker>'
        "</defs>", *holders, *edges, *leaves, "</svg>", ""])


# Layout -------------------------------------------------------------------------------------------

def _arrange(box, flows):
    """Place the parts of a box, and give it its size."""
    title = box.name.rpartition(".")[2]
    wide = CHARACTER * max(len(title), len(box.kind) * 0.85) + 16
    if not box.parts:
        box.width, box.height = wide, LEAF
        return
    for part in box.parts:
        _arrange(part, flows)
    columns = _columns([part.name for part in box.parts], _between(box.parts, flows))
    by_name = {part.name: part for part in box.parts}
    x, bottom = MARGIN, 0.0
    for column in columns:
        y = HEAD + MARGIN
        for name in column:
            by_name[name].x, by_name[name].y = x, y
            y += by_name[name].height + ROW
        bottom = max(bottom, y - ROW)
        x += max(by_name[name].width for name in column) + COLUMN
    box.width, box.height = max(wide, x - COLUMN + MARGIN), bottom + MARGIN
    for column in columns:      # in the middle of the height
        last = by_name[column[-1]]
        down = (bottom - last.y - last.height) / 2
        for name in column:
            by_name[name].y += down


def _between(parts, flows):
    """Which parts drive which: pairs of names, of their own parts' connections too."""
    names = {part.name for part in parts}

    def outer(node):
        while node and node not in names:
            node = node.rpartition(".")[0]
        return node

    pairs = {(outer(source), outer(sink)) for source, sink in flows}
    return {(a, b) for a, b in pairs if a and b and a != b}


def _columns(names, pairs):
    """Names in columns, so that most pairs lead to the right; each column in a good order."""
    import networkx

    graph = networkx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(sorted(pairs))
    parts = networkx.condensation(graph)
    for circle in [data["members"] for _, data in parts.nodes(data=True)]:
        # Of a circle, what comes first by name stays first.
        order = {name: place for place, name in enumerate(sorted(circle, key=names.index))}
        graph.remove_edges_from([(a, b) for a, b in pairs
                                 if a in order and b in order and order[a] > order[b]])
    columns = [sorted(generation, key=names.index)
               for generation in networkx.topological_generations(graph)]
    place = {name: row for column in columns for row, name in enumerate(column)}
    near = graph.to_undirected()
    for column in [*columns, *columns[::-1]]:
        column.sort(key=lambda name: (sum(place[other] for other in near[name])
                                      / max(1, len(near[name])), names.index(name)))
        place.update({name: row for row, name in enumerate(column)})
    return columns


def _settle(box, x, y):
    """From places in the holder to places in the picture."""
    box.x += x
    box.y += y
    for part in box.parts:
        _settle(part, box.x, box.y)


# Shapes -------------------------------------------------------------------------------------------

def _all(box):
    """A box and what is in it, the outer ones first."""
    yield box
    for part in box.parts:
        yield from _all(part)


def _rectangle(box):
    holder = ' class="holder"' if box.parts else ""
    return (f"<g><title>{escape(f'{box.name}: {box.kind}')}</title>"
            f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"'
            f"{holder}/>"
            f'<text x="{box.x + 8:g}" y="{box.y + 15:g}">{escape(box.name.rpartition(".")[2])}'
            f'</text><text x="{box.x + 8:g}" y="{box.y + 27:g}" class="kind">{escape(box.kind)}'
            "</text></g>")


def _edge(source, sink, names):
    """A curve between the sides that face each other; a holder passes signals on at its sides."""
    x1, x2 = source.x, sink.x
    right = source.x + source.width, sink.x + sink.width
    y1, y2 = (end.y + min(end.height, LEAF) / 2 for end in (source, sink))
    if sink.name.startswith(f"{source.name}."):         # from a holder's port to its part
        y1 = y2
    elif source.name.startswith(f"{sink.name}."):       # and from the part out
        (x1, x2), y2 = right, y1
    elif right[0] <= x2:
        x1 = right[0]
    elif right[1] <= x1:
        x2 = right[1]
    away = 1 if x2 >= x1 else -1
    bend = away * max(24, abs(x2 - x1) / 2) if abs(x2 - x1) > 4 else 40
    text = escape(f"{source.name} → {sink.name}: {', '.join(sorted(names))}")
    end = x2 - bend if abs(x2 - x1) > 4 else x2 + bend
    return (f'<g class="edge" data-from={quoteattr(source.name)} data-to={quoteattr(sink.name)}>'
            f"<title>{text}</title>"
            f'<path d="M{x1:g},{y1:g}C{x1 + bend:g},{y1:g} {end:g},{y2:g} {x2:g},{y2:g}" '
            f'marker-end="url(#end)"/></g>')
