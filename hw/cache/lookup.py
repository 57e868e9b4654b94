"""Lookup in the data cache: the answer to a request in its cycle (MPC750 UM 3.4 to 3.6).

The request hits and is done; or it begins an operation that takes more cycles; or it must be
repeated. A block that is being written to memory, or that another master uses, is not read.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.cache.enums import BlockState, Client, DataCacheState, DataOp
from pteg.hw.cache.interfaces import CacheControl, DirectoryUpdate, Request
from pteg.hw.isa.registers import Wimg
from pteg.hw.sizes import LINE_BITS
from pteg.hw.words import flag

__all__ = ["DataLookup"]


class DataLookup(wiring.Component):
    """Answers a request, from the directory's entry for its block."""

    asked: In(Request)
    #: Of the directory: the block is there, and modified.
    present: In(1)
    modified: In(1)
    control: In(CacheControl())
    #: HID0[ABE]; and an L2 is in use: both need cache instructions on the bus.
    broadcast: In(1)
    below: In(1)
    #: There is a snoop to answer, of the block with this number.
    snooping: In(1)
    snoop_line: In(32 - LINE_BITS)
    #: The castout buffer has a block, or gets one: its number.
    leaving: In(1)
    leaving_line: In(32 - LINE_BITS)
    #: The active operation, with the block of this number; it is this cache's already.
    state: In(DataCacheState)
    held_line: In(32 - LINE_BITS)
    owned: In(1)
    #: The request is done.
    hit: Out(1)
    #: It becomes the active operation, in the state `first`.
    begin: Out(1)
    first: Out(DataCacheState)
    #: It only fetches the block, and is to be repeated: a stwcx. of the load/store unit.
    touch: Out(1)
    #: The bytes of a store are written into the block.
    merge: Out(1)
    update: Out(DirectoryUpdate())
    #: The block goes to the castout buffer.
    push: Out(1)
    #: A snooped block is not here, or is no more.
    absent: Out(1)

    def elaborate(self, platform):
        m = Module()
        asked, update = self.asked, self.update
        line = asked.pa[LINE_BITS:]
        found, cached, clash, free = (
            Signal(name=name) for name in ("found", "cached", "clash", "free"))
        m.d.comb += [
            found.eq(self.present & self.control.enable),
            cached.eq(self.control.enable & ~flag(asked.wimg, Wimg.I)),
            clash.eq(self._leaves() | self.snooping & (self.snoop_line == line)),
            free.eq((self.state == DataCacheState.IDLE) & ~clash),
        ]
        write_through, guarded = flag(asked.wimg, Wimg.W), flag(asked.wimg, Wimg.G)
        allocates = cached & ~self.control.lock

        def begin(state):
            m.d.comb += [self.begin.eq(1), self.first.eq(state)]

        with m.If(asked.client != Client.NOBODY), m.Switch(asked.op):
            with m.Case(DataOp.LOAD):
                with m.If(cached & found):
                    m.d.comb += [self.hit.eq(1), update.use.eq(1)]
                with m.Elif(free & (~asked.speculative | allocates & ~guarded)):
                    begin(Mux(allocates, DataCacheState.ALLOCATE, DataCacheState.SINGLE))
            with m.Case(DataOp.TOUCH):
                with m.If(free & allocates & ~found & ~guarded):
                    begin(DataCacheState.ALLOCATE)
            with m.Case(DataOp.STORE):
                m.d.comb += update.state.eq(BlockState.MODIFIED)
                with m.If(cached & found & ~write_through):
                    m.d.comb += [self.hit.eq(1), self.merge.eq(1), update.write.eq(1),
                                 update.use.eq(1)]
                with m.Elif(free):
                    fetch = Signal()
                    m.d.comb += [self.merge.eq(cached & found),
                                 fetch.eq(allocates & ~found & ~write_through),
                                 self.touch.eq(fetch & (asked.client == Client.LSU))]
                    begin(Mux(fetch, DataCacheState.ALLOCATE, DataCacheState.SINGLE))
            with m.Case(DataOp.ZERO):
                with m.If(free):
                    begin(DataCacheState.ALLOCATE)
            with m.Case(DataOp.BARRIER):
                with m.If(free):
                    begin(DataCacheState.BROADCAST)
            with m.Default():
                self._manage(m, found, free, begin)
        return m

    def _leaves(self):
        """The block is on its way to memory."""
        return self.leaving & (self.leaving_line == self.asked.pa[LINE_BITS:])

    def _manage(self, m, found, free, begin):
        """dcbst, dcbf, dcbi, snoops: push what is modified, tell others, forget."""
        asked, update = self.asked, self.update
        snoop = asked.client == Client.SNOOP
        # A snoop waits only for a block that this cache has won: until the bus has decided, others
        # may have it.
        mine = ((self.state != DataCacheState.IDLE) & (self.held_line == asked.pa[LINE_BITS:])
                & (self.owned | ~snoop))
        stays = asked.op == DataOp.CLEAN
        over = Signal()     # the block is in the state that the request wants
        m.d.comb += [
            update.write.eq(found & over),
            update.state.eq(Mux(stays, BlockState.EXCLUSIVE, BlockState.INVALID)),
        ]
        with m.If(found & self.modified & (asked.op != DataOp.INVALIDATE)):
            with m.If(~self.leaving):
                m.d.comb += [self.push.eq(1), over.eq(1), self.hit.eq(1)]
        with m.Elif(mine):
            pass    # not yet: the block is on its way here
        with m.Elif(snoop):
            with m.If(~self._leaves()):
                m.d.comb += [over.eq(~stays), self.absent.eq(1)]
        with m.Elif(self.below | self.broadcast & flag(asked.wimg, Wimg.M)):
            with m.If(free):
                m.d.comb += over.eq(~stays)
                begin(DataCacheState.BROADCAST)
        with m.Else():
            m.d.comb += [self.hit.eq(1), over.eq(~stays)]
