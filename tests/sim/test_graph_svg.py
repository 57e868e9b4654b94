"""Pictures of a machine's graph: every node and edge is there, and nothing overlaps."""

import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from itertools import combinations

import pytest

import pteg
from pteg.graph import draw


class Elaborated:
    """A machine whose graph is made once."""

    def __init__(self, preset):
        self.graph = pteg.Machine(preset, rom="none").graph


@pytest.fixture(scope="module", params=["g3", "mac99"])
def machine(request):
    return Elaborated(request.param)


def parsed(machine, depth):
    """Rectangles by the name of the node, and pairs of names of the edges."""
    tree = ElementTree.fromstring(draw(machine, "svg", depth))
    boxes, edges = {}, []
    for group in tree.findall(".//{*}g"):
        title = group.find("{*}title").text
        if group.get("class") == "edge":
            edges.append((group.get("data-from"), group.get("data-to")))
            assert title.startswith(f"{edges[-1][0]} → {edges[-1][1]}: ")
        else:
            shape = group.find("{*}rect")
            boxes[title.partition(":")[0]] = [float(shape.get(name))
                                              for name in ("x", "y", "width", "height")]
    return tree, boxes, edges


@pytest.mark.parametrize("depth", [0, 1, None])
def test_every_node_and_edge_is_there_once(machine, depth):
    _, boxes, edges = parsed(machine, depth)
    graph = machine.graph
    known = {node for node in graph if depth is None or node.count(".") <= depth}
    assert set(boxes) == known and len(edges) == len(set(edges))

    def shown(node):
        return node if depth is None else ".".join(node.split(".")[:depth + 1])

    wanted = {(shown(source), shown(sink)) for source, sink in graph.edges()}
    if depth is not None:
        wanted = {(source, sink) for source, sink in wanted if source != sink}
    assert set(edges) == wanted


def test_parts_are_inside_and_do_not_overlap(machine):
    tree, boxes, _ = parsed(machine, None)
    graph = machine.graph
    assert len(boxes) == len(graph) > 50
    _, _, width, height = map(float, tree.get("viewBox").split())
    inside = {}
    for node, (x, y, w, h) in boxes.items():
        holder = graph.nodes[node].get("parent")
        left, top, wide, high = boxes.get(holder, (0, 0, width, height))
        assert left < x and top < y and x + w < left + wide and y + h < top + high, node
        inside.setdefault(holder if holder in boxes else None, []).append(node)
    for parts in inside.values():
        for a, b in combinations(parts, 2):
            (ax, ay, aw, ah), (bx, by, bw, bh) = boxes[a], boxes[b]
            assert ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay, (a, b)


@pytest.mark.skipif(not shutil.which("dot"), reason="needs dot (Debian: graphviz)")
@pytest.mark.parametrize("depth", [0, 1, 2, None])
def test_graphviz_draws_the_same(machine, depth):
    done = subprocess.run(["dot", "-Tsvg"], input=draw(machine, "dot", depth), text=True,
                          capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
    drawn = ElementTree.fromstring(done.stdout)
    names = {kind: {group.find("{*}title").text.removeprefix("cluster_")
                    for group in drawn.findall(".//{*}g") if group.get("class") == kind}
             for kind in ("node", "cluster", "edge")}
    _, boxes, edges = parsed(machine, depth)
    assert names["node"] | names["cluster"] == set(boxes)
    assert {tuple(name.split("->")) for name in names["edge"]} == set(edges)


def test_a_wrapped_component_has_its_own_class(machine):
    assert machine.graph.nodes["bus"]["kind"] == "Bus"
