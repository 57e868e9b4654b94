"""The graph of a machine: it is elaborated once for the same hardware."""

import pteg
from pteg.components.dram import Dram
from pteg.graph import draw
from pteg.pipeline import system
from pteg.platform import Platform


def test_a_graph_that_was_kept_is_the_one_that_was_elaborated(monkeypatch, tmp_path):
    elaborated = []
    make = system.make_system

    def counted(platform):
        elaborated.append(platform.parameters)
        return make(platform)

    monkeypatch.setattr(system, "make_system", counted)
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path))

    def drawn(**options):
        return draw(pteg.Machine("g3", cpu="functional", rom="none", **options), "json")

    first = drawn()
    assert len(elaborated) == 1
    assert drawn() == first and len(elaborated) == 1
    assert drawn(ram="4M") != first and len(elaborated) == 1    # addresses are no hardware
    assert drawn(l2=262144) != first and len(elaborated) == 2


def test_an_own_mmu_has_a_graph_of_its_own(monkeypatch, tmp_path):
    from pteg.hw.mmu.mmu import Mmu

    class Own(Mmu):
        pass

    monkeypatch.setenv("PTEG_CACHE", str(tmp_path))
    machines = [pteg.Machine(Platform([Dram(size=0x1000)], mmu=lambda _, kind=kind: kind()))
                for kind in (Mmu, Own, Own)]
    assert [machine.graph.nodes["processor.mmu"]["kind"] for machine in machines] == [
        "Mmu", "Own", "Own"]


def test_two_processors_are_two_of_everything_that_a_processor_has():
    machine = pteg.Machine("g3", cpu="functional", rom="none", processors=2)
    graph = machine.graph

    def parts(processor):
        """Kinds and edges of what is inside a processor, by the names that it has there."""
        def inside(node):
            return node.partition(".")[2] if node.partition(".")[0] == processor else None

        nodes = {inside(node): data["kind"] for node, data in graph.nodes(data=True)
                 if inside(node) is not None}
        return nodes, {(inside(source), inside(sink), data["interface"], data.get("port"))
                       for source, sink, data in graph.edges(data=True)
                       if None not in (inside(source), inside(sink))}

    assert "processor" not in graph
    nodes, edges = parts("cpu0")
    assert {"core", "mmu", "dcache", "icache"} <= set(nodes) and len(edges) > 20
    assert parts("cpu1") == (nodes, edges)
    for name in ("cpu0", "cpu1"):
        for master in ("data", "castout", "fetch"):
            border = f"border_{name}_{master}"
            assert graph.has_edge(name, border) and graph.has_edge(border, "bus")
            assert graph.nodes[f"bus.{name}_{master}"]["kind"] == "Master"
        for kind in ("Snooper", "Listener"):
            assert graph.nodes[f"{name}_{kind.lower()}"]["kind"] == kind
            assert graph.has_edge("bus", f"{name}_{kind.lower()}")
    assert {(sink, data["number"]) for _, sink, data in graph.out_edges("doorbell", data=True)
            if data["interface"] == "sreset"} == {("cpu0", 0), ("cpu1", 1)}
    lines = draw(machine, "text", depth=1).splitlines()
    assert {"cpu0:", "cpu1:"} <= {line.split()[0] for line in lines if line}
