"""Condition register and XER (PEM 2.1.3, 2.1.5).

CR results wait in the completion queue with the other flags; this component knows for each of the
eight fields which entry will write it next, so that branches can take it from there. System
register instructions write CR and XER themselves, as the oldest instruction.
"""

from amaranth.hdl import Array, Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import Flags
from pteg.hw.core.predictions import ConditionPort
from pteg.hw.sizes import CQ_MOST, WIDTH

__all__ = ["ConditionRegister", "ConditionDispatch", "ConditionRetire"]


class ConditionDispatch(wiring.Signature):
    """An instruction enters the completion queue."""

    def __init__(self):
        super().__init__({
            "valid": Out(1),
            #: Its entry.
            "cq": Out(range(CQ_MOST)),
            #: CR fields that it will write, field 0 in bit 7.
            "writes": Out(8),
            #: It hands its CR field over in `flags`; otherwise it writes CR when it executes.
            "forward": Out(1),
            #: It follows an unresolved prediction.
            "speculative": Out(1),
        })


class ConditionRetire(wiring.Signature):
    """An instruction completes at the end of this cycle."""

    def __init__(self):
        super().__init__({
            "valid": Out(1),
            #: Its entry; valid also when it does not complete.
            "cq": Out(range(CQ_MOST)),
            "writes": Out(8),
            "flags": Out(Flags),
        })


class ConditionRegister(wiring.Component):
    """CR, XER and the maps of CR fields under way.

    Parameters
    ----------
    entries : int
        Of the completion queue.
    """

    def __init__(self, entries=6):
        self._entries = entries
        super().__init__({
            #: As the newest instruction dispatched leaves CR.
            "lookup": In(ConditionPort()),
            #: As the newest that follows no unresolved prediction leaves it.
            "resolve": In(ConditionPort()),
            #: What has been dispatched before follows none any more; what follows one is dropped.
            "accept": In(1),
            "wrong": In(1),
            #: In program order.
            "dispatch": In(ConditionDispatch()).array(WIDTH),
            #: Entries whose flags are valid.
            "finished": In(CQ_MOST),
            "flags": In(Flags).array(entries),
            #: In program order.
            "retire": In(ConditionRetire()).array(WIDTH),
            #: CR bits that the system register unit writes in this cycle.
            "system_mask": In(32),
            "system_cr": In(32),
            "system_xer_write": In(1),
            "system_xer": In(32),
            #: Architectural values.
            "cr": Out(32),
            "xer": Out(32),
            #: This one, which has finished before, sets XER[SO], which was 0, if it retires.
            "overflows": Out(WIDTH),
            "flush": In(1),
        })

    def elaborate(self, platform):
        m = Module()

        cr = Signal(32)
        so = Signal()
        ov = Signal()
        ca = Signal()
        count = Signal(7)
        spare = Signal(8)  # XER[16-23], which only hold a value
        forwards = Signal(self._entries)
        flags = Array(self.flags)
        m.d.comb += [self.cr.eq(cr),
                     self.xer.eq(Cat(count, Const(0, 1), spare, Const(0, 13), ca, ov, so))]

        # Which entry writes each field next: with all instructions, and with those that follow no
        # unresolved prediction.
        pending = Signal(8)
        newest = _entries("newest")
        settled = Signal(8)
        settled_newest = _entries("settled_newest")
        for port, busy, entries in ((self.lookup, pending, newest),
                                    (self.resolve, settled, settled_newest)):
            entry = Array(entries)[port.field]
            waiting = busy.bit_select(~port.field, 1)
            m.d.comb += port.ready.eq(~waiting | (self.finished & forwards).bit_select(entry, 1))
            with m.If(waiting):
                m.d.comb += port.value.eq(flags[entry].cr)
            with m.Else():
                m.d.comb += port.value.eq(cr.word_select(~port.field, 4))

        # Write-back.
        for number, retire in enumerate(self.retire):
            mine, held = retire.flags, Signal(Flags, name=f"held{number}")
            m.d.comb += [held.eq(flags[retire.cq]),
                         self.overflows[number].eq(held.write_ov & held.ov & ~so)]
            with m.If(retire.valid):
                with m.If(forwards.bit_select(retire.cq, 1)):
                    for field in range(8):
                        with m.If(retire.writes[7 - field]):
                            m.d.sync += cr[28 - 4 * field:32 - 4 * field].eq(mine.cr)
                with m.If(mine.write_ca):
                    m.d.sync += ca.eq(mine.ca)
                with m.If(mine.write_ov):
                    m.d.sync += ov.eq(mine.ov)
                    with m.If(mine.ov):
                        m.d.sync += so.eq(1)
        with m.If(self.system_mask != 0):
            m.d.sync += cr.eq(cr & ~self.system_mask | self.system_cr & self.system_mask)
        with m.If(self.system_xer_write):
            written = self.system_xer
            m.d.sync += [so.eq(written[31]), ov.eq(written[30]), ca.eq(written[29]),
                         count.eq(written[:7]), spare.eq(written[8:16])]

        # Maps: a field that retires is forgotten unless something newer writes it.
        for retire in self.retire:
            with m.If(retire.valid & (retire.writes != 0)):
                for field in range(8):
                    for busy, entries in ((pending, newest), (settled, settled_newest)):
                        with m.If(retire.writes[7 - field] & (entries[field] == retire.cq)):
                            m.d.sync += busy[7 - field].eq(0)
        with m.If(self.accept):
            self._copy(m, (pending, newest), (settled, settled_newest))
        with m.If(self.wrong):
            self._copy(m, (settled, settled_newest), (pending, newest))
        for dispatch in self.dispatch:
            with m.If(dispatch.valid):
                m.d.sync += forwards.bit_select(dispatch.cq, 1).eq(dispatch.forward)
                with m.If(dispatch.writes != 0):
                    for field in range(8):
                        with m.If(dispatch.writes[7 - field]):
                            m.d.sync += [pending[7 - field].eq(1),
                                         newest[field].eq(dispatch.cq)]
                            with m.If(~dispatch.speculative):
                                m.d.sync += [settled[7 - field].eq(1),
                                             settled_newest[field].eq(dispatch.cq)]
        with m.If(self.flush):
            m.d.sync += [pending.eq(0), settled.eq(0)]
        return m

    def _copy(self, m, source, target):
        """One map becomes what the other one is after this cycle's retirement."""
        (busy, entries), (new_busy, new_entries) = source, target
        m.d.sync += [new_busy.eq(busy), *(mine.eq(theirs) for mine, theirs in zip(
            new_entries, entries, strict=True))]
        for retire in self.retire:
            with m.If(retire.valid & (retire.writes != 0)):
                for field in range(8):
                    with m.If(retire.writes[7 - field] & (entries[field] == retire.cq)):
                        m.d.sync += new_busy[7 - field].eq(0)


def _entries(name):
    return [Signal(range(CQ_MOST), name=f"{name}{field}") for field in range(8)]
