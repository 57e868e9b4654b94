"""The active operation of the data cache: all that takes longer than a hit (MPC750 UM 3.4 to 3.7).

    ALLOCATE -- RELOAD ------ MERGE         a block is read; and the store that wanted it
        |    -- BROADCAST --- ZERO          dcbz: tell others, if M says so; write zeros
    SINGLE                                  a single beat
    BROADCAST                               an address-only transaction

A reload is a burst that begins with the critical double word, which the client gets as it arrives;
the table walker gets it when the block is complete.
A modified victim is copied to the castout buffer meanwhile. A flash invalidation during a
reload leaves the block invalid.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.cache.enums import BlockState, Client, DataCacheState, DataOp
from pteg.hw.cache.interfaces import DirectoryUpdate, Request
from pteg.hw.isa.registers import Wimg
from pteg.hw.sizes import BEATS, LINE_BITS
from pteg.hw.words import flag

__all__ = ["DataOperation"]

#: Transfer types of the address-only operations.
_BROADCASTS = {DataOp.ZERO: TransferType.KILL_BLOCK, DataOp.CLEAN: TransferType.CLEAN_BLOCK,
               DataOp.FLUSH: TransferType.FLUSH_BLOCK, DataOp.INVALIDATE: TransferType.KILL_BLOCK}


class DataOperation(wiring.Component):
    """Reloads, single beats, broadcasts and dcbz.

    Parameters
    ----------
    ways : int
    """

    def __init__(self, ways):
        super().__init__({
            #: `asked` is the active operation from the next cycle on, in the state `first`.
            "begin": In(1), "first": In(DataCacheState), "asked": In(Request),
            #: It only fetches the block.
            "touch": In(1),
            #: The active operation, and its way.
            "state": Out(DataCacheState), "held": Out(Request), "block_way": Out(range(ways)),
            #: The arrays work for it in this cycle: the directory tells of the block of `held`.
            "busy": Out(1),
            "hit": In(1), "hit_way": In(range(ways)), "victim": In(range(ways)),
            "victim_modified": In(1), "victim_address": In(32),
            "update": Out(DirectoryUpdate()),
            #: Bytes of a store are written; or a double word of the block is.
            "merge": Out(1), "fill": Out(1), "fill_word": Out(2), "fill_data": Out(64),
            #: Castout buffer: it has a block, or copies one; it is to take that at `evict_pa`.
            "leaving": In(1), "copying": In(1), "evict": Out(1), "evict_pa": Out(32),
            #: A flash invalidation; HID0[ABE].
            "flash": In(1), "broadcast": In(1),
            #: The transaction has passed the bus; the block of `held` belongs to this cache, or the
            #: reservation has been checked for it: snoops of it wait.
            "passed": In(1), "owned": Out(1),
            #: For whom a block has arrived in the cycle before that is to be asked for again.
            "arrived": Out(Client),
            "bus": Out(MemoryPort()),
            #: A reload begins.
            "miss": Out(1),
            #: What `held.client` waits for is done, and whether with a transfer error.
            "done": Out(1), "error": Out(1),
            #: A transfer error for which no access waits.
            "machine_check": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        state, held, bus = self.state, self.held, self.bus
        way = Signal.like(self.block_way, name="way")
        beat = Signal(range(BEATS))
        stale = Signal()     # a flash invalidation came during the reload
        again = Signal()     # the client asks again when the block is there

        m.d.comb += [
            self.block_way.eq(way), self.fill_word.eq(beat),
            bus.addr.eq(held.pa), bus.size.eq(held.size), bus.wimg.eq(held.wimg),
            bus.wdata.eq(held.wdata), bus.type.eq(held.type),
        ]
        m.d.sync += self.arrived.eq(Client.NOBODY)
        with m.Switch(state):
            with m.Case(DataCacheState.ALLOCATE):
                self._allocate(m, way)
                m.d.sync += [beat.eq(0), stale.eq(0)]
            with m.Case(DataCacheState.RELOAD):
                self._reload(m, beat, stale, again)
            with m.Case(DataCacheState.MERGE):
                m.d.comb += self.busy.eq(1)
                with m.If(~self.copying):       # a block that a snoop pushes
                    m.d.comb += self.merge.eq(1)
                    self._enter(m, BlockState.MODIFIED)
                    self._finish(m)
            with m.Case(DataCacheState.SINGLE):
                m.d.comb += bus.valid.eq(1)
                with m.If(bus.done):
                    self._finish(m, bus.error)
            with m.Case(DataCacheState.BROADCAST):
                self._broadcast(m)
            with m.Case(DataCacheState.ZERO):
                m.d.comb += self.busy.eq(1)
                with m.If(~self.copying):
                    m.d.comb += self.fill.eq(1)
                    m.d.sync += beat.eq(beat + 1)
                    with m.If(beat == BEATS - 1):
                        self._enter(m, BlockState.MODIFIED)
                        m.d.sync += state.eq(DataCacheState.IDLE)
        atomic = ((self.asked.type == TransferType.WRITE_WITH_FLUSH_ATOMIC)
                  & (self.first == DataCacheState.SINGLE))
        with m.If(self.passed & (bus.burst | (held.type == TransferType.READ_ATOMIC))):
            m.d.sync += self.owned.eq(1)
        with m.If(self.done & self.error & (held.client == Client.STORES)):
            m.d.comb += self.machine_check.eq(1)
        with m.If(self.begin):
            m.d.sync += [held.eq(self.asked), state.eq(self.first), beat.eq(0),
                         self.owned.eq(atomic), again.eq(self.touch)]
            with m.If(self.touch):
                m.d.sync += held.op.eq(DataOp.TOUCH)
        return m

    def _allocate(self, m, way):
        """Choose a way, and clear it."""
        state, held = self.state, self.held
        zero = held.op == DataOp.ZERO
        evict = Signal()
        self._burst(m)
        m.d.comb += [
            self.busy.eq(1),
            evict.eq(~self.hit & self.victim_modified),
            # Only dcbz comes here with a block that is in the cache.
            self.block_way.eq(Mux(self.hit, self.hit_way, self.victim)),
            self.evict_pa.eq(Cat(held.pa[:LINE_BITS], self.victim_address[LINE_BITS:])),
        ]
        with m.If(zero):
            m.d.comb += self.done.eq(1)     # nothing can go wrong any more
        with m.If(~evict | ~self.leaving):
            m.d.comb += [self.evict.eq(evict), self.update.write.eq(~self.hit),
                         self.update.state.eq(BlockState.INVALID)]
            m.d.sync += way.eq(self.block_way)
            with m.If(zero):
                m.d.sync += state.eq(Mux(~self.hit & flag(held.wimg, Wimg.M),
                                         DataCacheState.BROADCAST, DataCacheState.ZERO))
            with m.Else():
                m.d.comb += [self.bus.valid.eq(1), self.miss.eq(1)]
                m.d.sync += state.eq(DataCacheState.RELOAD)

    def _burst(self, m):
        """The burst that reads the block, and takes it away from others: there is no shared state
        (750GX UM p. 127, 140)."""
        bus = self.bus
        m.d.comb += bus.burst.eq(1)
        m.d.comb += bus.type.eq(TransferType.READ_WITH_INTENT_TO_MODIFY)

    def _reload(self, m, beat, stale, again):
        """Read the block."""
        bus, held = self.bus, self.held
        store, first = held.op == DataOp.STORE, beat == 0
        search = (held.op == DataOp.LOAD) & (held.client == Client.WALKER)
        self._burst(m)
        m.d.comb += [
            self.busy.eq(bus.beat | bus.done), bus.valid.eq(1), self.fill.eq(bus.beat),
            self.fill_word.eq(held.pa[3:LINE_BITS] + beat), self.fill_data.eq(bus.rdata),
        ]
        with m.If(self.flash):
            m.d.sync += stale.eq(1)
        with m.If(bus.beat):
            m.d.sync += beat.eq(beat + 1)
        with m.If(search):
            # It asks again, and finds the block in the cache.
            m.d.comb += [self.done.eq(bus.error), self.error.eq(bus.error)]
        with m.Elif(first & self.busy & (held.op == DataOp.LOAD)):
            m.d.comb += [self.done.eq(1), self.error.eq(bus.error)]
        with m.If(bus.done):
            with m.If(bus.error):
                m.d.comb += self.machine_check.eq(~first & ~search)
                with m.If(store):
                    m.d.comb += [self.done.eq(1), self.error.eq(1)]
                m.d.sync += self.state.eq(DataCacheState.IDLE)
            with m.Else():
                with m.If(~stale & ~self.flash):
                    self._enter(m, BlockState.EXCLUSIVE)
                m.d.sync += self.state.eq(Mux(store, DataCacheState.MERGE, DataCacheState.IDLE))
                with m.If(search | again):
                    m.d.sync += self.arrived.eq(held.client)

    def _broadcast(self, m):
        """Tell the bus; M says to the L2, if there is one, whether others are told too."""
        bus, held = self.bus, self.held
        m.d.comb += bus.valid.eq(1)
        with m.Switch(held.op):
            for op, type in _BROADCASTS.items():
                with m.Case(op):
                    m.d.comb += bus.type.eq(type)
                    if op != DataOp.ZERO:
                        with m.If(~self.broadcast):
                            m.d.comb += bus.wimg.eq(held.wimg & ~int(Wimg.M))
        with m.If(bus.done):
            with m.If(held.op == DataOp.ZERO):
                m.d.sync += self.state.eq(DataCacheState.ZERO)
            with m.Else():
                self._finish(m)

    def _enter(self, m, state):
        """The block is in the cache from the next cycle on."""
        m.d.comb += [self.update.write.eq(1), self.update.use.eq(1), self.update.state.eq(state)]

    def _finish(self, m, error=0):
        """The operation is over."""
        m.d.comb += [self.done.eq(1), self.error.eq(error)]
        m.d.sync += self.state.eq(DataCacheState.IDLE)
