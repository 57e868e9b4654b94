"""Reservation station: one dispatched instruction that waits for its operands and its unit.

MPC750 UM 6.3.3: execution begins in the clock in which the last operand appears in its rename
buffer, so operands are taken from there without a bubble.
"""

from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import GENERAL, DispatchToUnit, operand
from pteg.hw.isa.instructions import Op
from pteg.hw.sizes import CQ_MOST, RENAMES_MOST

__all__ = ["Station", "StationToUnit", "attach", "awaited", "station_ports"]

#: Of the names of rename buffers, by their bits.
_PREFIXES = {32: "", 64: "float_"}


class StationToUnit(wiring.Signature):
    """An instruction as its unit sees it.

    Parameters
    ----------
    operands : dict of str to int
        Their bits, by name.
    late : str
        Names of those for which it does not wait: the unit gets them as they are.
    """

    def __init__(self, operands=GENERAL, late=""):
        super().__init__({
            #: There is an instruction; all its operands are there.
            "there": Out(1), "valid": Out(1),
            #: As dispatched.
            "op": Out(Op), "insn": Out(32), "cq": Out(range(CQ_MOST)), "serialize": Out(1),
            "write_d": Out(1), "tag_d": Out(range(RENAMES_MOST)),
            "write_u": Out(1), "tag_u": Out(range(RENAMES_MOST)),
            #: Operand values.
            **{name: Out(operand(width) if name in late else width)
               for name, width in operands.items()},
            #: It is dropped.
            "dropped": Out(1),
            #: The unit has finished with it.
            "done": In(1),
        })


def station_ports(operands=GENERAL, renames=6, float_renames=6):
    """Ports of a station, and of its unit, which hands them on: see `attach`.

    Parameters
    ----------
    operands : dict of str to int
        Their bits, by name.
    renames, float_renames : int
        Rename buffers of the general-purpose and of the floating-point registers.
    """
    #: Rename buffers of the registers that it has as operands.
    buffers = {}
    if 32 in operands.values():
        buffers |= {"values": In(32).array(renames), "ready": In(renames)}
    if 64 in operands.values():
        buffers |= {"float_values": In(64).array(float_renames), "float_ready": In(float_renames)}
    return {
        "dispatch": In(DispatchToUnit(operands)), **buffers,
        #: Completion queue entries whose instructions are dropped.
        "drop": In(CQ_MOST),
    }


def awaited(m, held, values, ready):
    """Keep an operand when its rename buffer has it: the buffer may be freed before it is used.

    Returns its value, and whether it is missing.
    """
    value, here = Array(values)[held.tag], ready.bit_select(held.tag, 1)
    with m.If(held.pending & here):
        m.d.sync += [held.value.eq(value), held.pending.eq(0)]
    return Mux(held.pending, value, held.value), held.pending & ~here


def attach(m, unit, station):
    """Connect a station to the ports of its unit, all but `dispatch`."""
    for name in ("values", "float_values"):
        if hasattr(station, name):
            m.d.comb += [mine.eq(theirs) for mine, theirs in zip(
                getattr(station, name), getattr(unit, name), strict=True)]
    m.d.comb += [getattr(station, name).eq(getattr(unit, name))
                 for name in ("ready", "float_ready", "drop") if hasattr(station, name)]


class Station(wiring.Component):
    """Reservation station with one entry.

    Parameters
    ----------
    operands : dict of str to int
        Their bits, by name.
    renames, float_renames : int
        Rename buffers of the general-purpose and of the floating-point registers.
    late : str
        Names of operands for which it does not wait.
    """

    def __init__(self, operands=GENERAL, renames=6, float_renames=6, late=""):
        self.operands, self._late = operands, late
        super().__init__(station_ports(operands, renames, float_renames)
                         | {"unit": Out(StationToUnit(operands, late))})

    def elaborate(self, platform):
        m = Module()

        occupied = Signal()
        missing = []
        for name, width in self.operands.items():
            held = Signal(operand(width), name=name)
            prefix = _PREFIXES[width]
            value, absent = awaited(m, held, getattr(self, f"{prefix}values"),
                                    getattr(self, f"{prefix}ready"))
            port = getattr(self.unit, name)
            if name in self._late:
                m.d.comb += [port.value.eq(value), port.tag.eq(held.tag), port.pending.eq(absent)]
            else:
                m.d.comb += port.eq(value)
                missing.append(absent)
            with m.If(self.dispatch.valid):
                m.d.sync += held.eq(getattr(self.dispatch, name))

        m.d.comb += [
            self.dispatch.ready.eq(~occupied | self.unit.done),
            self.unit.there.eq(occupied), self.unit.valid.eq(occupied & ~Cat(missing).any()),
        ]
        with m.If(self.drop.any()):
            m.d.comb += self.unit.dropped.eq(occupied & self.drop.bit_select(self.unit.cq, 1))
        for name in ("op", "insn", "cq", "serialize", "write_d", "tag_d", "write_u", "tag_u"):
            held = Signal(self.unit.signature.members[name].shape, name=name)
            m.d.comb += getattr(self.unit, name).eq(held)
            with m.If(self.dispatch.valid):
                m.d.sync += held.eq(getattr(self.dispatch, name))

        with m.If(self.dispatch.valid):
            m.d.sync += occupied.eq(1)
        with m.Elif(self.unit.done):
            m.d.sync += occupied.eq(0)
        with m.If(self.unit.dropped):
            m.d.sync += occupied.eq(0)
        return m
