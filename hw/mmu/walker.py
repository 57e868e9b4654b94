"""The table search: finds the PTE of a page in the hashed page table (MPC750 UM 5.4.5; PEM 7.6).

Each step is a state. The PTEs of the primary PTEG are read and compared in order, then those of
the secondary; a PTE is one double word, read through the data cache. The order of the steps
follows the manuals:

* A search that finds a PTE sets R in memory before protection is checked: the table "Model for
  Guaranteed R and C Bit Settings" (table 5-8, 750GX UM p. 198, MPC7400 UM p. 5-24) has R set and C
  not set on a page protection violation, where the architecture does not define R. A no-execute
  segment causes no search, so R does not change, as the same table says.
* C is set only for a store that protection permits, and needs a complete search even when the
  TLB holds the page with C = 0: the whole entry is then rewritten (MPC750 UM table 5-7, MPC750/D
  2.5.2).
* R and C are written with byte stores: V, R and C lie in three different bytes of a PTE so that
  this is possible (PEM 7.6.3, MPC7400 UM p. 5-38). R is written as one byte at PTE + 6, then C as
  one byte at PTE + 7; the reserved bits, WIMG and PP beside them go back as they were read.
* Reads and updates are made as if MSR[DR] = 0 and with WIM = 0b001 and G = 0: cacheable, coherent,
  not guarded (750GX UM 5.4.1.3, 5.4.5).
* The TLB is filled last, when memory is up to date. A transfer error ends the search before
  that.

The reservation does not change.
"""

import enum
from types import SimpleNamespace

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.isa.registers import SPR_BY_NAME, PteLow, Sdr1, Wimg
from pteg.hw.mmu.enums import AccessKind, SearchResult, Side
from pteg.hw.mmu.interfaces import RegisterPort, SearchPort
from pteg.hw.mmu.protection import prohibited

__all__ = ["Walker", "State", "PageTableEntry", "Sdr1Word", "PTEG_ENTRIES"]

#: PTEs of one group.
PTEG_ENTRIES = 8


class State(enum.IntEnum):
    """Steps of a table search."""

    IDLE = 0
    HASH = 1                 # of page index and VSID, primary or secondary
    ADDRESS = 2              # of the PTEG, from the hash and SDR1
    PRIMARY_READ = 3         # PTE `index` of the primary PTEG is on its way
    PRIMARY_COMPARE = 4
    SECONDARY_READ = 5
    SECONDARY_COMPARE = 6
    CHECK = 7                # what has to be written to the PTE that was found
    UPDATE_R = 8             # R = 1 is being written
    UPDATE_C = 9             # C = 1 is being written
    REFILL = 10              # the TLB entry is written
    NOT_FOUND = 11           # page fault
    BUS_ERROR = 12           # TEA


class PageTableEntry(data.Struct):
    """A PTE as one double word, least significant field first (PEM 7.5.2.2)."""

    pp: 2
    _reserved: 1
    wimg: 4
    c: 1
    r: 1
    _reserved2: 3
    rpn: 20
    api: 6
    h: 1
    vsid: 24
    v: 1


class Sdr1Word(data.Struct):
    """SDR1, least significant field first (PEM 7.6.1.1)."""

    htabmask: 9
    _reserved: 7
    htaborg: 16


class Walker(wiring.Component):
    """Table search for both sides, the data side first, and SDR1."""

    fetch: In(SearchPort())
    data: In(SearchPort())
    #: To the data cache.
    memory: Out(MemoryPort())
    #: mtspr and mfspr of SDR1.
    registers: In(RegisterPort())
    #: A tlbie has been heard: the search under way may have read an old PTE, and begins anew. It
    #: writes R and C no more, unless it `updates` them already.
    told: In(1)
    updates: Out(1)

    # Events, for statistics, ledger and waveforms.
    state: Out(State)
    busy: Out(1)
    #: A search ends in this cycle, for `side` and `ea`, with `outcome` after `ptes_examined`.
    done: Out(1)
    side: Out(Side)
    ea: Out(32)
    vsid: Out(24)
    outcome: Out(SearchResult)
    ptes_examined: Out(5)
    #: Address of the PTE that is being examined, or that was found.
    found_at: Out(32)
    #: R, or C, has been written to the PTE at `found_at`; its second word is now `update_word`.
    updated_r: Out(1)
    updated_c: Out(1)
    update_word: Out(32)

    def elaborate(self, platform):
        m = Module()
        p = SimpleNamespace(
            # The request, as it was taken; `ea`, `vsid` and `side` are ports.
            kind=Signal(AccessKind, name="kind"), key=Signal(name="key"),
            way=Signal.like(self.data.way, name="way"),
            stale=Signal(name="stale"),         # a tlbie has been heard since it began
            # The PTE that is examined.
            secondary=Signal(name="secondary"), index=Signal(range(PTEG_ENTRIES), name="index"),
            hashed=Signal(19, name="hashed"),
            group=Signal(26, name="group"),     # address of its PTEG, without the six zeros
            pte=Signal(PageTableEntry, name="pte"),
            sdr1=Signal(Sdr1Word, name="sdr1"))
        m.d.comb += [
            self.found_at.eq(Cat(Const(0, 3), p.index, p.group)),
            self.update_word.eq(p.pte.as_value()[:32] | PteLow.R.mask),
            self.memory.addr.eq(self.found_at), self.memory.wimg.eq(Wimg.M),
            self.memory.wdata.eq(self.update_word),
            self.busy.eq(self.state != State.IDLE),
        ]
        self._steps(m, p)
        with m.If(self.told & self.busy):
            m.d.sync += p.stale.eq(1)
        m.d.comb += self.updates.eq(
            p.stale & ((self.state == State.UPDATE_R) | (self.state == State.UPDATE_C)))
        for side, port in ((Side.FETCH, self.fetch), (Side.DATA, self.data)):
            self._answer(m, p, side, port)
        with m.If(~self.registers.segment & (self.registers.spr == SPR_BY_NAME["SDR1"].number)):
            m.d.comb += self.registers.rdata.eq(p.sdr1)
            with m.If(self.registers.write):
                m.d.sync += p.sdr1.eq(self.registers.wdata & Sdr1.IMPLEMENTED)
        return m

    def _steps(self, m, p):
        """The state machine."""
        state, pte = self.state, p.pte
        store = p.kind == AccessKind.STORE
        set_c = store & ~pte.c & ~prohibited(p.key, pte.pp, store)
        with m.Switch(state):
            with m.Case(State.IDLE):
                with m.If(self.data.valid):
                    self._start(m, p, Side.DATA, self.data)
                with m.Elif(self.fetch.valid):
                    self._start(m, p, Side.FETCH, self.fetch)
            with m.Case(State.HASH):
                # The page index is EA[4-19]; the secondary hash is the ones' complement of the
                # primary (PEM 7.6.1.3).
                primary_hash = self.vsid[:19] ^ self.ea[12:28]
                m.d.sync += [p.hashed.eq(Mux(p.secondary, ~primary_hash, primary_hash)),
                             state.eq(State.ADDRESS)]
            with m.Case(State.ADDRESS):
                # PEM 7.6.1.4.
                m.d.sync += [
                    p.group.eq(Cat(
                        p.hashed[:10], p.sdr1.htaborg[:9] | (p.hashed[10:] & p.sdr1.htabmask),
                        p.sdr1.htaborg[9:])),
                    state.eq(Mux(p.secondary, State.SECONDARY_READ, State.PRIMARY_READ)),
                ]
            with m.Case(State.PRIMARY_READ):
                self._read(m, p, then=State.PRIMARY_COMPARE)
            with m.Case(State.PRIMARY_COMPARE):
                self._compare(m, p, again=State.PRIMARY_READ, otherwise=State.HASH)
            with m.Case(State.SECONDARY_READ):
                self._read(m, p, then=State.SECONDARY_COMPARE)
            with m.Case(State.SECONDARY_COMPARE):
                self._compare(m, p, again=State.SECONDARY_READ, otherwise=State.NOT_FOUND)
            with m.Case(State.CHECK):
                m.d.sync += state.eq(
                    Mux(~pte.r, State.UPDATE_R, Mux(set_c, State.UPDATE_C, State.REFILL)))
                self._begin_anew(m, p)
            with m.Case(State.UPDATE_R):
                self._update(m, 6, self.updated_r, Mux(set_c, State.UPDATE_C, State.REFILL))
                with m.If(self.memory.done):
                    m.d.sync += pte.r.eq(1)
            with m.Case(State.UPDATE_C):
                m.d.comb += self.update_word.eq(
                    pte.as_value()[:32] | PteLow.R.mask | PteLow.C.mask)
                self._update(m, 7, self.updated_c, State.REFILL)
                with m.If(self.memory.done):
                    m.d.sync += pte.c.eq(1)
            with m.Case(State.REFILL):
                with m.If(~p.stale):
                    self._finish(m, Mux(p.secondary, SearchResult.SECONDARY, SearchResult.PRIMARY))
                self._begin_anew(m, p)
            with m.Case(State.NOT_FOUND):
                with m.If(~p.stale):
                    self._finish(m, SearchResult.NOT_FOUND)
                self._begin_anew(m, p)
            with m.Case(State.BUS_ERROR):
                self._finish(m, SearchResult.BUS_ERROR)

    def _begin_anew(self, m, p):
        """Search again, if what has been read may be old."""
        with m.If(p.stale):
            m.d.sync += [p.stale.eq(0), p.index.eq(0), p.secondary.eq(0),
                         self.ptes_examined.eq(0), self.state.eq(State.HASH)]

    def _start(self, m, p, side, port):
        """Take the request of a side."""
        m.d.comb += port.start.eq(1)
        m.d.sync += [
            self.side.eq(side), self.ea.eq(port.ea), self.vsid.eq(port.vsid),
            p.kind.eq(port.kind), p.key.eq(port.key), p.way.eq(port.way),
            p.index.eq(0), p.secondary.eq(0), self.ptes_examined.eq(0), p.stale.eq(0),
            self.state.eq(State.HASH),
        ]

    def _read(self, m, p, then):
        """Wait for the PTE."""
        memory = self.memory
        m.d.comb += [memory.valid.eq(1), memory.type.eq(TransferType.READ), memory.size.eq(8)]
        with m.If(memory.done):
            m.d.sync += [
                p.pte.eq(memory.rdata), self.ptes_examined.eq(self.ptes_examined + 1),
                self.state.eq(Mux(memory.error, State.BUS_ERROR, then)),
            ]

    def _compare(self, m, p, again, otherwise):
        """Found, or else the next PTE of the group, or else the state `otherwise`."""
        pte = p.pte
        match = (pte.v & (pte.vsid == self.vsid) & (pte.h == p.secondary)
                 & (pte.api == self.ea[22:28]))
        last = p.index == PTEG_ENTRIES - 1
        with m.If(match):
            m.d.sync += self.state.eq(State.CHECK)
        with m.Else():
            # Wraps around to the first PTE of the other PTEG.
            m.d.sync += [p.index.eq(p.index + 1), self.state.eq(Mux(last, otherwise, again))]
            with m.If(last):
                m.d.sync += p.secondary.eq(1)

    def _update(self, m, byte, event, then):
        """Write one byte of the PTE's second word."""
        memory = self.memory
        m.d.comb += [memory.valid.eq(1), memory.type.eq(TransferType.WRITE_WITH_FLUSH),
                     memory.size.eq(1), memory.addr.eq(self.found_at | byte)]
        with m.If(memory.done):
            m.d.comb += event.eq(~memory.error)
            m.d.sync += self.state.eq(Mux(memory.error, State.BUS_ERROR, then))

    def _finish(self, m, outcome):
        """The search ends."""
        m.d.comb += [self.done.eq(1), self.outcome.eq(outcome)]
        m.d.sync += self.state.eq(State.IDLE)

    def _answer(self, m, p, side, port):
        """To the side whose search ends: the new entry of its TLB, or why there is none."""
        ended = self.done & (self.side == side)
        m.d.comb += [
            port.refill.eq(ended & (self.state == State.REFILL)),
            port.fail.eq(ended & (self.state != State.REFILL)),
            port.error.eq(self.state == State.BUS_ERROR),
            port.refill_ea.eq(self.ea), port.refill_way.eq(p.way),
            port.entry.pp.eq(p.pte.pp), port.entry.wimg.eq(p.pte.wimg), port.entry.c.eq(p.pte.c),
            port.entry.rpn.eq(p.pte.rpn), port.entry.vsid.eq(self.vsid),
        ]
