"""Data cache: 32 KB, 8 ways of 128 sets of 32 bytes, MEI, copy-back (MPC750 UM 3.1 to 3.6).

    snoop --+              +-- directory --+
    walker -+              |               +
    lsu ----+-- requests --+    lookup ----+--- operation --- bus
    stores -+              |               |        |
                           +---- array ----+-----------------+
                                   +------------- buffer --- castout

One request uses the arrays in each cycle: a snoop, a read or update of the table walker, an access
of the load/store unit, or else the oldest store of the store queue. Hits are answered in the same
cycle. One longer operation is active at a time; other blocks can be hit meanwhile.

* A miss chooses and clears a way (ALLOCATE), and reads the block in a burst (RELOAD), critical
  double word first. The client gets that double word as it arrives. A modified victim is copied to
  the castout buffer in four cycles, and written after the reload's address tenure. So the arrays
  are busy for 6 or 10 cycles, as in the manual.
* Every reload is a read with intent to modify: a block is in one cache only. A store that misses
  writes when the block is there; a stwcx. of the load/store unit asks again then. Write-through
  stores write
  cache and memory, and allocate nothing. Caching-inhibited accesses, those of a disabled cache and
  those that miss in a locked one (HID0[DLOCK]) are single beats on the bus.
* dcbz allocates without reading; its four cycles of zeros follow. dcbst and dcbf push a modified
  block through the castout buffer. dcbz tells the bus that it kills other copies (M = 1, block not
  there). dcbst, dcbf, dcbi, sync and eieio are broadcast to other processors as address-only
  transactions if HID0[ABE] is set.
* A snooped block is pushed if it is modified, and leaves the cache. A block that is being reloaded
  is not here until the reload has passed the bus; from then on a snoop of it waits (ARTRY), until
  the access that wanted the block has had it.
* A flash invalidation takes one cycle and discards modified blocks too. A disabled cache keeps its
  contents, but they are not used.

The access that waits for the double word gets a transfer error (TEA). If no access waits (a
castout, a store that has left the store queue, a later beat), `error` requests a machine check.
"""

from amaranth.hdl import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.interfaces import MemoryPort, SnoopPort
from pteg.hw.cache.array import DataArray
from pteg.hw.cache.castout import CastoutBuffer
from pteg.hw.cache.enums import DataCacheState, DataOp
from pteg.hw.cache.interfaces import CacheControl, DataPort
from pteg.hw.cache.lookup import DataLookup
from pteg.hw.cache.operation import DataOperation
from pteg.hw.cache.requests import DataRequests
from pteg.hw.cache.tags import Directory
from pteg.hw.sizes import LINE_BITS

__all__ = ["DataCache"]


class DataCache(wiring.Component):
    """Between load/store unit, store queue and walker, and two bus masters.

    Parameters
    ----------
    sets, ways : int
        Powers of two.
    """

    lsu: In(DataPort())
    #: Stores of completed instructions. `drained`: there are none.
    stores: In(MemoryPort())
    drained: In(1)
    walker: In(MemoryPort())
    snoop: In(SnoopPort())
    #: A stwcx. has begun that may succeed: until its store is written, no snoop is answered.
    exclusive: In(1)
    control: In(CacheControl())
    #: HID0[ABE].
    broadcast: In(1)
    #: An L2 is in use: it is told of cache instructions. On `bus`, M then says whether others are
    #: told too; on `castout`, W is set for what memory is to have, dcbf, dcbst and snoops.
    below: In(1)
    bus: Out(MemoryPort())
    castout: Out(MemoryPort())
    #: No operation is active.
    quiet: Out(1)
    #: A machine check that belongs to no instruction in flight. One cycle.
    error: Out(1)
    #: Loads, stores and table accesses done in the cache; blocks asked for; blocks written back.
    hits: Out(64)
    misses: Out(64)
    castouts: Out(64)

    def __init__(self, sets=128, ways=8):
        self.sets, self.ways = sets, ways
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.requests = requests = DataRequests()
        m.submodules.directory = directory = Directory(self.sets, self.ways)
        m.submodules.lookup = lookup = DataLookup()
        m.submodules.operation = operation = DataOperation(self.ways)
        m.submodules.array = array = DataArray(self.sets, self.ways)
        m.submodules.buffer = buffer = CastoutBuffer(self.ways)
        asked, held, busy = requests.asked, operation.held, operation.busy

        # ---- Who asks, and what there is --------------------------------------------------------
        for name in ("snoop", "walker", "lsu", "stores"):
            connect(m, flipped(getattr(self, name)), getattr(requests, name))
        m.d.comb += [
            requests.drained.eq(self.drained), requests.exclusive.eq(self.exclusive),
            # The active operation has the arrays if it needs them.
            requests.free.eq(~busy & ~buffer.copying),
            requests.hit.eq(lookup.hit), requests.taken.eq(lookup.begin & ~lookup.touch),
            requests.absent.eq(lookup.absent), requests.array_data.eq(array.rdata),
            requests.done.eq(operation.done), requests.client.eq(held.client),
            requests.error.eq(operation.error), requests.bus_data.eq(operation.bus.rdata),
        ]
        m.d.comb += [
            lookup.asked.eq(asked), lookup.present.eq(directory.hit),
            lookup.modified.eq(directory.modified), lookup.broadcast.eq(self.broadcast),
            lookup.below.eq(self.below), lookup.snooping.eq(requests.snooping),
            lookup.snoop_line.eq(self.snoop.pa[LINE_BITS:]),
            lookup.leaving.eq(buffer.busy), lookup.leaving_line.eq(buffer.line),
            lookup.state.eq(operation.state), lookup.held_line.eq(held.pa[LINE_BITS:]),
            lookup.owned.eq(operation.owned), requests.arrived.eq(operation.arrived),
        ]
        connect(m, flipped(self.control), lookup.control)

        # ---- The active operation ---------------------------------------------------------------
        connect(m, operation.bus, flipped(self.bus))
        m.d.comb += [
            operation.begin.eq(lookup.begin), operation.first.eq(lookup.first),
            operation.asked.eq(asked), operation.touch.eq(lookup.touch),
            operation.hit.eq(directory.hit),
            operation.hit_way.eq(directory.way), operation.victim.eq(directory.victim),
            operation.victim_modified.eq(directory.victim_modified),
            operation.victim_address.eq(directory.victim_address),
            operation.leaving.eq(buffer.busy), operation.copying.eq(buffer.copying),
            operation.flash.eq(self.control.flash), operation.broadcast.eq(self.broadcast),
            operation.passed.eq(self.snoop.passed),
        ]

        # ---- Arrays and castout buffer ----------------------------------------------------------
        connect(m, buffer.memory, flipped(self.castout))
        m.d.comb += [
            directory.address.eq(array.pa), directory.flash.eq(self.control.flash),
            directory.write.eq(operation.update.write | lookup.update.write),
            directory.use.eq(operation.update.use | lookup.update.use),
            directory.write_state.eq(Mux(busy, operation.update.state, lookup.update.state)),
            directory.write_way.eq(array.way), directory.use_way.eq(array.way),
            array.pa.eq(Mux(busy, held.pa, asked.pa)),
            array.way.eq(Mux(busy, operation.block_way, directory.way)),
            array.size.eq(Mux(busy, held.size, asked.size)),
            array.wdata.eq(Mux(busy, held.wdata, asked.wdata)),
            array.merge.eq(operation.merge | lookup.merge),
            array.fill.eq(operation.fill), array.fill_pa.eq(held.pa),
            array.fill_word.eq(operation.fill_word), array.fill_way.eq(operation.block_way),
            array.fill_data.eq(operation.fill_data),
            array.copying.eq(buffer.copying), array.copy_line.eq(buffer.line),
            array.copy_word.eq(buffer.index), array.copy_way.eq(buffer.from_way),
            buffer.start.eq(operation.evict | lookup.push), buffer.push.eq(lookup.push),
            buffer.pa.eq(Mux(busy, operation.evict_pa, asked.pa)), buffer.way.eq(array.way),
            buffer.data.eq(array.rdata),
        ]

        # ---- To the processor -------------------------------------------------------------------
        m.d.comb += [
            self.quiet.eq((operation.state == DataCacheState.IDLE) & ~buffer.busy),
            self.error.eq(buffer.error | operation.machine_check),
        ]
        with m.If(lookup.hit & ((asked.op == DataOp.LOAD) | (asked.op == DataOp.STORE))):
            m.d.sync += self.hits.eq(self.hits + 1)
        with m.If(operation.miss):
            m.d.sync += self.misses.eq(self.misses + 1)
        with m.If(buffer.start):
            m.d.sync += self.castouts.eq(self.castouts + 1)
        return m
