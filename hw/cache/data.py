"""Data cache: 32 KB, 8 ways of 128 sets of 32 bytes, MEI, copy-back (MPC750 UM 3.1 to 3.6).

One look into the arrays a cycle: a snoop, a read or update of the table walker, an access of the
load/store unit, or else the oldest store of the store queue. Hits are answered in the same cycle.
One operation that is more than a hit goes on at a time, in `state`; hits go on beside it.

* A miss looks once (`arbitrate`), chooses and clears a way (`allocate`), and reads the block in a
  burst, critical double word first; that one is handed on as it arrives. A modified victim is
  copied to the castout buffer in four cycles, and written after the reload's address tenure. So the
  arrays are busy for 6 or 10 cycles, as in the manual.
* A store to a block that is not there reads it with intent to modify, then writes. Write-through
  stores write both, and allocate nothing. Caching-inhibited accesses, those of a disabled cache and
  those that miss in a locked one (HID0[DLOCK]) are single beats on the bus.
* dcbz allocates without reading; its four cycles of zeros follow. dcbst and dcbf push a modified
  block through the castout buffer. dcbz tells the bus that it kills other copies (M = 1, block not
  there). dcbst, dcbf, dcbi, sync and eieio do what they do to other processors as address-only
  operations if HID0[ABE] is set.
* A snooped block is pushed if it is modified, and leaves the cache.
* A flash invalidation takes one cycle and forgets modified blocks too; a disabled cache keeps its
  contents, but nothing looks at them.

What a TEA does: the access that waits for the double word gets it. If nobody does (a castout, a
store that has left the store queue, a later beat), `error` asks for a machine check.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort, SnoopPort
from pteg.hw.cache.castout import CastoutBuffer
from pteg.hw.cache.enums import BlockState, Client, DataCacheState, DataOp
from pteg.hw.cache.interfaces import CacheControl, DataPort, byte_lanes
from pteg.hw.cache.tags import Directory
from pteg.hw.isa.registers import Wimg
from pteg.hw.named import Named
from pteg.hw.sizes import BEATS, LINE_BITS
from pteg.hw.words import flag

__all__ = ["DataCache"]


class Request(data.Struct):
    """An access; fields as those of `DataPort`."""

    client: Named(Client)
    op: Named(DataOp)
    pa: 32
    size: 4
    wimg: 4
    type: Named(TransferType)
    wdata: 64
    speculative: 1


#: Transfer types of the address-only operations.
_BROADCASTS = {DataOp.ZERO: TransferType.KILL_BLOCK, DataOp.CLEAN: TransferType.CLEAN_BLOCK,
               DataOp.FLUSH: TransferType.FLUSH_BLOCK, DataOp.INVALIDATE: TransferType.KILL_BLOCK}


class DataCache(wiring.Component):
    """Between load/store unit, store queue and walker, and two bus masters.

    Parameters
    ----------
    sets, ways : int
        Powers of two.

    Members
    -------
    lsu : In(DataPort)
    stores : In(MemoryPort)
        Stores of completed instructions.
    drained : In(1)
        There are none: a table search waits for it, and so sees all older stores.
    walker : In(MemoryPort)
    snoop : In(SnoopPort)
    exclusive : In(1)
        A stwcx. has begun that may succeed: until its store is written, no snoop is answered.
    control : In(CacheControl)
    broadcast : In(1)
        HID0[ABE].
    below : In(1)
        An L2 is in use: it is told of cache instructions. On `bus`, M then says whether others are
        told too; on `castout`, W is set for what memory is to have, dcbf, dcbst and snoops.
    bus, castout : Out(MemoryPort)
    quiet : Out(1)
        Nothing goes on but hits.
    error : Out(1)
        A machine check that belongs to no instruction in flight. One cycle.
    hits, misses, castouts : Out(64)
        Loads, stores and table accesses done in the cache; blocks asked for; blocks written back.
    """

    def __init__(self, sets=128, ways=8):
        self.sets, self.ways = sets, ways
        super().__init__({
            "lsu": In(DataPort()), "stores": In(MemoryPort()), "drained": In(1),
            "walker": In(MemoryPort()), "snoop": In(SnoopPort()), "exclusive": In(1),
            "control": In(CacheControl()), "broadcast": In(1), "below": In(1),
            "bus": Out(MemoryPort()), "castout": Out(MemoryPort()),
            "quiet": Out(1), "error": Out(1),
            "hits": Out(64), "misses": Out(64), "castouts": Out(64),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.directory = self._directory = directory = Directory(self.sets, self.ways)
        m.submodules.buffer = self._buffer = buffer = CastoutBuffer()
        connect(m, buffer.memory, flipped(self.castout))
        self._state = state = Signal(DataCacheState, name="state")
        self._held = held = Signal(Request, name="held")    # what goes on beside hits
        self._way = way = Signal(range(self.ways), name="way")
        self._beat = beat = Signal(range(BEATS), name="beat")
        self._snooped = snooped = Signal(name="snooped")    # the snoop's block is not here
        self._snoops = snoops = Signal(name="snoops")       # there is a snoop to answer
        forget = Signal()                                   # flash invalidation during a reload
        bus, lsu = self.bus, self.lsu

        # The arrays look at the operation that goes on if it needs them, otherwise at a request.
        busy = Signal()
        self._asked = asked = Signal(Request, name="asked")
        with m.Switch(state):
            with m.Case(DataCacheState.ALLOCATE, DataCacheState.MERGE, DataCacheState.ZERO):
                m.d.comb += busy.eq(1)
            with m.Case(DataCacheState.RELOAD):
                m.d.comb += busy.eq(bus.beat | bus.done)
        with m.If(~busy & ~buffer.copying):
            self._choose(m)
        m.d.comb += [
            directory.address.eq(Mux(busy, held.pa, asked.pa)),
            directory.write_way.eq(Mux(busy, way, directory.way)),
            directory.use_way.eq(directory.write_way),
            directory.flash.eq(self.control.flash),
            self.quiet.eq((state == DataCacheState.IDLE) & ~buffer.busy),
            self.error.eq(buffer.error),
        ]

        # Data: one double word a cycle, read, or read and written.
        m.submodules.words = words = Memory(
            shape=64, depth=self.sets * self.ways * BEATS, init=[])
        read, write = words.read_port(domain="comb"), words.write_port()
        sets = LINE_BITS + self.sets.bit_length() - 1
        self._read, self._write = read, write

        def place(pa, word, way):
            return Cat(word, pa[LINE_BITS:sets], way)

        now = Signal(Request, name="now")       # whose bytes are merged
        m.d.comb += now.eq(Mux(busy, held, asked))
        enable = byte_lanes(now.pa, now.size)
        mask = Cat(*(bit.replicate(8) for bit in enable))
        m.d.comb += [
            read.addr.eq(place(now.pa, now.pa[3:LINE_BITS], directory.write_way)),
            write.addr.eq(read.addr),
            write.data.eq(now.wdata & mask | read.data & ~mask),
            buffer.data.eq(read.data),
            lsu.rdata.eq(Mux(lsu.hit, read.data, bus.rdata)),
            self.walker.rdata.eq(Mux((state != DataCacheState.IDLE)
                                     & (held.client == Client.WALKER), bus.rdata, read.data)),
        ]
        # What is copied to the castout buffer: block of the register `out`.
        out = Signal(32)
        out_way = Signal(range(self.ways))
        with m.If(buffer.start):
            m.d.sync += [out.eq(directory.address), out_way.eq(directory.write_way),
                         self.castouts.eq(self.castouts + 1)]
        with m.If(buffer.copying):
            m.d.comb += read.addr.eq(place(out, buffer.index, out_way))

        # ---- The operation that goes on ---------------------------------------------------------
        load = held.op == DataOp.LOAD
        first = beat == 0
        m.d.comb += [
            bus.addr.eq(held.pa), bus.size.eq(held.size), bus.wimg.eq(held.wimg),
            bus.wdata.eq(held.wdata), bus.type.eq(held.type),
        ]
        with m.Switch(state):
            with m.Case(DataCacheState.ALLOCATE):
                evict = Signal()
                self._reload(m)
                with m.If(held.op == DataOp.ZERO):
                    m.d.comb += lsu.done.eq(1)      # nothing can go wrong any more
                m.d.comb += [
                    evict.eq(~directory.hit & directory.victim_modified),
                    # Only dcbz comes here with a block that is in the cache.
                    directory.write_way.eq(Mux(directory.hit, directory.way, directory.victim)),
                    buffer.pa.eq(Cat(held.pa[:LINE_BITS], directory.victim_address[LINE_BITS:])),
                ]
                with m.If(~evict | ~buffer.busy):
                    m.d.comb += [buffer.start.eq(evict), directory.write.eq(~directory.hit),
                                 directory.write_state.eq(BlockState.INVALID)]
                    m.d.sync += [way.eq(directory.write_way), beat.eq(0), forget.eq(0)]
                    with m.If(held.op == DataOp.ZERO):
                        m.d.sync += state.eq(Mux(~directory.hit & flag(held.wimg, Wimg.M),
                                                 DataCacheState.BROADCAST, DataCacheState.ZERO))
                    with m.Else():
                        m.d.comb += bus.valid.eq(1)
                        m.d.sync += [state.eq(DataCacheState.RELOAD),
                                     self.misses.eq(self.misses + 1)]
            with m.Case(DataCacheState.RELOAD):
                self._reload(m)
                m.d.comb += bus.valid.eq(1)
                with m.If(self.control.flash):
                    m.d.sync += forget.eq(1)
                with m.If(bus.beat):
                    m.d.comb += [
                        write.addr.eq(place(held.pa, (held.pa[3:LINE_BITS] + beat)[:2], way)),
                        write.data.eq(bus.rdata), write.en.eq(1),
                    ]
                    m.d.sync += beat.eq(beat + 1)
                with m.If(first & (bus.beat | bus.done) & load):
                    self._finish(m, bus.error)
                with m.If(bus.done):
                    with m.If(bus.error):
                        m.d.sync += state.eq(DataCacheState.IDLE)
                        with m.If(~first):
                            m.d.comb += self.error.eq(1)
                        with m.If(held.op == DataOp.STORE):
                            self._finish(m, 1)
                    with m.Else():
                        m.d.comb += [
                            directory.write.eq(~forget & ~self.control.flash),
                            directory.use.eq(directory.write),
                            directory.write_state.eq(BlockState.EXCLUSIVE),
                        ]
                        m.d.sync += state.eq(Mux(held.op == DataOp.STORE, DataCacheState.MERGE,
                                                 DataCacheState.IDLE))
            with m.Case(DataCacheState.MERGE):
                with m.If(~buffer.copying):     # a block that a snoop pushes
                    m.d.comb += [write.en.eq(1), directory.write.eq(1), directory.use.eq(1),
                                 directory.write_state.eq(BlockState.MODIFIED)]
                    self._finish(m, 0)
                    m.d.sync += state.eq(DataCacheState.IDLE)
            with m.Case(DataCacheState.SINGLE):
                m.d.comb += bus.valid.eq(1)
                with m.If(bus.done):
                    self._finish(m, bus.error)
                    m.d.sync += state.eq(DataCacheState.IDLE)
            with m.Case(DataCacheState.BROADCAST):
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
                        m.d.sync += state.eq(DataCacheState.ZERO)
                    with m.Else():
                        self._finish(m, 0)
                        m.d.sync += state.eq(DataCacheState.IDLE)
            with m.Case(DataCacheState.ZERO):
                m.d.comb += [write.addr.eq(place(held.pa, beat, way)), write.data.eq(0)]
                with m.If(~buffer.copying):
                    m.d.comb += write.en.eq(1)
                    m.d.sync += beat.eq(beat + 1)
                    with m.If(beat == BEATS - 1):
                        m.d.comb += [directory.write.eq(1), directory.use.eq(1),
                                     directory.write_state.eq(BlockState.MODIFIED)]
                        m.d.sync += state.eq(DataCacheState.IDLE)

        # ---- The request ------------------------------------------------------------------------
        m.d.comb += [self.snoop.done.eq(snooped),
                     snoops.eq(self.snoop.valid & (snooped | ~self.exclusive))]
        with m.If(~self.snoop.valid):
            m.d.sync += snooped.eq(0)
        with m.If(asked.client != Client.NOBODY):
            self._look(m)
        return m

    def _reload(self, m):
        """What kind of burst reads the block."""
        bus, held = self.bus, self._held
        m.d.comb += bus.burst.eq(1)
        with m.If(held.op == DataOp.STORE):
            m.d.comb += bus.type.eq(TransferType.READ_WITH_INTENT_TO_MODIFY)
        with m.Elif(held.op == DataOp.TOUCH):
            m.d.comb += bus.type.eq(TransferType.READ)

    def _finish(self, m, error):
        """The operation is over, for the one who waits for it."""
        with m.Switch(self._held.client):
            with m.Case(Client.LSU):
                m.d.comb += [self.lsu.done.eq(1), self.lsu.error.eq(error)]
            for client, port in ((Client.WALKER, self.walker), (Client.STORES, self.stores)):
                with m.Case(client):
                    m.d.comb += [port.done.eq(1), port.beat.eq(~error), port.error.eq(error)]
        with m.If((self._held.client == Client.STORES) & error):
            m.d.comb += self.error.eq(1)

    def _choose(self, m):
        """The one request that looks into the arrays in this cycle."""
        asked, snoop, walker, lsu, stores = (
            self._asked, self.snoop, self.walker, self.lsu, self.stores)

        def take(client, op, port):
            m.d.comb += [asked.client.eq(client), asked.op.eq(op), asked.size.eq(port.size),
                         asked.wimg.eq(port.wimg), asked.type.eq(port.type),
                         asked.wdata.eq(port.wdata)]

        with m.If(self._snoops & ~self._snooped):
            m.d.comb += [asked.client.eq(Client.SNOOP), asked.pa.eq(snoop.pa),
                         asked.op.eq(Mux(snoop.clean, DataOp.CLEAN, DataOp.FLUSH))]
        with m.Elif(walker.valid & self.drained):
            take(Client.WALKER, Mux(walker.type == TransferType.READ, DataOp.LOAD, DataOp.STORE),
                 walker)
            m.d.comb += asked.pa.eq(walker.addr)
        with m.Elif(lsu.valid):
            take(Client.LSU, lsu.op, lsu)
            m.d.comb += [asked.pa.eq(lsu.pa), asked.speculative.eq(lsu.speculative)]
        with m.Elif(stores.valid):
            take(Client.STORES, DataOp.STORE, stores)
            m.d.comb += asked.pa.eq(stores.addr)

    def _look(self, m):
        """Answer the request by what the directory says of its block."""
        asked, directory, buffer = self._asked, self._directory, self._buffer
        line = asked.pa[LINE_BITS:]
        found, cached, hit, clash, free = (
            Signal(name=name) for name in ("found", "cached", "hit", "clash", "free"))
        leaving = buffer.busy & (buffer.line == line)
        wanted = self._snoops & (self.snoop.pa[LINE_BITS:] == line)
        m.d.comb += [
            found.eq(directory.hit & self.control.enable),
            cached.eq(self.control.enable & ~flag(asked.wimg, Wimg.I)),
            # What memory has yet to get, or another master uses, is not read.
            clash.eq(leaving | wanted),
            free.eq((self._state == DataCacheState.IDLE) & ~clash),
        ]

        def begin(state):
            m.d.comb += self.lsu.taken.eq(asked.client == Client.LSU)
            m.d.sync += [self._held.eq(asked), self._state.eq(state), self._beat.eq(0)]

        write_through = flag(asked.wimg, Wimg.W)
        allocates = cached & ~self.control.lock
        with m.Switch(asked.op):
            with m.Case(DataOp.LOAD):
                with m.If(cached & found):
                    m.d.comb += [hit.eq(1), directory.use.eq(1)]
                with m.Elif(free & (~asked.speculative | allocates & ~flag(asked.wimg, Wimg.G))):
                    begin(Mux(allocates, DataCacheState.ALLOCATE, DataCacheState.SINGLE))
            with m.Case(DataOp.TOUCH):
                with m.If(free & allocates & ~found & ~flag(asked.wimg, Wimg.G)):
                    begin(DataCacheState.ALLOCATE)
            with m.Case(DataOp.STORE):
                m.d.comb += directory.write_state.eq(BlockState.MODIFIED)
                with m.If(cached & found & ~write_through):
                    m.d.comb += [hit.eq(1), self._write.en.eq(1), directory.write.eq(1),
                                 directory.use.eq(1)]
                with m.Elif(free):
                    m.d.comb += self._write.en.eq(cached & found)
                    begin(Mux(allocates & ~found & ~write_through,
                              DataCacheState.ALLOCATE, DataCacheState.SINGLE))
            with m.Case(DataOp.ZERO):
                with m.If(free):
                    begin(DataCacheState.ALLOCATE)
            with m.Case(DataOp.BARRIER):
                with m.If(free):
                    begin(DataCacheState.BROADCAST)
            with m.Default():
                self._manage(m, found, leaving, free, hit, begin)

        with m.If(hit):
            with m.Switch(asked.client):
                with m.Case(Client.LSU):
                    m.d.comb += self.lsu.hit.eq(1)
                for client, port in ((Client.WALKER, self.walker), (Client.STORES, self.stores)):
                    with m.Case(client):
                        m.d.comb += [port.done.eq(1), port.beat.eq(1)]
            with m.If((asked.op == DataOp.LOAD) | (asked.op == DataOp.STORE)):
                m.d.sync += self.hits.eq(self.hits + 1)

    def _manage(self, m, found, leaving, free, hit, begin):
        """dcbst, dcbf, dcbi, snoops: push what is modified, tell others, forget."""
        asked, directory, buffer = self._asked, self._directory, self._buffer
        snoops = asked.client == Client.SNOOP
        mine = (self._state != DataCacheState.IDLE) & (
            self._held.pa[LINE_BITS:] == asked.pa[LINE_BITS:])
        leaves = Signal()
        m.d.comb += [
            buffer.pa.eq(asked.pa),
            directory.write.eq(found & leaves),
            directory.write_state.eq(Mux(asked.op == DataOp.CLEAN, BlockState.EXCLUSIVE,
                                         BlockState.INVALID)),
        ]
        with m.If(found & directory.modified & (asked.op != DataOp.INVALIDATE)):
            with m.If(~buffer.busy):
                m.d.comb += [buffer.start.eq(1), buffer.push.eq(1), leaves.eq(1), hit.eq(1)]
        with m.Elif(mine):
            pass    # not yet: the block is on its way here
        with m.Elif(snoops):
            with m.If(~leaving):
                m.d.comb += leaves.eq(asked.op == DataOp.FLUSH)
                m.d.sync += self._snooped.eq(1)
        with m.Elif(self.below | self.broadcast & flag(asked.wimg, Wimg.M)):
            with m.If(free):
                m.d.comb += leaves.eq(asked.op != DataOp.CLEAN)
                begin(DataCacheState.BROADCAST)
        with m.Else():
            m.d.comb += [hit.eq(1), leaves.eq(asked.op != DataOp.CLEAN)]
