r"""What a processor does with the broadcasts that it hears (docs/decisions/0014).

    tlbie   ______/--\_____________________   at once: both TLBs, and a table search under way
    translated ______/------------\________   until what was translated before is over
    icbi    ______/--\_____________________
    waits   _________/--------\____________   until the instruction cache has time

Translated before are: the stores in the store queue, the access that the data cache works on, and
R or C that a table search is writing. They are marked, and others that come later are not.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.interfaces import BroadcastPort
from pteg.hw.cache.interfaces import BlockPort
from pteg.hw.core.storequeue import STORES
from pteg.hw.mmu.interfaces import InvalidatePort

__all__ = ["Broadcasts"]


class Broadcasts(wiring.Component):
    """Joins what is heard with the load/store unit's own."""

    told: In(BroadcastPort())
    #: tlbie and icbi of the load/store unit.
    own_invalidate: In(InvalidatePort())
    own_block: In(BlockPort())
    invalidate: Out(InvalidatePort())
    block: Out(BlockPort())
    #: Entries of the store queue; the oldest leaves.
    stores: In(range(STORES + 1))
    stored: In(1)
    #: The load/store unit waits for an access in the data cache; that is over.
    accesses: In(1)
    accessed: In(1)
    #: A table search that has been under way writes R or C.
    updates: In(1)

    def elaborate(self, platform):
        m = Module()
        told, block = self.told, self.block
        icbi = Signal()
        place = Signal(32)
        marked = Signal(range(STORES + 1))      # stores
        access = Signal()
        left = Mux(marked > self.stores, self.stores, marked) - ((marked != 0) & self.stored)
        m.d.sync += [marked.eq(left), access.eq(access & ~self.accessed)]
        with m.If(told.tlbie):
            m.d.sync += [marked.eq(self.stores - self.stored),
                         access.eq(self.accesses & ~self.accessed)]
        with m.If(told.icbi):
            m.d.sync += [icbi.eq(1), place.eq(told.address)]
        with m.Elif(block.done):
            m.d.sync += icbi.eq(0)
        m.d.comb += [
            told.icbi_waits.eq(icbi), told.translated.eq((marked != 0) | access | self.updates),
            self.invalidate.valid.eq(self.own_invalidate.valid | told.tlbie),
            self.invalidate.ea.eq(Mux(told.tlbie, told.address, self.own_invalidate.ea)),
            block.valid.eq(self.own_block.valid | icbi),
            block.pa.eq(Mux(icbi, place, self.own_block.pa)),
            self.own_block.done.eq(block.done & ~icbi),
        ]
        return m
