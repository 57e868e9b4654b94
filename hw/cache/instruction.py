"""Instruction cache: 32 KB, 8 ways of 128 sets of 32 bytes (MPC750 UM 3.1, 3.3).

Physically indexed by PA[20-26] and tagged by PA[0-19]; a hit gives a quad word in the cycle of the
request. A miss reads its block in a burst, critical double word first; that one is handed on as it
arrives. Until then other blocks can be hit; from then on the cache is busy until the block is
complete. An invalid way is filled first, the lowest, then the one that pseudo-LRU names. HID0[ICE]
enables it; HID0[ILOCK] keeps its contents: misses then go to the bus as single beats, as do fetches
from caching-inhibited memory. It does not snoop: software that writes code uses dcbst, sync, icbi,
isync.

A flash invalidation (a write of HID0 with ICFI set) takes one cycle; a block that is being read
then does not become valid.
"""

import enum

from amaranth.hdl import C, Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.cache.enums import BlockState
from pteg.hw.cache.interfaces import BlockPort, CacheControl, InstructionPort
from pteg.hw.cache.tags import Directory
from pteg.hw.isa.registers import Wimg
from pteg.hw.sizes import BEATS, LINE_BITS
from pteg.hw.words import flag

__all__ = ["InstructionCache", "CacheState"]


class CacheState(enum.IntEnum):
    """LOOKUP: answer hits; FILL: read a block; BYPASS: a single beat for a fetch that is not
    cached."""

    LOOKUP = 0
    FILL = 1
    BYPASS = 2


class InstructionCache(wiring.Component):
    """Between the fetch unit and its bus master.

    Parameters
    ----------
    sets, ways : int
        Powers of two.
    """

    #: A hit is answered in the same cycle. What a request has asked the bus for is kept if it is a
    #: block, and forgotten otherwise, when the request goes away.
    fetch: In(InstructionPort())
    bus: Out(MemoryPort())
    control: In(CacheControl())
    #: icbi.
    block: In(BlockPort())
    #: Fetches answered from the cache, and blocks asked for.
    hits: Out(64)
    misses: Out(64)
    #: A block is asked for in this cycle.
    missed: Out(1)

    def __init__(self, sets=128, ways=8):
        self.sets, self.ways = sets, ways
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        tag_from = LINE_BITS + self.sets.bit_length() - 1

        state = Signal(CacheState)
        base = Signal(32)                # where the read on the bus began
        wimg = Signal(4)
        way = Signal(range(self.ways))       # that is being filled
        beat = Signal(range(BEATS))
        stale = Signal()                 # a flash invalidation came while it is read

        fetch, bus, block, control = self.fetch, self.bus, self.block, self.control
        m.submodules.directory = directory = Directory(self.sets, self.ways)
        m.d.comb += [
            directory.address.eq(fetch.pa), directory.flash.eq(control.flash),
            directory.write_way.eq(way), directory.use_way.eq(directory.way),
        ]

        # Data by way, set and quad word, the even double words and the odd ones.
        position = (base[3:5] + beat)[:2]  # of the double word that arrives
        quad = []
        for half, name in enumerate(("even", "odd")):
            datas = Memory(shape=64, depth=self.ways * self.sets * BEATS // 2, init=[])
            m.submodules[name] = datas
            read = datas.read_port(domain="comb")
            write = datas.write_port()
            m.d.comb += [
                read.addr.eq(Cat(fetch.pa[4:tag_from], directory.way)),
                write.addr.eq(Cat(position[1], base[LINE_BITS:tag_from], way)),
                write.data.eq(bus.rdata),
                write.en.eq((state == CacheState.FILL) & bus.beat & (position[0] == half)),
            ]
            quad.append(read.data)

        # Who asks for what is arriving on the bus takes it from there.
        reading = (state == CacheState.FILL) | (state == CacheState.BYPASS)
        wanted = fetch.valid & (fetch.pa[3:] == base[3:])
        inhibited = flag(fetch.wimg, Wimg.I)
        cached = control.enable & ~inhibited
        hit = Signal()
        arrives = Signal()
        m.d.comb += [
            fetch.ready.eq(hit | arrives & wanted), fetch.error.eq(arrives & bus.error),
            bus.type.eq(TransferType.READ), bus.size.eq(8), bus.addr.eq(base),
            bus.wimg.eq(wimg), bus.burst.eq(state == CacheState.FILL), bus.valid.eq(reading),
            fetch.data.eq(Cat(bus.rdata, bus.rdata)), fetch.half.eq(1),
        ]
        with m.If(hit):
            m.d.comb += [fetch.half.eq(0), fetch.data.eq(Cat(*reversed(quad))),
                         directory.use.eq(1)]
            m.d.sync += self.hits.eq(self.hits + 1)
        with m.If(control.flash):
            m.d.sync += stale.eq(1)

        with m.Switch(state):
            with m.Case(CacheState.LOOKUP):
                with m.If(block.valid):
                    m.d.comb += [
                        block.done.eq(1), directory.address.eq(block.pa),
                        directory.write.eq(directory.hit), directory.write_way.eq(directory.way),
                        directory.write_state.eq(BlockState.INVALID),
                    ]
                with m.Elif(fetch.valid):
                    m.d.sync += [base.eq(Cat(C(0, 3), fetch.pa[3:])), wimg.eq(fetch.wimg),
                                 beat.eq(0), stale.eq(control.flash)]
                    with m.If(cached & directory.hit):
                        m.d.comb += hit.eq(1)
                    with m.Elif(cached & ~control.lock):
                        m.d.comb += self.missed.eq(1)
                        m.d.sync += [state.eq(CacheState.FILL), self.misses.eq(self.misses + 1),
                                     way.eq(directory.victim)]
                    with m.Else():
                        m.d.sync += state.eq(CacheState.BYPASS)
            with m.Case(CacheState.FILL):
                first = beat == 0
                with m.If(first):
                    m.d.comb += [
                        arrives.eq(bus.beat | bus.done),
                        hit.eq(fetch.valid & cached & directory.hit & ~bus.beat & ~bus.done),
                    ]
                with m.If(bus.beat):
                    m.d.sync += beat.eq(beat + 1)
                with m.If(bus.beat & first):
                    # What was in the way is gone.
                    m.d.comb += [directory.address.eq(base), directory.write.eq(1),
                                 directory.write_state.eq(BlockState.INVALID)]
                with m.If(bus.done):
                    m.d.sync += state.eq(CacheState.LOOKUP)
                    with m.If(~bus.error & ~stale & ~control.flash):
                        m.d.comb += [
                            directory.address.eq(base), directory.write.eq(1),
                            directory.write_state.eq(BlockState.EXCLUSIVE),
                            directory.use.eq(1), directory.use_way.eq(way),
                        ]
            with m.Case(CacheState.BYPASS):
                m.d.comb += arrives.eq(bus.done)
                with m.If(bus.done):
                    m.d.sync += state.eq(CacheState.LOOKUP)
        return m
