"""Several data caches on one bus, with a memory: for tests of coherence."""

from collections import deque

from amaranth.hdl import Cat, EnableInserter, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.bus import Bus
from pteg.hw.bus.clock import Border, BusClock
from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort, TargetPort
from pteg.hw.bus.ratio import Ratio
from pteg.hw.bus.snooper import Snooper
from pteg.hw.cache.data import DataCache
from pteg.hw.cache.interfaces import DataPort

__all__ = ["MAP", "Memory", "SharedBus"]

MAP = {"ram": (0, 1 << 16)}
MASTERS = ("data", "castout")


class SharedBus(wiring.Component):
    """Data caches `cache0` and so on, without processors.

    A `defect` is planted: "blind" snoopers see nothing of others; "unaware" ones do not tell the
    cache when its own transaction has passed.
    """

    def __init__(self, count=2, ratio="1:1", sets=2, ways=2, defect=None):
        self.count, self.ratio, self.defect = count, Ratio.read(ratio), defect
        self.caches = [DataCache(sets, ways) for _ in range(count)]
        super().__init__({
            "ram": Out(TargetPort()), "bus_edge": Out(1),
            **{f"lsu{n}": In(DataPort()) for n in range(count)},
            **{f"stores{n}": In(MemoryPort()) for n in range(count)},
            **{f"walker{n}": In(MemoryPort()) for n in range(count)},
            **{f"drained{n}": In(1) for n in range(count)},
            #: The block of this number is lost to another cache.
            **{f"lost{n}": Out(1) for n in range(count)},
            **{f"lost_line{n}": Out(27) for n in range(count)},
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.clock = clock = BusClock(self.ratio)
        masters = [f"{master}{n}" for n in range(self.count) for master in MASTERS]
        m.submodules.bus = bus = EnableInserter(clock.edge)(
            Bus(MAP, masters, [len(MASTERS)] * self.count))
        m.d.comb += self.bus_edge.eq(clock.edge)
        connect(m, bus.ram, flipped(self.ram))
        snoopers = []
        for n, cache in enumerate(self.caches):
            m.submodules[f"cache{n}"] = cache
            for name, port in (("data", cache.bus), ("castout", cache.castout)):
                m.submodules[f"border_{name}{n}"] = border = Border()
                m.d.comb += border.edge.eq(clock.edge)
                connect(m, port, border.core)
                connect(m, border.bus, getattr(bus, f"{name}{n}"))
            m.submodules[f"snooper{n}"] = snooper = Snooper()
            m.d.comb += [
                snooper.edge.eq(clock.edge),
                snooper.own.eq(bus.owner[2 * n] & (self.defect != "unaware")),
                snooper.foreign.eq((bus.owner & ~(3 << 2 * n)).any() & (self.defect != "blind")),
                *(getattr(snooper.bus, name).eq(getattr(bus.snoop, name))
                  for name in ("ts", "a", "tt", "wimg", "window", "retried")),
                cache.control.enable.eq(1), cache.drained.eq(getattr(self, f"drained{n}")),
                getattr(self, f"lost{n}").eq(
                    cache.snoop.valid & cache.snoop.done & ~cache.snoop.clean),
                getattr(self, f"lost_line{n}").eq(cache.snoop.pa[5:]),
            ]
            connect(m, snooper.caches, cache.snoop)
            snoopers.append(snooper)
            for name in ("lsu", "stores", "walker"):
                connect(m, flipped(getattr(self, f"{name}{n}")), getattr(cache, name))
        m.d.comb += bus.snoop.artry.eq(Cat(snooper.bus.artry for snooper in snoopers).any())
        return m


class Memory:
    """The target `ram`: a Moore machine with random delays, clocked at the end of a bus clock."""

    def __init__(self, rng, laziness):
        self.rng, self.laziness = rng, laziness
        self.words = {}
        self.queue = deque()        # [type, address, tsiz, burst, beats]
        self.unacknowledged, self.window = False, 0
        self.aack = self.ta = self.d_r = 0
        self.log = []               # types of the transactions that have passed

    def double(self, address):
        return self.words.get(address & ~7, 0)

    def drive(self, put):
        for name in ("aack", "ta", "d_r"):
            put(f"ram.{name}", getattr(self, name))

    def clock(self, get):
        if self.ta:
            kind, address, tsiz, burst, beats = self.queue[0]
            place = self._place(address, burst, beats)
            if not kind & 8:
                self._write(place, tsiz, burst, get("ram.d_w"))
            self.queue[0][4] += 1
            if not burst or beats == 3:
                self.log.append(TransferType(kind))
                self.queue.popleft()
        self.ta = self.d_r = 0
        if get("ram.artry"):
            self.queue.pop()
        self.window = max(self.window - 1, 0)
        certain = len(self.queue) - (self.unacknowledged or self.window > 0)
        if get("ram.ts"):
            self.unacknowledged = True
            self.queue.append([*(get(f"ram.{name}") for name in ("tt", "a", "tsiz", "tbst")), 0])
        self.aack = int(self.unacknowledged and self.rng.random() >= self.laziness)
        if self.aack:
            self.unacknowledged, self.window = False, 2
        if certain and get("ram.dbb") and self.rng.random() >= self.laziness:
            kind, address, _, burst, beats = self.queue[0]
            self.ta = 1
            if kind & 8:
                self.d_r = self.double(self._place(address, burst, beats))

    @staticmethod
    def _place(address, burst, beats):
        return address & ~31 | address + 8 * beats & 24 if burst else address

    def _write(self, place, tsiz, burst, value):
        size = 8 if burst or not tsiz else tsiz
        shift = 8 * (8 - place % 8 - size)
        mask = (1 << 8 * size) - 1 << shift
        self.words[place & ~7] = self.double(place) & ~mask | value & mask
