"""The result of a load: from the double word of the cache to a rename buffer.

There is one way from the cache to the rename buffers. A load that missed, and whose double word
arrives, uses it before the instruction in the second stage, which waits for a cycle.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.enums import Moves
from pteg.hw.core.interfaces import UnitToRename
from pteg.hw.core.load_aligner import LoadAligner
from pteg.hw.named import Named
from pteg.hw.sizes import CQ_MOST, RENAMES_MOST

__all__ = ["Load", "LoadResult"]


class Load(data.Struct):
    """What becomes of the double word that a load gets."""

    cq: range(CQ_MOST)
    tag_d: range(RENAMES_MOST)
    moves: Named(Moves)
    single: 1
    size: 4
    part: 4         # bytes of the double word that it takes
    behind: 4       # bytes behind them
    reverse: 1
    algebraic: 1


class LoadResult(wiring.Component):
    """Selects, aligns and delivers."""

    #: The double word is for this load, which missed; else for that in the second stage.
    arrives: In(1)
    missed: In(Load)
    here: In(Load)
    rdata: In(64)
    error: In(1)
    #: The load in the second stage begins; it has moved a part, which ends its register.
    start: In(1)
    moved: In(1)
    ends: In(1)
    #: It is over, and has a destination.
    delivers: In(1)
    #: The bytes that it has loaded of its register.
    raw: Out(64)
    result: Out(UnitToRename())
    float_result: Out(UnitToRename(64))

    def elaborate(self, platform):
        m = Module()
        m.submodules.aligner = aligner = LoadAligner()
        load = Signal(Load)
        before = Signal(64)         # what earlier parts have brought
        valid = Signal()
        to_float = load.moves == Moves.FLOAT
        m.d.comb += [
            load.eq(Mux(self.arrives, self.missed, self.here)),
            aligner.double.eq(self.rdata), aligner.take.eq(load.part),
            aligner.behind.eq(load.behind), aligner.before.eq(Mux(self.arrives, 0, before)),
            *(getattr(aligner, name).eq(load[name])
              for name in ("size", "reverse", "algebraic", "single")),
            self.raw.eq(aligner.raw),
            valid.eq(Mux(self.arrives, ~self.error, self.delivers)),
            self.result.valid.eq(valid & ~to_float), self.float_result.valid.eq(valid & to_float),
            self.result.tag.eq(load.tag_d), self.float_result.tag.eq(load.tag_d),
            self.result.value.eq(aligner.general), self.float_result.value.eq(aligner.float),
        ]
        with m.If(self.moved):
            m.d.sync += before.eq(Mux(self.ends, 0, aligner.raw))
        with m.If(self.start):
            m.d.sync += before.eq(0)
        return m
