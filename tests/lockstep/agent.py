"""A snooping agent that cancels address tenures at random (ARTRY)."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from pteg.engine import compile_design
from pteg.hw.bus.interfaces import AddressSnoop
from pteg.hw.processor import Processor
from pteg.hw.system import System
from pteg.pipeline.architecture import Architecture
from pteg.pipeline.cpu import PipelineCpu
from pteg.pipeline.driver import Driver, Signals
from pteg.pipeline.system import unnamed

__all__ = ["Agent", "retried_cpu"]


class Agent(wiring.Component):
    """One of four tenures; a shift register decides. `retries` counts them."""

    bus: In(AddressSnoop())

    def elaborate(self, platform):
        m = Module()
        random, retries = Signal(23, init=1), Signal(32)
        m.d.sync += random.eq(Cat(random[22] ^ random[17], random))
        m.d.comb += self.bus.artry.eq(self.bus.window & random[0] & random[7])
        with m.If(self.bus.artry):
            m.d.sync += retries.eq(retries + 1)
        return m


def retried_cpu(platform):
    """A pipeline model on a bus with such an agent. It has never run."""
    cpu = PipelineCpu(platform)
    processors = [Processor(platform.parameters, number) for number in range(cpu.count)]
    system = System(platform.memory_map, processors, agent=Agent(),
                    master=platform.master is not None)
    cpu.native = compile_design(system, unnamed=unnamed(platform), cycle=True)
    cpu.architectures = [Architecture(cpu.native, places) for places in cpu.processors]
    cpu.driver = Driver(platform, cpu.native, Signals.of(*cpu.processors))
    return cpu
