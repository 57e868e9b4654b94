"""Second-level cache: control and SRAM behind the first-level caches (MPC750 UM chapter 9).

Two ways of lines of two or, with 1 MB, four sectors; a sector is a block of 32 bytes with its own
valid and modified bits. Least recently used replacement.

    data ----+                      +---- data
    castout -+-- tags, SRAM, line --+---- castout    to the bus masters of the same names
    fetch ---+                      +---- fetch

One request at a time is looked up: snoop, data cache, its castouts, instruction fetches.

========================= =======================================================================
a block is read           hit: four beats from the SRAM. Miss: the block is read on the bus and
                          passed to the first level as it arrives; then modified sectors of the
                          replaced line are written, and the block takes its place
castout of the L1         stays here, modified; L2CR[L2WT]: is written on the bus too, unmodified
push (dcbf, dcbst, snoop) is written on the bus; leaves the L2
single beat               hit: read from the SRAM, or written there and on the bus. A miss goes
                          to the bus and allocates nothing
dcbst, dcbf, dcbi, kill   as the first level does; then on the bus, if M says so
snoop                     a modified sector is written; it leaves, if another master writes
========================= =======================================================================

Caching-inhibited accesses, sync and eieio bypass it; so does everything while L2CR[L2E] is 0, and
fetches with L2CR[L2DO]. A disabled L2 keeps its contents. L2CR[L2I] invalidates a line of each
way in a cycle. The SRAM answers as a pipelined burst SRAM does: the first beat 3 clocks after the
tag lookup, then a beat each clock, of 1 to 3 core cycles (L2CR[L2CLK]).

Left out: several accesses at a time, parity, test support (L2TS), low-power mode, the L2 clock's
phase. L2SIZ must give the actual size of the SRAM, and L2CLK a ratio, or the L2 stays off.
"""

from amaranth.hdl import Array, C, Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort, SnoopPort
from pteg.hw.bus.master import address_only
from pteg.hw.cache.enums import L2State, Who
from pteg.hw.cache.interfaces import L2Control, byte_lanes
from pteg.hw.cache.l2_tags import WAYS, L2Tags
from pteg.hw.isa.registers import Wimg
from pteg.hw.sizes import BEATS, L2_SIZES, LINE_BITS
from pteg.hw.words import flag

__all__ = ["L2Cache"]

#: Half core cycles of an L2 clock, by L2CLK; 0: no clock.
_HALVES = (0, 2, 3, 0, 4, 5, 6, 0)
#: L2 clocks to the first beat.
FIRST = 3


class L2Cache(wiring.Component):
    """Between the first-level caches and their bus masters.

    Parameters
    ----------
    sets, sectors : int
        Powers of two; 32 bytes in a sector, `sectors` in a line.
    siz : int
        L2CR[L2SIZ] of this size.
    """

    def __init__(self, sets, sectors, siz=0):
        self.sets, self.sectors, self.siz = sets, sectors, siz
        super().__init__({
            #: Castouts with W set are pushes, which memory is to have.
            "data": In(MemoryPort()), "castout": In(MemoryPort()), "fetch": In(MemoryPort()),
            "bus_data": Out(MemoryPort()), "bus_castout": Out(MemoryPort()),
            "bus_fetch": Out(MemoryPort()),
            #: Valid when the first level has done what it must.
            "snoop": In(SnoopPort()), "control": In(L2Control()),
            #: It is in use.
            "on": Out(1),
            #: Blocks read from it, read past it, and sectors written back.
            "hits": Out(64), "misses": Out(64), "castouts": Out(64),
        })

    @classmethod
    def of_size(cls, size):
        """One of `size` bytes, see `L2_SIZES`."""
        siz, sets, sectors = L2_SIZES[size]
        return cls(sets, sectors, siz)

    def elaborate(self, platform):
        m = Module()
        sets, sectors, control = self.sets, self.sectors, self.control
        first = (self.data, self.castout, self.fetch)
        buses = (self.bus_data, self.bus_castout, self.bus_fetch)
        state = Signal(L2State)
        who = Signal(Who)
        pa = Signal(32)                         # of the request
        index_from = LINE_BITS + sectors.bit_length() - 1
        tag_from = index_from + sets.bit_length() - 1
        sector, tag = pa[LINE_BITS:index_from], pa[tag_from:]
        index = Signal(range(sets))
        sweep = Signal(range(sets))
        wipe = Signal()                         # a global invalidation waits
        snooped = Signal()                      # the snoop's block has been seen to
        through = Signal()                      # L2WT, when the request was taken
        ratio = Signal(3)                       # L2 clock, in half core cycles
        m.d.comb += [
            ratio.eq(Array(_HALVES)[control.clock]), self.on.eq(control.enable & (ratio != 0)),
            control.busy.eq(wipe | (state == L2State.INVALIDATE)),
            index.eq(Mux(state == L2State.INVALIDATE, sweep, pa[index_from:tag_from])),
        ]

        # ---- Tags, of the set that `pa` selects -------------------------------------------------
        m.submodules.tags = tags = L2Tags(sets, sectors, 32 - tag_from)
        way, present, found, dirty = tags.way, tags.present, tags.found, tags.dirty
        m.d.comb += [tags.index.eq(index), tags.tag.eq(tag), tags.sector.eq(sector),
                     tags.look.eq(state == L2State.LOOK)]

        def mark(valid, modified):
            """The bits of the line in `way`."""
            m.d.comb += [tags.write.eq(1), tags.new_valid.eq(valid), tags.new_modified.eq(modified)]

        def enter(modified):
            """The sector is in the line from the next cycle on; a new line has no others."""
            kept = Mux(fresh, 0, tags.valid), Mux(fresh, 0, tags.modified)
            mark(kept[0] | tags.sector_bit,
                 kept[1] & ~tags.sector_bit | Mux(modified, tags.sector_bit, 0))
            m.d.comb += tags.enter.eq(1)

        def leave():
            mark(tags.valid & ~tags.sector_bit, tags.modified & ~tags.sector_bit)

        # ---- SRAM, the line buffer, and the clock -----------------------------------------------
        beat = Signal(range(BEATS))
        fresh = Signal()                # the line is replaced, not only a sector of it
        pushed = Signal(range(sectors))
        m.submodules.words = words = Memory(
            shape=64, depth=WAYS * sets * sectors * BEATS, init=[])
        read, write = words.read_port(domain="comb"), words.write_port()
        place = Cat((pa[3:LINE_BITS] + beat)[:2],
                    Mux(state == L2State.PUSH, pushed, sector), index, way)
        m.d.comb += [read.addr.eq(place), write.addr.eq(place)]
        line = [Signal(64, name=f"line{n}") for n in range(BEATS)]
        wait = Signal(6)                # half core cycles to the next beat
        ready = Signal()
        m.d.comb += ready.eq(wait <= 2)

        def pace():
            m.d.sync += wait.eq(Mux(ready, wait + ratio - 2, wait - 2))

        # ---- Past it ----------------------------------------------------------------------------
        asks = []                       # requests that are looked up
        works = (state != L2State.IDLE) & (state != L2State.INVALIDATE)
        for n, (port, bus) in enumerate(zip(first, buses, strict=True)):
            passing, passes = Signal(name=f"passing{n}"), Signal(name=f"passes{n}")
            barrier = (port.type == TransferType.SYNC) | (port.type == TransferType.EIEIO)
            inhibited = flag(port.wimg, Wimg.I) & ~address_only(port.type)
            skips = ~self.on | inhibited | barrier | (control.data_only if n == Who.FETCH else 0)
            # Pushes use the bus master of the castouts.
            mine = works & (1 if n == Who.CASTOUT else who == n)
            m.d.comb += passes.eq(port.valid & (passing | skips & ~mine))
            m.d.sync += passing.eq(passes & ~port.done)
            m.d.comb += [getattr(bus, name).eq(getattr(port, name))
                         for name in ("type", "addr", "size", "burst", "wimg", "wdata")]
            m.d.comb += port.rdata.eq(bus.rdata)
            m.d.comb += bus.valid.eq(passes)
            with m.If(~mine):
                m.d.comb += [port.beat.eq(bus.beat), port.done.eq(bus.done),
                             port.error.eq(bus.error)]
            asks.append(port.valid & ~passes)
            if n == Who.CASTOUT:
                past = passes
        here, bus, out = Array(first)[who], Array(buses)[who], self.bus_castout

        # ---- Requests ---------------------------------------------------------------------------
        with m.If(control.invalidate):
            m.d.sync += wipe.eq(1)
        m.d.comb += self.snoop.done.eq(snooped)
        with m.If(~self.snoop.valid):
            m.d.sync += snooped.eq(0)
        wanted = self.snoop.valid & (self.snoop.pa[LINE_BITS:] == self.fetch.addr[LINE_BITS:])

        def begin(member, address):
            m.d.sync += [who.eq(member), pa.eq(address), state.eq(L2State.LOOK), beat.eq(0),
                         through.eq(control.write_through)]

        with m.Switch(state):
            with m.Case(L2State.IDLE):
                with m.If(wipe):
                    m.d.sync += [state.eq(L2State.INVALIDATE), wipe.eq(0), sweep.eq(0)]
                with m.Elif(past):
                    pass    # a castout that began while the L2 was off
                with m.Elif(self.snoop.valid & ~snooped):
                    with m.If(self.on):
                        begin(Who.SNOOP, self.snoop.pa)
                    with m.Else():
                        m.d.sync += snooped.eq(1)
                with m.Elif(asks[Who.DATA]):
                    begin(Who.DATA, self.data.addr)
                with m.Elif(asks[Who.CASTOUT]):
                    begin(Who.CASTOUT, self.castout.addr)
                with m.Elif(asks[Who.FETCH] & ~wanted):
                    begin(Who.FETCH, self.fetch.addr)
            with m.Case(L2State.LOOK):
                m.d.sync += [fresh.eq(~present),
                             wait.eq(FIRST * ratio), pushed.eq(sector)]
                with m.If(who == Who.SNOOP):
                    with m.If(dirty):
                        m.d.sync += state.eq(L2State.PUSH)
                    with m.Else():
                        m.d.sync += [state.eq(L2State.IDLE), snooped.eq(1)]
                        with m.If(found & ~self.snoop.clean):
                            leave()
                with m.Elif(address_only(here.type)):
                    keeps = here.type == TransferType.CLEAN_BLOCK
                    with m.If(dirty & (here.type != TransferType.KILL_BLOCK)):
                        m.d.sync += state.eq(L2State.PUSH)
                    with m.Else():
                        with m.If(found & ~keeps):
                            leave()
                        m.d.sync += state.eq(L2State.FORWARD)
                with m.Elif(who == Who.CASTOUT):
                    with m.If(flag(here.wimg, Wimg.W)):
                        with m.If(found):
                            leave()
                        m.d.sync += state.eq(L2State.FORWARD)
                    with m.Else():
                        m.d.sync += state.eq(Mux(present, L2State.ACCEPT, L2State.EVICT))
                with m.Elif(here.type[3]):     # a read
                    with m.If(found):
                        m.d.sync += state.eq(L2State.HIT)
                    with m.Else():
                        m.d.sync += state.eq(Mux(here.burst, L2State.MISS, L2State.FORWARD))
                with m.Else():
                    mask = Cat(*(bit.replicate(8) for bit in byte_lanes(here.addr, here.size)))
                    m.d.comb += [write.data.eq(here.wdata & mask | read.data & ~mask),
                                 write.en.eq(found)]
                    m.d.sync += state.eq(L2State.FORWARD)
            with m.Case(L2State.HIT):
                pace()
                m.d.comb += here.rdata.eq(read.data)
                with m.If(ready):
                    m.d.comb += here.beat.eq(1)
                    m.d.sync += beat.eq(beat + 1)
                    with m.If(~here.burst | (beat == BEATS - 1)):
                        m.d.comb += here.done.eq(1)
                        mark(tags.valid, tags.modified)
                        m.d.sync += [state.eq(L2State.IDLE), self.hits.eq(self.hits + 1)]
            with m.Case(L2State.MISS):
                m.d.comb += [bus.valid.eq(1), here.beat.eq(bus.beat), here.done.eq(bus.done),
                             here.error.eq(bus.error)]
                with m.If(bus.beat):
                    m.d.sync += [Array(line)[beat].eq(bus.rdata), beat.eq(beat + 1)]
                with m.If(bus.done):
                    m.d.sync += [state.eq(Mux(bus.error, L2State.IDLE, L2State.EVICT)),
                                 beat.eq(0), self.misses.eq(self.misses + 1)]
            with m.Case(L2State.EVICT):
                m.d.sync += [beat.eq(0), wait.eq(ratio)]
                with m.If(fresh & tags.modified.any()):
                    last = Signal(range(sectors))
                    for n in range(sectors):
                        with m.If(tags.modified[n]):
                            m.d.comb += last.eq(n)
                    m.d.sync += [pushed.eq(last), state.eq(L2State.PUSH)]
                with m.Else():
                    m.d.sync += state.eq(Mux(who == Who.CASTOUT, L2State.ACCEPT, L2State.FILL))
            with m.Case(L2State.FILL):
                pace()
                m.d.comb += [write.data.eq(Array(line)[beat]), write.en.eq(ready)]
                with m.If(ready):
                    m.d.sync += beat.eq(beat + 1)
                    with m.If(beat == BEATS - 1):
                        enter(modified=0)
                        m.d.sync += state.eq(L2State.IDLE)
            with m.Case(L2State.ACCEPT):
                pace()
                m.d.comb += [out.valid.eq(through), write.data.eq(here.wdata),
                             write.en.eq(here.beat)]
                with m.If(through):
                    m.d.comb += [here.beat.eq(out.beat), here.done.eq(out.done),
                                 here.error.eq(out.error)]
                with m.Else():
                    m.d.comb += [here.beat.eq(ready), here.done.eq(ready & (beat == BEATS - 1))]
                with m.If(here.beat):
                    m.d.sync += beat.eq(beat + 1)
                with m.If(here.done):
                    m.d.sync += state.eq(L2State.IDLE)
                    with m.If(~here.error):
                        enter(modified=~through)
                    with m.Elif(~fresh):
                        leave()
            with m.Case(L2State.FORWARD):
                # Of an address-only operation M says whether others are told.
                told = ~address_only(here.type) | flag(here.wimg, Wimg.M)
                m.d.comb += [bus.valid.eq(told), here.beat.eq(bus.beat), here.error.eq(bus.error),
                             here.done.eq(bus.done | ~told)]
                with m.If(here.done):
                    m.d.sync += state.eq(L2State.IDLE)
            with m.Case(L2State.PUSH):
                address = Cat(Const(0, LINE_BITS), pushed, index, tags.line_tag)
                m.d.comb += [
                    out.valid.eq(1), out.burst.eq(1), out.type.eq(TransferType.WRITE_WITH_KILL),
                    out.addr.eq(address | (pa & 0x18)), out.wdata.eq(read.data),
                ]
                with m.If(out.beat):
                    m.d.sync += beat.eq(beat + 1)
                with m.If(out.done):
                    mark(tags.valid, tags.modified & ~(C(1, sectors) << pushed))
                    m.d.sync += self.castouts.eq(self.castouts + 1)
                    # Replaced: look for another one. Otherwise look again: nothing is modified now.
                    m.d.sync += state.eq(Mux(fresh, L2State.EVICT, L2State.LOOK))
            with m.Case(L2State.INVALIDATE):
                m.d.comb += tags.clear.eq(1)
                m.d.sync += sweep.eq(sweep + 1)
                with m.If(sweep == sets - 1):
                    m.d.sync += state.eq(L2State.IDLE)
        return m
