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
