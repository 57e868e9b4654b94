"""Two data caches on one bus, and everything that can be done with one block: for `reach`.

Each processor does one thing at a time; the inputs say which, when the one before is over, and when
memory answers. A processor stores its number + 1; zeros are what memory holds at first.
"""

import enum
import importlib.util
from pathlib import Path

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import TargetPort
from pteg.hw.cache.enums import DataOp
from pteg.hw.isa.registers import Wimg
from pteg.hw.sizes import BEATS

__all__ = ["OneBlock", "Ram", "Want", "shared_bus"]

_spec = importlib.util.spec_from_file_location(
    "pteg_test_shared_bus", Path(__file__).parents[1] / "cache" / "shared_bus.py")
shared_bus = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shared_bus)


class Want(enum.IntEnum):
    """What a processor does with the block."""

    NOTHING = 0
    LOAD = 1
    STORE = 2
    ZERO = 3        # dcbz
    FLUSH = 4       # dcbf
    CLEAN = 5       # dcbst


_OPS = {Want.LOAD: DataOp.LOAD, Want.ZERO: DataOp.ZERO, Want.FLUSH: DataOp.FLUSH,
        Want.CLEAN: DataOp.CLEAN}


class Ram(wiring.Component):
    """The first double word of the block; the others are zero. Its answers are registered."""

    bus: In(TargetPort())
    #: It gives no AACK in the next cycle; no TA.
    late: In(2)
    word: Out(2)
    #: There is something to answer.
    waits: Out(2)

    def elaborate(self, platform):
        m = Module()
        bus = self.bus
        reads, bursts = Signal(2), Signal(2)    # of the tenures, the oldest first
        count, left, certain = Signal(2), Signal(2), Signal(2)
        beat, window = Signal(2), Signal(2)
        unacknowledged, ends = Signal(), Signal()
        following = Signal(2)       # the beat that comes next
        m.d.comb += [
            ends.eq(bus.ta & (~bursts[0] | (beat == BEATS - 1))),
            following.eq(Mux(ends, 0, beat + bus.ta)),
            left.eq(count - ends - bus.artry),
            certain.eq(left - (unacknowledged | (window > 1))),
            self.waits[0].eq(unacknowledged | bus.ts), self.waits[1].eq(certain != 0),
        ]
        kinds, others = Signal(2), Signal(2)
        m.d.comb += [kinds.eq(Mux(ends, reads >> 1, reads)),
                     others.eq(Mux(ends, bursts >> 1, bursts))]
        m.d.sync += [reads.eq(kinds), bursts.eq(others), beat.eq(following),
                     count.eq(left + bus.ts), bus.ta.eq(0), bus.d_r.eq(0), bus.aack.eq(0),
                     window.eq(Mux(window == 0, 0, window - 1)),
                     unacknowledged.eq(unacknowledged | bus.ts)]
        with m.If(bus.ts):
            m.d.sync += [reads.bit_select(left[0], 1).eq(bus.tt[3]),
                         bursts.bit_select(left[0], 1).eq(bus.tbst)]
        with m.If((unacknowledged | bus.ts) & ~self.late[0]):
            m.d.sync += [bus.aack.eq(1), unacknowledged.eq(0), window.eq(2)]
        with m.If(bus.ta & ~reads[0] & (beat == 0)):
            m.d.sync += self.word.eq(bus.d_w)
        with m.If((certain != 0) & bus.dbb & ~self.late[1]):
            m.d.sync += bus.ta.eq(1)
            with m.If(kinds[0] & (following == 0)):
                m.d.sync += bus.d_r.eq(self.word)
        return m


class OneBlock(wiring.Component):
    """The bench."""

    want0: In(Want)
    want1: In(Want)
    late: In(2)
    #: What is under way; whether it ends in this cycle, and is a load, of what, or a store.
    does0: Out(Want)
    does1: Out(Want)
    over0: Out(1)
    over1: Out(1)
    loads0: Out(1)
    loads1: Out(1)
    loaded0: Out(2)
    loaded1: Out(2)
    stores0: Out(1)
    stores1: Out(1)
    #: Memory has an AACK to give; a TA.
    waits: Out(2)

    def elaborate(self, platform):
        m = Module()
        m.submodules.shared = shared = shared_bus.SharedBus(2, sets=2, ways=1)
        m.submodules.ram = ram = Ram()
        connect(m, shared.ram, ram.bus)
        m.d.comb += [ram.late.eq(self.late), self.waits.eq(ram.waits)]
        for n in range(2):
            does, over, taken = getattr(self, f"does{n}"), getattr(self, f"over{n}"), Signal()
            lsu, stores = getattr(shared, f"lsu{n}"), getattr(shared, f"stores{n}")
            m.d.comb += [
                getattr(shared, f"drained{n}").eq(does != Want.STORE),
                lsu.valid.eq((does != Want.NOTHING) & (does != Want.STORE) & ~taken),
                lsu.size.eq(8), lsu.wimg.eq(int(Wimg.M)), lsu.type.eq(TransferType.READ),
                stores.valid.eq(does == Want.STORE), stores.size.eq(8),
                stores.wimg.eq(int(Wimg.M)), stores.wdata.eq(n + 1),
                stores.type.eq(TransferType.WRITE_WITH_FLUSH),
                over.eq(Mux(does == Want.STORE, stores.done,
                            lsu.valid & lsu.hit | taken & lsu.done)),
                getattr(self, f"loads{n}").eq(over & (does == Want.LOAD)),
                getattr(self, f"loaded{n}").eq(lsu.rdata),
                getattr(self, f"stores{n}").eq(over & (does == Want.STORE)),
            ]
            with m.Switch(does):
                for want, op in _OPS.items():
                    with m.Case(want):
                        m.d.comb += lsu.op.eq(op)
            with m.If(lsu.valid & lsu.taken):
                m.d.sync += taken.eq(1)
            with m.If(over):
                m.d.sync += taken.eq(0)
            with m.If(over | (does == Want.NOTHING)):
                m.d.sync += does.eq(getattr(self, f"want{n}"))
        return m
