"""The places that pteg knows are in the design."""

import pytest

from pteg import Machine
from pteg.pipeline.places import Memory, Processor, System


@pytest.fixture(scope="module")
def cpu():
    return Machine("g3", l2="256K", dma=True).model


def known(native):
    return {*native.signals, *native.inputs, *native.outputs}


def test_every_place_of_the_processor_exists(cpu):
    native = cpu.native
    paths = Processor("").paths() | cpu.places.l2.paths()
    assert [path for path, kind in paths.items()
            if path not in (native.memories if kind is Memory else known(native))] == []


def test_every_numbered_place_exists(cpu):
    core, mmu, caches = cpu.places.core, cpu.places.mmu, cpu.places
    signals = [path for n in range(3) for path in core.lsu.queue.entry(n).paths()]
    signals += [tlb.valid(way) for tlb in (mmu.immu.tlb, mmu.dmmu.tlb) for way in range(2)]
    signals += [bats.register(n, half) for bats in (mmu.immu.bats, mmu.dmmu.bats)
                for n in range(4) for half in ("upper", "lower")]
    signals += [caches.dcache.buffer.word(n) for n in range(4)]
    signals += [caches.l2.sram.line(n) for n in range(4)]
    assert [path for path in signals if path not in known(cpu.native)] == []
    memories = [tlb.way(way) for tlb in (mmu.immu.tlb, mmu.dmmu.tlb) for way in range(2)]
    memories += [caches.dcache.directory.tag(way) for way in range(8)]
    memories += [caches.l2.tags.tag(way) for way in range(2)]
    memories += [caches.l2.tags.marks(which, way) for which in ("valid", "modified")
                 for way in range(2)]
    assert [path for path in memories if path not in cpu.native.memories] == []


def test_every_port_of_the_system_exists(cpu):
    system = System("")
    paths = dict.fromkeys([*system.paths(), *(path for device in cpu.platform.devices
                                              for path in system.target(device.name).paths())])
    assert [path for path in paths if path not in known(cpu.native)] == []


def test_a_processor_of_another_name_has_the_same_places_below_it():
    ours, other = Processor("").paths(), Processor("cpu1").paths()
    assert [f"cpu1.{path}" for path in ours] == list(other)
