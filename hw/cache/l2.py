"""Second-level cache: control and SRAM behind the first-level caches (MPC750 UM chapter 9).

Two ways of lines of two or, with 1 MB, four sectors; a sector is a block of 32 bytes with its own
valid and modified bits. Least recently used replacement.

    data ---- bypass ---+                            +-------------- data
    castout - bypass ---+-- requests -- operation ---+-- castout --- castout   to the bus masters
    fetch --- bypass ---+      |          |          +-------------- fetch     of the same names
    snoop --------------+    lookup, tags, SRAM, clock

One request at a time is looked up: snoop, data cache, its castouts, instruction fetches.

========================= =======================================================================
a block is read           hit: four beats from the SRAM. Miss: the block is read on the bus and
                          passed to the first level as it arrives; then modified sectors of the
                          replaced line are written, and the block takes its place
castout of the L1         stays here, modified; L2CR[L2WT]: is written on the bus too, unmodified
push (dcbf, dcbst, snoop) is written on the bus; leaves the L2. L2CR[L2TS]: as a castout
single beat               hit: read from the SRAM, or written there and on the bus. A miss goes
                          to the bus and allocates nothing. L2CR[L2TS]: a store that misses is lost
dcbst, dcbf, dcbi, kill   as the first level does; then on the bus, if M says so
snoop                     a modified sector is written; it leaves, if another master writes
========================= =======================================================================

Caching-inhibited accesses, sync and eieio bypass it; so does everything while L2CR[L2E] is 0, and
fetches with L2CR[L2DO]. A disabled L2 keeps its contents. L2CR[L2I] invalidates a line of each
way in a cycle. The SRAM answers as a pipelined burst SRAM does: the first beat 3 clocks after the
tag lookup, then a beat each clock, of 1 to 3 core cycles (L2CR[L2CLK]).

Left out: several accesses at a time, parity, low-power mode, the L2 clock's phase. L2SIZ must give
the actual size of the SRAM, and L2CLK a ratio, or the L2 stays off.
"""

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.bus.interfaces import MemoryPort, SnoopPort
from pteg.hw.cache.enums import L2State, Who
from pteg.hw.cache.interfaces import L2Control
from pteg.hw.cache.l2_bypass import L2Bypass
from pteg.hw.cache.l2_castout import L2Castout
from pteg.hw.cache.l2_clock import L2Clock
from pteg.hw.cache.l2_lookup import L2Lookup
from pteg.hw.cache.l2_operation import L2Operation
from pteg.hw.cache.l2_requests import L2Requests
from pteg.hw.cache.l2_sram import L2Sram
from pteg.hw.cache.l2_tags import L2Tags
from pteg.hw.sizes import L2_SIZES, LINE_BITS

__all__ = ["L2Cache"]


class L2Cache(wiring.Component):
    """Between the first-level caches and their bus masters. Wiring only.

    Parameters
    ----------
    sets, sectors : int
        Powers of two; 32 bytes in a sector, `sectors` in a line.
    siz : int
        L2CR[L2SIZ] of this size.
    """

    #: Castouts with W set are pushes, which memory is to have.
    data: In(MemoryPort())
    castout: In(MemoryPort())
    fetch: In(MemoryPort())
    bus_data: Out(MemoryPort())
    bus_castout: Out(MemoryPort())
    bus_fetch: Out(MemoryPort())
    #: Valid when the first level has done what it must.
    snoop: In(SnoopPort())
    control: In(L2Control())
    #: It is in use.
    on: Out(1)
    #: Memory has refused a modified sector (TEA): a machine check. One cycle.
    error: Out(1)
    #: Blocks read from it, read past it, and sectors written back.
    hits: Out(64)
    misses: Out(64)
    castouts: Out(64)

    def __init__(self, sets, sectors, siz=0):
        self.sets, self.sectors, self.siz = sets, sectors, siz
        super().__init__()

    @classmethod
    def of_size(cls, size):
        """One of `size` bytes, see `L2_SIZES`."""
        siz, sets, sectors = L2_SIZES[size]
        return cls(sets, sectors, siz)

    def elaborate(self, platform):
        m = Module()
        sets, sectors, control = self.sets, self.sectors, self.control
        index_from = LINE_BITS + sectors.bit_length() - 1
        tag_from = index_from + sets.bit_length() - 1
        m.submodules.clock = clock = L2Clock()
        m.submodules.requests = requests = L2Requests()
        m.submodules.tags = tags = L2Tags(sets, sectors, 32 - tag_from)
        m.submodules.lookup = lookup = L2Lookup()
        m.submodules.operation = operation = L2Operation(sets)
        m.submodules.sram = sram = L2Sram(sets, sectors)
        m.submodules.writer = writer = L2Castout(sets, sectors, 32 - tag_from)
        state, who, pa = operation.state, requests.who, requests.pa
        sector, tag = pa[LINE_BITS:index_from], pa[tag_from:]
        index = Mux(state == L2State.INVALIDATE, operation.swept, pa[index_from:tag_from])
        works = (state != L2State.IDLE) & (state != L2State.INVALIDATE)

        # ---- What goes past, and what asks ------------------------------------------------------
        first = (self.data, self.castout, self.fetch)
        bypasses = []
        for n, port in enumerate(first):
            m.submodules[f"bypass_{Who(n).name.lower()}"] = bypass = L2Bypass()
            connect(m, flipped(port), bypass.first)
            served = works & (who == n)
            m.d.comb += [
                bypass.closed.eq(~self.on | (control.data_only if n == Who.FETCH else 0)),
                bypass.served.eq(served),
                # Sectors that are written use the bus master of the castouts.
                bypass.blocked.eq(works if n == Who.CASTOUT else served),
                *(getattr(bypass.answer, name).eq(getattr(operation.answer, name))
                  for name in ("forward", "sram", "beat", "done", "error")),
                bypass.answer.rdata.eq(sram.rdata),
                requests.asks[n].eq(bypass.asks), requests.addresses[n].eq(port.addr),
            ]
            bypasses.append(bypass)
        connect(m, bypasses[Who.DATA].bus, flipped(self.bus_data))
        connect(m, bypasses[Who.CASTOUT].bus, writer.first)
        connect(m, writer.bus, flipped(self.bus_castout))
        connect(m, bypasses[Who.FETCH].bus, flipped(self.bus_fetch))
        connect(m, flipped(self.snoop), requests.snoop)
        here, bus = Array(first)[who], Array(bypass.bus for bypass in bypasses)[who]

        # ---- The request, and its tags ----------------------------------------------------------
        through = Signal()
        with m.If(requests.begin):
            m.d.sync += through.eq(control.write_through)
        m.d.comb += [
            clock.select.eq(control.clock), self.on.eq(control.enable & clock.valid),
            control.busy.eq(requests.waits | (state == L2State.INVALIDATE)),
            requests.past.eq(bypasses[Who.CASTOUT].passes), requests.on.eq(self.on),
            requests.invalidate.eq(control.invalidate), requests.idle.eq(state == L2State.IDLE),
            requests.seen.eq(lookup.seen),
            tags.index.eq(index), tags.tag.eq(tag), tags.sector.eq(sector),
            tags.look.eq(state == L2State.LOOK), tags.leave.eq(lookup.leave | operation.leave),
            *(getattr(tags, name).eq(getattr(operation, name))
              for name in ("use", "enter", "enter_modified", "clean", "clear")),
            lookup.valid.eq(state == L2State.LOOK), lookup.who.eq(who),
            lookup.clean.eq(self.snoop.clean), lookup.test.eq(control.test),
            *(getattr(lookup, name).eq(getattr(here, name)) for name in ("type", "burst", "wimg")),
            *(getattr(lookup, name).eq(getattr(tags, name))
              for name in ("present", "found", "dirty")),
        ]

        # ---- The operation ----------------------------------------------------------------------
        pushed = Signal(range(sectors))     # the sector that is written: that of the request, or
        with m.If(state == L2State.LOOK):   # of the replaced line the last modified one
            m.d.sync += pushed.eq(sector)
        with m.Elif(state == L2State.EVICT):
            m.d.sync += pushed.eq(tags.last)
        m.d.comb += [
            operation.begin.eq(requests.begin), operation.sweep.eq(requests.sweep),
            operation.next.eq(lookup.next), operation.who.eq(who), operation.through.eq(through),
            *(getattr(operation, name).eq(getattr(here, name))
              for name in ("type", "burst", "wimg")),
            operation.fresh.eq(tags.fresh), operation.modified.eq(tags.modified),
            operation.bus_beat.eq(bus.beat), operation.bus_done.eq(bus.done),
            operation.bus_error.eq(bus.error),
            operation.push_beat.eq(writer.beat), operation.push_done.eq(writer.done),
            clock.start.eq(operation.start), clock.clocks.eq(operation.clocks),
            clock.running.eq(operation.running), operation.ready.eq(clock.ready),
            tags.cleaned.eq(pushed),
        ]

        # ---- SRAM, and what is written from it --------------------------------------------------
        m.d.comb += [
            sram.pa.eq(pa), sram.beat.eq(operation.beat), sram.way.eq(tags.way),
            sram.index.eq(index), sram.sector.eq(Mux(operation.push, pushed, sector)),
            sram.write.eq(lookup.store | operation.accept),
            sram.burst.eq(operation.accept), sram.wdata.eq(here.wdata), sram.size.eq(here.size),
            sram.collect.eq(operation.collect), sram.collected.eq(bus.rdata),
            sram.fill.eq(operation.fill),
            writer.push.eq(operation.push), writer.tag.eq(tags.line_tag), writer.index.eq(index),
            writer.sector.eq(pushed), writer.word.eq(pa[3:LINE_BITS]),
            writer.rdata.eq(sram.rdata),
            self.error.eq(writer.error),
        ]

        # ---- Statistics -------------------------------------------------------------------------
        for event, counter in ((operation.hit, self.hits), (operation.miss, self.misses),
                               (writer.done, self.castouts)):
            with m.If(event):
                m.d.sync += counter.eq(counter + 1)
        return m
