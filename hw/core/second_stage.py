"""Second stage of the load/store unit: the instruction that it has, and what it does with it
(MPC750 UM 6.4.4).

    EMPTY -- ACCESS -- WAIT -- ACCESS ...   each part of an access, until the instruction is done
                 \\
                  FAULT                     until it is dropped

An instruction enters when the stage is or becomes free; one that is serialised, as the oldest.
"""

import enum

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.access import Access
from pteg.hw.core.interfaces import NOBODY
from pteg.hw.core.station_pair import AccessToUnit
from pteg.hw.isa.instructions import Op
from pteg.hw.named import Named
from pteg.hw.sizes import CQ_MOST, RENAMES_MOST

__all__ = ["SecondStage", "LoadStoreState", "Held"]

#: Cycles that stwcx. waits before it begins: it takes eight (LLVM's PPCScheduleG3.td).
RESERVED_CYCLES = 5
#: Cycles from the end of a cache instruction until the next one may begin: the cache stays busy
#: after it (IBM 750GX UM table 6-9, second figure).
KEEP_BUSY = {Op.DCBST: 3, Op.DCBF: 3, Op.ICBI: 2}


class LoadStoreState(enum.IntEnum):
    """EMPTY; ACCESS: translates, and asks the cache or enters the store queue; WAIT: for the end of
    what the cache has taken; FAULT: reported, wait until dropped."""

    EMPTY = 0
    ACCESS = 1
    WAIT = 2
    FAULT = 3


class Held(data.Struct):
    """The instruction in the second stage."""

    op: Named(Op)
    insn: 32
    cq: range(CQ_MOST)
    access: Access
    first: 32       # the address that it has computed
    serialize: 1
    write_d: 1
    tag_d: range(RENAMES_MOST)
    write_u: 1
    tag_u: range(RENAMES_MOST)


class SecondStage(wiring.Component):
    """State and instruction."""

    #: The older instruction in the stations; `unit.done`: it enters at the end of this cycle.
    unit: In(AccessToUnit())
    #: What it accesses, from which address on; cycles that a store needs to shift its operand.
    access: In(Access)
    first: In(32)
    delay: In(5)
    #: Completion queue: the oldest instruction, and those that are dropped.
    oldest: In(range(NOBODY + 1))
    drop: In(CQ_MOST)
    #: The way to the rename buffers is taken.
    arrives: In(1)
    #: The cache has taken the part; the part has been moved; the access fails; the instruction
    #: leaves the stage.
    taken: In(1)
    moved: In(1)
    fault: In(1)
    done: In(1)
    state: Out(LoadStoreState)
    held: Out(Held)
    #: It is the oldest instruction; it is dropped.
    head: Out(1)
    dropped: Out(1)
    #: It decides about the next part in this cycle.
    works: Out(1)

    def elaborate(self, platform):
        m = Module()
        state, held, unit = self.state, self.held, self.unit
        busy = Signal(5)            # cycles to wait
        free = (state == LoadStoreState.EMPTY) & (busy == 0) | self.done
        m.d.comb += [
            self.head.eq((held.cq == self.oldest) & ~self.dropped),
            self.works.eq((state == LoadStoreState.ACCESS) & ~self.arrives & (busy == 0)),
            unit.done.eq(unit.valid & free & ~unit.dropped
                         & (~unit.serialize | (unit.cq == self.oldest))),
        ]
        with m.If(self.drop.any()):
            m.d.comb += self.dropped.eq((state != LoadStoreState.EMPTY)
                                        & self.drop.bit_select(held.cq, 1))
        with m.If(self.fault):
            m.d.sync += state.eq(LoadStoreState.FAULT)
        with m.If(self.taken):
            m.d.sync += state.eq(LoadStoreState.WAIT)
        with m.If(self.moved):
            m.d.sync += state.eq(LoadStoreState.ACCESS)
        with m.If(busy != 0):
            m.d.sync += busy.eq(busy - 1)
        with m.If(self.done):
            m.d.sync += state.eq(LoadStoreState.EMPTY)
            with m.Switch(held.op):
                for op, cycles in KEEP_BUSY.items():
                    with m.Case(op):
                        m.d.sync += busy.eq(cycles)
        with m.If(unit.done):
            m.d.sync += [
                state.eq(LoadStoreState.ACCESS), held.access.eq(self.access),
                held.first.eq(self.first), *(held[name].eq(getattr(unit, name)) for name in
                                             ("op", "insn", "cq", "serialize", "write_d", "tag_d",
                                              "write_u", "tag_u")),
            ]
            with m.If(unit.op == Op.STWCX_DOT):
                m.d.sync += busy.eq(RESERVED_CYCLES)
            with m.If(self.delay != 0):
                m.d.sync += busy.eq(self.delay)
        with m.If(self.dropped):
            m.d.sync += [state.eq(LoadStoreState.EMPTY), busy.eq(0)]
        return m
