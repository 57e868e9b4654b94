"""The machine as a graph: components are nodes, the interfaces that join them are edges.

Devices and their wires come from the platform; the processor's parts from its hardware description:
the component tree is elaborated. If one interface port drives all of another interface port, there
is an edge, from the side with the outputs to the side with the inputs.
"""

import json
from dataclasses import asdict
from pathlib import Path

from pteg.engine import cache
from pteg.engine.kept import key_of
from pteg.errors import UserError
from pteg.platform import PROCESSOR

__all__ = ["machine_graph", "hardware_graph", "signature_name", "draw"]

#: Attributes of components that say how large they are.
SIZES = ("sets", "ways", "entries")


def machine_graph(machine):
    """Devices, bus and processor parts of a machine, as a networkx.MultiDiGraph.

    Nodes have `kind` (name of the class), `parent` if they are inside another node, and `sets`,
    `ways` or `entries` if they say how large they are. Edges have `interface`. The attribute
    `parameters` of the graph has those of the processor.
    """
    platform = machine.platform
    graph = platform.graph()
    graph.graph["parameters"] = asdict(platform.parameters)
    # The platform's bus is one node; the hardware's has parts.
    graph.remove_node("bus")
    hardware = _system_graph(platform)
    alone = platform.parameters.processors == 1

    def shown(node):
        _, _, inside = node.partition(".")
        part, dot, rest = inside.partition(".")
        return f"{PROCESSOR if part == 'cpu0' and alone else part}{dot}{rest}"

    for node, data in hardware.nodes(data=True):
        if node != "system":
            parent = shown(data.pop("parent"))
            graph.add_node(shown(node), **data, **({"parent": parent} if parent else {}))
    # The ports of the system itself lead to devices, or are the processor's pins.
    for source, sink, data in hardware.edges(data=True):
        if sink == "system":
            graph.add_edge(shown(source), data["port"], **data)
        elif source == "system" and data["port"] == "request":
            graph.add_edge(platform.master.name, shown(sink), **data)
        elif source != "system":
            graph.add_edge(shown(source), shown(sink), **data)
    return graph


def _system_graph(platform):
    """The graph of the hardware for a platform; kept, since elaboration takes seconds."""
    from networkx import node_link_graph

    from pteg.pipeline.system import description, make_system, sources

    def make():
        return hardware_graph(make_system(platform), "system")

    files = [*sources(), Path(__file__)]
    if platform.mmu or cache.edited_files(files):   # an own MMU: its classes' names tell nothing
        return make()
    key = key_of("graph", cache.digest_files(files),
                 json.dumps(description(platform, platform.memory_map)))
    blobs = cache.get(key)
    if blobs is not None:
        return node_link_graph(json.loads(blobs["graph"]), edges="edges")
    graph = make()
    cache.put(key, {"graph": _json(graph).encode()})
    return graph


def hardware_graph(component, name):
    """The component tree of an Amaranth component and its interface connections."""
    import networkx
    from amaranth.hdl import Fragment

    graph = networkx.MultiDiGraph()
    ports = {}
    # A wire between ports is an assignment of one whole signal to another, as `connect` makes them.
    wires = []

    def visit(fragment, path, parent):
        # The last one is the component itself; what changes its clock domain comes before.
        component = next((o for o in reversed(fragment.origins or ()) if hasattr(o, "signature")),
                         None)
        if component is not None:
            graph.add_node(path, kind=type(component).__name__,
                           **({"parent": parent} if parent else {}), **_sizes(component))
            _add_ports(ports, component, path)
            parent = path
        wires.extend(fragment.statements.get("comb", ()))
        for child, child_name, _ in fragment.subfragments:
            visit(child, f"{path}.{child_name}", parent)

    visit(Fragment.get(component, None), name, None)
    joined = set()
    for statement in wires:
        ends = [ports.get(id(getattr(statement, side, None))) for side in ("rhs", "lhs")]
        if None in ends or ends[0][0] == ends[1][0]:
            continue
        (source, source_port, _), (sink, sink_port, kind) = ends
        # An interface has signals both ways. The side that drives its first one is the source.
        key = frozenset([(source, source_port), (sink, sink_port)])
        if key not in joined:
            joined.add(key)
            graph.add_edge(source, sink, interface=kind, port=source_port)
    return graph


def _sizes(component):
    """What a component says of its size: sets, ways, entries."""
    found = {name: getattr(component, name, None) for name in SIZES}
    return {name: value for name, value in found.items() if isinstance(value, int)}


def _add_ports(ports, component, path):
    """Remember whose port a signal is: id of the signal -> (component, port, interface)."""
    from amaranth.hdl import Value

    members = component.signature.members
    for (name, *_), _, value in component.signature.flatten(component):
        member = members[name]
        kind = signature_name(member.signature) if member.is_signature else "signal"
        ports[id(Value.cast(value))] = (path, name, kind)


def signature_name(signature):
    """Name of an interface: its signature's class, flipped or not."""
    from amaranth.lib.wiring import FlippedSignature

    if isinstance(signature, FlippedSignature):
        signature = signature.flip()
    return type(signature).__name__


# Drawing ----------------------------------------------------------------------------------------

def draw(machine, format="text", depth=None):
    """The graph as `text` (an indented tree), `svg` (a picture), `dot` (Graphviz) or `json`
    (node-link data).

    Parameters
    ----------
    depth : int, optional
        Levels of the parts inside processor and bus. 0: each is one node.
    """
    if depth is not None and depth < 0:
        raise UserError(f"depth must not be negative, not {depth}")
    graph = machine.graph
    if depth is not None:
        graph = _folded(graph, depth)
    return {"text": _text, "svg": _svg, "dot": _dot, "json": _json}[format](graph)


def _folded(graph, depth):
    """The graph in which parts below `depth` are one with the part that holds them."""
    import networkx

    def shown(node):
        return ".".join(node.split(".")[:depth + 1])

    folded = networkx.MultiDiGraph()
    for node, data in graph.nodes(data=True):
        if shown(node) == node:
            folded.add_node(node, **data)
    for source, sink, data in graph.edges(data=True):
        source, sink = shown(source), shown(sink)
        if source != sink:
            folded.add_edge(source, sink, **data)
    return folded


def _order(graph):
    return sorted(graph, key=lambda node: (not node.startswith((PROCESSOR, "cpu")),
                                           node.split(".")))


def _label(data):
    text = data.get("kind", "")
    if "base" in data:
        text += (f" {data['base']:#010x}, {data['size']:#x} bytes, beats after {data['first']} and "
                 f"{data['next']} bus clocks")
    sizes = [f"{data[name]} {name}" for name in SIZES if name in data]
    if sizes:
        text += f" {', '.join(sizes)}"
    return text


def _text(graph):
    lines = []
    for node in _order(graph):
        level = node.count(".")
        lines.append(f"{'  ' * level}{node.rpartition('.')[2]}: {_label(graph.nodes[node])}")
        for _, sink, data in sorted(graph.out_edges(node, data=True), key=lambda edge: edge[1]):
            lines.append(f"{'  ' * level}    -> {sink} ({_connection(data)})")
    return "\n".join(lines) + "\n"


def _connection(data):
    return f"{data['interface']} {data['port']}" if "port" in data else data["interface"]


def _json(graph):
    import networkx

    return json.dumps(networkx.node_link_data(graph, edges="edges"), indent=2) + "\n"


def _svg(graph):
    from pteg.graph_svg import svg

    return svg(graph, _label)


def _dot(graph):
    """Graphviz: parts are drawn inside the part that holds them."""
    # Without `newrank`, Graphviz fails on parts with connections to their own surroundings.
    lines = ["digraph machine {", "  rankdir=LR; compound=true; newrank=true;",
             '  node [shape=box, fontname="Helvetica", fontsize=10];',
             '  edge [fontname="Helvetica", fontsize=8];']
    children = {}
    for node, data in graph.nodes(data=True):
        children.setdefault(data.get("parent"), []).append(node)

    def add(node, indent):
        label = f"{node.rpartition('.')[2]}\\n{_label(graph.nodes[node])}"
        if node in children:
            lines.append(f'{indent}subgraph "cluster_{node}" {{ label="{label}";')
            lines.append(f'{indent}  "{node}" [shape=point, style=invis];')
            for child in sorted(children[node]):
                add(child, indent + "  ")
            lines.append(f"{indent}}}")
        else:
            lines.append(f'{indent}"{node}" [label="{label}"];')

    for node in sorted(n for n in graph if graph.nodes[n].get("parent") not in graph):
        add(node, "  ")
    for source, sink, data in graph.edges(data=True):
        # An edge ends at the border of a part that has parts, but not from its inside.
        ends = "".join(
            f', {where}="cluster_{node}"' for where, node, other in (
                ("ltail", source, sink), ("lhead", sink, source))
            if node in children and not other.startswith(f"{node}."))
        lines.append(f'  "{source}" -> "{sink}" [label="{_connection(data)}"{ends}];')
    return "\n".join(lines) + "\n}\n"
