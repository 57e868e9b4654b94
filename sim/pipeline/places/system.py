"""Places of the processors and of the whole."""

from pteg.pipeline.places.bus import Border, Bus, Master, Target
from pteg.pipeline.places.caches import DataCache, InstructionCache, L2Cache
from pteg.pipeline.places.core import Core
from pteg.pipeline.places.mmu import Mmu
from pteg.pipeline.places.part import Part, Signal

__all__ = ["Pause", "Processor", "System"]


class Pause(Part):
    """See `pteg.hw.core.interfaces.PausePort`."""

    single: Signal
    valid: Signal
    pc: Signal


class Processor(Part):
    core: Core
    mmu: Mmu
    icache: InstructionCache
    dcache: DataCache
    told__tlbie: Signal         # one has passed the bus; only with several processors
    told__address: Signal
    interrupt: Signal
    soft_reset: Signal
    time_base_stop: Signal
    pause: Pause
    restart: Signal

    @property
    def l2(self) -> L2Cache:
        return L2Cache(self.at("l2"))


class System(Part):
    """Processors and bus; each device has a port of its name.

    `request` and what belongs to it are only there if a device is a bus master, `granted` only with
    several processors.
    """

    bus_edge: Signal            # the last core cycle of a bus clock
    ranges: Signal              # where the devices are (`pteg.hw.bus.memory_map`)
    request: Master
    bus: Bus
    border_device: Border

    @property
    def granted(self) -> Signal:
        """The processor whose data tenure it is."""
        return Signal(self.at("granted"))

    def foreign(self, processor: Processor) -> Signal:
        """The transaction on the bus is not that of this one of several processors."""
        return Signal(self.at(f"{processor.path}_listener.foreign"))

    def border(self, processor: Processor, master: str) -> Border:
        """Of a bus master of a processor."""
        return Border(self.at(f"border_{processor.path and processor.path + '_'}{master}"))

    def range(self, device: str) -> Signal:
        """The part of `ranges` that says where a device is."""
        return Signal(f"{self.ranges}.{device}")

    def target(self, device: str) -> Target:
        return Target(self.at(device))

    @property
    def processor(self) -> Processor:
        return Processor(self.path)
