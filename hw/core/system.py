"""System register unit: everything that reads or writes CR, XER, MSR and SPRs as a whole.

MPC750 UM 6.4.3 and table 6-5. Its instructions execute as the oldest (execution serialised), so
they work on architectural state and their effects are final. Some change how the instructions
behind them are fetched, translated or executed: those ask for a refetch.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.core.interfaces import (
    NOBODY,
    SystemToSpecial,
    UnitToCompletion,
    UnitToRename,
)
from pteg.hw.core.station import Station, attach, station_ports
from pteg.hw.isa.instructions import Op
from pteg.hw.isa.registers import SPR_BY_NAME, XER_IMPLEMENTED, Msr
from pteg.hw.mmu.interfaces import RegisterPort
from pteg.hw.words import field, spr_number

__all__ = ["SystemUnit"]

#: Execute cycles; one where nothing is said (MPC750 UM table 6-5).
_BAT_CYCLES = 3  # of mfspr
_CYCLES = {Op.ISYNC: 2, Op.RFI: 2, Op.MTSPR: 2, Op.MFSR: 3, Op.MFSRIN: 3, Op.MTSR: 2, Op.MTSRIN: 2}

#: CR logical: truth of the result for the operand bits (PEM 4.2.4.2).
_CR_LOGICAL = {
    Op.CRAND: lambda a, b: a & b, Op.CRANDC: lambda a, b: a & ~b,
    Op.CROR: lambda a, b: a | b, Op.CRORC: lambda a, b: a | ~b,
    Op.CRXOR: lambda a, b: a ^ b, Op.CREQV: lambda a, b: ~(a ^ b),
    Op.CRNAND: lambda a, b: ~(a & b), Op.CRNOR: lambda a, b: ~(a | b),
}

#: After a mtspr to these, everything younger is fetched again.
_CONTEXT = [SPR_BY_NAME[name].number for name in SPR_BY_NAME
            if name.startswith(("IBAT", "DBAT")) or name in ("SDR1", "HID0", "IABR", "DABR")]
#: After a mtspr to these, other instructions may be at an effective address.
_FETCH_CONTEXT = [SPR_BY_NAME[name].number for name in SPR_BY_NAME
                  if name.startswith("IBAT") or name in ("SDR1", "HID0", "IABR")]


class SystemUnit(wiring.Component):
    """SRU.

    Parameters
    ----------
    renames : int
        Rename buffers of the general-purpose registers.
    """

    def __init__(self, renames=6):
        self._renames = renames
        super().__init__({
            **station_ports(renames=renames),
            #: Completion queue entry of the oldest instruction.
            "oldest": In(range(NOBODY + 1)),
            "cr": In(32),
            "xer": In(32),
            "msr": In(32),
            "lr": In(32),
            "ctr": In(32),
            "special": Out(SystemToSpecial()),
            "timebase": Out(SystemToSpecial()),
            "monitor": Out(SystemToSpecial()),
            "thermal": Out(SystemToSpecial()),
            #: SPRs and segment registers in the MMU.
            "registers": Out(RegisterPort()),
            #: CR bits to write.
            "cr_mask": Out(32),
            "cr_value": Out(32),
            "xer_write": Out(1),
            "lr_write": Out(1),
            "ctr_write": Out(1),
            #: A mtspr to LR, to CTR is here.
            "lr_waits": Out(1),
            "ctr_waits": Out(1),
            "msr_write": Out(1),
            #: What they are written with.
            "wdata": Out(32),
            "rfi": Out(1),
            #: From now on, other instructions may be at an effective address, or none that may be
            #: executed.
            "relocates": Out(1),
            "result": Out(UnitToRename()),
            "finish": Out(UnitToCompletion()),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.station = station = Station(renames=self._renames)
        connect(m, flipped(self.dispatch), station.dispatch)
        attach(m, self, station)
        here = station.unit

        insn = here.insn
        spr = Signal(10)
        m.d.comb += spr.eq(spr_number(insn))
        elapsed = Signal(range(max(_CYCLES.values())))
        last = Signal()
        execute = Signal()
        m.d.comb += [execute.eq(here.valid & (here.cq == self.oldest) & ~here.dropped), last.eq(1)]
        with m.Switch(here.op):
            for op, cycles in _CYCLES.items():
                with m.Case(op):
                    m.d.comb += last.eq(elapsed == cycles - 1)
            with m.Case(Op.MFSPR):
                first_bat = SPR_BY_NAME["IBAT0U"].number
                with m.If(spr[4:] == first_bat >> 4):
                    m.d.comb += last.eq(elapsed == _BAT_CYCLES - 1)
        with m.If(execute):
            m.d.sync += elapsed.eq(Mux(last, 0, elapsed + 1))
        with m.If(here.dropped):
            m.d.sync += elapsed.eq(0)

        move = here.there & (here.op == Op.MTSPR)
        m.d.comb += [
            self.lr_waits.eq(move & (spr == SPR_BY_NAME["LR"].number)),
            self.ctr_waits.eq(move & (spr == SPR_BY_NAME["CTR"].number)),
            self.wdata.eq(here.a),
            self.special.spr.eq(spr), self.special.wdata.eq(here.a),
            self.timebase.spr.eq(spr), self.timebase.wdata.eq(here.a),
            self.monitor.spr.eq(spr), self.monitor.wdata.eq(here.a),
            self.thermal.spr.eq(spr), self.thermal.wdata.eq(here.a),
            self.registers.spr.eq(spr), self.registers.wdata.eq(here.a),
            here.done.eq(execute & last),
            self.finish.valid.eq(here.done), self.finish.cq.eq(here.cq),
            self.result.valid.eq(here.done & here.write_d), self.result.tag.eq(here.tag_d),
        ]
        with m.If(execute):
            m.d.comb += self.registers.sr.eq(field(insn, "SR"))
            with m.Switch(here.op):
                self._condition_register(m, here, last)
                self._move_from(m, here, spr)
            with m.If(last):
                self._move_to(m, here, spr)
        return m

    def _condition_register(self, m, here, last):
        """CR logical operations and moves between CR fields, GPRs and XER."""
        insn, cr = here.insn, self.cr

        def write_field(value):
            m.d.comb += [self.cr_value.eq(value.replicate(8)),
                         self.cr_mask.word_select(~field(insn, "crfD"), 4).eq(last.replicate(4))]

        def cr_bit(name):
            return cr.bit_select(~field(insn, name), 1)

        for op, function in _CR_LOGICAL.items():
            with m.Case(op):
                bit = Signal(name=f"{op.name.lower()}_bit")
                m.d.comb += [
                    bit.eq(function(cr_bit("crbA"), cr_bit("crbB"))),
                    self.cr_value.eq(bit.replicate(32)),
                    self.cr_mask.bit_select(~field(insn, "crbD"), 1).eq(last),
                ]
        with m.Case(Op.MCRF):
            write_field(cr.word_select(~field(insn, "crfS"), 4))
        with m.Case(Op.MCRXR):
            write_field(self.xer[28:])
            m.d.comb += [self.xer_write.eq(last), self.wdata.eq(self.xer & 0x0FFFFFFF),
                         self.finish.refetch.eq(self.xer[31])]
        with m.Case(Op.MFCR):
            m.d.comb += self.result.value.eq(cr)
        with m.Case(Op.MTCRF):
            mask = Cat(*(bit.replicate(4) for bit in field(insn, "CRM")))
            m.d.comb += [self.cr_value.eq(here.a), self.cr_mask.eq(mask & last.replicate(32))]

    def _move_from(self, m, here, spr):
        with m.Case(Op.MFMSR):
            m.d.comb += self.result.value.eq(self.msr)
        with m.Case(Op.MFSR, Op.MFSRIN):
            m.d.comb += [self.registers.segment.eq(1),
                         self.result.value.eq(self.registers.rdata)]
            with m.If(here.op == Op.MFSRIN):
                m.d.comb += self.registers.sr.eq(here.b[28:])
        with m.Case(Op.MFTB):
            m.d.comb += self.result.value.eq(self.timebase.rdata)
        with m.Case(Op.MFSPR):
            with m.Switch(spr):
                with m.Case(SPR_BY_NAME["XER"].number):
                    m.d.comb += self.result.value.eq(self.xer)
                with m.Case(SPR_BY_NAME["LR"].number):
                    m.d.comb += self.result.value.eq(self.lr)
                with m.Case(SPR_BY_NAME["CTR"].number):
                    m.d.comb += self.result.value.eq(self.ctr)
                with m.Default():
                    # Each group answers with zero for what it does not have.
                    m.d.comb += self.result.value.eq(
                        self.special.rdata | self.timebase.rdata | self.monitor.rdata
                        | self.thermal.rdata | self.registers.rdata)

    def _move_to(self, m, here, spr):
        with m.Switch(here.op):
            with m.Case(Op.RFI):
                m.d.comb += [self.rfi.eq(1), self.relocates.eq(1)]
            with m.Case(Op.MTMSR):
                changed = (here.a ^ self.msr) & int(Msr.IR | Msr.PR)
                m.d.comb += [self.msr_write.eq(1), self.relocates.eq(changed.any())]
            with m.Case(Op.MTSR, Op.MTSRIN):
                m.d.comb += [self.registers.segment.eq(1), self.registers.write.eq(1),
                             self.relocates.eq(1)]
                with m.If(here.op == Op.MTSRIN):
                    m.d.comb += self.registers.sr.eq(here.b[28:])
            with m.Case(Op.MTSPR):
                with m.Switch(spr):
                    with m.Case(*_FETCH_CONTEXT):
                        m.d.comb += self.relocates.eq(1)
                with m.Switch(spr):
                    with m.Case(SPR_BY_NAME["XER"].number):
                        m.d.comb += [
                            self.xer_write.eq(1),
                            self.wdata.eq(here.a & XER_IMPLEMENTED),
                            # Record forms behind it may have copied the old SO.
                            self.finish.refetch.eq(here.a[31] != self.xer[31]),
                        ]
                    with m.Case(SPR_BY_NAME["LR"].number):
                        m.d.comb += self.lr_write.eq(1)
                    with m.Case(SPR_BY_NAME["CTR"].number):
                        m.d.comb += self.ctr_write.eq(1)
                    with m.Case(*_CONTEXT):
                        m.d.comb += [self.registers.write.eq(1), self.special.write.eq(1),
                                     self.finish.refetch.eq(1)]
                    with m.Default():
                        m.d.comb += [self.special.write.eq(1), self.timebase.write.eq(1),
                                     self.monitor.write.eq(1), self.thermal.write.eq(1)]
