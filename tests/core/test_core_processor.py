"""A processor is put together from parts, and a system from a processor and a bus."""

import pytest
from amaranth.hdl import Fragment, Module

from pteg.engine.frontend import elaborate
from pteg.hw.cache.data import DataCache
from pteg.hw.cache.l2 import L2Cache
from pteg.hw.mmu.mmu import Mmu
from pteg.hw.processor import Processor
from pteg.hw.system import System

MAP = {"dram": (0, 1 << 20)}


def memories(system):
    return {memory.path: memory.depth for memory in elaborate(system, unnamed=["cpu0"]).memories}


@pytest.mark.slow
def test_a_processor_takes_other_caches():
    usual = memories(System(MAP))
    other = memories(System(MAP, [Processor(dcache=DataCache(sets=64, ways=4),
                                            l2=L2Cache.of_size(256 << 10))]))
    assert usual["dcache.array.words"] == 128 * 8 * 4 and other["dcache.array.words"] == 64 * 4 * 4
    assert "l2.sram.words" not in usual and other["l2.sram.words"] == (256 << 10) // 8


class Flat(Mmu):
    """A memory management unit that translates nothing."""

    def elaborate(self, platform):
        m = Module()
        for port in (self.fetch, self.data):
            m.d.comb += port.pa.eq(port.ea)
        return m


def test_a_processor_takes_another_mmu():
    found = memories(System(MAP, [Processor(mmu=Flat())]))
    assert "core.rename.gpr" in found and not [path for path in found if path.startswith("mmu")]


def test_a_system_has_ports_for_devices_and_another_master():
    system = System({**MAP, "uart": (1 << 20, 8)}, master=True)
    assert set(system.signature.members) == {
        "cpu0", "bus_edge", "request", "ranges", "dram", "uart"}
    Fragment.get(system, platform=None)
