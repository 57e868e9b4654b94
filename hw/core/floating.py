"""Floating-point unit: reservation station, pipeline, FPSCR (MPC750 UM 6.4.2).

The pipeline computes; what it finds waits here until its instruction completes, and changes FPSCR
then. If an enabled exception leaves no result, the destination's rename buffer never gets one: what
follows is fetched again and sees the old register.

Moves from and to FPSCR execute as the oldest instruction and are not pipelined; what comes behind
them in the station waits, so that control bits never change under instructions in the pipeline.
"""

from amaranth.hdl import Array, Cat, Const, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.core.completion import FloatRetire
from pteg.hw.core.interfaces import FLOATING, NOBODY, UnitToCompletion, UnitToRename
from pteg.hw.core.station import Station, attach, station_ports
from pteg.hw.fpu.operation import Changes
from pteg.hw.fpu.pipeline import FloatPipeline
from pteg.hw.fpu.status import StatusRegister
from pteg.hw.isa.instructions import INSTRUCTIONS, Op, Unit
from pteg.hw.isa.registers import Fpscr
from pteg.hw.sizes import CQ_MOST, RENAMES_MOST
from pteg.hw.words import field

__all__ = ["FloatUnit"]

_MOVES = [row.op for row in INSTRUCTIONS if row.unit is Unit.FPU and "FPSCR" in row.reads]
_MOVE_CYCLES = 3
#: Upper half of a register that mffs writes: undefined in the architecture.
_UPPER_HALF = 0xFFF80000
_FEX = int(Fpscr.FEX).bit_length() - 1
_ENABLES = int(Fpscr.VE | Fpscr.OE | Fpscr.UE | Fpscr.ZE | Fpscr.XE)


class FloatUnit(wiring.Component):
    """FPU.

    Parameters
    ----------
    entries : int
        Of the completion queue.
    renames : int
        Rename buffers of the floating-point registers.
    """

    def __init__(self, entries=6, renames=6):
        self._entries = entries
        self._renames = renames
        super().__init__({
            **station_ports(FLOATING, float_renames=renames),
            #: Completion queue entry of the oldest instruction, or NOBODY.
            "oldest": In(range(NOBODY + 1)),
            "result": Out(UnitToRename(64)),
            "finish": Out(UnitToCompletion()),
            "retire": In(FloatRetire()),
            #: What CR1 becomes when the oldest instruction completes.
            "recorded": Out(4),
        })

    def elaborate(self, platform):
        m = Module()
        label = data.StructLayout({"cq": range(CQ_MOST), "write_d": 1,
                                   "tag_d": range(RENAMES_MOST)})
        m.submodules.station = station = Station(FLOATING, float_renames=self._renames)
        m.submodules.pipeline = pipeline = FloatPipeline(label=label)
        m.submodules.status = status = StatusRegister()
        connect(m, flipped(self.dispatch), station.dispatch)
        attach(m, self, station)
        here = station.unit

        moves = Signal()
        with m.If(here.valid):
            m.d.comb += pipeline.valid.eq(1)
            with m.Switch(here.op):
                with m.Case(*_MOVES):
                    m.d.comb += [moves.eq(1), pipeline.valid.eq(0)]
        m.d.comb += [
            pipeline.op.eq(here.op),
            pipeline.a.eq(here.a), pipeline.b.eq(here.b), pipeline.c.eq(here.c),
            *(pipeline.label[name].eq(getattr(here, name)) for name in ("cq", "write_d", "tag_d")),
            pipeline.control.eq(status.fpscr[:8]), pipeline.drop[0].eq(here.dropped),
            here.done.eq(pipeline.done),
        ]

        with m.If(self.drop.any()):
            m.d.comb += [pipeline.drop[n].eq(self.drop.bit_select(pipeline.labels[n - 1].cq, 1))
                         for n in (1, 2)]

        # Results of the pipeline.
        done = pipeline.labels[1]
        m.d.comb += [
            self.finish.valid.eq(pipeline.finished), self.finish.cq.eq(done.cq),
            self.finish.flags.cr.eq(pipeline.status[12:16]),
            self.finish.refetch.eq(done.write_d & ~pipeline.write),
            self.result.valid.eq(pipeline.finished & done.write_d & pipeline.write),
            self.result.tag.eq(done.tag_d), self.result.value.eq(pipeline.result),
        ]

        # Moves from and to FPSCR.
        elapsed = Signal(range(_MOVE_CYCLES))
        with m.If(here.dropped):
            m.d.sync += elapsed.eq(0)
        with m.Elif(moves & (here.cq == self.oldest)):
            m.d.sync += elapsed.eq(elapsed + 1)
            with m.If(elapsed == _MOVE_CYCLES - 1):
                m.d.sync += elapsed.eq(0)
                self._move(m, here, status)

        self._complete(m, pipeline, status)
        return m

    def _move(self, m, here, status):
        m.d.comb += [
            here.done.eq(1), self.finish.valid.eq(1), self.finish.cq.eq(here.cq),
            self.finish.refetch.eq(0),
            self.finish.flags.cr.eq(status.fpscr.word_select(~field(here.insn, "crfS"), 4)),
            status.move.eq(here.op != Op.MFFS), status.op.eq(here.op),
            status.insn.eq(here.insn), status.source.eq(here.b),
            self.result.valid.eq(here.write_d), self.result.tag.eq(here.tag_d),
            self.result.value.eq(Cat(status.fpscr, Const(_UPPER_HALF, 32))),
        ]

    def _complete(self, m, pipeline, status):
        """What waits for completion: FPSCR bits, and whether there is a result."""
        bits = Array(Signal(32, name=f"bits{i}") for i in range(self._entries))
        changes = Array(Signal(Changes, name=f"changes{i}") for i in range(self._entries))
        written = Signal(self._entries)
        with m.If(self.finish.valid):
            cq = self.finish.cq
            m.d.sync += [bits[cq].eq(0), changes[cq].eq(Changes.NOTHING),
                         written.bit_select(cq, 1).eq(self.result.valid)]
            with m.If(pipeline.finished):
                m.d.sync += [bits[cq].eq(pipeline.status), changes[cq].eq(pipeline.changes)]
        m.d.comb += [
            status.record.eq(self.retire.valid), status.status.eq(bits[self.retire.cq]),
            status.changes.eq(changes[self.retire.cq]),
            self.retire.pending.eq(status.fpscr[_FEX]),
            self.retire.enables.eq((status.fpscr & _ENABLES).any()),
        ]
        with m.If(self.retire.floating):
            m.d.comb += [
                self.retire.written.eq(written.bit_select(self.retire.cq, 1)),
                self.retire.enabled.eq(status.next[_FEX]), self.recorded.eq(status.next[28:]),
            ]
