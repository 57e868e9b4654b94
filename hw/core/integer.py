"""Integer unit: reservation station, ALU and, in IU1, multiplier and divider (MPC750 UM 6.4.1)."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.core.alu import Alu, condition
from pteg.hw.core.divide import Divider
from pteg.hw.core.enums import Cause
from pteg.hw.core.interfaces import NOBODY, UnitToCompletion, UnitToRename
from pteg.hw.core.multiply import Multiplier
from pteg.hw.core.station import Station, attach, station_ports
from pteg.hw.isa.instructions import Op
from pteg.hw.words import field

__all__ = ["IntegerUnit"]

_MULTIPLY = (Op.MULLI, Op.MULLW, Op.MULHW, Op.MULHWU)
_DIVIDE = (Op.DIVW, Op.DIVWU)


class IntegerUnit(wiring.Component):
    """IU1 or IU2.

    Parameters
    ----------
    multiply : bool
        Has a multiplier and a divider: IU1.
    renames : int
        Rename buffers of the general-purpose registers.
    """

    def __init__(self, *, multiply, renames=6):
        self.multiply, self._renames = multiply, renames
        super().__init__({
            **station_ports(renames=renames),
            #: Completion queue entry of the oldest instruction, or NOBODY; what is serialised waits
            #: for it.
            "oldest": In(range(NOBODY + 1)),
            #: XER[CA], XER[SO].
            "ca": In(1), "so": In(1),
            "result": Out(UnitToRename()), "finish": Out(UnitToCompletion()),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.station = station = Station(renames=self._renames)
        m.submodules.alu = alu = Alu()
        connect(m, flipped(self.dispatch), station.dispatch)
        attach(m, self, station)
        here = station.unit

        m.d.comb += [
            alu.op.eq(here.op), alu.insn.eq(here.insn),
            alu.a.eq(here.a), alu.b.eq(here.b), alu.c.eq(here.c),
            alu.ca.eq(self.ca), alu.so.eq(self.so),
        ]

        with m.If(here.valid & (~here.serialize | (here.cq == self.oldest))):
            m.d.comb += [
                here.done.eq(1), self.finish.retires.eq(~here.serialize),
                self.result.value.eq(alu.result),
                self.finish.flags.eq(alu.flags),
            ]
            with m.If(alu.trap):
                m.d.comb += self.finish.cause.eq(Cause.TRAP)
            if self.multiply:
                m.submodules.multiplier = multiplier = Multiplier()
                m.submodules.divider = divider = Divider()
                for port, ops in ((multiplier.port, _MULTIPLY), (divider.port, _DIVIDE)):
                    m.d.comb += [port.op.eq(here.op), port.a.eq(here.a), port.b.eq(here.b),
                                 port.flush.eq(here.dropped)]
                    with m.Switch(here.op):
                        with m.Case(*ops):
                            self._long(m, port, here)

        m.d.comb += [
            self.result.valid.eq(here.done & here.write_d),
            self.result.tag.eq(here.tag_d),
            self.finish.valid.eq(here.done),
            self.finish.cq.eq(here.cq),
        ]
        return m

    def _long(self, m, port, here):
        """An operation that takes several cycles; OE = 1 matters for mullw and the divides."""
        flags = self.finish.flags
        writes_overflow = (here.op == Op.MULLW) | (here.op == Op.DIVW) | (here.op == Op.DIVWU)
        summary = self.so | (flags.write_ov & flags.ov)
        m.d.comb += [
            port.valid.eq(1),
            here.done.eq(port.done), self.finish.retires.eq(0),
            self.result.value.eq(port.result),
            flags.write_ov.eq(field(here.insn, "OE") & writes_overflow),
            flags.ov.eq(port.overflow),
            flags.write_ca.eq(0),
            flags.cr.eq(condition(port.result[31], ~port.result[31] & port.result.any(), summary)),
        ]
