"""Condition register and fixed-point exception register (PEM 2.1.2, 2.1.3).

Compares and record forms finish with a CR field that waits in the completion queue; a map tells
which entry will write each field next, so that branches can take it from there. System register
instructions write CR and XER themselves, as the oldest instruction.
"""

from amaranth.hdl import Array, Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.branch import ConditionPort
from pteg.hw.core.interfaces import CQ_ENTRIES, Flags

__all__ = ["ConditionRegister"]


class ConditionRegister(wiring.Component):
    """CR, XER and the map of CR fields under way.

    Members
    -------
    lookup : In(ConditionPort)
    dispatched : In(1)
        An instruction enters completion queue entry `tail` and will write the fields `writes`.
    writes : In(8)
        Field 0 in bit 7.
    forward : In(1)
        It hands its CR field over in `flags`; otherwise it writes CR when it executes.
    tail : In
    finished : In(CQ_ENTRIES)
        Entries whose flags are valid.
    flags : In(Flags) x CQ_ENTRIES
    retired : In(1)
        Entry `head` completes at the end of this cycle.
    head : In
    head_writes : In(8)
    system_mask, system_cr : In
        CR bits that the system register unit writes in this cycle.
    system_xer_write, system_xer : In
    cr, xer : Out(32)
        Architectural values.
    overflows : Out(1)
        The entry that retires sets XER[SO], which was 0.
    flush : In(1)
    """

    lookup: In(ConditionPort())
    dispatched: In(1)
    writes: In(8)
    forward: In(1)
    tail: In(range(CQ_ENTRIES))
    finished: In(CQ_ENTRIES)
    flags: In(Flags).array(CQ_ENTRIES)
    retired: In(1)
    head: In(range(CQ_ENTRIES))
    head_writes: In(8)
    system_mask: In(32)
    system_cr: In(32)
    system_xer_write: In(1)
    system_xer: In(32)
    cr: Out(32)
    xer: Out(32)
    overflows: Out(1)
    flush: In(1)

    def elaborate(self, platform):
        m = Module()

        cr = Signal(32)
        so = Signal()
        ov = Signal()
        ca = Signal()
        count = Signal(7)
        pending = Signal(8)
        forwards = Signal(CQ_ENTRIES)
        newest = Array(Signal(range(CQ_ENTRIES), name=f"newest{i}") for i in range(8))
        flags = Array(self.flags)
        mine = Signal(Flags)  # of the entry that retires

        m.d.comb += [
            self.cr.eq(cr),
            self.xer.eq(Cat(count, Const(0, 22), ca, ov, so)),
            mine.eq(flags[self.head]),
            self.overflows.eq(mine.write_ov & mine.ov & ~so),
        ]

        # Lookup for a branch: from the register, or from a finished entry.
        entry = newest[self.lookup.field]
        waiting = pending.bit_select(~self.lookup.field, 1)
        m.d.comb += self.lookup.ready.eq(
            ~waiting | (self.finished & forwards).bit_select(entry, 1))
        with m.If(waiting):
            m.d.comb += self.lookup.value.eq(flags[entry].cr)
        with m.Else():
            m.d.comb += self.lookup.value.eq(cr.word_select(~self.lookup.field, 4))

        # Write-back.
        with m.If(self.retired):
            with m.If(forwards.bit_select(self.head, 1)):
                for number in range(8):
                    with m.If(self.head_writes[7 - number]):
                        m.d.sync += cr[28 - 4 * number:32 - 4 * number].eq(mine.cr)
            with m.If(mine.write_ca):
                m.d.sync += ca.eq(mine.ca)
            with m.If(mine.write_ov):
                m.d.sync += [ov.eq(mine.ov), so.eq(so | mine.ov)]
        with m.If(self.system_mask != 0):
            m.d.sync += cr.eq(cr & ~self.system_mask | self.system_cr & self.system_mask)
        with m.If(self.system_xer_write):
            written = self.system_xer
            m.d.sync += [so.eq(written[31]), ov.eq(written[30]), ca.eq(written[29]),
                         count.eq(written[:7])]

        with m.If(self.dispatched):
            m.d.sync += forwards.bit_select(self.tail, 1).eq(self.forward)

        # Map: a field that retires is forgotten unless something newer writes it.
        for number in range(8):
            bit = 7 - number
            with m.If(self.retired & self.head_writes[bit] & (newest[number] == self.head)):
                m.d.sync += pending[bit].eq(0)
            with m.If(self.dispatched & self.writes[bit]):
                m.d.sync += [pending[bit].eq(1), newest[number].eq(self.tail)]
        with m.If(self.flush):
            m.d.sync += pending.eq(0)
        return m
