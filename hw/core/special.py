"""MSR, exception registers and the special-purpose registers that only hold a value.

PEM 2.3, MPC750 UM 2.1.2. LR and CTR live in the branch unit, XER with CR, TB and DEC in the time
base, SDR1 and the BATs in the MMU, counters and their controls in the performance monitor, THRM1
to THRM3 in the thermal unit. HID0
controls the caches, history table and target cache; ICFI and DCFI read as zero if the cache is
enabled, as the hardware clears them in the next cycle (MPC750 UM table 2-5). MSR[POW] with one of
DOZE, NAP and SLEEP stops the core until an interrupt is taken, which clears POW (MPC750 UM 10.2).
L2CR controls the L2 cache, if there is one, and L2IP is read there. Fetch uses IABR and ICTC, the
load/store unit DABR. The other bits of HID0 keep what is written and have no effect.
"""

from amaranth.hdl import C, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.cache.interfaces import CacheControl, L2Control
from pteg.hw.core.interfaces import SystemToSpecial
from pteg.hw.isa.exceptions import Vector
from pteg.hw.isa.registers import (
    MSR_IMPLEMENTED,
    MSR_TO_SRR1,
    RESET_MSR,
    SPR_BY_NAME,
    SPRS,
    Hid0,
    L2cr,
    Msr,
)
from pteg.hw.words import flag

__all__ = ["SpecialRegisters", "ExceptionPort"]

#: SPRs kept elsewhere.
_ELSEWHERE = {"XER", "LR", "CTR", "DEC", "TBL", "TBU", "SDR1",
              "MMCR0", "MMCR1", "PMC1", "PMC2", "PMC3", "PMC4", "SIA", "THRM1", "THRM2", "THRM3"}
#: HID0 bits of the power-save modes.
_SAVES = int(Hid0.DOZE | Hid0.NAP | Hid0.SLEEP)


class ExceptionPort(wiring.Signature):
    """An exception is taken at the end of this cycle."""

    def __init__(self):
        super().__init__({
            "valid": Out(1),
            "vector": Out(Vector),
            "srr0": Out(32),
            #: SRR1 bits beside those of the MSR.
            "cause_bits": Out(32),
            #: DAR and DSISR are written (DSI, alignment).
            "data": Out(1),
            "dar": Out(32), "dsisr": Out(32),
        })


class SpecialRegisters(wiring.Component):
    """MSR and SPRs.

    Parameters
    ----------
    l2_size : int
        The value of L2CR[L2SIZ] with which there is an L2 cache, or 0.
    hid1 : int
        What HID1 reads as.
    high_vectors : bool
        MSR[IP] after a hard reset.
    """

    #: mfspr, mtspr.
    system: In(SystemToSpecial())
    #: mtmsr.
    msr_write: In(1)
    msr_wdata: In(32)
    #: MSR takes its bits back from SRR1.
    rfi: In(1)
    exception: In(ExceptionPort())
    msr: Out(32)
    srr0: Out(32)
    hid0: Out(32)
    ear: Out(32)
    iabr: Out(32)
    dabr: Out(32)
    ictc: Out(32)
    #: A power-save mode: nothing is to be fetched or dispatched.
    asleep: Out(1)
    #: It is the mode in which time base and decrementer stop.
    sleep: Out(1)
    instruction_cache: Out(CacheControl())
    data_cache: Out(CacheControl())
    l2: Out(L2Control())

    def __init__(self, l2_size=0, hid1=0, high_vectors=True):
        self.l2_size, self.hid1 = l2_size, hid1
        self._msr = RESET_MSR if high_vectors else RESET_MSR & ~int(Msr.IP)
        super().__init__()

    def elaborate(self, platform):
        m = Module()

        msr = Signal(32, init=self._msr)
        held = {
            spr.name: Signal(32, name=spr.name.lower(), init=spr.reset)
            for spr in SPRS
            if spr.name not in _ELSEWHERE
            and not spr.name.startswith(("IBAT", "DBAT", "UMMCR", "UPMC", "USIA"))
        }
        m.d.comb += [
            self.msr.eq(msr), self.srr0.eq(held["SRR0"]), self.hid0.eq(held["HID0"]),
            *(getattr(self, name).eq(held[name.upper()])
              for name in ("ear", "iabr", "dabr", "ictc")),
        ]

        with m.Switch(self.system.spr):
            for name, register in held.items():
                with m.Case(SPR_BY_NAME[name].number):
                    if name == "L2CR":
                        register = register | Mux(self.l2.busy, L2cr.L2IP.mask, 0)
                    elif name == "HID1":
                        register = C(self.hid1, 32)
                    m.d.comb += self.system.rdata.eq(register)
        with m.If(self.system.write):
            with m.Switch(self.system.spr):
                for name, register in held.items():
                    spr = SPR_BY_NAME[name]
                    if spr.writable:
                        with m.Case(spr.number):
                            m.d.sync += register.eq(self.system.wdata & spr.written)

        asleep_cycles = Signal(64)  # for statistics
        with m.If(self.asleep):
            m.d.sync += asleep_cycles.eq(asleep_cycles + 1)
        hid0, written = held["HID0"], self.system.wdata
        m.d.comb += [
            self.asleep.eq(flag(msr, Msr.POW) & (hid0 & _SAVES).any()),
            self.sleep.eq(~(hid0 & int(Hid0.DOZE | Hid0.NAP)).any()),
        ]
        writes_hid0 = self.system.write & (self.system.spr == SPR_BY_NAME["HID0"].number)
        for cache, enable, lock, flash in (
                (self.instruction_cache, Hid0.ICE, Hid0.ILOCK, Hid0.ICFI),
                (self.data_cache, Hid0.DCE, Hid0.DLOCK, Hid0.DCFI)):
            m.d.comb += [
                cache.enable.eq(flag(hid0, enable)), cache.lock.eq(flag(hid0, lock)),
                # Only a cache that is enabled is invalidated.
                cache.flash.eq(writes_hid0 & flag(written, flash) & flag(written, enable)),
            ]
            with m.If(cache.flash):
                m.d.sync += flag(hid0, flash).eq(0)

        l2cr, l2 = held["L2CR"], self.l2
        m.d.comb += [
            l2.enable.eq(l2cr[L2cr.L2E.slice] & (l2cr[L2cr.L2SIZ.slice] == self.l2_size)),
            l2.clock.eq(l2cr[L2cr.L2CLK.slice]), l2.data_only.eq(l2cr[L2cr.L2DO.slice]),
            l2.write_through.eq(l2cr[L2cr.L2WT.slice]), l2.test.eq(l2cr[L2cr.L2TS.slice]),
            l2.invalidate.eq(self.system.write & (self.system.spr == SPR_BY_NAME["L2CR"].number)
                             & written[L2cr.L2I.slice] & ~l2cr[L2cr.L2I.slice]),
        ]

        with m.If(self.msr_write):
            m.d.sync += msr.eq(self.msr_wdata & MSR_IMPLEMENTED)
        with m.If(self.rfi):
            # ILE stays, POW is cleared (PEM 8.2, rfi).
            m.d.sync += msr.eq(msr & Msr.ILE | held["SRR1"] & MSR_TO_SRR1)

        taken = self.exception
        with m.If(taken.valid):
            kept = Msr.ILE | Msr.IP | Msr.ME
            ile = flag(msr, Msr.ILE)
            m.d.sync += [
                held["SRR0"].eq(taken.srr0 & 0xFFFFFFFC),
                held["SRR1"].eq(msr & MSR_TO_SRR1 | taken.cause_bits),
                msr.eq(Cat(ile, msr[1:] & (kept >> 1))),
            ]
            with m.If(taken.vector == Vector.MACHINE_CHECK):
                m.d.sync += flag(msr, Msr.ME).eq(0)
            with m.If(taken.data):
                m.d.sync += [held["DAR"].eq(taken.dar), held["DSISR"].eq(taken.dsisr)]
        return m
